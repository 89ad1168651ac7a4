"""Seeing inside a server: its status, as data and as a page, `warren ps`, `warren top` and `warren tail`."""

import contextlib
import json
import re
import stat
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

from fixture import MODULES, PATIENCE_S, PROGRAM, eventually, run_warren
from processes import die_with_parent
from tcp_fixture import Caller, TcpTest, held_port


class WatchingTest(TcpTest):
    def watch(self, **admin):
        server = self.serve(self.tcp(), admin={"address": "127.0.0.1:0"} | admin)
        self.addCleanup(server.__exit__, None, None, None)
        admin = next(line for line in server.listeners if line.endswith(" admin")).split()[0]
        return server, admin.removeprefix("http://")

    def get(self, admin, path, **headers):
        request = urllib.request.Request(f"http://{admin}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.headers["Content-Type"], answer.read().decode()

    def tail(self, *options):
        """`warren tail` in the background, once it looks."""
        process = subprocess.Popen(
            [PROGRAM, "tail", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process


class Status(WatchingTest):
    def test_it_is_data_and_a_page(self):
        server, admin = self.watch()
        address = server.addresses[0]
        with Caller(address) as caller:
            self.assertEqual(caller.call("add", [1, 2]), ("ok", 3))
            self.assertEqual(caller.call("add", ["x", 2])[0], "invalid_request")
            caller.start("running", "sleep", {"seconds": 0.5})
            self.assertEqual(caller.call("add", [1, 2]), ("ok", 3))
            kind, text = self.get(admin, "/status")
            self.assertEqual(kind, "application/json")
            status = json.loads(text)
            self.assertEqual((status["ready"], status["in_flight"]), (True, 1))
            listener = next(each for each in status["listeners"] if each["address"] == address)
            self.assertEqual(listener["protocol"], "msgpack-rpc")
            self.assertIn("add", listener["methods"])
            add = next(each for each in status["methods"] if each["name"] == "add")
            self.assertRegex(add["fingerprint"], "^[0-9a-f]{64}$")
            calls = next(each for each in status["series"] if each["method"] == "add")
            self.assertEqual((calls["calls"], calls["failures"]), (3, {"invalid_request": 1}))
            self.assertEqual(sum(calls["buckets"]), 3)
            self.assertEqual(len(calls["buckets"]), len(status["bucket_bounds_s"]) + 1)
            kind, page = self.get(admin, "/status", Accept="text/html,*/*")
            self.assertIn("text/html", kind)
            self.assertIn(f"<td>{address}</td>", page)
            self.assertEqual(json.loads(self.get(admin, "/status.json", Accept="text/html")[1])["ready"], True)

    def test_a_token_keeps_it_to_those_who_have_it(self):
        (self.directory / "token").write_text("hush-hush\n")
        server, admin = self.watch(token={"file": "token"})
        for path in ("/status", "/status.json", "/calls", "/metrics", "/nothing"):
            for headers in ({}, {"Authorization": "Bearer hush"}, {"Authorization": "hush-hush"}):
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    self.get(admin, path, **headers)
                self.assertEqual(refused.exception.code, 401)
                refused.exception.close()
        self.get(admin, "/metrics", Authorization="Bearer hush-hush")
        for path in ("/healthz", "/readyz"):
            self.assertEqual(self.get(admin, path)[1], "ok\n")
        refused = run_warren("ps", "--admin", admin)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("it wants a token: --token", refused.stderr)
        given = run_warren("ps", "--admin", admin, "--token", f"@{self.directory / 'token'}")
        self.assertEqual(given.returncode, 0, given.stderr)
        self.assertNotIn("hush", given.stdout + server.log())


class AtUnixSocket(WatchingTest):
    def serve_at(self, path, **admin):
        server = self.serve(self.tcp(), admin={"unix": str(path)} | admin)
        self.addCleanup(server.__exit__, None, None, None)
        return server

    def start_at(self, path):
        """One that is not yet ready, and may never be."""
        settings = {"modules": [MODULES], "listeners": [self.tcp()], "admin": {"unix": str(path)}}
        process = self.start_serving(settings, name="second.yml")
        self.addCleanup(process.__exit__, None, None, None)
        return process

    def test_it_is_asked_there(self):
        path = self.directory / "admin.sock"
        server = self.serve_at(path, mode="0600")
        self.assertIn(f"unix://{path} admin", server.listeners)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        told = run_warren("ps", "--json", "--admin", f"unix://{path}")
        self.assertEqual((told.returncode, json.loads(told.stdout)["ready"]), (0, True))
        shown = run_warren("top", "--times", "1", "--interval", "10ms", "--admin", f"unix://{path}")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        server.terminate()
        self.assertEqual(server.wait(), 0)
        self.assertFalse(path.exists())
        away = run_warren("ps", "--admin", f"unix://{path}")
        self.assertEqual(away.returncode, 1)
        self.assertIn(f"Cannot connect to unix://{path}: No such file", away.stderr)

    def test_a_dead_one_gives_way_and_a_living_one_does_not(self):
        path = self.directory / "left.sock"
        self.serve_at(path).kill()
        self.assertTrue(path.is_socket())
        self.assertEqual(run_warren("ps", "--admin", f"unix://{path}").returncode, 1)
        self.serve_at(path)
        second = self.start_at(path)
        self.assertNotEqual(second.wait(), 0)
        self.assertIn(f"Cannot listen at '{path}': another process does", second.log())
        self.assertEqual(run_warren("ps", "--admin", f"unix://{path}").returncode, 0)

    def test_paths_that_cannot_be_had(self):
        file = self.write("a-file", "not a socket")
        for path, told in ((file, "is no socket"), (self.directory / "none" / "a.sock", "directory"), (self.directory / ("a" * 200), "bytes")):
            process = self.start_at(path)
            self.assertNotEqual(process.wait(), 0)
            self.assertIn(told, process.log())
        self.assertEqual(file.read_text(), "not a socket")
        for admin in ({"unix": "a.sock", "mode": "rw"}, {"unix": "a.sock", "address": "127.0.0.1:0"}):
            checked = run_warren("check", self.write("wrong.yml", {"listeners": [self.tcp()], "modules": [MODULES], "admin": admin}))
            self.assertEqual(checked.returncode, 1)
            self.assertRegex(checked.stdout, "admin.(mode|unix): ")


class Commands(WatchingTest):
    def test_ps_tells_what_servers_do(self):
        server, admin = self.watch()
        other, another = self.watch()
        with Caller(server.addresses[0]) as caller:
            self.assertEqual(caller.call("add", [1, 2]), ("ok", 3))
        told = run_warren("ps", "--admin", admin, "--admin", f"http://{another}")
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertIn(f"at {admin}: Warren ", told.stdout)
        self.assertIn(f"at http://{another}: Warren ", told.stdout)
        self.assertRegex(told.stdout, rf"(?m)^{re.escape(server.addresses[0])}  msgpack-rpc  .*\badd\b")
        self.assertRegex(told.stdout, r"(?m)^add +\w+ +[0-9a-f]{12}$")
        self.assertRegex(told.stdout, r"(?m)^add +msgpack-rpc +1 +0 +\d+[um]s +\d+[um]s$")
        told = run_warren("ps", "--json", "--admin", admin, "--admin", another)
        self.assertEqual([json.loads(line)["ready"] for line in told.stdout.splitlines()], [True] * 2)

    def test_ps_shows_the_rest_where_one_is_away(self):
        server, admin = self.watch()
        told = run_warren("ps", "--admin", "127.0.0.1:1", "--admin", admin)
        self.assertEqual(told.returncode, 1)
        self.assertIn("127.0.0.1:1: ", told.stderr)
        self.assertIn("is `admin` in the server's configuration?", told.stderr)
        self.assertIn(f"at {admin}: Warren ", told.stdout)
        for wrong in ("tcp://127.0.0.1:1", "127.0.0.1", "http://x/y", "http://a:b@c:1"):
            refused = run_warren("ps", "--admin", wrong)
            self.assertEqual((refused.returncode, refused.stdout), (2, ""))
            self.assertIn(f"'{wrong}' is no admin address", refused.stderr)

    def test_tail_shows_calls_as_they_end(self):
        server, admin = self.watch()
        every = self.tail("--admin", admin, "--json", "--count", "3")
        failed = self.tail("--admin", admin, "--failed", "--count", "1")
        slow = self.tail("--admin", admin, "--slower", "150ms", "--method", "sleep", "--count", "1")
        with Caller(server.addresses[0]) as caller:
            # Calls before they look are nobody's.
            def all_ended():
                caller.call("add", [1, 2])
                caller.call("add", ["a secret that nobody shows", 2])
                caller.call("sleep", {"seconds": 0.2})
                return all(each.poll() is not None for each in (every, failed, slow))

            self.assertTrue(eventually(all_ended))
        calls = [json.loads(line) for line in every.stdout.read().splitlines()]
        self.assertEqual(len(calls), 3)
        self.assertLessEqual({call["method"] for call in calls}, {"add", "sleep"})
        line = failed.stdout.read()
        self.assertRegex(line, r"^\d\d:\d\d:\d\d\.\d+Z add invalid_request \d+\.\d{3} ms ")
        self.assertNotIn("a secret", line)
        self.assertRegex(slow.stdout.read(), r" sleep ok 2\d\d\.\d{3} ms ")
        for each in (every, failed, slow):
            self.assertEqual((each.returncode, each.stderr.read()), (0, ""))

    @contextlib.contextmanager
    def calling(self, address, method):
        """Somebody calls it again and again."""
        is_over = threading.Event()

        def run():
            with Caller(address) as caller:
                while not is_over.is_set():
                    caller.call(method, {"a": 1, "b": 2} if method == "add" else {"value": 1})

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def test_tail_goes_on_when_the_server_is_started_anew(self):
        with held_port() as holder:
            place = "127.0.0.1:%d" % holder.getsockname()[1]
            server, _ = self.watch(address=place)
            tail = self.tail("--admin", place)
            with self.calling(server.addresses[0], "add"):
                self.assertIn(" add ok ", tail.stdout.readline())
            server.kill()
            self.assertIn("; trying again", tail.stderr.readline())
            server, _ = self.watch(address=place)
            with self.calling(server.addresses[0], "echo"):
                self.assertTrue(any(" echo ok " in line for line in tail.stdout))

    def test_top_compares_two_looks(self):
        server, admin = self.watch()
        top = subprocess.Popen(
            [PROGRAM, "top", "--admin", admin, "--interval", "500ms", "--times", "2"],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        self.addCleanup(top.stdout.close)
        self.addCleanup(top.wait)
        self.addCleanup(top.kill)
        with Caller(server.addresses[0]) as caller:
            self.assertTrue(eventually(lambda: caller.call("add", [1, 2]) and top.poll() is not None))
        text = top.stdout.read()
        self.assertEqual(top.returncode, 0)
        self.assertEqual(text.count(f"{admin}: ready, in flight "), 2)
        self.assertRegex(text, r"(?m)^add +msgpack-rpc +[1-9][\d.]* +0\.0 +\d+[um]s +\d+[um]s$")
        self.assertRegex(text, r"(?m)^SLOWEST +CODE +MS +CALLER$")
        self.assertRegex(text, r"(?m)^add +ok +\d+\.\d{3}( |$)")


if __name__ == "__main__":
    unittest.main()
