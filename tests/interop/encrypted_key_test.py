"""Keys with a pass phrase, where there is a terminal that could be asked for it."""

import fcntl
import os
import pty
import signal
import subprocess
import termios
import unittest

from tcp_fixture import TcpTest
from fixture import MODULES, PATIENCE_S, PROGRAM, run_warren

from certificates import make_certificates, openssl

PASSWORD = "open sesame"


class OfATerminal:
    """A program whose controlling terminal is one that nobody types at."""

    def __init__(self, *command):
        self.terminal, inner = pty.openpty()

        def take_terminal():
            os.setsid()
            fcntl.ioctl(inner, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=inner,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=take_terminal,
        )
        os.close(inner)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        os.close(self.terminal)

    def outcome(self):
        output, _ = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, output


class AnEncryptedKey(TcpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = make_certificates(str(cls.directory))
        password = ("-passout", f"pass:{PASSWORD}")
        path = cls.directory
        openssl("pkcs8", "-topk8", "-in", path / "server.key", "-out", path / "pkcs8.key", *password)
        openssl("ec", "-aes256", "-in", path / "server.key", "-out", path / "old.key", *password)
        openssl("pkcs8", "-topk8", "-in", path / "client.key", "-out", path / "mine.key", *password)
        (path / "password").write_text(PASSWORD + "\n")

    def configuration(self, key, **tls):
        tls = {"certificate": "server.pem", "key": key} | tls
        return self.write(
            "warren.yml", {"modules": [MODULES], "listeners": [self.tcp(tls=tls)]}
        )

    def test_nothing_asks_for_its_password(self):
        parameters = f"ca={self.made['ca']}&certificate={self.made['client']}"
        to = f"tls://127.0.0.1:1?{parameters}&key={self.directory}/mine.key"
        proxy = ("proxy", "--from", "tcp://127.0.0.1:0", "--to", to)
        for key in ("pkcs8.key", "old.key"):
            file = self.configuration(key)
            for code, *command in (
                (1, "check", file),
                (78, "serve", "--config", file),
                (2, "call", "echo", "1", "--to", to),
                (2, *proxy),
            ):
                with self.subTest(key=key, command=command[0]):
                    with OfATerminal(PROGRAM, *command) as program:
                        ended, output = program.outcome()
                    self.assertEqual(ended, code, output)
                    self.assertIn("is encrypted: give its password with 'key_password'", output)

    def test_a_certificate_reloaded_with_an_encrypted_key_stays_as_it_was(self):
        key = self.directory / "reloaded.key"
        key.write_bytes((self.directory / "server.key").read_bytes())
        file = self.configuration("reloaded.key")
        with OfATerminal(PROGRAM, "serve", "--config", file) as server:
            while not (line := server.process.stdout.readline()).startswith("ready"):
                self.assertNotEqual(line, "")
            key.write_bytes((self.directory / "pkcs8.key").read_bytes())
            server.process.send_signal(signal.SIGHUP)
            while "nothing has changed" not in (line := server.process.stdout.readline()):
                self.assertNotEqual(line, "")
            self.assertIn("is encrypted", line)
            server.process.terminate()
            self.assertEqual(server.process.wait(PATIENCE_S), 0)

    def test_it_is_decrypted_with_its_password(self):
        for key in ("pkcs8.key", "old.key"):
            for password in ({"file": "password"}, PASSWORD):
                file = self.configuration(key, key_password=password, client_ca="ca.pem")
                with self.start_serving(file.read_text()).wait_until_ready() as server:
                    parameters = f"?certificate={self.made['client']}&key={self.directory}/mine.key"
                    to = server.addresses[0] + parameters
                    trust = ("--ca", self.made["ca"])
                    by_file = to + f"&key_password_file={self.directory}/password"
                    self.assert_gives(self.call(by_file, "add", [2, 40], *trust), 42)
                    by_text = to + "&key_password=" + PASSWORD.replace(" ", "%20")
                    self.assert_gives(self.call(by_text, "add", [2, 40], *trust), 42)

    def test_check_names_the_key_of_what_is_wrong(self):
        for tls, place, words in (
            ({}, "tls.key", "is encrypted"),
            ({"key_password": "open barley"}, "tls.key_password", "does not decrypt"),
            ({"key_password": {"file": "absent"}}, "tls.key_password", "No such file"),
        ):
            finished = run_warren("check", self.configuration("pkcs8.key", **tls))
            self.assertEqual(finished.returncode, 1)
            self.assertIn(f"listeners[0].{place}: ", finished.stdout)
            self.assertIn(words, finished.stdout)
            self.assertNotIn("barley", finished.stdout)


if __name__ == "__main__":
    unittest.main()
