"""Words and calls that have no place in the tree."""

import re
import unittest

import tree

# Spelled in two parts, so that this file does not accuse itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
FIXED_PATH = re.compile(r"""["'\s=:(]/(root|tmp|work)/""")
WAIT = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|time\.sleep|asyncio\.sleep)\s*\(")


def found(pattern, paths):
    return [
        tree.shown(path, number, line.strip())
        for path in paths
        for number, line in tree.lines(path)
        if pattern.search(line)
    ]


class Words(unittest.TestCase):
    def test_nothing_is_left_for_later(self):
        self.assertEqual(found(UNFINISHED, tree.files()), [])

    def test_no_path_of_one_machine(self):
        sources = [path for path in tree.files() if path.suffix != ".md"]
        self.assertEqual(found(FIXED_PATH, sources), [])

    def test_tests_wait_for_events_and_not_for_time(self):
        self.assertEqual(found(WAIT, tree.files(*tree.CODE, ".py", under="tests")), [])


if __name__ == "__main__":
    unittest.main()
