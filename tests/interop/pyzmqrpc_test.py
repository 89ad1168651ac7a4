"""pyzmqrpc's clients and publishers, in Python, against Warren's listeners over ZeroMQ."""

import json
import re
import unittest

import msgpack
import zmq
from tcp_fixture import TcpTest
from fixture import eventually, run_warren
from proxy_fixture import metrics_of
from pyzmqrpc_peer import (
    HEARTBEAT,
    OK,
    RAISED,
    UNDECODABLE,
    UNKNOWN,
    Command,
    Curve,
    Plain,
    Publisher,
    Sender,
    SimpleCommand,
    command_class,
    handshake_event,
    marshal,
)

VALUES = {"param1": "value1", "param2": "value2"}
GOT_VALUES = "SimpleCommand got 'value1' and 'value2'"
Echo, Add, Fail, Sleep = (command_class(name) for name in ("echo", "add", "fail", "sleep"))
ShutdownServer = command_class("ShutdownServer")


def endpoints_of(address):
    """Of an address such as zmq+tcp://127.0.0.1:1,127.0.0.1:2, as ZeroMQ has them."""
    return ["tcp://" + place for place in address.removeprefix("zmq+tcp://").split(",")]


def curve_keys():
    """A pair as `warren keygen --curve` prints it: public, secret."""
    lines = run_warren("keygen", "--curve").stdout.splitlines()
    keys = dict(line.split(": ", 1) for line in lines)
    return tuple(json.loads(keys[name]).encode() for name in ("public_key", "secret_key"))


class ZmqTest(TcpTest):
    @classmethod
    def zmq(cls, *endpoints, **settings):
        """A listener's configuration."""
        endpoints = list(endpoints) or "tcp://127.0.0.1:0"
        return {"zmq": endpoints, "protocol": "pyzmqrpc"} | settings

    def serve_here(self, *listeners, **settings):
        return self.enterContext(self.serve(*listeners, **settings))

    def sender(self, *endpoints, **settings):
        return self.enterContext(Sender(*endpoints, **settings))


