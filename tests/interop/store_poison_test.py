"""Requests under a key that end their process, or are to be tried again later, where a store has them:
over TCP, ZeroMQ and a classic queue, in SQLite and in PostgreSQL."""

import json
import os
import pathlib
import unittest

from fixture import PROGRAM, InteropTest, Process, eventually, run_warren
from postgresql import PostgreSql

MODULES = os.environ.get(
    "WARREN_POISON_MODULES", str(pathlib.Path(PROGRAM).parent / "test_modules/poison")
)


class InSqlite(InteropTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stores = {}

    def store(self, name):
        """A store of a test's own, as a configuration and as `warren dead` has it."""
        path = str(self.directory / f"{name}.db")
        return {"sqlite": path}, path

    def start(self, name, attempts_max=2):
        store, _ = self.store(name)
        configuration = {
            "modules": [MODULES],
            "store": store | {"attempts_max": attempts_max},
            "listeners": [
                {"tcp": "127.0.0.1:0"},
                {"zmq": "tcp://127.0.0.1:0"},
                self.cyberfusion(queue=name, methods=["digest"]),
            ],
            "log": {"level": "debug"},
        }
        return self.start_serving(configuration, name=f"{name}.yml").wait_until_ready()

    def address(self, server, name, transport):
        return f"{self.uri}?queue={name}" if transport == 2 else server.addresses[transport]

    def begin(self, to, key, number, *options):
        return Process(
            *(PROGRAM, "call", "digest", json.dumps({"number": number}), "--to", to),
            *("--idempotency-key", key, "--timeout", "60s", *options),
        )

    def give_up(self, name, transport):
        """Call with what ends the process, and with others at once, until all are answered; what
        was said of the poison, and how often the process was killed."""
        kills, left, said = 0, set(range(8)) | {13}, None
        while left:
            with self.start(name) as server:
                to = self.address(server, name, transport)
                calls = {
                    number: self.begin(to, f"key {number}", number, "--priority", "3")
                    for number in sorted(left, reverse=True)
                }
                for number, call in calls.items():
                    with call:
                        # Over a queue a call outlives the server, which another one takes up.
                        eventually(lambda: call.has_ended() or server.has_ended())
                        if server.has_ended() or "connection_lost" in call.log():
                            server.wait()
                            call.kill()
                        elif number == 13:
                            said = call.log()
                            left.discard(number)
                        elif call.process.returncode == 0:
                            left.discard(number)
                if server.has_ended():
                    kills += 1
            self.assertLess(kills, 10)
        return said, kills

    def dead(self, what, name, *options):
        finished = run_warren("dead", what, "--from", self.store(name)[1], *options)
        self.assertEqual(finished.returncode, 0, finished.stderr)
        return finished.stdout

    def check(self, name, transport):
        said, kills = self.give_up(name, transport)
        self.assertIn("failed: poisoned: it was begun 2 times", said)
        self.assertEqual(kills, 2)

    def persist(self, to, key, *options):
        return run_warren(
            *("call", "persist", '{"name": "x"}', "--to", to, "--idempotency-key", key),
            *("--priority", "7", "--timeout", "20s", "--verbose", *options),
        )

    def test_who_waits_gets_the_reply_of_a_later_attempt(self):
        with self.start("waits", attempts_max=5) as server:
            for to in server.addresses[:2]:
                finished = self.persist(to, to)
                self.assert_gives(finished, f"x 3 {to} 7 ")
                again = self.persist(to, to)
                self.assert_gives(again, f"x 3 {to} 7 ")
                self.assertIn("replayed", again.stderr)
                for method in ("persist_in_coroutine", "persist_with_responder"):
                    key = ("--idempotency-key", f"{method} {to}")
                    self.assert_gives(self.call(method, {}, *key, to=to), 2)
            late = run_warren(
                *("call", "give_up", '{"after_s": 3600}', "--to", server.addresses[0]),
                *("--idempotency-key", "late", "--timeout", "5s"),
            )
            self.assert_fails(late, "overloaded: closed")

    def test_what_nobody_sends_again_is_run_later_also_after_a_kill(self):
        for transport, name in enumerate(("tcp_later", "zeromq_later")):
            with self.start(name, attempts_max=5) as server:
                to = server.addresses[transport]
                self.assertEqual(self.persist(to, "one-way", "--one-way").returncode, 0)
                server.wait_until_log("attempt 1")
                server.kill()
            with self.start(name, attempts_max=5) as server:
                server.wait_until_log("attempt 3")
                reply = self.persist(server.addresses[0], "one-way")
                self.assert_gives(reply, "x 3 one-way 7 ")
                self.assertIn("replayed", reply.stderr)

    def test_dead_letters_are_looked_at_put_back_and_taken_away(self):
        with self.start("dead") as server:
            for key in ("d", "e"):
                finished = self.persist(server.addresses[0], key)
                self.assert_fails(finished, "failed: poisoned: it was begun 2 times")
            # A server has the store open meanwhile.
            listed = self.dead("list", "dead", "--output", "json")
            first, second = [json.loads(line) for line in listed.splitlines()]
            self.assertEqual(first["method"], "persist")
            self.assertEqual((first["idempotency_key"], second["idempotency_key"]), ("d", "e"))
            self.assertEqual((first["priority"], first["attempts"]), (7, 2))
            self.assertTrue(first["reason"].startswith("poisoned: "))
            self.assertIn("process", first["server"])
            self.assertLessEqual(first["first"], first["died"])
            shown = self.dead("show", "dead", "--limit", "1")
            self.assertIn('arguments: {"name":"x"}', shown)
            self.assertEqual(self.dead("list", "dead", "--method", "digest"), "")
            self.assertEqual(self.dead("list", "dead", "--reason", "poisoned").count("\n"), 2)
            self.assertEqual(self.dead("list", "dead", "--since", "2100-01-01T00:00:00Z"), "")
            server.terminate()
            self.assertEqual(server.wait(), 0)
        self.assertEqual(self.dead("retry", "dead", "--limit", "1"), "1 put back\n")
        self.assertEqual(self.dead("list", "dead").count("\n"), 1)
        with self.start("dead", attempts_max=5) as server:
            server.wait_until_log("attempt 3")
            reply = self.persist(server.addresses[0], "d")
            self.assert_gives(reply, "x 3 d 7 ")
            self.assertIn("replayed", reply.stderr)
        self.assertEqual(self.dead("purge", "dead", "--yes"), "1 purged\n")
        self.assertEqual(self.dead("list", "dead"), "")

    def test_over_tcp(self):
        self.check("tcp", 0)

    def test_over_zeromq(self):
        self.check("zeromq", 1)

    def test_over_a_classic_queue(self):
        self.check("classic", 2)


class InPostgresql(InSqlite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postgresql = cls.enterClassContext(PostgreSql())

    def store(self, name):
        address = self.postgresql.address
        if name not in self.stores:
            self.stores[name] = address.replace("/postgres?", f"/{name}?")
            self.postgresql.make_database(name)
        return {"postgresql": self.stores[name]}, self.stores[name]


if __name__ == "__main__":
    unittest.main()
