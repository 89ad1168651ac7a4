"""A docstring as Doxygen has it, as Markdown."""


def flat(node):
    return "" if node is None else "".join(node.itertext())


def one_line(node):
    return " ".join(flat(node).split())


def has_text(node):
    return bool(flat(node).strip())


def escaped(text):
    for sign in ("\\", "*", "_", "<", ">", "[", "]", "`"):
        text = text.replace(sign, {"<": "&lt;", ">": "&gt;"}.get(sign, "\\" + sign))
    return text


def inline(node):
    """A paragraph's own text, with what is code in it."""
    text = escaped(node.text or "")
    for child in node:
        if child.tag == "computeroutput":
            text += f"`{flat(child)}`"
        elif child.tag in ("ulink", "ref", "emphasis", "bold"):
            text += inline(child)
        elif child.tag == "linebreak":
            text += " "
        elif child.tag not in BLOCKS:
            text += inline(child)
        text += escaped(child.tail or "") if child.tag not in BLOCKS else ""
    return " ".join(text.split())


def code(node):
    if node.tag == "verbatim":
        return flat(node).strip("\n")
    lines = []
    for line in node.findall("codeline"):
        lines.append("".join(word(part) for part in line.iter()))
    return "\n".join(lines)


def word(part):
    if part.tag == "sp":
        return " " + (part.tail or "")
    return (part.text or "") + ((part.tail or "") if part.tag != "codeline" else "")


BLOCKS = ("verbatim", "programlisting", "itemizedlist")


def as_markdown(node):
    """What goes in and out, which failures there are, the cost and the thread are a list below the rest."""
    parts, listed = [], []

    def add(text):
        before, *marked = text.split("¶")
        parts.append(before.strip())
        listed.extend("- **{}**: {}".format(*each.strip().split(" ", 1)) for each in marked)

    for paragraph in [] if node is None else node.findall("para"):
        add(inline(paragraph))
        for child in paragraph:
            if child.tag in ("verbatim", "programlisting"):
                parts.append(f"``` {{ .cpp }}\n{code(child)}\n```")
                add(escaped(" ".join((child.tail or "").split())))
            elif child.tag == "itemizedlist":
                parts.append("\n".join("- " + " ".join(map(inline, item)) for item in child))
    return "\n\n".join(filter(None, [*parts, "\n".join(listed)]))
