"""Every promise of the guide names tests that are there."""

import re
import unittest

import tree

PAGE = tree.ROOT / "docs/guide/guarantees.md"
NAME = re.compile(r"`([\w.]+)`")


def promises():
    """(sentence, names of tests) of each item above what is not promised."""
    promised = PAGE.read_text().split("## Not promised")[0]
    for item in re.findall(r"^- (.+?)(?=\n- |\n\n|\Z)", promised, re.MULTILINE | re.DOTALL):
        sentence, bracket, names = " ".join(item.split()).partition(" [")
        yield sentence, NAME.findall(names) if bracket and names.endswith("]") else []


def tests():
    """Names of tests in C++ as Suite.Name, their suites, names of CTest's own, and file.function of
    those in Python."""
    names = set()
    for path in tree.files(".py", under="tests"):
        for name in re.findall(r"^    def (test_\w+)", path.read_text(), re.MULTILINE):
            names.add(f"{path.stem}.{name}")
    for path in tree.files(".cpp", ".txt", under="tests"):
        text = path.read_text()
        for suite, name in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", text):
            names |= {suite, f"{suite}.{name}"}
        names.update(re.findall(r"add_test\(NAME ([\w.]+)", text))
    return names


class Guarantees(unittest.TestCase):
    def test_each_names_a_test_that_is_there(self):
        known = tests()
        found = list(promises())
        self.assertGreater(len(found), 10)
        for sentence, names in found:
            with self.subTest(sentence):
                self.assertTrue(names, "no test is named")
                self.assertEqual([name for name in names if name not in known], [])

    def test_nothing_stands_outside_of_the_items(self):
        promised = PAGE.read_text().split("## Not promised")[0]
        self.assertNotRegex(promised, r"(?m)^\* ")


if __name__ == "__main__":
    unittest.main()
