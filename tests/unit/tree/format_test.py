"""Every C++ file is as clang-format-19 would write it; `scripts/format` makes it so."""

import re
import shutil
import subprocess
import unittest

import tree

COLUMNS = 100
DOCSTRING = re.compile(r"^\s*/// ")
# What goes in or out, run into the sentence before it.
MERGED = re.compile(r"/// .*\S (?:(?:in|out|err)  |(?<=\. )(?:cost|thread) )")


class Format(unittest.TestCase):
    def test_all_files_are_formatted(self):
        tool = shutil.which("clang-format-19")
        self.assertIsNotNone(tool, "clang-format-19 is not installed: run scripts/install")
        files = [str(path) for path in tree.files(*tree.CODE)]
        self.assertTrue(files)
        check = subprocess.run(
            [tool, "--dry-run", "--Werror", "--ferror-limit=1", *files],
            cwd=tree.ROOT,
            capture_output=True,
            text=True,
        )
        self.assertEqual(check.returncode, 0, check.stderr)

    def test_docstrings_keep_their_lines(self):
        """clang-format leaves the lines alone that say what goes in and out."""
        wrong = [
            tree.shown(path, number, line.strip())
            for path in tree.files(*tree.CODE)
            for number, line in tree.lines(path)
            if DOCSTRING.match(line) and (len(line) > COLUMNS or MERGED.search(line))
        ]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
