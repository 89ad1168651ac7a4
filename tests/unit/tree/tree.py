"""The files of this project, as the checks of the tree see them."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
CODE = (".cpp", ".hpp")
TEXT = CODE + (".py", ".sh", ".cmake", ".txt", ".md", ".yml", ".yaml", ".erl", "")


def files(*suffixes, under=""):
    """Files that git tracks, or would: what is ignored (build/) is not of the tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", f"./{under}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in sorted(set(listed.split("\0")) - {""}):
        path = ROOT / name
        if path.suffix in (suffixes or TEXT) and path.is_file():
            yield path


def lines(path):
    """Its lines, numbered from 1; none when it is not text."""
    try:
        return list(enumerate(path.read_text().splitlines(), 1))
    except UnicodeDecodeError:
        return []


def shown(path, number, why):
    return f"{path.relative_to(ROOT)}:{number}: {why}"
