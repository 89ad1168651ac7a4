"""Requests that outlive a broker's restart, and those that are delivered too often."""

import json
import unittest

import pika
from tcp_fixture import Wire
from fixture import MODULES, PROGRAM, InteropTest, Process, eventually, run_warren
from pika_caller import Connection, RpcClient

PERSISTENT = 2
QUORUM = {"x-queue-type": "quorum"}


class Persistence(InteropTest):
    """Nobody serves the queue: what arrives stays in it."""

    def setUp(self):
        amqp = self.enterContext(Connection(self.uri))
        self.channel = amqp.channel
        self.channel.queue_declare("kept", durable=True)
        self.channel.exchange_declare("add", exchange_type="direct")
        self.channel.queue_bind("kept", "add", routing_key="kept")

    def mode(self):
        """The delivery mode of the one message that arrived."""
        got = []

        def arrived():
            got[:] = self.channel.basic_get("kept", auto_ack=True)
            return got[0] is not None

        self.assertTrue(eventually(arrived))
        return got[1].delivery_mode

    def notify(self, to, arguments='{"a": 1, "b": 2}'):
        finished = run_warren("call", "add", arguments, "--one-way", "--to", to)
        self.assertEqual(finished.returncode, 0, finished.stderr)

    def test_one_way_calls_are_persistent_unless_told_otherwise(self):
        for protocol in ("cyberfusion", "tutorial"):
            to = f"{self.uri}?queue=kept&protocol={protocol}"
            self.notify(to, "1" if protocol == "tutorial" else '{"a": 1, "b": 2}')
            self.assertEqual(self.mode(), PERSISTENT)
            self.notify(
                to + "&persistent=false", "1" if protocol == "tutorial" else '{"a": 1, "b": 2}'
            )
            self.assertNotEqual(self.mode(), PERSISTENT)

    def proxy(self, *options):
        command = ("--from", "tcp://127.0.0.1:0", "--to", f"{self.uri}?queue=kept", *options)
        process = self.enterContext(Process(PROGRAM, "proxy", *command, "--method", "add"))
        return process.wait_until_ready().addresses[0]

    def test_so_are_those_of_a_proxy(self):
        with Wire(self.proxy("--one-way")) as wire:
            wire.send([0, 1, "add", [{"a": 1, "b": 2}]])
            self.assertIsNone(wire.receive()[2])
            self.assertEqual(self.mode(), PERSISTENT)


class Attempts(InteropTest):
    def serve_queue(self, queue, **settings):
        return self.serve(self.cyberfusion(queue=queue, methods=["add"], **settings))

    def published(self, amqp, queue, correlation_id="one"):
        """A request that is in the queue; replies to a queue of this caller's."""
        client = RpcClient(amqp, queue, "add")
        amqp.channel.basic_publish(
            "add",
            queue,
            json.dumps({"a": 1, "b": 2}),
            pika.BasicProperties(
                content_type="application/json",
                reply_to=client.reply_queue,
                correlation_id=correlation_id,
            ),
        )
        client.correlation_id = correlation_id
        return client

    def deliver(self, amqp, queue, times):
        """Take the message and give it back."""
        for _ in range(times):
            got = []

            def arrived():
                got[:] = amqp.channel.basic_get(queue)
                return got[0] is not None

            self.assertTrue(eventually(arrived))
            amqp.channel.basic_nack(got[0].delivery_tag, requeue=True)

    def test_a_quorum_queue_has_a_limit_and_dead_letters(self):
        with self.serve_queue("limited", queue_type="quorum", attempts_max=2) as server:
            with Connection(self.uri) as amqp:
                self.assertEqual(RpcClient(amqp, "limited", "add").call({"a": 1, "b": 2})["data"], 3)
            self.assertNotIn("without an end", server.log())
            server.terminate()
            self.assertEqual(server.wait(), 0)
        with Connection(self.uri) as amqp:
            self.published(amqp, "limited")
            self.deliver(amqp, "limited", 21)  # as x-delivery-limit says
            dead = lambda: amqp.channel.basic_get("limited.dead-letter")[2]
            self.assertTrue(eventually(lambda: dead() is not None))

    def test_an_attempt_over_the_limit_is_failed_and_does_not_run(self):
        with self.serve_queue("counted", queue_type="quorum", attempts_max=2) as server:
            server.terminate()
            self.assertEqual(server.wait(), 0)
        with Connection(self.uri) as amqp:
            client = self.published(amqp, "counted")
            self.deliver(amqp, "counted", 2)
            with self.serve_queue("counted", queue_type="quorum", attempts_max=2) as server:
                while client.reply is None:
                    amqp.connection.process_data_events(time_limit=None)
                self.assertFalse(client.reply["success"])
                self.assertIn("attempts_max is 2", client.reply["message"])
                server.wait_until_log("poisoned: ")
                self.assertTrue(client.reply["message"].startswith("poisoned: "))
        self.assert_settled("counted")

    def test_a_classic_queue_tells_later_attempts_from_first_ones(self):
        with self.serve_queue("classic") as server:
            server.wait_until_log("comes again without an end")
            server.terminate()
            self.assertEqual(server.wait(), 0)
        with Connection(self.uri) as amqp:
            client = self.published(amqp, "classic")
            self.deliver(amqp, "classic", 1)
            with self.serve_queue("classic", attempts_max=1) as server:
                while client.reply is None:
                    amqp.connection.process_data_events(time_limit=None)
                self.assertIn("attempts_max is 1", client.reply["message"])
                self.assertNotIn("without an end", server.log())

    def test_what_the_broker_gives_up_comes_back_to_its_caller(self):
        """Servers that are not Warren's, at a queue that is not Warren's either."""
        arguments = {"x-dead-letter-exchange": "warren.returned"}
        limits = [{}, {"x-max-length": 1}, {**QUORUM, "x-delivery-limit": 1}]
        for number, (limit, code) in enumerate(zip(limits, ("internal", "overloaded", "failed"))):
            queue = f"theirs{number}"
            with Connection(self.uri) as amqp:
                amqp.channel.queue_declare(queue, durable=True, arguments={**arguments, **limit})
                to = f"{self.uri}?queue={queue}&protocol=tutorial&return_dropped=true"
                command = ("call", "fib", "1", "--to", to, "--wait", "--timeout", "60s")
                with Process(PROGRAM, *command) as call:
                    got = []

                    def arrived():
                        got[:] = amqp.channel.basic_get(queue)
                        return got[0] is not None

                    self.assertTrue(eventually(arrived))
                    self.assertNotIn("BCC", got[1].headers or {})
                    again = code != "internal"
                    amqp.channel.basic_nack(got[0].delivery_tag, requeue=again)
                    if code == "overloaded":
                        amqp.channel.basic_publish("", queue, b"1")
                    elif code == "failed":
                        self.deliver(amqp, queue, 1)
                    self.assertEqual(call.wait(), 1)
                    self.assertIn(code, call.log())

    def test_a_queue_that_exists_without_dead_letters(self):
        with Connection(self.uri) as amqp:
            amqp.channel.queue_declare("older", durable=True, arguments=QUORUM)
            configuration = {"modules": [MODULES], "listeners": []}
            listener = self.cyberfusion(queue="older", methods=["add"], queue_type="quorum")
            configuration["listeners"] = [listener]
            with self.start_serving(configuration) as server:
                server.wait_until_log("dead_letter_queue: null")
            with self.serve_queue("older", queue_type="quorum", dead_letter_queue=None):
                client = RpcClient(amqp, "older", "add")
                self.assertEqual(client.call({"a": 1, "b": 2})["data"], 3)


if __name__ == "__main__":
    unittest.main()
