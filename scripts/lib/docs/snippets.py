"""The pieces of code in a page, and what each is: by the word behind its fence, or by its looks."""

import dataclasses
import pathlib
import re

TREE = pathlib.Path(__file__).resolve().parents[3]

# By its first line, and why nothing is done with it.
TEXTS = {
    "amqp://USER:PASSWORD@HOST:PORT/VHOST?queue=QUEUE": "addresses, and what they mean",
    "amqp://guest:guest@localhost/?queue=test&peer=warren": "an address",
    "tcp://localhost:7000?compress=zstd": "addresses",
    '{"func_name": "add", "func_args": [1, 2], "func_kwargs": {}}': "what is on the wire",
    '{"status_code": 200, "status_message": "OK",': "what is on the wire",
    "ready": "what a command prints",
    "rabbitmqctl set_permissions carl": "another program's command",
    "prod:": "profiles, as profiles_test.py has them",
    "find_package(warren REQUIRED)": "built by install_test.py",
    "access {": "a line of the log",
    "error: not reloaded, nothing": "a line of the log",
    "warning: not reloaded: ": "lines of the log",
    "said hello trace_id=": "a line of the log",
    "tcp://127.0.0.1:7000: would be denied": "a line of the log",
    "class SimpleCommand(ICommand):": "Python and C++ side by side",
}

FENCE = re.compile(r"(```+)\s*(?:(\w+)(.*))?$")
TITLE = re.compile(r'title="([^"]*)"')


@dataclasses.dataclass
class Block:
    """begin, end: the lines that it takes, the fences included, from 0 on; at: its first line's number, from 1 on"""

    lines: list
    begin: int
    end: int
    at: int
    word: str = ""  # behind the fence
    title: str = ""  # of a file
    more: str = ""  # what else is behind the fence

    @property
    def kind(self):
        return self.word or kind_of(self.lines)

    @property
    def highlight(self):
        return {"text": "text", "cmake": "cmake"}.get(self.kind, self.kind)


def is_told(lines):
    return any(lines[0].startswith(start) for start in TEXTS)


def kind_of(lines):
    """What an unnamed piece of code is."""
    if is_told(lines):
        return "text"
    if re.match(r"(- \{)?[\w-]+:( |$)", lines[0]):
        return "yaml"
    if lines[0].startswith(("$ ", "warren ", "scripts/")):
        return "console"
    return "python" if lines[0].startswith("import ") else "cpp"


def blocks(path):
    """Each indented or fenced piece of code of a page."""
    lines = (TREE / path).read_text().splitlines()
    at, is_text = 0, False
    while at < len(lines):
        begin = at
        if fence := FENCE.match(lines[at]):
            at += 1
            while not lines[at].startswith(fence[1]):
                at += 1
            at += 1
            more = fence[3] or ""
            title = TITLE.search(more)
            yield Block(
                lines[begin + 1 : at - 1],
                begin,
                at,
                begin + 2,
                fence[2] or "",
                title[1] if title else "",
                more,
            )
            is_text = False
        elif lines[at].startswith("    ") and not is_text:
            while at < len(lines) and (lines[at].startswith("    ") or not lines[at]):
                at += 1
            while not lines[at - 1]:
                at -= 1
            yield Block([line[4:] for line in lines[begin:at]], begin, at, begin + 1)
        else:
            is_text = bool(lines[at])
            at += 1
