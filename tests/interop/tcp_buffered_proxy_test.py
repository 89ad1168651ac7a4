"""Proxies that keep calls on a disk: nothing that was accepted is lost, whoever is killed."""

import json
import os
import random
import signal
import socket
import unittest

import msgpack
from tcp_fixture import Caller, held_port
from fixture import PATIENCE_S, TEST_MODULES, eventually, run_warren
from proxy_fixture import ProxyTest, buffer_figure

LEDGER_MODULES = os.path.join(os.path.dirname(TEST_MODULES), "ledger")
NOBODY = "tcp://127.0.0.1:1"


class Ledger:
    """A server that writes each call it gets into a file, at a port that it keeps when it ends."""

    def __init__(self, test):
        self.test = test
        self.path = test.directory / f"{test.id()}.ledger"
        self.path.touch()
        self.port = test.enterContext(held_port()).getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"

    def serve(self):
        os.environ["WARREN_TEST_LEDGER"] = str(self.path)
        listener = self.test.tcp(tcp=f"127.0.0.1:{self.port}")
        configuration = {"modules": [LEDGER_MODULES], "listeners": [listener]}
        process = self.test.start_serving(configuration, name="ledger.yml")
        return self.test.enterContext(process).wait_until_ready()

    def entries(self):
        """Each call that came, as often as it came: its number."""
        return [int(line.split()[0]) for line in self.path.read_text().splitlines()]

    def first_entries(self):
        """In the order in which they came for the first time."""
        return list(dict.fromkeys(self.entries()))


class BufferedTest(ProxyTest):
    def setUp(self):
        self.file = self.directory / f"{self.id()}.buffer"
        self.ledger = Ledger(self)

    def buffered(self, *options, to=None):
        """A buffered proxy, ready; the file is always the same."""
        options = ("--buffered", "--buffer-file", self.file, "--name", "kept", *options)
        return self.proxy(*options, "--admin", "127.0.0.1:0", to=to or self.ledger.address)

    def accept(self, proxy, *numbers):
        for number in numbers:
            self.assert_gives(self.call(proxy.addresses[0], "record", {"id": str(number)}), None)

    def wait_until_empty(self, proxy):
        empty = lambda: buffer_figure(proxy, "entries") == 0
        self.assertTrue(eventually(empty), proxy.log())

    def shown(self, *options):
        """`warren buffer`: its output."""
        finished = run_warren("buffer", self.file, *options)
        self.assertEqual(finished.returncode, 0, finished.stderr)
        return finished.stdout


class WhoeverIsAway(BufferedTest):
    def test_the_target_comes_goes_and_comes_back(self):
        proxy = self.buffered()
        self.accept(proxy, 0, 1, 2)
        self.assertEqual(buffer_figure(proxy, "entries"), 3)
        self.assertGreater(buffer_figure(proxy, "bytes"), 0)
        proxy.wait_until_log("call of 'record' is tried again until it gets through")
        self.assertGreater(buffer_figure(proxy, "oldest_age_seconds"), 0)
        target = self.ledger.serve()
        self.wait_until_empty(proxy)
        self.assertEqual(buffer_figure(proxy, "forwarded_total"), 3)
        target.kill()
        self.accept(proxy, 3, 4)
        self.ledger.serve()
        self.wait_until_empty(proxy)
        self.assertEqual(self.ledger.first_entries(), [0, 1, 2, 3, 4])

    def test_both_are_restarted(self):
        proxy = self.buffered()
        self.accept(proxy, 0, 1)
        self.assert_ends_well(proxy)
        self.assertRegex(self.shown(), r"waiting: 2 calls, \d+ bytes\nfailed: 0 calls")
        listed = [json.loads(line) for line in self.shown("--list", "--arguments").splitlines()]
        self.assertEqual([call["arguments"] for call in listed], [{"id": "0"}, {"id": "1"}])
        proxy = self.buffered()
        self.accept(proxy, 2)
        proxy.kill()
        self.ledger.serve().kill()
        proxy = self.buffered()
        self.ledger.serve()
        self.wait_until_empty(proxy)
        self.assertEqual(self.ledger.first_entries(), [0, 1, 2])

    def test_it_ends_at_once_while_the_target_is_away(self):
        proxy = self.buffered("--drain-timeout", f"{10 * PATIENCE_S}s")
        self.accept(proxy, 0)
        proxy.wait_until_log("is tried again")
        self.assert_ends_well(proxy)  # within PATIENCE_S


