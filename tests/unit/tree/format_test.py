"""Every C++ file is as clang-format-19 would write it; `scripts/format` makes it so."""

import shutil
import subprocess
import unittest

import tree


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


if __name__ == "__main__":
    unittest.main()
