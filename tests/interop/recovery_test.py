"""Nothing is lost: when the server is asked to stop, when it is killed, when the broker goes."""

import json
import signal
import unittest
import uuid

import pika
from fixture import InteropTest, eventually
from rabbitmq import Broker
from pika_caller import Connection, RpcClient


class Requests:
    """Requests published by hand, and all replies to them."""

    def __init__(self, amqp, method):
        self.connection = amqp.connection
        self.client = RpcClient(amqp, "test", method)
        self.client.on_reply = None
        self.replies = {}
        self.client.channel.basic_cancel(self.client.channel.consumer_tags[0])
        self.client.channel.basic_consume(self.client.reply_queue, self.on_reply, auto_ack=True)
        self.client.channel.confirm_delivery()

    def on_reply(self, channel, method, properties, body):
        self.replies.setdefault(properties.correlation_id, []).append(json.loads(body))

    def publish(self, request):
        identity = str(uuid.uuid4())
        self.client.channel.basic_publish(
            self.client.exchange,
            "test",
            json.dumps(request),
            properties=pika.BasicProperties(
                content_type="application/json",
                reply_to=self.client.reply_queue,
                correlation_id=identity,
                delivery_mode=2,
            ),
        )
        return identity

    def wait_for(self, *identities):
        def all_came():
            self.connection.process_data_events(time_limit=0.1)
            return set(identities) <= set(self.replies)

        if not eventually(all_came):
            raise AssertionError(f"of {len(identities)} requests {len(self.replies)} were answered")
        return [self.replies[identity] for identity in identities]


class Stopping(InteropTest):
    def depth(self, what):
        return self.broker.queue_depths(self.vhost).get("test", {}).get(what)

    def test_sigterm_finishes_what_was_taken_and_exits_with_0(self):
        with self.serve(self.cyberfusion(), drain_timeout="30s") as server:
            with Connection(self.uri) as amqp:
                requests = Requests(amqp, "sleep")
                taken = [requests.publish({"seconds": 1}) for _ in range(5)]
                self.assertTrue(eventually(lambda: self.depth("unacknowledged") == 5))
                server.terminate()
                for replies in requests.wait_for(*taken):
                    self.assertEqual(len(replies), 1)
                    self.assertTrue(replies[0]["success"])
                self.assertEqual(server.wait(), 0)
                self.assertEqual((self.depth("ready"), self.depth("unacknowledged")), (0, 0))

    def test_what_arrives_while_it_stops_waits_for_the_next_server(self):
        with self.serve(self.cyberfusion()) as server, Connection(self.uri) as amqp:
            requests = Requests(amqp, "sleep")
            first = requests.publish({"seconds": 1})
            self.assertTrue(eventually(lambda: self.depth("unacknowledged") == 1))
            server.terminate()
            self.assertTrue(eventually(lambda: self.depth("consumers") == 0))
            second = requests.publish({"seconds": 0})
            self.assertEqual(server.wait(), 0)
            self.assertEqual(self.depth("ready"), 1)
            with self.serve(self.cyberfusion()):
                for replies in requests.wait_for(first, second):
                    self.assertEqual(len(replies), 1)

    def test_a_second_sigterm_ends_it_at_once_and_the_request_comes_again(self):
        with self.serve(self.cyberfusion(), drain_timeout="600s") as server:
            with Connection(self.uri) as amqp:
                requests = Requests(amqp, "sleep")
                requests.publish({"seconds": 600})
                self.assertTrue(eventually(lambda: self.depth("unacknowledged") == 1))
                server.terminate()
                self.assertTrue(eventually(lambda: self.depth("consumers") == 0))
                # Signals that follow each other at once count as one, hence again and again.
                self.assertTrue(eventually(lambda: server.terminate() or server.has_ended()))
                self.assertEqual(server.wait(), 128 + signal.SIGTERM)
                self.assertTrue(eventually(lambda: self.depth("ready") == 1))
                amqp.channel.queue_purge("test")

    def test_a_killed_server_loses_nothing(self):
        with Connection(self.uri) as amqp:
            with self.serve(self.cyberfusion()) as server:
                requests = Requests(amqp, "sleep")
                taken = [requests.publish({"seconds": 2}) for _ in range(5)]
                self.assertTrue(eventually(lambda: self.depth("unacknowledged") == 5))
                server.kill()
                self.assertTrue(eventually(lambda: self.depth("ready") == 5))
                self.assertEqual(requests.replies, {})
            with self.serve(self.cyberfusion()):
                for replies in requests.wait_for(*taken):
                    self.assertEqual(len(replies), 1)

    def test_prefetch_is_the_number_of_simultaneous_requests(self):
        with self.serve(self.cyberfusion(max_simultaneous_requests=3)):
            with Connection(self.uri) as amqp:
                requests = Requests(amqp, "sleep")
                taken = [requests.publish({"seconds": 1}) for _ in range(5)]
                most = 0
                while not set(taken) <= set(requests.replies):
                    most = max(most, self.depth("unacknowledged"))
                    requests.connection.process_data_events()
                self.assertEqual(most, 3)


