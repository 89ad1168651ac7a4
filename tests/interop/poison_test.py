"""Requests that end their process, and those that a handler wants later: none is lost."""

import json
import os
import pathlib
import unittest
import uuid

import pika
from fixture import PROGRAM, InteropTest, Process, eventually, run_warren
from pika_caller import Connection

MODULES = os.environ.get(
    "WARREN_POISON_MODULES", str(pathlib.Path(PROGRAM).parent / "test_modules/poison")
)
METHODS = ["digest", "persist", "persist_in_coroutine", "persist_with_responder", "give_up"]


class Caller:
    """Sends any number of requests, and hears what is answered."""

    def __init__(self, amqp, queue):
        self.connection, self.channel, self.queue = amqp.connection, amqp.channel, queue
        self.reply_queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.basic_consume(self.reply_queue, self.on_reply, auto_ack=True)
        self.replies = {}

    def on_reply(self, channel, method, properties, body):
        self.replies.setdefault(properties.correlation_id, []).append(
            (json.loads(body), properties)
        )

    def send(self, method, request, **properties):
        self.channel.exchange_declare(method, exchange_type="direct")
        self.channel.queue_bind(self.reply_queue, method)
        correlation_id = str(uuid.uuid4())
        self.channel.basic_publish(
            method,
            self.queue,
            json.dumps(request),
            pika.BasicProperties(
                content_type="application/json",
                reply_to=self.reply_queue,
                correlation_id=correlation_id,
                **properties,
            ),
        )
        return correlation_id

    def hear(self):
        self.connection.process_data_events(time_limit=0.1)
        return self.replies

    def reply(self, correlation_id):
        assert eventually(lambda: correlation_id in self.hear()), "no reply"
        ((reply, properties),) = self.replies[correlation_id]
        return reply, properties


