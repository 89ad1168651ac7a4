"""The manual pages: of every sub-command, with every option that --help knows of, and as man(1) and
mandoc(1) want them."""

import os
import re
import shutil
import subprocess
import unittest

from completion_test import all_commands, commands_of, options_of
from fixture import ProgramTest, run_warren


def run_wide(*command):
    environment = os.environ | {"MANWIDTH": "1000", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


class ManPages(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share = cls.directory / "share"
        finished = run_warren("help", "--share", cls.share)
        assert finished.returncode == 0, finished.stderr
        cls.pages = {page.stem: page for page in (cls.share / "man/man1").iterdir()}

    def shown(self, name):
        """As a terminal shows it."""
        command = ["mandoc", "-Tascii", "-O", "width=1000"] if shutil.which("mandoc") else ["man", "-l"]
        finished = run_wide(*command, self.pages[name])
        self.assertEqual(finished.returncode, 0, finished.stderr)
        return re.sub(".\b", "", finished.stdout)  # what is bold is struck twice

    def test_there_is_one_of_each_sub_command(self):
        expected = {"warren"} | {f"warren-{name}" for name in commands_of()}
        self.assertEqual(set(self.pages), expected)
        for name in commands_of():
            self.assertEqual(run_warren("help", "--man", name).stdout, self.pages[f"warren-{name}"].read_text())

    def test_every_option_is_on_its_page(self):
        for path in all_commands():
            with self.subTest(path):
                page = self.pages[f"warren-{path[0]}"].read_text().replace("\\-", "-")
                for option in options_of(*path):
                    self.assertIn(f"\\fB{option}\\fR", page)

    def test_what_a_page_says(self):
        text = self.shown("warren-call")
        self.assertIn("warren-call - Call a method and print its data as JSON", text)
        self.assertIn("warren call [OPTIONS] METHOD ARGUMENTS", text)
        self.assertRegex(text, r"--timeout DURATION\n +How long to wait, such as 5s. Default: 60s.\n")
        self.assertIn("Environment: WARREN_TO.", text)
        self.assertIn("/etc/warren/warren.yml", text)
        self.assertRegex(text, r" 78\s+The configuration or a module is wrong")
        self.assertIn("One of: text, json, yaml.", self.shown("warren-dead"))
        self.assertIn("warren dead purge --from ADDRESS", self.shown("warren-dead"))

    def test_no_page_has_a_fault(self):
        for page in self.pages.values():
            with self.subTest(page.name):
                shown = run_wide("man", "--warnings", "-l", page)
                self.assertEqual((shown.returncode, shown.stderr), (0, ""))
                if shutil.which("mandoc"):
                    linted = run_wide("mandoc", "-Tlint", "-Wwarning", page)
                    # They have no date: what is built twice is the same.
                    lines = (linted.stdout + linted.stderr).splitlines()
                    self.assertEqual([line for line in lines if "missing date" not in line], [])

    def test_help_of_a_sub_command_is_what_its_option_gives(self):
        for path in ((), ("call",), ("dead", "list")):
            with self.subTest(path):
                self.assertEqual(run_warren("help", *path).stdout, run_warren(*path, "--help").stdout)

    def test_help_of_nothing_is_refused(self):
        finished = run_warren("help", "dead", "lst")
        self.assertEqual(finished.returncode, 2)
        self.assertEqual(finished.stderr, "error: there is no sub-command 'lst' (did you mean 'list'?)\n")


if __name__ == "__main__":
    unittest.main()
