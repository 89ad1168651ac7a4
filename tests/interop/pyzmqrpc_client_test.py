"""Warren's clients and publishers over ZeroMQ against pyzmqrpc's servers, in Python."""

import os
import threading
import unittest
import urllib.parse

import zmq
from tcp_fixture import Caller, TcpTest
from pyzmqrpc_peer import Command, Curve, Plain, Server, unmarshal

VALUES = {"param1": "value1", "param2": "value2"}


def simple_service(state):
    return "got " + ",".join(state.values())


def refusing_service(state):
    raise ValueError(f"no {state['what']}")


SERVICES = {
    "SimpleCommand": simple_service,
    "Refuse": refusing_service,
    "Nothing": lambda _: None,
    "Echo": lambda state: state,
}


def query_of(**parameters):
    every = {"protocol": "pyzmqrpc"} | parameters
    return urllib.parse.urlencode(every, quote_via=urllib.parse.quote)


def address(*servers, **parameters):
    places = ",".join(server.endpoint.removeprefix("tcp://") for server in servers)
    return f"zmq+tcp://{places}?{query_of(**parameters)}"


class AskingPython(TcpTest):
    def server(self, services=SERVICES, **settings):
        return self.enterContext(Server(services, **settings))

    def caller(self, *servers, **parameters):
        return self.enterContext(Caller(address(*servers, **parameters)))

    def test_the_example(self):
        to = address(self.server())
        for given in (to, to + "&socket=req"):
            self.assert_gives(self.call(given, "SimpleCommand", VALUES), "got value1,value2")
        self.assert_gives(self.call(to, "Nothing", {}), None)
        nested = {"inner": {"_icmd_": ["SimpleCommand", VALUES]}, "text": "grün"}
        server = self.server({"Outer": lambda state: type(state["inner"]).__name__} | SERVICES)
        self.assert_gives(self.call(address(server), "Outer", nested), "SimpleCommand")
        self.assert_gives(self.call(to, "Echo", {"text": "grün"}), {"text": "grün"})

    def test_what_fails(self):
        to = address(self.server())
        refused = self.call(to, "Refuse", {"what": "onions"})
        self.assert_fails(refused, "failed: no onions")
        self.assert_fails(self.call(to, "Missing", {}), "no_such_method")
        self.assert_fails(self.call(to, "SimpleCommand", ["by", "position"]), "invalid_request")

    def test_passwords(self):
        server = self.server(security=Plain("user", "pass word"))
        right = address(server, username="user", password="pass word")
        self.assert_gives(self.call(right, "SimpleCommand", VALUES), "got value1,value2")
        for wrong in ("other", "pass%20word"):
            refused = self.call(address(server, username="user", password=wrong), "Nothing", {})
            self.assert_fails(refused, "unauthenticated")
            self.assertNotIn(wrong, refused.stderr)
        self.assertEqual(self.call(address(server), "Nothing", {}, timeout="500ms").stdout, "")
        self.assert_gives(self.call(right, "Nothing", {}), None)

    def test_keys(self):
        server_keys, client_keys, other_keys = (zmq.curve_keypair() for _ in range(3))
        server = self.server(security=Curve(server_keys, client_keys))

        def to(keys):
            public_key, secret_key = keys
            return address(
                server, server_key=server_keys[0], public_key=public_key, secret_key=secret_key
            )

        self.assert_gives(self.call(to(client_keys), "Nothing", {}), None)
        self.assert_fails(self.call(to(other_keys), "Nothing", {}), "unauthenticated")

    def test_in_turn_and_to_all(self):
        servers = [self.server({"Who": lambda _, me=me: me}) for me in range(3)]
        caller = self.caller(*servers)
        answers = [caller.call("Who", {}) for _ in range(30)]
        for me in range(3):
            self.assertEqual(answers.count(("ok", me)), 10)
        broadcast = self.caller(*servers, distribution="broadcast")
        self.assertEqual(broadcast.call("Who", {}), ("ok", [0, 1, 2]))
        mixed = self.caller(servers[0], self.server(), distribution="broadcast")
        code, message = mixed.call("Who", {})
        self.assertEqual(code, "no_such_method")
        self.assertRegex(message, r"^zmq\+tcp://127\.0\.0\.1:\d+: ")

    def test_a_late_answer_is_nobodys(self):
        may_end = threading.Event()
        self.addCleanup(may_end.set)

        def slow(_):
            may_end.wait()
            return "late"

        server = self.server(SERVICES | {"Slow": slow})
        for socket in ("dealer", "req"):
            with self.subTest(socket):
                may_end.clear()
                caller = self.caller(server, socket=socket)
                self.assertEqual(caller.call("Nothing", {}), ("ok", None))
                code, _ = caller.call("Slow", {}, timeout_ms=100)
                self.assertEqual(code, "deadline_exceeded")
                caller.start("next", "Echo", {"number": 1})
                may_end.set()
                self.assertEqual(caller.outcome(), ("next", "ok", {"number": 1}))
                self.assertEqual(caller.call("Echo", {"number": 2}), ("ok", {"number": 2}))

    def test_a_server_that_comes_later_and_again(self):
        with Server(SERVICES) as first:
            pass
        caller = self.caller(first)
        caller.start("early", "Nothing", {})
        with Server(SERVICES, port=first.port):
            self.assertEqual(caller.outcome(), ("early", "ok", None))
            self.assertEqual(caller.call("SimpleCommand", VALUES), ("ok", "got value1,value2"))
        with Server(SERVICES, port=first.port):
            outcome = ("connection_lost",)  # what a call says that was sent to the one before
            while outcome[0] == "connection_lost":
                outcome = caller.call("SimpleCommand", VALUES)
            self.assertEqual(outcome, ("ok", "got value1,value2"))

    def test_nobody_there(self):
        with Server(SERVICES) as gone:
            pass
        refused = self.call(address(gone), "Nothing", {}, timeout="200ms")
        self.assert_fails(refused, "no_responder")
        self.assertIn("refused", refused.stderr)


