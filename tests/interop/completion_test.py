"""Completion of the command line, as bash, fish and zsh themselves do it with what `warren completion` prints, and
manual pages: both know of every sub-command and option that --help knows of."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from fixture import PATIENCE_S, PROGRAM, run_warren
from tcp_fixture import TcpTest, held_port

# What readline gives a function of completion, for a line that bash has not read.
BASH = r"""
source "$1"; shift
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:@'
COMP_LINE=$1 COMP_POINT=${#1}; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_warren
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
"""


def words_of(line):
    """As bash parts them."""
    words = re.findall(r"""'[^']*'?|"[^"]*"?|[:=@]+|[^\s:=@'"]+""", line)
    return words + [""] if line[-1].isspace() else words


def commands_of(*path):
    """The sub-commands that a help text names."""
    text = run_warren(*path, "--help").stdout
    below = text.partition("Subcommands:\n")[2]
    return re.findall(r"^  ([a-z-]+)", below, re.MULTILINE)


def all_commands():
    for name in commands_of():
        yield (name,)
        yield from ((name, below) for below in commands_of(name))


def options_of(*path):
    text = run_warren(*path, "--help").stdout
    return {name for line in re.findall(r"^  (-.*?)(?:  |$)", text, re.MULTILINE)
            for name in re.findall(r"-[-a-z]+", line.split(" ")[0])}


class Completion(TcpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scripts = {}
        for shell in ("bash", "zsh", "fish"):
            finished = run_warren("completion", shell)
            assert finished.returncode == 0, finished.stderr
            cls.scripts[shell] = cls.directory / f"warren.{shell}"
            cls.scripts[shell].write_text(finished.stdout)

    def run_shell(self, *command, **variables):
        path = f"{pathlib.Path(PROGRAM).parent}:{os.environ['PATH']}"
        home = {"PATH": path, "HOME": str(self.directory), "XDG_CONFIG_HOME": str(self.directory)}
        finished = subprocess.run(
            command,
            cwd=self.directory,
            env=os.environ | home | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        self.assertEqual(finished.stderr, "", command)
        return finished.stdout.splitlines()

    def bash(self, line, **variables):
        script = self.scripts["bash"]
        return self.run_shell("bash", "-c", BASH, "-", script, line, *words_of(line), **variables)

    def fish(self, line, **variables):
        text = 'source $argv[1]; complete -C "$argv[2]"'
        found = self.run_shell("fish", "-N", "-c", text, self.scripts["fish"], line, **variables)
        return [each.split("\t")[0] for each in found]

    def completers(self):
        yield self.bash
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")
        yield self.fish

    def test_every_sub_command_and_option_is_completed(self):
        known = {(): commands_of()} | {path: commands_of(*path) for path in all_commands()}
        self.assertIn("serve", known[()])
        self.assertIn("purge", known[("dead",)])
        for path, below in known.items():
            with self.subTest(path):
                line = " ".join(["warren", *path, ""])
                if below:
                    self.assertEqual(self.bash(line), below)
                self.assertEqual(set(self.bash(line + "-")), options_of(*path))

    def test_sub_commands(self):
        for complete in self.completers():
            with self.subTest(complete.__name__):
                self.assertEqual(complete("warren dea"), ["dead"])
                self.assertEqual(set(complete("warren dead ")), {"list", "show", "retry", "purge"})
                self.assertEqual(complete("warren dead list --lim"), ["--limit"])
                self.assertEqual(complete("warren serve --lim"), [])

    def test_words_of_a_fixed_set(self):
        for complete in self.completers():
            with self.subTest(complete.__name__):
                self.assertEqual(set(complete("warren completion ")), {"bash", "zsh", "fish"})
                self.assertEqual(complete("warren dead list --output j"), ["json"])
                self.assertEqual(complete("warren models --language ty"), ["typescript"])
        # Bash parts the word at =, and replaces what is behind it.
        self.assertEqual(self.bash("warren dead list --output=j"), ["json"])

    def test_files_and_directories(self):
        (self.directory / "some.yml").touch()
        (self.directory / "somewhere").mkdir(exist_ok=True)
        for complete in self.completers():
            with self.subTest(complete.__name__):
                found = complete("warren check som")
                self.assertEqual({each.strip("/") for each in found}, {"some.yml", "somewhere"})
                found = complete("warren serve --config some.")
                self.assertEqual(found, ["some.yml"])
                found = complete("warren serve --modules som")
                self.assertEqual({each.strip("/") for each in found}, {"somewhere"})
        self.assertEqual(self.bash("warren call add @some."), ["some.yml"])

    def test_methods_of_the_server_on_the_line(self):
        with self.serve(self.tcp()) as server:
            address = server.addresses[0]
            for complete in self.completers():
                with self.subTest(complete.__name__):
                    self.assertEqual(complete(f"warren call --to {address} dx_"), ["dx_example"])
                    self.assertEqual(complete("warren call dx_", WARREN_TO=address), ["dx_example"])
            self.assertEqual(self.bash(f"warren call --to={address} dx_"), ["dx_example"])
            self.assertEqual(self.bash(f"warren call --to '{address}' dx_"), ["dx_example"])
            self.assertEqual(self.bash(f"warren call --timeout 5s dx_", WARREN_TO=address), ["dx_example"])
            self.assertEqual(self.bash(f"warren call --to {address} dx_example "), [])

    def test_a_server_that_is_not_there_is_passed_over(self):
        with held_port() as port:
            address = "tcp://127.0.0.1:%d" % port.getsockname()[1]
            for complete in self.completers():
                self.assertEqual(complete(f"warren call --to {address} a"), [])
            self.assertEqual(self.bash("warren call --to nonsense a"), [])
            # One that takes the connection and says nothing is given two seconds.
            port.listen()
            self.assertEqual(self.bash(f"warren call --to {address} a"), [])

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_takes_the_script(self):
        self.run_shell("zsh", "-fn", self.scripts["zsh"])
        tables = f"compdef() {{ }}; source {self.scripts['zsh']}; _warren_takes 'dead list' --output"
        self.assertEqual(self.run_shell("zsh", "-fc", tables), ["=text json yaml"])

    def test_another_shell_is_refused(self):
        finished = run_warren("completion", "tcsh")
        self.assertEqual(finished.returncode, 2)
        self.assertIn("bash", finished.stderr)


if __name__ == "__main__":
    unittest.main()
