"""Requests under a key that end their process, where a store counts: over TCP, ZeroMQ and a classic
queue, in SQLite and in PostgreSQL."""

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

    def start(self, name):
        store, _ = self.store(name)
        configuration = {
            "modules": [MODULES],
            "store": store | {"attempts_max": 2},
            "listeners": [
                {"tcp": "127.0.0.1:0"},
                {"zmq": "tcp://127.0.0.1:0"},
                self.cyberfusion(queue=name, methods=["digest"]),
            ],
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
                        if server.has_ended():
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
