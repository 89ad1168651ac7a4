"""What commands say, as tables, JSON and YAML; and what a terminal gets."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import unittest

import yaml

from fixture import MODULES, PROGRAM, run_warren
from tcp_fixture import TcpTest

HARD = ["no", "1e3", "0x1f", "~", "", "2026-12-01", "12:30", "a\nb\n", "\x1b[31m", "\x00", "\x9b", "\u2028", "日本", "=", "on"]


class OutputTest(TcpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.serve(cls.tcp(), admin={"address": "127.0.0.1:0"})
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        admin = next(line for line in cls.server.listeners if line.endswith(" admin"))
        cls.admin = admin.split()[0].removeprefix("http://")

    def call(self, value, *options):
        arguments = json.dumps({"value": value})
        return run_warren("call", "echo", arguments, "--to", self.server.addresses[0], *options)

    def on_terminal(self, *arguments, columns=80, **environment):
        """What a terminal of so many columns gets."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != "NO_COLOR"}
            | {"TERM": "xterm"}
            | environment,
        )
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(ours, 4096):
                text += piece
        except OSError:  # all have closed it
            pass
        os.close(ours)
        errors = process.communicate()[1]
        self.assertEqual(process.returncode, 0, errors)
        return text.decode().replace("\r\n", "\n")


class Formats(OutputTest):
    def test_yaml_and_json_are_read_back_as_the_same_values(self):
        value = {text: text for text in HARD} | {"n": None, "f": 1e300, "i": 2**63, "l": [[], {}, [1.5]]}
        for options, read in (([], json.loads), (["--output", "json"], json.loads), (["--output", "yaml"], yaml.safe_load)):
            told = self.call(value, *options)
            self.assertEqual((told.returncode, told.stderr), (0, ""))
            self.assertEqual(read(told.stdout), value)
            self.assertFalse(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", told.stdout))
        told = self.call([{"a": 1, "b": "x"}, {"a": 22}], "--output", "table")
        self.assertEqual(told.stdout, "a   b\n1   x\n22\n")

    def test_commands_say_the_same_in_each(self):
        for command in (["methods", MODULES], ["ps", "--admin", self.admin], ["contract", "show", MODULES]):
            as_json = json.loads(run_warren(*command, "--output", "json").stdout)
            as_yaml = yaml.safe_load(run_warren(*command, "--output", "yaml").stdout)
            if command[0] == "ps":
                self.assertEqual(as_json.keys(), as_yaml.keys())
            else:
                self.assertEqual(as_json, as_yaml)
        self.assertRegex(run_warren("methods", MODULES, "--output", "table").stdout, "(?m)^METHOD +MODULE +LOCK +DESCRIPTION$")
        both = run_warren("ps", "--admin", self.admin, "--admin", self.admin, "--output", "yaml")
        self.assertEqual(len(list(yaml.safe_load_all(both.stdout))), 2)
        wrong = run_warren("ps", "--json", "--output", "yaml")
        self.assertEqual(wrong.returncode, 2)
        file = self.write("wrong.yml", {"listeners": [{"tcp": 1}]})
        checked = run_warren("check", file, "--output", "yaml")
        self.assertEqual(checked.returncode, 1)
        self.assertEqual((yaml.safe_load(checked.stdout)["fine"]), False)


class Terminals(OutputTest):
    def test_colours_are_for_terminals(self):
        ps = ["ps", "--admin", self.admin]
        self.assertIn("\x1b[32mready\x1b[0m", self.on_terminal(*ps))
        self.assertNotIn("\x1b", self.on_terminal(*ps, NO_COLOR="1"))
        self.assertNotIn("\x1b", self.on_terminal(*ps, TERM="dumb"))
        self.assertNotIn("\x1b", self.on_terminal(*ps, "--color", "never"))
        self.assertIn("\x1b[1m", self.on_terminal(*ps, "--color", "always", NO_COLOR="1"))
        self.assertNotIn("\x1b", run_warren(*ps).stdout)
        self.assertIn("\x1b[32mready", run_warren(*ps, "--color", "always").stdout)
        for data in ("json", "yaml"):
            self.assertNotIn("\x1b", self.on_terminal(*ps, "--color", "always", "--output", data))

    def test_tables_fit(self):
        shown = self.on_terminal("methods", MODULES, "--output", "table", "--color", "never", columns=60)
        self.assertLessEqual(max(map(len, shown.splitlines())), 60)
        self.assertGreater(max(map(len, run_warren("methods", MODULES, "--output", "table").stdout.splitlines())), 60)

    def test_no_control_character_reaches_it(self):
        echo = ["call", "echo", json.dumps({"value": HARD}), "--to", self.server.addresses[0]]
        for output in ("json", "yaml", "table"):
            shown = self.on_terminal(*echo, "--output", output, "--color", "never")
            self.assertFalse(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", shown), repr(shown))


if __name__ == "__main__":
    unittest.main()
