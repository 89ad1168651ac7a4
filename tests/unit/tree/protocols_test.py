"""A protocol's name stands in its own files, in the table and in comments, and nowhere else."""

import re
import unittest

import tree

FOLDER = tree.ROOT / "src/endpoint/protocols"
LISTED = re.compile(r"^WARREN_PROTOCOL\((\w+)\)$", re.MULTILINE)
NAMED = re.compile(r'^    \.(?:name|scheme|secured_scheme) = "([^"]+)"', re.MULTILINE)
# A text, or a comment: what is not in this is code.
PIECE = re.compile(r'"(?:\\.|[^"\\])*"|//.*')


def words_of(protocol):
    """What a protocol is called: in code, addresses and configurations."""
    return {protocol, *NAMED.findall((FOLDER / f"{protocol}.cpp").read_text())}


def without_comments(line):
    return PIECE.sub(lambda found: "" if found[0].startswith("//") else found[0], line)


class Protocols(unittest.TestCase):
    def setUp(self):
        self.protocols = LISTED.findall((FOLDER / "list.inc").read_text())
        self.assertIn("cyberfusion", self.protocols)

    def test_nobody_else_knows_a_protocol(self):
        own = {FOLDER / f"{protocol}.cpp" for protocol in self.protocols}
        words = sorted(set().union(*map(words_of, self.protocols)))
        named = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, words))})(?![\w-])")
        wrong = [
            tree.shown(path, number, line.strip())
            for layer in ("endpoint", "app", "runtime", "transport")
            for path in tree.files(*tree.CODE, under=f"src/{layer}")
            if path not in own
            for number, line in tree.lines(path)
            if named.search(without_comments(line))
        ]
        self.assertEqual(wrong, [])

    def test_the_guide_says_how_to_configure_each(self):
        guide = (tree.ROOT / "docs/guide/configuration.md").read_text()
        names = [protocol.replace("_", "-") for protocol in self.protocols]
        self.assertEqual([name for name in names if f"`{name}`" not in guide], [])


if __name__ == "__main__":
    unittest.main()
