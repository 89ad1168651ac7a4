"""Pages of the documentation as the generator of the site takes them: each Markdown file of the tree at its place
in the site, with its links turned to where the site has their targets."""

import os
import pathlib
import re

from snippets import blocks

TREE = pathlib.Path(__file__).resolve().parents[3]
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
CODE = re.compile(r"(`+[^`]+`+)")

# Where pages are that do not stand in docs/ where the site has them.
ELSEWHERE = {
    "CONTRIBUTING.md": "internals/contributing.md",
    "CHANGELOG.md": "changelog.md",
    "README.md": "readme.md",
}


class Broken(Exception):
    """What is wrong with a page, with its place."""


def page_paths():
    """Each page of the tree that the site has, and its place there."""
    found = {TREE / name: place for name, place in ELSEWHERE.items()}
    for path in sorted((TREE / "docs").rglob("*.md")):
        found[path] = str(path.relative_to(TREE / "docs"))
    return found


def resolved(target, path, at):
    """The file that a link means."""
    file = pathlib.Path(os.path.normpath(path.parent / target))
    if not file.is_relative_to(TREE) or not file.exists():
        raise Broken(f"{path.relative_to(TREE)}:{at}: links {target}, which is not there")
    return file


def turned(line, path, places, at):
    """A line of text with its links as the site has their targets. What is in the tree, but not in the site, keeps
    its name alone: the site has no address of the tree."""

    def turn(match):
        text, target = match.groups()
        target, hash_sign, anchor = target.partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        file = resolved(target, path, at)
        if file.is_dir() and file / "index.md" in places:
            file /= "index.md"
        if file not in places:
            return text
        here = pathlib.PurePath(places[path]).parent
        return f"[{text}]({os.path.relpath(places[file], here)}{hash_sign}{anchor})"

    # Not within code; a link's own text may have some.
    kept = []

    def keep(match):
        kept.append(match[0])
        return f"\0{len(kept) - 1}\0"

    line = LINK.sub(turn, CODE.sub(keep, line))
    return re.sub("\0(\\d+)\0", lambda match: kept[int(match[1])], line)


def as_page(path, places):
    """A page's text for the site: its code fenced and named, its links turned."""
    lines, out = path.read_text().splitlines(), []
    found = {block.begin: block for block in blocks(path)}
    at = 0
    while at < len(lines):
        if block := found.get(at):
            title = f' title="{block.title}"' if block.title else ""
            out += ["", f"``` {{ .{block.highlight}{title} }}", *block.lines, "```", ""]
            at = block.end
            continue
        out.append(turned(lines[at], path, places, at + 1))
        at += 1
    return "\n".join(out) + "\n"


def write_pages(directory):
    places = page_paths()
    for path, place in places.items():
        file = directory / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(as_page(path, places))
