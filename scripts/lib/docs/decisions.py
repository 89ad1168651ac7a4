"""The list of decisions, which is what their titles say."""


def write_index(pages):
    lines = ["# Decisions", "", "What shows on the wire or in the API, and why it is so.", ""]
    for path in sorted((pages / "adr").glob("0*.md")):
        title = path.read_text().splitlines()[0].lstrip("# ")
        number, _, name = title.partition(". ")
        lines.append(f"- {number}: [{name}]({path.name})")
    (pages / "adr/index.md").write_text("\n".join(lines) + "\n")
