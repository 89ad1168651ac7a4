#!/usr/bin/python3
"""A header of include/warren as Doxygen reads it: header_filter.py FILE. Lines stay where they are.

A comment behind a member is its docstring, and so are the lines below it that begin in its column; what goes in and
out, and which failures there are, has a mark (¶) before it."""

import re
import sys

WORDS = "in|out|err|cost|thread"
PARAGRAPH = re.compile(rf"^(\s*)/// ({WORDS}) {{1,4}}(?=\S)")
BEHIND = re.compile(rf"^(\s*///.*\S)  +({WORDS}) (?=\S)")
MEMBER = re.compile(r"^(\s+[^\s/#].*?[;,\w{}])(\s+)// (.*)$")


def filtered(lines):
    column = None
    for line in lines:
        line = BEHIND.sub(r"\1 ¶\2 ", line)
        line = PARAGRAPH.sub(r"\1/// ¶\2 ", line)
        if column is not None and line[:column].isspace() and line[column:].startswith("// "):
            line = line[:column] + "///<" + line[column + 2 :]
        elif (match := MEMBER.match(line)) and not match[1].lstrip().startswith(
            ("//", "namespace", "class", "}")
        ):
            column = len(match[1]) + len(match[2])
            line = f"{match[1]}{match[2]}///< {match[3]}"
        else:
            column = None
        yield line


if __name__ == "__main__":
    with open(sys.argv[1]) as header:
        print("\n".join(filtered(header.read().splitlines())))
