#!/usr/bin/python3
"""The reference of the command line, out of the manual pages that the program writes of itself:
command_line.py PROGRAM prints docs/reference/command-line.md."""

import re
import subprocess
import sys

HEAD = """# Sub-commands and options

Every sub-command and option, as the program says with `--help` and in its manual pages. What they are for is in
[the command line](../guide/command-line.md). This page is written by `scripts/docs --command-line`.
"""


def manual(program, *words):
    done = subprocess.run(
        [program, "help", "--man", *words], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def plain(text):
    """Of a line of troff; what is bold or italic there is code here."""
    text = re.sub(
        r"(?:\\f[BI][^\\]*(?:\\[^f][^\\]*)*\\fR ?)+", lambda match: as_code(match[0]), text
    )
    for sign, meant in (
        (r"\-", "-"),
        (r"\(aq", "'"),
        (r"\(ti", "~"),
        (r"\(ha", "^"),
        (r"\e", "\\"),
        (r"\&", ""),
    ):
        text = text.replace(sign, meant)
    return text


def as_code(text):
    inner = re.sub(r"\\f[BIR]", "", text)
    return f"`{inner.rstrip()}`" + (" " if inner.endswith(" ") else "")


def escaped(text):
    """Words of a person, where a bar would end a cell and a bracket begin a tag."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part.replace("|", "\\|")
        if part.startswith("`")
        else re.sub(r"([|*_\[\]])", r"\\\1", part).replace("<", "&lt;")
        for part in parts
    )


def as_page(lines):
    """The sections of a manual page that are the command's own."""
    out, is_own, at, has_table = [], False, 0, False
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.startswith(".SH "):
            title = plain(line[4:]).strip('"')
            is_own = title not in (
                "NAME",
                "EXIT STATUS",
                "SEE ALSO",
                "ENVIRONMENT",
                "COMMANDS",
                "FILES",
            )
            has_table = False
            if is_own and title not in ("SYNOPSIS", "DESCRIPTION", "OPTIONS"):
                out += ["", f"### {title.lower()}", ""]
        elif is_own and line == ".TP":
            if not has_table:
                out += ["", "| option | meaning |", "|---|---|"]
                has_table = True
            name, about = plain(lines[at]).replace("`, `", ", "), plain(lines[at + 1])
            at += 2
            out.append(f"| {escaped(name)} | {escaped(about)} |")
        elif is_own and not line.startswith("."):
            if r"\fBwarren" in line:
                usage = re.sub(r"\\f[BIR]", "", line).replace(r"\-", "-").replace(r"\(aq", "'")
                out += ["", "``` text", usage, "```", ""]
            else:
                out += [escaped(plain(line)), ""]
    return "\n".join(out)


def page(program):
    names = []
    listed = subprocess.run([program, "help"], capture_output=True, text=True, check=True).stdout
    for line in listed.partition("Subcommands:")[2].splitlines():
        if match := re.match(r"  ([a-z-]+) ", line):
            names.append(match[1])
    pages = [f"\n## warren {name}\n{as_page(manual(program, name))}" for name in names]
    return re.sub(r"\n{3,}", "\n\n", "\n".join([HEAD, *pages])) + "\n"


if __name__ == "__main__":
    print(page(sys.argv[1]), end="")