class PoisonTest(InteropTest):
    def configuration(self, queue, **settings):
        listener = self.cyberfusion(queue=queue, methods=METHODS, **settings)
        return {"modules": [MODULES], "listeners": [listener]}

    def serve_poison(self, queue, **settings):
        server = self.start_serving(self.configuration(queue, **settings), name=f"{queue}.yml")
        return server.wait_until_ready()

    def declare(self, queue, **settings):
        """The queue is there, and nobody serves it."""
        with self.serve_poison(queue, **settings) as server:
            server.terminate()
            self.assertEqual(server.wait(), 0)

    def serve_until(self, condition, queue, **settings):
        """Start a server again whenever it ends. Gives how often it was killed."""
        kills = 0
        while True:
            configuration = self.configuration(queue, **settings)
            with self.start_serving(configuration, name=f"{queue}.yml") as server:
                if eventually(lambda: condition() or server.has_ended()) and condition():
                    return kills
            kills += 1
            self.assertLess(kills, 20)

    def dead_letter(self, amqp, queue):
        got = []

        def arrived():
            got[:] = amqp.channel.basic_get(queue)
            return got[0] is not None

        self.assertTrue(eventually(arrived))
        amqp.channel.basic_nack(got[0].delivery_tag, requeue=True)
        return got[1], got[2]

    def test_a_request_that_kills_its_server_ends_among_the_dead_letters(self):
        settings = {"queue_type": "quorum", "attempts_max": 2, "max_simultaneous_requests": 5}
        self.declare("killed", **settings)
        with Connection(self.uri) as amqp:
            caller = Caller(amqp, "killed")
            poison = caller.send(
                "digest", {"number": 13}, headers={"idempotency-key": "one"}, priority=3
            )
            others = [caller.send("digest", {"number": number}) for number in range(8)]
            heard = lambda: len(caller.hear()) == len(others) + 1
            kills = self.serve_until(heard, "killed", **settings)
            self.assertEqual(kills, 2)
            for number, other in enumerate(others):
                reply, _ = caller.reply(other)
                self.assertEqual(reply["data"], number, reply)
            reply, _ = caller.reply(poison)
            self.assertFalse(reply["success"])
            self.assertTrue(reply["message"].startswith("poisoned: it was begun 2 times"), reply)
            properties, body = self.dead_letter(amqp, "killed.dead-letter")
            self.assertEqual(json.loads(body), {"number": 13})
            self.assertEqual(properties.priority, 3)
            self.assertEqual(properties.correlation_id, poison)
            self.assertEqual(properties.reply_to, caller.reply_queue)
            self.assertEqual(properties.headers["idempotency-key"], "one")
            death = properties.headers["warren-dead"]
            self.assertTrue(death["reason"].startswith("poisoned: "), death)
            self.assertEqual((death["attempts"], death["queue"]), (2, "killed"))
            self.assertIn("process", death["server"])
            self.assertGreaterEqual(death["last_ms"], death.get("first_ms", 0))
            self.assert_settled("killed")
            self.assert_said(self.dead("retry", "killed"), "1 put back\n")
            self.assert_settled("killed.dead-letter")
            properties, body = self.dead_letter(amqp, "killed")
            self.assertEqual(json.loads(body), {"number": 13})
            self.assertEqual((properties.priority, properties.correlation_id), (3, poison))
            headers = dict(properties.headers)
            self.assertEqual(headers.pop("x-delivery-count", 0), 0)
            self.assertEqual(headers, {"idempotency-key": "one"})

    def dead(self, what, queue, *options):
        return run_warren("dead", what, "--from", f"{self.uri}?queue={queue}", *options)

    def assert_said(self, finished, text):
        self.assertEqual((finished.returncode, finished.stdout), (0, text), finished.stderr)

    def given_up(self, amqp, queue, count):
        """So many requests that the broker has dead-lettered; their ids."""
        caller = Caller(amqp, queue)
        ids = [caller.send("digest", {"number": number}, priority=number) for number in range(count)]
        depth = lambda: self.broker.queue_depths(self.vhost)[f"{queue}.dead-letter"]["ready"]

        def moved():
            got = amqp.channel.basic_get(queue)
            if got[0] is not None:
                amqp.channel.basic_nack(got[0].delivery_tag, requeue=True)
            return depth() == count

        self.assertTrue(eventually(moved))
        return caller, ids

    def test_dead_letters_are_looked_at_put_back_and_taken_away(self):
        self.declare("dead", queue_type="quorum", attempts_max=1)
        with Connection(self.uri) as amqp:
            caller, ids = self.given_up(amqp, "dead", 3)
            for _ in range(2):
                finished = self.dead("list", "dead", "--output", "json")
                self.assertEqual(finished.returncode, 0, finished.stderr)
                letters = [json.loads(line) for line in finished.stdout.splitlines()]
                self.assertEqual([letter["number"] for letter in letters], [1, 2, 3])
                self.assertEqual([letter["correlation_id"] for letter in letters], ids)
                self.assertEqual({letter["method"] for letter in letters}, {"digest"})
                self.assertTrue(all("x-delivery-limit" in letter["reason"] for letter in letters))
                self.assertEqual(letters[0]["history"][0]["queue"], "dead")
            for filters, count in (
                (["--method", "add"], 0),
                (["--reason", "poisoned"], 3),
                (["--since", "1h"], 3),
                (["--since", "2100-01-01T00:00:00Z"], 0),
                (["--limit", "2"], 2),
            ):
                lines = self.dead("list", "dead", *filters).stdout.splitlines()
                self.assertEqual(len(lines), count, filters)
            shown = self.dead("show", "dead", "--limit", "1")
            self.assertIn('arguments: {"number":0}', shown.stdout)
            self.assertIn("history: ", shown.stdout)
            self.assert_said(self.dead("retry", "dead", "--limit", "2", "--output", "json"), '{"retried":2}\n')
            with self.serve_poison("dead", queue_type="quorum", attempts_max=1):
                for number in range(2):
                    self.assertEqual(caller.reply(ids[number])[0]["data"], number)
            refused = self.dead("purge", "dead")
            self.assertEqual(refused.returncode, 2)
            self.assertIn("--yes", refused.stderr)
            self.assert_said(self.dead("purge", "dead", "--yes"), "1 purged\n")
            self.assert_said(self.dead("list", "dead"), "")
        self.assert_fails(self.dead("list", "nothing"), "nothing.dead-letter")

    def test_one_line_gives_a_limit_and_dead_letters(self):
        self.declare("plain", queue_type="quorum")
        with Connection(self.uri) as amqp:
            # The broker takes it as the same queue with these arguments alone.
            arguments = {
                "x-queue-type": "quorum",
                "x-delivery-limit": 20,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": "plain.dead-letter",
            }
            amqp.channel.queue_declare("plain", durable=True, arguments=arguments)
        self.assertIn("plain.dead-letter", self.broker.queue_depths(self.vhost))

    def test_what_is_to_come_later_comes_later_and_is_answered_then(self):
        for queue, settings in (("later", {"queue_type": "quorum"}), ("sooner", {})):
            with self.serve_poison(queue, **settings), Connection(self.uri) as amqp:
                caller = Caller(amqp, queue)
                patient = caller.send(
                    "persist",
                    {"name": "x"},
                    headers={"idempotency-key": "two"},
                    priority=7,
                    expiration="60000",
                    user_id="guest",
                )
                coroutine = caller.send("persist_in_coroutine", {})
                responder = caller.send("persist_with_responder", {})
                self.assertEqual(caller.reply(patient)[0]["data"], "x 3 two 7 guest")
                self.assertEqual(caller.reply(coroutine)[0]["data"], 2)
                self.assertEqual(caller.reply(responder)[0]["data"], 2)
                self.assert_settled(queue)
                self.assertIn(f"{queue}.retry-1s", self.broker.queue_depths(self.vhost))

    def test_a_delay_past_the_deadline_is_answered_at_once(self):
        with self.serve_poison("dead_line"), Connection(self.uri) as amqp:
            caller = Caller(amqp, "dead_line")
            late = caller.send("give_up", {"after_s": 3600}, expiration="20000")
            reply, properties = caller.reply(late)
            self.assertFalse(reply["success"])
            self.assertEqual(properties.headers["warren-retry-after-ms"], 3_600_000)
            wrong = caller.send("give_up", {"after_s": 0})
            self.assertEqual(caller.reply(wrong)[0]["message"], "An unexpected error occurred")

    def test_too_many_attempts_later_are_poison(self):
        settings = {"queue_type": "quorum", "attempts_max": 2}
        with self.serve_poison("never", **settings), Connection(self.uri) as amqp:
            caller = Caller(amqp, "never")
            reply, _ = caller.reply(caller.send("give_up", {"after_s": 1}))
            self.assertIn("poisoned: ", reply["message"])
            self.dead_letter(amqp, "never.dead-letter")

    def test_without_a_broker_the_caller_tries_again(self):
        configuration = {
            "modules": [MODULES],
            "listeners": [{"tcp": "127.0.0.1:0", "methods": METHODS}],
        }
        with self.start_serving(configuration, name="tcp.yml") as server:
            address = server.wait_until_ready().addresses[0]
            finished = run_warren("call", "give_up", '{"after_s": 5}', "--to", address)
            self.assert_fails(finished, "overloaded: closed")
            self.assertIn("5s", finished.stderr)


if __name__ == "__main__":
    unittest.main()
