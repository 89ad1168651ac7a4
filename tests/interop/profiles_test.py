"""Profiles: servers with a name, and what calls to them need, wherever an address is asked for."""

import json
import os
import socket
import unittest
from unittest import mock

from fixture import run_warren
from tcp_fixture import TcpTest


class Profiles(TcpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.file = cls.directory / "warren/profiles.yml"
        cls.file.parent.mkdir()
        home = {"XDG_CONFIG_HOME": str(cls.directory), "HOME": str(cls.directory)}
        cls.enterClassContext(mock.patch.dict(os.environ, home))

    def profiles(self, content, mode=0o600):
        self.file.write_text(content if isinstance(content, str) else json.dumps(content))
        self.file.chmod(mode)

    def call_add(self, *options):
        return run_warren("call", "add", '{"a": 2, "b": 40}', *options)

    def test_a_call_has_all_from_its_profile(self):
        (self.directory / "warren/secret").write_text("a secret that is long enough\n")
        server = self.enterContext(self.serve(self.tcp(auth_secret="a secret that is long enough")))
        address = server.addresses[0]
        self.profiles({"near": {"to": address, "auth_secret": {"file": "secret"}, "timeout": "20s"}})
        self.assert_gives(self.call_add("--profile", "near"), 42)
        self.assert_gives(self.call_add("--to", "@near"), 42)
        with mock.patch.dict(os.environ, {"WARREN_TO": "tcp://nowhere.invalid:1"}):
            self.assert_gives(self.call_add("--profile", "near"), 42)
        with mock.patch.dict(os.environ, {"WARREN_TO": "@near"}):
            self.assert_gives(self.call_add(), 42)
        # What the command line says goes before.
        self.assert_fails(self.call_add("--profile", "near", "--auth-secret", "another"), "error: ")

    def test_methods_are_asked_of_a_profile(self):
        server = self.enterContext(self.serve(self.tcp()))
        self.profiles({"near": {"to": server.addresses[0]}})
        finished = run_warren("methods", "--from", "@near", "--names")
        self.assertEqual(finished.returncode, 0, finished.stderr)
        self.assertIn("dx_example\n", finished.stdout)

    def test_a_timeout_of_a_profile_is_the_calls(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            to = "tcp://127.0.0.1:%d" % silent.getsockname()[1]
            self.profiles({"slow": {"to": to, "timeout": "50ms"}})
            self.assert_fails(self.call_add("--profile", "slow"), "deadline_exceeded")

    def test_profiles_are_listed_without_secrets(self):
        (self.directory / "warren/key").write_text(run_warren("keygen").stdout)
        self.profiles(
            {
                "far": {
                    "to": "amqp://user:hunter2@broker.example.org/?queue=test",
                    "fernet_key": {"file": "key"},
                    "auth_secrets": ["hunter3"],
                    "timeout": "5s",
                },
                "near": {"to": "tcp://localhost:8080"},
            }
        )
        finished = run_warren("profiles")
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertNotIn("hunter", finished.stdout)
        head, far, near = finished.stdout.splitlines()
        self.assertEqual(head.split(), ["NAME", "TO", "SECRETS", "CA", "TIMEOUT"])
        for word in ("far", "broker.example.org", "fernet_key, auth_secret", "5s"):
            self.assertIn(word, far)
        self.assertEqual(near.split()[:1], ["near"])
        self.assertIn("localhost:8080", near)
        self.assertEqual(run_warren("profiles", "--names").stdout, "far\nnear\n")
        lines = [json.loads(line) for line in run_warren("profiles", "--json").stdout.splitlines()]
        self.assertEqual([line["has_fernet_key"] for line in lines], [True, False])

    def test_none_are_no_mistake(self):
        self.file.unlink(missing_ok=True)
        finished = run_warren("profiles")
        self.assertEqual((finished.returncode, finished.stdout), (0, ""))
        self.assertEqual(finished.stderr, f"note: there is no profile; they are in {self.file}\n")

    def test_mistakes_have_their_place(self):
        self.profiles(
            "near:\n  to: tcp://localhost:8080\n  tmeout: 5s\nfar:\n  fernet_key: hunter2\n"
            "odd.name: {to: 'tcp://a:1'}\n"
        )
        finished = run_warren("profiles")
        self.assertEqual(finished.returncode, 78)
        self.assertNotIn("hunter", finished.stderr)
        lines = finished.stderr.splitlines()
        self.assertIn(f"error: {self.file}:3: near.tmeout: ", lines[0])
        self.assertIn("did you mean 'timeout'?", lines[0])
        self.assertTrue(any(f"{self.file}:5: far.to: missing" in line for line in lines), lines)
        self.assertTrue(any(f"{self.file}:5: far.fernet_key: " in line for line in lines), lines)
        self.assertTrue(any(f"{self.file}:6: odd.name: " in line for line in lines), lines)
        # Another profile's mistakes are not those of the one that is asked for.
        finished = run_warren("call", "add", "{}", "--profile", "near")
        self.assertEqual(finished.returncode, 2)
        self.assertIn(f"--profile: {self.file}:3: near.tmeout", finished.stderr)

    def test_one_that_is_not_there_is_said(self):
        self.profiles({"near": {"to": "tcp://localhost:8080"}})
        for options in (["--profile", "neer"], ["--to", "@neer"]):
            finished = self.call_add(*options)
            self.assertEqual(finished.returncode, 2)
            self.assertIn("has no profile 'neer' (did you mean 'near'?)", finished.stderr)
        finished = self.call_add("--profile", "near", "--to", "tcp://localhost:1")
        self.assertEqual(finished.stderr, "error: --profile and --to both say whom to call: give one\n")

    def test_a_file_that_others_may_read_is_warned_of(self):
        warning = f"warning: {self.file}: others may read the secrets in it: chmod 600 {self.file}\n"
        secret = {"near": {"to": "tcp://localhost:8080", "auth_secret": "hunter2"}}
        password = {"near": {"to": "amqp://user:hunter2@localhost/?queue=test"}}
        for content in (secret, password):
            self.profiles(content, 0o644)
            self.assertEqual(run_warren("profiles").stderr, warning)
            self.profiles(content, 0o600)
            self.assertEqual(run_warren("profiles").stderr, "")
        self.profiles({"near": {"to": "tcp://localhost:8080"}}, 0o644)
        self.assertEqual(run_warren("profiles").stderr, "")


if __name__ == "__main__":
    unittest.main()