class UnderLoad(BufferedTest):
    CALLS = 400

    def test_kill_9_of_the_proxy(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        chance = random.Random(seed)
        self.ledger.serve()
        accepted = []
        for first in range(0, 3 * self.CALLS, self.CALLS):
            accepted += self.accepted_until_killed(first, chance.randrange(1, self.CALLS))
        proxy = self.buffered()
        self.wait_until_empty(proxy)
        came = self.ledger.first_entries()
        self.assertEqual([number for number in accepted if number not in set(came)], [])
        # Of one connection calls are accepted as they come, so all that came are in order.
        self.assertEqual(came, sorted(came))
        self.assert_ends_well(proxy)
        self.assertRegex(self.shown(), r"waiting: 0 calls.*\nfailed: 0 calls")

    def accepted_until_killed(self, first, outcomes):
        """Make calls at once, and kill the proxy after so many outcomes; which were accepted."""
        proxy = self.buffered()
        accepted = []
        with Caller(proxy.addresses[0]) as caller:
            for number in range(first, first + self.CALLS):
                caller.start(number, "record", {"id": str(number)})
            for at in range(self.CALLS):
                if at == outcomes:
                    proxy.process.send_signal(signal.SIGKILL)
                tag, code, _ = caller.outcome()
                if code == "ok":
                    accepted.append(int(tag))
        self.assertGreaterEqual(len(accepted), outcomes)
        return accepted

    def test_kill_9_of_the_target(self):
        target = self.ledger.serve()
        proxy = self.buffered()
        with Caller(proxy.addresses[0]) as caller:
            for number in range(self.CALLS):
                caller.start(number, "record", {"id": str(number)})
            for _ in range(self.CALLS):
                self.assertEqual(caller.outcome()[1], "ok")
        self.assertTrue(eventually(lambda: self.ledger.entries()))
        target.kill()
        self.ledger.serve()
        self.wait_until_empty(proxy)
        self.assertEqual(self.ledger.first_entries(), list(range(self.CALLS)))


class HowACallIsKnown(BufferedTest):
    """For servers that are to have each effect once."""

    def setUp(self):
        super().setUp()
        self.listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        self.listener.settimeout(PATIENCE_S)
        self.to = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"

    def taken(self):
        """The next request, and the connection it came over."""
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE_S)
        self.addCleanup(connection.close)
        unpacker = msgpack.Unpacker()
        while True:
            unpacker.feed(connection.recv(1 << 16))
            for _, id, _, params in unpacker:
                return connection, id, params

    def test_one_key_however_often_it_is_sent(self):
        proxy = self.buffered(to=self.to)
        self.accept(proxy, 0)
        lost, _, (arguments, first) = self.taken()
        self.assertEqual(arguments, {"id": "0"})
        self.assertNotIn("attempt", first)
        lost.close()
        _, _, (_, second) = self.taken()
        self.assertEqual((second["key"], second["attempt"]), (first["key"], 2))
        proxy.kill()
        proxy = self.buffered(to=self.to)
        self.accept(proxy, 1)
        connection, id, (arguments, third) = self.taken()
        self.assertEqual((arguments, third["key"]), ({"id": "0"}, first["key"]))
        self.assertGreater(third["attempt"], 1)
        connection.sendall(msgpack.packb([1, id, None, None]))
        answer = msgpack.Unpacker()
        answer.feed(connection.recv(1 << 16))
        _, _, _, (arguments, fourth) = answer.unpack()
        self.assertEqual(arguments, {"id": "1"})
        self.assertNotEqual(fourth["key"], first["key"])


class WhatCannotGoOn(BufferedTest):
    def test_what_is_refused_for_good_is_kept_apart(self):
        self.ledger.serve()
        proxy = self.buffered()
        address = proxy.addresses[0]
        self.assert_gives(self.call(address, "absent", {"a": 1}), None)
        self.accept(proxy, 0)
        self.wait_until_empty(proxy)
        self.assertEqual(buffer_figure(proxy, "failed_total"), 1)
        proxy.wait_until_log("call 1 of 'absent' is given up")
        self.assert_ends_well(proxy)
        failed = json.loads(self.shown("--failed", "--arguments"))
        self.assertEqual((failed["method"], failed["arguments"]), ("absent", {"a": 1}))
        self.assertIn("no_such_method", failed["reason"])
        self.assertIn("1 of those that failed wait again", self.shown("--retry"))
        self.wait_until_empty(self.buffered())

    def test_a_buffer_that_is_full(self):
        buffer = {"file": str(self.file), "entries_max": 2}
        proxy = self.serve_proxies(
            {"from": self.tcp(), "to": NOBODY, "name": "kept", "buffer": buffer}
        )
        self.accept(proxy, 0, 1)
        refused = self.call(proxy.addresses[0], "record", {"id": "2"})
        self.assert_fails(refused, "overloaded")
        self.assertIn("entries_max", refused.stderr)
        self.assertIn("try again after", refused.stderr)

    def test_a_file_that_cannot_be_had(self):
        self.buffered()
        again = ("--buffered", "--buffer-file", self.file, "--name", "other")
        second = self.start_proxy(*again, to=NOBODY)
        self.assertEqual(second.wait(), 1)
        self.assertIn(f"{self.file}", second.log())
        self.assertIn("is in use", second.log())
        absent = self.start_proxy("--buffered", "--buffer-file", "/nowhere/x", to=NOBODY)
        self.assertEqual(absent.wait(), 1)
        self.assertIn("/nowhere/x", absent.log())

    def test_the_default_file_is_named_after_the_proxy(self):
        os.environ["STATE_DIRECTORY"] = str(self.directory / "made" / "state")
        self.addCleanup(os.environ.pop, "STATE_DIRECTORY")
        self.accept(self.proxy("--buffered", "--name", "orders", to=NOBODY), 0)
        self.assertTrue((self.directory / "made" / "state" / "orders.buffer").exists())


if __name__ == "__main__":
    unittest.main()
