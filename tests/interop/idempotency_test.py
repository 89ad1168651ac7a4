"""Calls that come several times: over several transports, from callers that know nothing of it, and
after the death of their server."""

import json
import re
import unittest
import uuid

import pika
from fixture import MODULES, PROGRAM, InteropTest, Process, eventually, run_warren
from pika_caller import Connection


class AServerWithAStore(InteropTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = cls.serve(
            {"tcp": "127.0.0.1:0"},
            {"zmq": "tcp://127.0.0.1:0"},
            cls.cyberfusion(methods=["sleep"], queue_type="quorum"),
            store={"sqlite": "store.db"},
        )
        cls.enterClassContext(server)
        cls.tcp, cls.zmq = server.addresses[:2]

    def ask(self, to, key, seconds=0.01):
        finished = run_warren(
            *("call", "sleep", json.dumps({"seconds": seconds}), "--to", to, "--timeout", "20s"),
            *("--idempotency-key", key, "--verbose"),
        )
        return finished

    def test_one_key_is_one_call_over_every_transport(self):
        first = self.ask(self.tcp, "k")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertNotIn("replayed", first.stderr)
        for to in (self.tcp, self.zmq, f"{self.uri}?queue=test", f"{self.uri}?queue=test&peer=warren"):
            again = self.ask(to, "k")
            self.assertEqual(again.stdout, first.stdout, again.stderr)
            self.assertIn("attempts: 1, replayed", again.stderr)
        self.assert_fails(self.ask(self.zmq, "k", seconds=0.02), "conflict")

    def test_a_message_that_comes_twice_is_one_call(self):
        with Connection(self.uri) as amqp:
            channel = amqp.channel
            replies = channel.queue_declare("", exclusive=True).method.queue
            properties = pika.BasicProperties(
                content_type="application/json",
                reply_to=replies,
                correlation_id=str(uuid.uuid4()),
            )
            bodies, headers = [], []
            for _ in range(2):
                channel.basic_publish("sleep", "test", b'{"seconds": 0.01}', properties)
                for _, reply, body in channel.consume(replies, inactivity_timeout=20):
                    self.assertIsNotNone(body, "no reply came")
                    bodies.append(body)
                    headers.append(reply.headers or {})
                    channel.cancel()
                    break
            self.assertEqual(bodies[0], bodies[1])
            self.assertEqual([h.get("warren-replayed") for h in headers], [None, True])


class AServerThatDies(InteropTest):
    def start(self, idempotency):
        configuration = {
            "modules": [MODULES],
            "store": {"sqlite": f"{idempotency}.db"},
            "listeners": [{"tcp": "127.0.0.1:0", "idempotency": idempotency}],
            "log": {"level": "debug"},
        }
        name = f"{idempotency}.yml"
        return self.start_serving(configuration, name=name).wait_until_ready()

    def ask(self, to, seconds):
        return run_warren(
            *("call", "sleep", json.dumps({"seconds": seconds}), "--to", to, "--timeout", "5s"),
            *("--idempotency-key", "k"),
        )

    def kill_while_it_runs(self, idempotency):
        with self.start(idempotency) as server:
            caller = Process(
                *(PROGRAM, "call", "sleep", '{"seconds": 600}', "--to", server.addresses[0]),
                *("--idempotency-key", "k"),
            )
            with caller:
                database = self.directory / f"{idempotency}.db-wal"
                # Its record is written before its handler begins.
                self.assertTrue(eventually(lambda: b"sleep" in database.read_bytes()))
                server.kill()

    def test_at_most_once(self):
        self.kill_while_it_runs("at_most_once")
        with self.start("at_most_once") as server:
            for _ in range(2):
                self.assert_fails(self.ask(server.addresses[0], 600), "outcome_unknown")

    def test_at_least_once(self):
        self.kill_while_it_runs("at_least_once")
        with self.start("at_least_once") as server:
            # It runs again, and longer than its caller waits.
            self.assert_fails(self.ask(server.addresses[0], 600), "deadline_exceeded")
            # It ends at the same deadline, and may say so after its caller.
            begun_again = lambda: re.search(r"call of sleep.* attempt 2", server.log())
            self.assertTrue(eventually(begun_again), server.log())


if __name__ == "__main__":
    unittest.main()