class TheBrokerGoes(InteropTest):
    def assert_served(self, uri):
        with Connection(uri) as amqp:
            reply = RpcClient(amqp, "test", "echo").call({"value": "still here"})
            self.assertEqual(reply["data"], "still here")

    def test_the_broker_closes_the_connection(self):
        with self.serve(self.cyberfusion()):
            for _ in range(3):
                self.assertEqual(self.broker.close_all_connections("maintenance", self.vhost), 1)
                self.assertTrue(eventually(self.has_consumer))
                self.assert_served(self.uri)

    def has_consumer(self):
        return self.consumers(self.broker, self.vhost) == 1

    def consumers(self, broker, vhost):
        return broker.queue_depths(vhost).get("test", {}).get("consumers")

    def test_the_queue_is_deleted_under_the_server(self):
        with self.serve(self.cyberfusion()):
            with Connection(self.uri) as amqp:
                amqp.channel.queue_delete("test")
            self.assertTrue(
                eventually(lambda: "test" in self.broker.queue_depths(self.vhost))
            )
            self.assertTrue(eventually(self.has_consumer))
            self.assert_served(self.uri)

    def test_a_drain_without_the_broker_says_what_is_not_answered(self):
        with Broker() as broker:
            config = self.cyberfusion(amqp=broker.uri())
            with self.serve(config, drain_timeout="4s") as server:
                amqp = Connection(broker.uri())
                Requests(amqp, "sleep").publish({"seconds": 2})
                depth = lambda: broker.queue_depths("/").get("test", {}).get("unacknowledged")
                self.assertTrue(eventually(lambda: depth() == 1))
                broker.stop()
                server.wait_until_log("not consuming")
                server.terminate()
                self.assertEqual(server.wait(), 75)
                self.assertIn("replies that wait for a connection: 1", server.log())
                self.assertNotIn("stop token", server.log())

    def test_a_drain_of_an_idle_server_waits_for_no_broker(self):
        with Broker() as broker:
            with self.serve(self.cyberfusion(amqp=broker.uri())) as server:
                broker.kill()
                server.wait_until_log("not consuming")
                server.terminate()
                self.assertEqual(server.wait(), 0)

    def test_the_broker_restarts(self):
        with Broker() as broker:
            uri = broker.uri()
            with self.serve(self.cyberfusion(amqp=uri)):
                for end in (broker.stop, broker.kill):
                    self.assert_served(uri)
                    end()
                    broker.start()
                    # The exchange and its binding go with the broker, and a request before they
                    # are back is dropped: this caller does not ask for returns.
                    self.assertTrue(eventually(lambda: self.consumers(broker, "/") == 1))
                    self.assert_served(uri)


if __name__ == "__main__":
    unittest.main()
