"""What a peer may send by mistake or malice: each is answered once and acknowledged once."""

import json
import unittest
import uuid

import pika
from fixture import InteropTest
from pika_caller import Connection, RpcClient

MIB = 1 << 20


class BadInput(InteropTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(cls.serve(cls.cyberfusion()))

    def setUp(self):
        self.amqp = self.enterContext(Connection(self.uri))
        self.client = RpcClient(self.amqp, "test", "dx_example")
        self.replies = []
        self.client.channel.basic_consume(
            self.client.reply_queue, lambda *delivery: self.replies.append(delivery), auto_ack=True
        )
        self.client.channel.basic_cancel(self.client.channel.consumer_tags[0])

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), self.server.log())

    def publish(self, body, exchange="dx_example", **properties):
        properties = {
            "content_type": "application/json",
            "reply_to": self.client.reply_queue,
            "correlation_id": str(uuid.uuid4()),
        } | properties
        self.client.channel.basic_publish(
            exchange, "test", body, properties=pika.BasicProperties(**properties)
        )
        return properties["correlation_id"]

    def answers(self, *correlation_ids):
        """The replies to these, once all are there and nothing is left in the queue."""
        while not set(correlation_ids) <= {delivery[2].correlation_id for delivery in self.replies}:
            self.amqp.connection.process_data_events(time_limit=None)
        self.assert_settled("test")
        self.client.channel.queue_declare(self.client.reply_queue, passive=True)
        self.amqp.connection.process_data_events()
        found = [self.replies_to(correlation_id) for correlation_id in correlation_ids]
        for replies in found:
            self.assertEqual(len(replies), 1, "answered more than once")
        return [replies[0] for replies in found]

    def replies_to(self, correlation_id):
        return [
            (json.loads(body), properties)
            for _, _, properties, body in self.replies
            if properties.correlation_id == correlation_id
        ]

    def refused(self, body, **properties):
        """The one reply to a bad body; a good request after it is still served."""
        bad = self.publish(body, **properties)
        good = self.publish(b'{"favourite_food": "onion"}')
        (reply, properties), (after, _) = self.answers(bad, good)
        self.assertTrue(after["success"])
        self.assertFalse(reply["success"])
        self.assertEqual(set(reply), {"success", "message", "data"})
        self.assertEqual(properties.headers["warren-code"], "invalid_request")
        self.assertEqual(reply["message"], "Request validation failed")
        return [error["type"] for error in reply["data"]["errors"]]

    def test_no_json(self):
        self.assertEqual(self.refused(b"this is no JSON"), ["json_invalid"])
        self.assertEqual(self.refused(b'{"favourite_food": "onion"'), ["json_invalid"])
        self.assertEqual(self.refused(b'{"favourite_food": "onion"} more'), ["json_invalid"])

    def test_empty(self):
        self.assertEqual(self.refused(b""), ["json_invalid"])

    def test_not_an_object(self):
        for body in (b"[]", b"null", b"1", b'"text"', b"true"):
            self.assertEqual(len(self.refused(body)), 1, body)

    def test_body_over_the_limit(self):
        for size in (16 * MIB + 1, 64 * MIB):
            body = b'{"favourite_food": "onion", "more": "' + b"x" * size + b'"}'
            self.assertEqual(len(self.refused(body)), 1)

    def test_nesting_ten_thousand_deep(self):
        body = b'{"favourite_food": ' + b"[" * 10000 + b"]" * 10000 + b"}"
        self.assertEqual(self.refused(body), ["depth_over_limit"])
        self.assertEqual(len(self.refused(b"[" * 10000)), 1)

    def test_a_key_that_stands_twice(self):
        body = b'{"favourite_food": "onion", "favourite_food": "banana"}'
        self.assertEqual(self.refused(body), ["key_twice"])

    def test_numbers_outside_64_bits(self):
        for number in (b"18446744073709551616", b"-9223372036854775809", b"1e999"):
            body = b'{"favourite_food": "onion", "chance_percentage": ' + number + b"}"
            self.assertEqual(len(self.refused(body)), 1, number)

    def test_a_number_outside_its_field(self):
        body = b'{"favourite_food": "onion", "chance_percentage": 9223372036854775807}'
        self.assertEqual(len(self.refused(body)), 1)

    def test_invalid_utf_8(self):
        for text in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82"):
            self.assertEqual(self.refused(b'{"favourite_food": "' + text + b'"}'), ["json_invalid"])

    def test_wrong_content_type(self):
        body = b'{"favourite_food": "onion"}'
        self.assertEqual(len(self.refused(body, content_type="application/x-python-serialize")), 1)

    def test_a_missing_content_type_is_taken_for_json(self):
        identity = self.publish(b'{"favourite_food": "onion"}', content_type=None)
        ((reply, _),) = self.answers(identity)
        self.assertTrue(reply["success"])

    def test_missing_reply_to_runs_and_is_acknowledged(self):
        self.publish(b'{"favourite_food": "onion"}', reply_to=None)
        self.publish(b"no JSON", reply_to=None)
        self.assert_still_serving()

    def test_missing_correlation_id_is_answered_without_one(self):
        self.publish(b'{"favourite_food": "onion"}', correlation_id=None)
        ((reply, _),) = self.answers(None)
        self.assertTrue(reply["success"])

    def test_the_caller_is_gone(self):
        with Connection(self.uri) as dead_amqp:
            dead = RpcClient(dead_amqp, "test", "dx_example").reply_queue
        for _ in range(20):
            self.publish(b'{"favourite_food": "onion"}', reply_to=dead)
            self.publish(b"no JSON", reply_to=dead)
        self.assert_still_serving()

    def test_reply_to_is_no_name_of_a_queue(self):
        self.publish(b'{"favourite_food": "onion"}', reply_to="x" * 255)
        self.publish(b'{"favourite_food": "onion"}', reply_to="amq.rabbitmq.reply-to.nobody")
        self.assert_still_serving()

    def test_a_request_with_time_left_is_served(self):
        identity = self.publish(b'{"favourite_food": "onion"}', expiration="60000")
        ((reply, _),) = self.answers(identity)
        self.assertTrue(reply["success"])

    def assert_still_serving(self):
        identity = self.publish(b'{"favourite_food": "orange"}')
        ((reply, _),) = self.answers(identity)
        self.assertTrue(reply["success"])


if __name__ == "__main__":
    unittest.main()
