"""A module's own settings, its start and its end; and what a watchdog hears while the server lives."""

import os
import pathlib
import select
import socket
import unittest
import unittest.mock

from fixture import MODULES, PROGRAM, run_warren
from tcp_fixture import Caller, TcpTest

LIFE = os.environ.get("WARREN_LIFE_MODULES", str(pathlib.Path(PROGRAM).parent / "test_modules/life"))


class LifeTest(TcpTest):
    def configuration(self, settings, *listeners, **more):
        section = {} if settings is None else {"settings": {"greeter": settings}}
        return {"modules": [LIFE], "listeners": list(listeners) or [self.tcp()]} | section | more

    def ending(self, configuration):
        """What a server says that does not start, and its exit code."""
        with self.start_serving(configuration) as server:
            return server.wait(), server.log()


class Settings(LifeTest):
    def test_they_are_there_when_the_module_starts(self):
        (self.directory / "password").write_text("hush\n")
        settings = {
            "greeting": "${LIFE_GREETING}",
            "password": {"file": "password"},
            "names": ["a", "b"],
            "pool": {"size": 9},
        }
        with unittest.mock.patch.dict(os.environ, {"LIFE_GREETING": "Hello"}):
            server = self.start_serving(self.configuration(settings))
        with server:
            server.wait_until_ready()
            self.assertIn("life: started with 4 secret characters and 2 names", server.log())
            greeted = self.call(server.addresses[0], "greet", {"name": "Ada"})
            self.assert_gives(greeted, "Hello by 9: Ada")
            server.terminate()
            self.assertEqual(server.wait(), 0)
            self.assertIn("life: stopped with Hello by 9", server.log())
            self.assertNotIn("hush", server.log())

    def check(self, configuration):
        path = self.write("warren.yml", configuration)
        finished = run_warren("check", path)
        self.assertNotIn("life: started", finished.stderr)
        return finished

    def test_check_holds_them_against_the_model_and_starts_nothing(self):
        finished = self.check(self.configuration({"greeting": "Hello"}))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))

    def test_everything_that_is_wrong_is_told_with_its_place(self):
        text = """
modules: [%s]
listeners: [{tcp: "127.0.0.1:0"}]
settings:
  greeter:
    greeting: Hello
    names: [one, [two]]
    password: s3cret-not-to-be-shown
    pool:
      size: 0
""" % LIFE
        finished = self.check(text)
        self.assertEqual(finished.returncode, 1)
        self.assertIn("warren.yml:10: settings.greeter.pool.size: ", finished.stdout)
        self.assertIn("warren.yml:7: settings.greeter.names[1]: ", finished.stdout)
        self.assertNotIn("s3cret", finished.stdout)
        code, log = self.ending(text)
        self.assertEqual(code, 78)
        self.assertIn("warren.yml:10: settings.greeter.pool.size: ", log)
        misspelled = self.check(text.replace("size:", "sizes:"))
        self.assertIn("settings.greeter.pool.sizes: unknown key", misspelled.stdout)
        self.assertIn("'size'", misspelled.stdout)

    def test_what_a_module_needs_must_be_said(self):
        finished = self.check(self.configuration(None))
        self.assertIn("warren.yml: settings.greeter.greeting: ", finished.stdout)
        self.assertIn("life.so", finished.stdout)

    def test_not_of_a_module_of_which_nothing_is_served(self):
        listener = self.tcp(methods=["add"])
        configuration = self.configuration(None, listener, modules=[LIFE, MODULES])
        self.assertEqual(self.check(configuration).returncode, 0)
        with self.start_serving(configuration) as server:
            server.wait_until_ready()
            self.assertNotIn("life: started", server.log())

    def test_a_section_that_no_module_has_is_told(self):
        configuration = self.configuration({"greeting": "Hello"})
        configuration["settings"]["greter"] = {}
        finished = self.check(configuration)
        self.assertIn("settings.greter: no module has settings of this name", finished.stdout)
        self.assertIn("did you mean 'greeter'?", finished.stdout)
        finished = self.check(configuration | {"methods_missing": "skip"})
        self.assertEqual(finished.returncode, 0, finished.stdout)
        self.assertIn("note: ", finished.stderr)


class Life(LifeTest):
    def test_a_start_that_fails_is_why_the_server_does_not_start(self):
        settings = {"greeting": "Hello", "refuses": "the database is away"}
        code, log = self.ending(self.configuration(settings))
        self.assertIn("life.so: its start failed: the database is away", log)
        self.assertNotIn("life: stopped", log)
        # Trying again may help: not that of a wrong configuration.
        self.assertEqual(code, 69)

    def test_a_mock_does_not_start(self):
        with self.start_serving(self.configuration({"greeting": "Hello"}, mock=True)) as server:
            server.wait_until_ready()
            self.assertNotIn("life: started", server.log())

    def test_a_call_that_runs_is_done_before_the_stop(self):
        with self.start_serving(self.configuration({"greeting": "Hello"})) as server:
            address = server.wait_until_ready().addresses[0]
            with Caller(address) as caller:
                caller.start("running", "linger", {"milliseconds": 300})
                self.assertEqual(caller.call("greet", {"name": "Ada"})[0], "ok")  # behind it
                server.terminate()
                self.assertEqual(caller.outcome()[:2], ("running", "ok"))
                self.assertEqual(server.wait(), 0)
            self.assertIn("life: stopped with Hello by 4", server.log())


class Watchdog(LifeTest):
    def test_it_hears_of_threads_that_turn_and_of_none_that_is_blocked(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
            heard.bind(str(self.directory / "notify"))
            named = {"NOTIFY_SOCKET": str(self.directory / "notify"), "WATCHDOG_USEC": "600000"}
            with unittest.mock.patch.dict(os.environ, named):
                server = self.start_serving(self.configuration({"greeting": "Hello"}))
            with server:
                address = server.wait_until_ready().addresses[0]
                self.wait_for_sign(heard)
                self.wait_for_sign(heard)
                with Caller(address) as caller:
                    caller.start("blocking", "block", {"milliseconds": 3_000})
                    # What it says before the call has begun is not the end of it.
                    while select.select([heard], [], [], 1.5)[0]:
                        heard.recv(4096)
                    self.assertEqual(caller.outcome()[:2], ("blocking", "ok"))
                self.wait_for_sign(heard)

    def wait_for_sign(self, heard):
        heard.settimeout(30)
        while b"WATCHDOG=1" not in heard.recv(4096):
            pass


if __name__ == "__main__":
    unittest.main()
