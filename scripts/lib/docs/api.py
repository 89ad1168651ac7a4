"""Pages of the public headers, from what Doxygen reads in them: a page for each header."""

import collections
import pathlib
import re
import subprocess
import xml.etree.ElementTree

from api_text import as_markdown, has_text, one_line

TREE = pathlib.Path(__file__).resolve().parents[3]
INCLUDE = TREE / "include"
HERE = pathlib.Path(__file__).resolve().parent
# What needs no words: it is what C++ says that it is.
PLAIN = re.compile(r"~|operator\b|=\s*(default|delete)$")


def settings(work):
    return f"""
        INPUT = {INCLUDE}/warren
        EXCLUDE = {INCLUDE}/warren/detail
        FILTER_PATTERNS = *.hpp={HERE}/header_filter.py
        OUTPUT_DIRECTORY = {work}
        STRIP_FROM_PATH = {INCLUDE}
        RECURSIVE = YES
        QUIET = YES
        WARNINGS = NO
        GENERATE_HTML = NO
        GENERATE_LATEX = NO
        GENERATE_XML = YES
        XML_PROGRAMLISTING = NO
        EXTRACT_ALL = YES
        AUTOLINK_SUPPORT = NO
        HIDE_FRIEND_COMPOUNDS = YES
    """


class Entity:
    """A class, function, value, type or macro as Doxygen tells it."""

    def __init__(self, node, owner=""):
        self.node = node
        self.kind = node.get("kind")
        self.owner = owner
        at = node.find("location")
        self.file = pathlib.Path(at.get("file")).name if at is not None else ""
        self.folder = pathlib.Path(at.get("file")).parent.name if at is not None else ""
        self.line = int(at.get("line")) if at is not None else 0
        self.name = one_line(node.find("name" if node.find("name") is not None else "compoundname"))
        self.parts = [node.find("briefdescription"), node.find("detaileddescription")]

    @property
    def is_told(self):
        return any(map(has_text, self.parts))

    @property
    def needs_no_words(self):
        tail = one_line(self.node.find("argsstring")) + one_line(self.node.find("initializer"))
        is_made = self.kind == "function" and self.name == self.owner.split("::")[-1].split("<")[0]
        return bool(
            is_made or PLAIN.match(self.name) or PLAIN.search(tail) or self.kind == "friend"
        )

    def text(self):
        return "\n\n".join(filter(None, map(as_markdown, self.parts)))

    def declaration(self):
        node, lines = self.node, []
        if (templates := node.find("templateparamlist")) is not None:
            shown = [
                " ".join(
                    filter(None, [one_line(each.find("type")), one_line(each.find("declname"))])
                )
                for each in templates
                if each.tag == "param"
            ]
            lines.append(f"template <{', '.join(shown)}>")
        if self.kind in ("class", "struct", "concept"):
            lines.append(f"{self.kind} {self.name};")
        elif self.kind == "enum":
            lines.append(f"enum class {self.name};")
        elif self.kind == "define":
            parameters = [one_line(each.find("defname")) for each in node.findall("param")]
            lines.append(f"{self.name}({', '.join(parameters)})" if parameters else self.name)
        elif self.kind == "typedef":
            lines.append(f"using {self.name} = {one_line(node.find('type'))};")
        else:
            first = f"{one_line(node.find('type'))} {self.name}{one_line(node.find('argsstring'))}"
            value = one_line(node.find("initializer")) if self.kind == "variable" else ""
            is_static = node.get("static") == "yes" and "static" not in first
            lines.append(f"{'static ' if is_static else ''}{first.strip()} {value}".strip() + ";")
        return compact("\n".join(lines))


def members_of(compound, name):
    """Its public members, in the order of the file."""
    found = [
        Entity(node, name)
        for node in compound.iter("memberdef")
        if node.get("prot") in ("public", None) and node.get("kind") != "friend"
    ]
    return sorted(found, key=lambda member: member.line)


def fields(members):
    """What a struct has, as a table. A name may say enough."""
    rows = []
    for member in members:
        text = " ".join(member.text().split()).replace("|", "\\|")
        value = one_line(member.node.find("initializer"))
        kind = compact(f"{one_line(member.node.find('type'))} {value}".strip()).replace("|", "\\|")
        rows.append(f"| `{member.name}` | `{kind}` | {text} |")
    return ["| member | type | meaning |", "|---|---|---|", *rows, ""] if rows else []


def compact(code):
    """Without the blanks that Doxygen puts in."""
    return (
        re.sub(r"< (?=\S)", "<", re.sub(r"(?<=\S) >", ">", code))
        .replace(" &", "& ")
        .replace(" *", "* ")
    )


