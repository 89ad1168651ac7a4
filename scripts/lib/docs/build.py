#!/usr/bin/python3
"""Build the documentation's site: build.py DIRECTORY. What is wrong ends it with 1, each problem on a line."""

import logging
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException

import api
import decisions
import tables
from links import wrong_links
from pages import TREE, Broken, page_paths, write_pages

SITE = TREE / "docs/site"


def nav_pages(nav):
    for entry in nav:
        target = next(iter(entry.values())) if isinstance(entry, dict) else entry
        if isinstance(target, list):
            yield from nav_pages(target)
        else:
            yield target


def write_all(work):
    """Every page, and what is wrong with them."""
    pages = work / "pages"
    write_pages(pages)
    decisions.write_index(pages)
    tables.write_pages(pages / "reference")
    yield from api.write_pages(pages / "reference/api", work)
    shutil.copytree(SITE, pages / "assets", ignore=shutil.ignore_patterns("*.yml"))


def missing_in_nav(settings):
    known = set(nav_pages(settings["nav"]))
    for place in page_paths().values():
        if place not in known and not place.startswith("adr/"):
            yield f"docs/site/mkdocs.yml: nav does not have {place}"


def build_site(out, work):
    settings = yaml.safe_load((SITE / "mkdocs.yml").read_text())
    problems = [*write_all(work), *missing_in_nav(settings)]
    made = {"docs_dir": str(work / "pages"), "site_dir": str(work / "site")}
    (work / "mkdocs.yml").write_text(yaml.safe_dump(settings | made, sort_keys=False))
    build(load_config(str(work / "mkdocs.yml")))
    # They would tell who built it, and when.
    for name in ("sitemap.xml", "sitemap.xml.gz"):
        (work / "site" / name).unlink(missing_ok=True)
    problems += wrong_links(work / "site")
    if not problems:
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(work / "site", out)
    return problems


def main():
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    out = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as work:
        try:
            problems = build_site(out, pathlib.Path(work).resolve())
        except (Broken, MkDocsException) as error:
            problems = [str(error)]
    print(*problems, sep="\n", file=sys.stderr, end="\n" if problems else "")
    if problems:
        return 1
    print(f"{out}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
