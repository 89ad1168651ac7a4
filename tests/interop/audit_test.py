"""`warren audit`: what a configuration declares, held against what RabbitMQ has."""

import json
import unittest

from fixture import MODULES, InteropTest, run_warren
from pika_caller import Connection


class AuditTest(InteropTest):
    def audit(self, *listeners, name="audit.yml", **settings):
        """What each part of the topology is, by kind and name, and the finished process."""
        configuration = {"modules": [MODULES]} | settings
        if listeners:
            configuration["listeners"] = list(listeners)
        finished = run_warren("audit", self.write(name, configuration), "--json")
        lines = [json.loads(line) for line in finished.stdout.splitlines()]
        return {(line["kind"], line["name"]): line for line in lines}, finished

    def states(self, parts):
        return {part: line["state"] for part, line in parts.items()}

    def test_what_is_missing_is_not_made_and_what_is_served_is_equal(self):
        listener = self.cyberfusion(queue="fresh", methods=["add"], queue_type="quorum")
        for _ in range(2):
            parts, finished = self.audit(listener)
            self.assertEqual(finished.returncode, 1, finished.stderr)
            self.assertEqual(set(self.states(parts).values()), {"missing"})
            self.assertIn(("exchange", "add"), parts)
            self.assertIn(("queue", "fresh"), parts)
            self.assertIn(("queue", "fresh.dead-letter"), parts)
        self.assertNotIn("fresh", self.broker.queue_depths(self.vhost))
        configuration = {"modules": [MODULES], "listeners": [listener]}
        with self.start_serving(configuration, name="fresh.yml") as server:
            server.wait_until_ready()
            parts, finished = self.audit(listener)
            self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)
            self.assertEqual(set(self.states(parts).values()), {"equal"})

    def test_what_differs_is_told_in_the_brokers_words(self):
        with Connection(self.uri) as amqp:
            amqp.channel.queue_declare("other", durable=True, arguments={"x-max-length": 5})
            amqp.channel.exchange_declare("echo", exchange_type="topic", durable=True)
            amqp.channel.queue_declare("alone", exclusive=True)
            parts, finished = self.audit(
                self.cyberfusion(queue="other", methods=["echo"], durable=True),
                self.cyberfusion(queue="alone", methods=["add"]),
            )
        self.assertEqual(finished.returncode, 1)
        queue = parts["queue", "other"]
        self.assertEqual(queue["state"], "different")
        self.assertIn("x-max-length", queue["broker"])
        self.assertIn("delete the queue", queue["remedy"])
        exchange = parts["exchange", "echo"]
        self.assertEqual(exchange["state"], "different")
        self.assertIn("type", exchange["broker"])
        self.assertEqual(parts["queue", "alone"]["state"], "in use")

    def test_what_newer_brokers_refuse_is_told_with_its_remedy(self):
        listener = self.cyberfusion(
            queue="transient", methods=["add"], durable=False, arguments={"x-queue-mode": "lazy"}
        )
        parts, _ = self.audit(listener)
        notes = " ".join(parts["queue", "transient"]["notes"])
        self.assertIn("transient_nonexcl_queues", notes)
        self.assertIn("durable: true", notes)
        self.assertIn("x-queue-mode", notes)

    def test_a_target_has_to_be_there(self):
        proxy = {"from": {"tcp": "127.0.0.1:0"}, "to": f"{self.uri}?queue=nobody"}
        parts, finished = self.audit(proxies=[proxy])
        self.assertEqual(finished.returncode, 1, finished.stderr)
        self.assertEqual(self.states(parts), {("queue", "nobody"): "missing"})

    def test_what_cannot_be_reached_is_told(self):
        _, finished = self.audit(self.cyberfusion() | {"amqp": "amqp://127.0.0.1:1/"})
        self.assertEqual((finished.returncode, finished.stdout), (1, ""))
        self.assertIn("127.0.0.1:1", finished.stderr)
        wrong = run_warren("audit", self.write("wrong.yml", {"listeners": [{"amqp": 1}]}))
        self.assertEqual(wrong.returncode, 78)


if __name__ == "__main__":
    unittest.main()