def groups(members, lines_of):
    """What has one name, and stands directly below the other, has one docstring: that of the first."""
    group = []
    for member in members:
        between = lines_of(member.file)[group[-1].line : member.line - 1] if group else [""]
        is_same = group and member.name == group[0].name
        if is_same and not member.is_told and "" not in map(str.strip, between):
            group.append(member)
            continue
        if group:
            yield group
        group = [member]
    if group:
        yield group


class Headers:
    def __init__(self, work):
        subprocess.run(
            ["doxygen", "-"], input=settings(work), text=True, check=True, stdout=subprocess.DEVNULL
        )
        self.compounds = []
        for path in sorted((work / "xml").glob("*.xml")):
            self.compounds += xml.etree.ElementTree.parse(path).getroot().findall("compounddef")
        self.lines = {}
        self.problems = []

    def lines_of(self, file):
        if file not in self.lines:
            self.lines[file] = (INCLUDE / "warren" / file).read_text().splitlines()
        return self.lines[file]

    def want_words(self, group, what):
        first = group[0]
        if not first.is_told and not all(member.needs_no_words for member in group):
            self.problems.append(
                f"include/warren/{first.file}:{first.line}: {what} has no docstring"
            )

    def by_header(self):
        """What each header has, in its order: (line, Markdown)."""
        found = collections.defaultdict(list)
        for compound in self.compounds:
            kind, name = compound.get("kind"), one_line(compound.find("compoundname"))
            if "detail" in name or name.startswith("std::") or compound.get("prot") == "private":
                continue
            if kind in ("class", "struct", "concept"):
                entity = Entity(compound)
                if entity.folder == "warren":
                    self.want_words([entity], f"{kind} {name}")
                    members = [] if kind == "concept" else members_of(compound, name)
                    found[entity.file].append((entity.line, self.as_class(entity, members)))
            elif kind in ("namespace", "file"):
                kinds = (
                    {"define"} if kind == "file" else {"function", "enum", "variable", "typedef"}
                )
                members = [each for each in members_of(compound, name) if each.kind in kinds]
                self.add_free(found, [each for each in members if is_public(each)], name)
        return found

    def add_free(self, found, members, name):
        per_file = collections.defaultdict(list)
        for member in members:
            per_file[member.file].append(member)
        for file, those in per_file.items():
            for group in groups(those, self.lines_of):
                scope = f"{name}::" if group[0].kind != "define" else ""
                self.want_words(group, scope + group[0].name)
                found[file].append(
                    (group[0].line, f"## {scope}{group[0].name}\n\n" + self.as_group(group))
                )

    def as_group(self, group):
        code = "\n".join(dict.fromkeys(member.declaration() for member in group))
        parts = [f"``` {{ .cpp }}\n{code}\n```", group[0].text()]
        if group[0].kind == "enum":
            rows = []
            for value in group[0].node.findall("enumvalue"):
                text = " ".join(
                    as_markdown(value.find(tag))
                    for tag in ("briefdescription", "detaileddescription")
                )
                rows.append(f"| `{one_line(value.find('name'))}` | {' '.join(text.split())} |")
            parts.append("\n".join(["| value | meaning |", "|---|---|", *rows]))
        return "\n\n".join(filter(None, parts)) + "\n"

    def as_class(self, entity, members):
        text = [
            f"## {entity.name}\n",
            f"``` {{ .cpp }}\n{entity.declaration()}\n```\n",
            entity.text(),
            "",
        ]
        text += fields([each for each in members if each.kind == "variable"])
        for group in groups([each for each in members if each.kind != "variable"], self.lines_of):
            if group[0].needs_no_words and not group[0].is_told:
                continue
            self.want_words(group, f"{entity.name}::{group[0].name}")
            text += [f"### {group[0].name}\n", self.as_group(group)]
        return "\n".join(text)


def is_public(member):
    if member.folder != "warren":
        return False
    # A macro that nobody is told of is there for the others.
    return member.kind != "define" or member.is_told or member.name == "WARREN_VERSION"


def write_pages(directory, work):
    """The pages of all headers; a line for each public member that has no docstring."""
    directory.mkdir(parents=True)
    headers = Headers(work)
    found = headers.by_header()
    index = [
        "# C++",
        "",
        "The public headers, as their docstrings say. Each guide says how they are used.",
        "",
    ]
    for file in sorted(found):
        name = file.removesuffix(".hpp")
        pieces = [text for _, text in sorted(found[file])]
        names = re.findall(r"^## (.*)", "\n".join(pieces), re.MULTILINE)
        shown = ", ".join(f"`{each.removeprefix('warren::')}`" for each in dict.fromkeys(names))
        index.append(f"- [&lt;warren/{file}&gt;]({name}.md): {shown}")
        head = f"# &lt;warren/{file}&gt;\n\n``` {{ .cpp }}\n#include <warren/{file}>\n```\n\n"
        (directory / f"{name}.md").write_text(head + "\n\n".join(pieces) + "\n")
    (directory / "index.md").write_text("\n".join(index) + "\n")
    return headers.problems