class PublishingToPython(TcpTest):
    """Who subscribes is started first: it waits for its publisher."""

    def setUp(self):
        self.got = []
        self.came = threading.Semaphore(0)

    def collect(self, state):
        self.got.append(state)
        self.came.release()

    def subscribe(self, endpoint, **settings):
        server = Server({"Collect": self.collect}, publishers=[endpoint], **settings)
        return self.enterContext(server)

    def free_endpoint(self):
        with zmq.Context() as context, context.socket(zmq.PUB) as socket:
            socket.bind("tcp://127.0.0.1:*")
            return socket.last_endpoint.decode().rstrip("\0")

    def publishing(self, endpoint, **parameters):
        place = endpoint.removeprefix("tcp://")
        return f"zmq+tcp://{place}?{query_of(socket='pub', **parameters)}"

    def assert_came(self, *states):
        for _ in states:
            self.assertTrue(self.came.acquire(timeout=30))
        self.assertEqual(self.got, list(states))

    def test_from_the_command_line(self):
        endpoint = self.free_endpoint()
        self.subscribe(endpoint)
        sent = self.call(self.publishing(endpoint), "Collect", {"number": 1}, "--one-way")
        self.assertEqual((sent.returncode, sent.stdout), (0, ""), sent.stderr)
        self.assert_came({"number": 1})
        refused = self.call(self.publishing(endpoint), "Collect", {})
        self.assert_fails(refused, "invalid_request")

    def test_nobody_subscribes(self):
        to = self.publishing(self.free_endpoint())
        refused = self.call(to, "Collect", {}, "--one-way", timeout="300ms")
        self.assert_fails(refused, "no_responder")
        self.assertIn("Nobody subscribed", refused.stderr)
        sent = self.call(to + "&wait_for_subscriber=false", "Collect", {}, "--one-way")
        self.assertEqual(sent.returncode, 0, sent.stderr)

    def test_in_order_and_with_heartbeats(self):
        endpoint = self.free_endpoint()
        server = self.subscribe(endpoint)
        with Caller(self.publishing(endpoint, heartbeat_interval="20ms")) as caller:
            for number in range(100):
                self.assertEqual(caller.notify("Collect", {"number": number}), ("ok", None))
            self.assert_came(*({"number": number} for number in range(100)))
            for _ in range(3):
                self.assertTrue(server.heartbeats.acquire(timeout=30))

    def test_with_a_password(self):
        endpoint = self.free_endpoint()
        self.subscribe(endpoint, security=Plain("user", "pass"))
        to = self.publishing(endpoint, username="user", password="pass")
        self.assertEqual(self.call(to, "Collect", {"number": 1}, "--one-way").returncode, 0)
        self.assert_came({"number": 1})
        other = self.publishing(endpoint, username="user", password="other")
        refused = self.call(other, "Collect", {}, "--one-way", timeout="1s")
        self.assertNotEqual(refused.returncode, 0)
        self.assertNotIn("other", refused.stderr)

    def test_a_publisher_that_is_started_anew(self):
        endpoint = self.free_endpoint()
        self.subscribe(endpoint)
        for number in range(3):
            sent = self.call(self.publishing(endpoint), "Collect", {"number": number}, "--one-way")
            self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assert_came(*({"number": number} for number in range(3)))

    def test_a_subscriber_that_does_not_read(self):
        """What is over the high-water mark is lost to it alone, and the publisher goes on."""
        endpoint = self.free_endpoint()
        with zmq.Context() as context, context.socket(zmq.SUB) as slow:
            slow.rcvhwm, slow.rcvbuf = 1, 4096
            slow.linger = 0
            slow.subscribe("")
            slow.connect(endpoint)
            self.subscribe(endpoint)
            with Caller(self.publishing(endpoint, high_water_mark=10)) as caller:
                while not self.came.acquire(timeout=0.1):
                    caller.notify("Collect", {"number": "are you there?"})
                self.got.clear()
                for number in range(60):
                    state = {"number": number, "filling": os.urandom(200_000).hex()}
                    self.assertEqual(caller.notify("Collect", state), ("ok", None))
                    while number not in (state["number"] for state in self.got):
                        self.assertTrue(self.came.acquire(timeout=30))
            numbers = [state["number"] for state in self.got if state["number"] != "are you there?"]
            self.assertEqual(numbers, list(range(60)))
            slow.rcvtimeo = 30_000
            unread = []
            while slow.poll(500):
                unread.append(unmarshal(slow.recv_string(), {"Collect": Command}).state)
            self.assertLess(len([state for state in unread if "filling" in state]), 60)


if __name__ == "__main__":
    unittest.main()
