"""Pages of the reference that are read out of the tables of the sources: failures, exit codes, metrics, keys of the
configuration. That of the command line is in the tree, as it takes a built program: command_line.py."""

import re

import configuration
from pages import TREE

TEXT = r'"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*'


def text_of(literals):
    """Of one literal after the other."""
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)).replace('\\"', '"')


def table(head, rows):
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *escaped]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def failures():
    header = (TREE / "include/warren/error.hpp").read_text()
    codes = re.search(r"enum class Code[^{]*\{(.*?)\};", header, re.DOTALL)[1]
    meanings = dict(re.findall(r"(\w+),\s*// (.*)", codes))
    catalogue = (TREE / "src/core/error.cpp").read_text()
    again = re.findall(r'Entry\{Code::\w+, "(\w+)", Retry::(\w+)\}', catalogue)
    exits = (TREE / "src/app/exit_code.hpp").read_text()
    meant = [
        (code, text_of(text))
        for code, text in re.findall(rf'ExitMeaning\{{"([^"]+)", ({TEXT})\}}', exits)
    ]
    if {name for name, _ in again} != set(meanings) or not meant:
        raise AssertionError(
            "src/core/error.cpp and include/warren/error.hpp are not read any more"
        )
    return "\n".join(
        [
            "# Failures and exit codes\n",
            "A failed call throws `warren::Error` with one of these codes, and `warren call` prints it: see",
            "[calling](../guide/calling.md#failures). What each protocol makes of them its guide says.\n",
            table(
                ["code", "meaning", "calling again"],
                [[f"`{name}`", meanings[name], retry.replace("_", " ")] for name, retry in again],
            ),
            "## Exit codes of the program\n",
            "What a code means to one sub-command is in [the command line](../guide/command-line.md).\n",
            table(["code", "meaning"], meant),
        ]
    )


def metrics():
    rows = {}
    for path in sorted((TREE / "src/metrics").glob("*.cpp")):
        source = path.read_text()
        for kind, name, text in re.findall(
            rf'\b(counter|gauge|histogram|summary)\(\s*"(\w+)",\s*({TEXT})', source
        ):
            rows[name] = (kind, text_of(text))
        for name, text, kind in re.findall(rf'"(\w+)",\s*({TEXT}),\s*&Families::(\w+)', source):
            rows[name] = (kind, text_of(text))
    source = (TREE / "src/metrics/series_text.cpp").read_text()
    for variable, system, rest in re.findall(r'(\w+) = prefixed\("(\w+)", side, "(\w+)"\)', source):
        kind = re.search(rf"families\.(\w+)\({variable},", source)[1]
        helps = re.search(rf"{variable}_help =(.*?);", source, re.DOTALL) or re.search(
            rf"\({variable},(.*?),", source
        )
        texts = re.findall(r'"([^"]+)"', helps[1])
        for side, text in (("server", texts[0]), ("client", texts[-1])):
            rows[f"{system}_{side}_{rest}"] = (kind, text)
    if len(rows) < 50 or not all(text for _, text in rows.values()):
        raise AssertionError("src/metrics is not read any more")
    order = (
        "warren_server",
        "warren_client",
        "warren_store",
        "warren_buffer",
        "warren_",
        "process_",
        "arrpc_",
    )
    ranked = sorted(
        rows,
        key=lambda name: (next(i for i, start in enumerate(order) if name.startswith(start)), name),
    )
    return "\n".join(
        [
            "# Metrics\n",
            "What `/metrics` has at a server's [admin address](../guide/operating.md#watching-a-server), where also the",
            "labels are, and `Client::metrics_text`.\n",
            table(["metric", "type", "meaning"], [[f"`{name}`", *rows[name]] for name in ranked]),
        ]
    )


def write_pages(directory):
    directory.mkdir(parents=True, exist_ok=True)
    pages = {"failures": failures(), "metrics": metrics(), "configuration": configuration.page()}
    for name, text in pages.items():
        # Whoever looks for a key wants its row before the guides that mention it: by tags the
        # search ranks first.
        keys = sorted(set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE)))
        (directory / f"{name}.md").write_text(f"---\ntags: [{', '.join(keys)}]\n---\n\n{text}")