class AskingWarren(ZmqTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        free = "tcp://127.0.0.1:0"
        cls.server = cls.enterClassContext(cls.serve(cls.zmq(free, free)))
        cls.endpoints = endpoints_of(cls.server.addresses[0])

    def setUp(self):
        self.client = self.sender(self.endpoints[0])

    def test_the_example_to_the_byte(self):
        answers = self.client.send_text(marshal(SimpleCommand(**VALUES)))
        document = {"status_code": 200, "status_message": "OK", "response_message": GOT_VALUES}
        self.assertEqual(answers, [json.dumps(document)])

    def test_what_returns_nothing_and_what_raises(self):
        answer = self.client.execute(Fail(message="no onions"))
        self.assertEqual(answer["status_code"], RAISED)
        self.assertEqual(
            answer["status_message"],
            "Exception raised when calling service fail. Exception: no onions ",
        )
        self.assertEqual(
            self.client.execute(Echo(value=None)), {"status_code": OK, "status_message": "OK"}
        )

    def test_what_nobody_knows_and_what_is_no_command(self):
        answer = self.client.execute(command_class("Missing")())
        self.assertEqual(answer["status_code"], UNKNOWN)
        message = 'No service on the server is registered for command "Missing".'
        self.assertEqual(answer["status_message"], message)
        for text in ("", "no base64!", "bm8gemxpYg==", marshal({"no": "command"})):
            with self.subTest(text):
                answer = json.loads(self.client.send_text(text)[0])
                self.assertEqual(answer["status_code"], UNDECODABLE)
                self.assertTrue(answer["status_message"].startswith("Incorrectly marshalled"))
        self.assertEqual(self.client.execute(Add(a=2, b=40))["response_message"], 42)

    def test_a_state_that_does_not_fit(self):
        answer = self.client.execute(Add(a="two"))
        self.assertEqual(answer["status_code"], RAISED)
        for word in ("a.int: ", "b: Field is required"):
            self.assertIn(word, answer["status_message"])

    def test_commands_in_commands(self):
        inner = SimpleCommand(param1="grün", param2="\N{CARROT}")
        answer = self.client.execute(Echo(value={"inner": inner, "list": [Command(), 2.5]}))
        state = {"inner": {"param1": "grün", "param2": "\N{CARROT}"}, "list": [{}, 2.5]}
        self.assertEqual(answer["response_message"], state)

    def test_a_heartbeat_is_answered(self):
        self.assertEqual(
            json.loads(self.client.send_text(HEARTBEAT)[0]),
            {"status_code": OK, "status_message": "OK"},
        )

    def test_several_endpoints_and_clients(self):
        both = self.sender(*self.endpoints)
        others = [self.sender(self.endpoints[1]) for _ in range(20)]
        for number in range(20):
            answers = both.send_text(marshal(Add(a=number, b=1)))
            sums = [json.loads(answer)["response_message"] for answer in answers]
            self.assertEqual(sums, [number + 1] * 2)
            self.assertEqual(others[number].execute(Echo(value=number))["response_message"], number)

    def test_a_time_out_and_its_late_answer(self):
        hasty = self.sender(self.endpoints[0], time_out_s=0.2)
        self.assertIsNone(hasty.execute(Sleep(seconds=0.4)))
        hasty.sockets[0].rcvtimeo = 30_000
        self.assertEqual(hasty.execute(Sleep(seconds=0.4))["status_code"], OK)
        self.assertEqual(hasty.execute(Add(a=2, b=40))["response_message"], 42)

    def test_a_socket_that_asks_again_before_the_answer(self):
        """REQ_RELAXED with REQ_CORRELATE: the original's time-out without a new socket."""
        with zmq.Context() as context, context.socket(zmq.REQ) as socket:
            socket.linger = 0
            socket.req_relaxed = socket.req_correlate = 1
            socket.connect(self.endpoints[0])
            socket.send_string(marshal(Sleep(seconds=0.2)))
            socket.send_string(marshal(Add(a=2, b=40)))
            self.assertEqual(json.loads(socket.recv())["response_message"], 42)

    def test_a_slow_service_delays_nobody(self):
        slow = self.sender(self.endpoints[0])
        slow.sockets[0].send_string(marshal(Sleep(seconds=3600)))
        for number in range(50):
            self.assertEqual(self.client.execute(Echo(value=number))["response_message"], number)
            self.client.send_text(HEARTBEAT)

    def test_what_was_sent_before_the_peer_closed(self):
        server = self.serve_here(self.zmq(), admin={"address": "127.0.0.1:0"})
        with zmq.Context() as context, context.socket(zmq.DEALER) as notifying:
            notifying.connect(endpoints_of(server.addresses[0])[0])
            for number in range(20):
                text = marshal(SimpleCommand(param1=str(number), param2=""))
                notifying.send_multipart([b"", text.encode()])
        ran = r'warren_server_requests_total\{[^}]*method="SimpleCommand"[^}]*code="ok"[^}]*\} 20'
        self.assertTrue(eventually(lambda: re.search(ran, metrics_of(server))), metrics_of(server))

    def test_a_message_of_msgpack_rpc(self):
        with zmq.Context() as context, context.socket(zmq.REQ) as asking:
            asking.linger = 0
            asking.rcvtimeo = 30_000
            asking.connect(self.endpoints[0])
            asking.send(msgpack.packb([0, 7, "add", [2, 40]]))
            kind, number, error, _ = msgpack.unpackb(asking.recv())
        self.assertEqual((kind, number, error["code"]), (1, 7, "invalid_request"))
        self.assertIn("here pyzmqrpc is spoken", json.dumps(error))
        self.server.wait_until_log("This is a message of msgpack-rpc")

    def test_nobody_may_stop_the_server(self):
        self.assertEqual(self.client.execute(ShutdownServer())["status_code"], UNKNOWN)
        self.assertEqual(self.client.execute(Add(a=2, b=40))["response_message"], 42)


class WhoMayAsk(ZmqTest):
    def assert_answered(self, endpoint, security):
        self.assertEqual(
            self.sender(endpoint, security=security).execute(Add(a=2, b=40))["response_message"], 42
        )

    def test_passwords(self):
        right = Plain("user", "pass word")
        listener = self.zmq(username=right.username, password=right.password)
        server = self.serve_here(listener)
        (endpoint,) = endpoints_of(server.addresses[0])
        self.assert_answered(endpoint, right)
        for wrong in (Plain("user", "other"), Plain("other", "pass word")):
            event = handshake_event(endpoint, wrong)
            self.assertEqual(event, zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        event = handshake_event(endpoint, None)
        self.assertNotEqual(event, zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self.assert_answered(endpoint, right)
        self.assertNotIn("pass word", server.log())

    def test_keys(self):
        server_keys, client_keys, other_keys = curve_keys(), curve_keys(), curve_keys()
        curve = {"secret_key": server_keys[1].decode(), "client_keys": [client_keys[0].decode()]}
        server = self.serve_here(self.zmq(curve=curve))
        (endpoint,) = endpoints_of(server.addresses[0])
        self.assert_answered(endpoint, Curve(server_keys, client_keys))
        event = handshake_event(endpoint, Curve(server_keys, other_keys))
        self.assertEqual(event, zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        event = handshake_event(endpoint, Plain())
        self.assertNotEqual(event, zmq.EVENT_HANDSHAKE_SUCCEEDED)


class StoppingWarren(ZmqTest):
    def test_by_a_command_where_it_may(self):
        server = self.serve_here(self.zmq(allow_shutdown=True))
        client = self.sender(*endpoints_of(server.addresses[0]))
        self.assertEqual(
            client.execute(ShutdownServer()), {"status_code": OK, "status_message": "OK"}
        )
        self.assertEqual(server.wait(), 0)
        self.assertIn("ShutdownServer", server.log())

    def test_another_one_at_its_endpoint(self):
        server = self.serve_here(self.zmq())
        endpoints = endpoints_of(server.addresses[0])
        client = self.sender(*endpoints)
        self.assertEqual(client.execute(Add(a=2, b=40))["response_message"], 42)
        server.terminate()
        self.assertEqual(server.wait(), 0)
        self.serve_here(self.zmq(*endpoints))
        self.assertEqual(client.execute(Add(a=1, b=1))["response_message"], 2)

    def test_while_a_service_runs(self):
        server = self.serve_here(self.zmq())
        with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
            socket.linger = 0
            socket.connect(*endpoints_of(server.addresses[0]))
            for name, command in (b"slow", Sleep(seconds=0.3)), (b"quick", Echo(value=1)):
                socket.send_multipart([name, b"", marshal(command).encode()])
            self.assertEqual(socket.recv_multipart()[0], b"quick")
            server.terminate()
            name, _, answer = socket.recv_multipart()
            self.assertEqual((name, json.loads(answer)["status_code"]), (b"slow", OK))
        self.assertEqual(server.wait(), 0)


class PublishingToWarren(ZmqTest):
    def publisher(self, **settings):
        return self.enterContext(Publisher(**settings))

    def subscribe(self, *publishers, **settings):
        endpoints = [publisher.endpoint for publisher in publishers]
        return self.serve_here(self.zmq(*endpoints, socket="sub") | settings)

    def assert_arrives(self, publisher, server, word):
        publisher.publish(Fail(message=word))
        server.wait_until_log(f"failed: {word}")

    def test_from_several_publishers(self):
        publishers = [self.publisher() for _ in range(3)]
        server = self.subscribe(*publishers)
        for number, publisher in enumerate(publishers):
            publisher.wait_for_subscriber()
            publisher.publish_text(HEARTBEAT)
            publisher.publish(Add(a=2, b=40))
            publisher.publish_text("no command at all")
            self.assert_arrives(publisher, server, f"word{number}")
        failed = lambda: server.log().count("a one-way call failed: failed:")
        self.assertTrue(eventually(lambda: failed() >= 3), server.log())
        self.assertEqual(failed(), 3, server.log())

    def test_more_at_once_than_may_be_in_work(self):
        publisher = Publisher()
        publisher.socket.linger = 30_000
        server = self.subscribe(publisher, connection_requests_max=10)
        publisher.wait_for_subscriber()
        for _ in range(2000):
            publisher.publish(Sleep(seconds=0))
        publisher.publish(Fail(message="the last word"))
        publisher.__exit__()
        server.wait_until_log("failed: the last word")
        self.assertNotIn("overloaded", server.log())

    def test_a_publisher_that_comes_back(self):
        first = Publisher()
        server = self.subscribe(first)
        first.wait_for_subscriber()
        first.__exit__()
        second = self.publisher(port=first.port)
        second.wait_for_subscriber()
        self.assert_arrives(second, server, "again")

    def test_a_publisher_that_falls_silent(self):
        publisher = self.publisher()
        server = self.subscribe(publisher, silence_timeout="300ms")
        for _ in range(3):
            publisher.wait_for_subscriber()
        self.assert_arrives(publisher, server, "word")

    def test_heartbeats_keep_the_connection(self):
        publisher = self.publisher()
        self.subscribe(publisher, silence_timeout="2s")
        publisher.wait_for_subscriber()
        quiet = 0
        while quiet < 30:
            publisher.publish_text(HEARTBEAT)
            self.assertFalse(publisher.socket.poll(100), "it was connected to anew")
            quiet += 1

    def test_with_a_password(self):
        right = Plain()
        publisher = self.publisher(security=right)
        server = self.subscribe(publisher, username=right.username, password=right.password)
        publisher.wait_for_subscriber()
        self.assert_arrives(publisher, server, "word")
        wrong = self.subscribe(publisher, username=right.username, password="wrong one")
        wrong.wait_until_log("unauthenticated")
        self.assertNotIn("wrong one", wrong.log())

    def test_with_a_password_from_one_that_asks_for_none(self):
        publisher = self.enterContext(Publisher())
        words = {"username": "u", "password": "p"}
        server = self.serve_here(self.zmq(publisher.endpoint, socket="sub", **words))
        publisher.wait_for_subscriber()
        publisher.publish(Fail(message="from an open one"))
        server.wait_until_log("from an open one")

    def test_with_keys(self):
        server_keys, client_keys = curve_keys(), curve_keys()
        publisher = self.publisher(security=Curve(server_keys, client_keys))
        curve = {
            "server_key": server_keys[0].decode(),
            "public_key": client_keys[0].decode(),
            "secret_key": client_keys[1].decode(),
        }
        server = self.subscribe(publisher, curve=curve)
        publisher.wait_for_subscriber()
        self.assert_arrives(publisher, server, "word")

    def test_while_a_service_runs(self):
        publisher = self.publisher()
        server = self.subscribe(publisher, silence_timeout="300ms")
        publisher.wait_for_subscriber()
        publisher.publish(Sleep(seconds=3600))
        self.assert_arrives(publisher, server, "meanwhile")
        publisher.wait_for_subscriber()
        self.assert_arrives(publisher, server, "later")


if __name__ == "__main__":
    unittest.main()
