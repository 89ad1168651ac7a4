"""The code of a guide's page stands, but for blanks, in the test that is named after it, which runs it."""

import re
import unittest

import tree

PAGES = {
    path: test
    for path in tree.files(".md", under="docs/guide")
    for test in tree.ROOT.glob(f"tests/**/{path.stem.replace('-', '_')}_guide_test.cpp")
}


def pieces(page):
    """Its indented code, each up to a blank line."""
    return re.findall(r"(?:^ {4}.+\n)+", page.read_text(), re.MULTILINE)


class Guide(unittest.TestCase):
    def test_its_code_is_tested(self):
        self.assertTrue(PAGES)
        for page, test in PAGES.items():
            tested = "".join(test.read_text().split())
            for piece in pieces(page):
                with self.subTest(page=page.name, piece=piece):
                    self.assertTrue("".join(piece.split()) in tested, f"it is not in {test}")


if __name__ == "__main__":
    unittest.main()
