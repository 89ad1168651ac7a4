"""The units that are installed, as systemd reads them, and what `warren-status` says of services."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from fixture import PROGRAM

BUILT = pathlib.Path(PROGRAM).parent
# [systemd-analyze(1), security: 0.0 to 10.0]; here in tenths.
EXPOSURE_MAX = "30"


def run(*command, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)


class UnitsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        installed = run("cmake", "--install", BUILT, "--prefix", cls.prefix)
        if installed.returncode != 0:
            raise AssertionError(installed.stdout + installed.stderr)
        cls.units = cls.prefix / "lib/systemd/system"


class Units(UnitsTest):
    def test_systemd_finds_nothing_wrong_with_them(self):
        for name in ("warren.service", "warren@.service", "warren.socket", "warren.target"):
            checked = run("systemd-analyze", "verify", "--man=no", self.units / name)
            told = [line for line in checked.stderr.splitlines() if "warren" in line]
            self.assertEqual((checked.returncode, told), (0, []))

    def test_what_a_service_may_do_is_little(self):
        for name in ("warren.service", "warren@.service"):
            options = ["--no-pager", "--offline=true", f"--threshold={EXPOSURE_MAX}"]
            checked = run("systemd-analyze", "security", *options, self.units / name)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_each_serves_what_its_name_says(self):
        text = {name: (self.units / f"{name}.service").read_text() for name in ("warren", "warren@")}
        program = self.prefix / "bin/warren"
        self.assertIn(f"\nExecStart={program} serve\n", text["warren"])
        self.assertIn(f"\nExecStart={program} serve --virtual-host-name=%I\n", text["warren@"])
        self.assertIn("\nStateDirectory=warren\n", text["warren"])
        self.assertIn("\nStateDirectory=warren/%i\n", text["warren@"])
        for each in text.values():
            for line in ("Type=notify", "User=warren", "WatchdogSec=30"):
                self.assertIn(f"\n{line}\n", each)
            self.assertIn("\nExecReload=/bin/kill -HUP $MAINPID\n", each)
            self.assertNotRegex(each, r"(?m)@[a-z]+@")
        self.assertIn("\nu warren ", (self.prefix / "lib/sysusers.d/warren.conf").read_text())


class Status(UnitsTest):
    def status(self, states, *options):
        """Of services in these states, by a `systemctl` that knows nothing else."""
        bin = self.enterContext(tempfile.TemporaryDirectory())
        program = pathlib.Path(bin) / "systemctl"
        listed = "".join(f"echo '{unit} loaded {state} x A server'\n" for unit, state in states.items())
        asked = "".join(
            f"{unit}) echo {state}; exit {0 if state == 'active' else 3} ;;\n"
            for unit, state in states.items()
        )
        program.write_text(
            f'#!/bin/sh\nif [ "$1" = list-units ]; then\n{listed}exit 0\nfi\n'
            f'case "$2" in\n{asked}esac\n'
        )
        program.chmod(0o755)
        path = f"{bin}:{os.environ['PATH']}"
        done = run(self.prefix / "bin/warren-status", *options, env=os.environ | {"PATH": path})
        return done.returncode, done.stdout.splitlines()

    def test_all_of_them(self):
        all_run = {"warren.service": "active", "warren@trees.service": "active"}
        lines = ["warren.service: active", "warren@trees.service: active"]
        self.assertEqual(self.status(all_run), (0, lines))
        one_not = all_run | {"warren@trees.service": "failed"}
        self.assertEqual(self.status(one_not), (1, [lines[0], "warren@trees.service: failed"]))
        self.assertEqual(self.status({}), (1, []))

    def test_those_that_do_not_run(self):
        states = {"warren@a.service": "failed", "warren@b.service": "active", "warren@c.service": "inactive"}
        lines = ["warren@a.service: failed", "warren@c.service: inactive"]
        self.assertEqual(self.status(states, "--failed-only"), (2, lines))
        self.assertEqual(self.status({"warren@b.service": "active"}, "--failed-only"), (0, []))
        self.assertEqual(self.status({}, "--failed-only"), (0, []))

    def test_an_unknown_argument_is_refused(self):
        self.assertEqual(self.status({}, "--failed"), (64, []))
        self.assertIn("--failed-only", "\n".join(self.status({}, "--help")[1]))


if __name__ == "__main__":
    unittest.main()
