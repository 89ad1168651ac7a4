"""Proxies between a broker and direct calls or ZeroMQ, both ways."""

import unittest

from fixture import InteropTest, eventually
from pika_caller import Connection, RpcClient
from proxy_fixture import ProxyTest, buffer_figure
from pyzmqrpc_peer import Sender, Server, SimpleCommand


class BrokerProxyTest(InteropTest, ProxyTest):
    call = ProxyTest.call

    def broker_address(self, queue):
        return f"{self.uri}?queue={queue}"

    def amqp(self, queue, *methods, **settings):
        """A listener's configuration."""
        return {"amqp": self.uri, "queue": queue, "methods": list(methods)} | settings


class FromTcpToAmqp(BrokerProxyTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = cls.enterClassContext(cls.serve(cls.cyberfusion()))

    def test_calls_replies_and_failures(self):
        proxy = self.proxy(to=self.broker_address("test"))
        address = proxy.addresses[0]
        self.assert_gives(self.call(address, "add", {"a": 2, "b": 40}), 42)
        failed = self.call(address, "fail", {"message": "Out of onions"})
        self.assert_fails(failed, "failed: Out of onions")
        self.assert_fails(self.call(address, "add", {"a": "x", "b": 1}), "invalid_request")
        slow = self.call(address, "sleep", {"seconds": 3600}, timeout="300ms")
        self.assert_fails(slow, "deadline_exceeded")
        self.assert_gives(self.call(address, "add", {"a": 2, "b": 40}), 42)
        self.assert_ends_well(proxy)

    def test_nobody_there(self):
        address = self.proxy(to=self.broker_address("absent")).addresses[0]
        self.assert_fails(self.call(address, "add", {"a": 2, "b": 40}), "no_responder")

    def test_a_command_over_zeromq(self):
        source = "zmq+tcp://127.0.0.1:0?socket=rep&protocol=pyzmqrpc"
        proxy = self.proxy(source=source, to=self.broker_address("test"))
        with Sender(proxy.addresses[0].removeprefix("zmq+")) as sender:
            answer = sender.execute(SimpleCommand(param1="a", param2="b"))
        self.assertEqual(answer["response_message"], "SimpleCommand got 'a' and 'b'")

    def test_replies_are_dropped(self):
        proxy = self.proxy("--drop-replies", to=self.broker_address("test"))
        self.assert_gives(self.call(proxy.addresses[0], "add", {"a": 2, "b": 40}), None)


class FromAmqpToTcp(BrokerProxyTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = cls.enterClassContext(cls.serve(cls.tcp()))
        cls.to = cls.target.addresses[0]

    def test_calls_replies_and_failures(self):
        source = self.amqp("front", "add", "fail", "sleep")
        proxy = self.serve_proxies({"from": source, "to": self.to})
        proxy.wait_until_log(f"queue=front forwards to {self.to}")
        front = self.broker_address("front")
        self.assert_gives(self.call(front, "add", {"a": 2, "b": 40}), 42)
        failed = self.call(front, "fail", {"message": "Out of onions"})
        self.assert_fails(failed, "failed: Out of onions")
        slow = self.call(front, "sleep", {"seconds": 3600}, timeout="300ms")
        self.assert_fails(slow, "deadline_exceeded")
        self.assert_settled("front")
        self.assert_ends_well(proxy)

    def test_a_caller_of_pika(self):
        self.serve_proxies({"from": self.amqp("front", "SimpleCommand"), "to": self.to})
        with Connection(self.uri) as amqp:
            client = RpcClient(amqp, "front", "SimpleCommand")
            reply = client.call({"param1": "a", "param2": "b"})
        self.assertEqual(reply["data"], "SimpleCommand got 'a' and 'b'")

    def test_a_server_over_zeromq(self):
        services = {"SimpleCommand": lambda state: f"Python got {state['param1']!r}"}
        with Server(services) as server:
            target = {"zmq": server.endpoint, "socket": "req", "protocol": "pyzmqrpc"}
            source = self.amqp("front", "SimpleCommand")
            with self.serve_proxies({"from": source, "to": target}):
                called = self.call(self.broker_address("front"), "SimpleCommand", {"param1": "a"})
                self.assert_gives(called, "Python got 'a'")

    def test_a_dead_target(self):
        self.serve_proxies({"from": self.amqp("dead", "add"), "to": "tcp://127.0.0.1:1"})
        called = self.call(self.broker_address("dead"), "add", {"a": 2, "b": 40})
        self.assert_fails(called, "no_responder")

    def test_round_the_broker(self):
        """TCP to AMQP to TCP, in one configuration."""
        proxies = self.serve_proxies(
            {"from": self.tcp(), "to": self.broker_address("round")},
            {"from": self.amqp("round", "add"), "to": self.to},
        )
        self.assert_gives(self.call(proxies.addresses[0], "add", {"a": 2, "b": 40}), 42)

    def test_buffered(self):
        """A request is acknowledged once it is on the disk."""
        buffer = {"file": str(self.directory / "calls")}
        proxy = {"from": self.amqp("kept", "add"), "to": "tcp://127.0.0.1:1", "buffer": buffer}
        proxy["name"] = "kept"
        proxies = self.serve_proxies(proxy)
        self.assert_gives(self.call(self.broker_address("kept"), "add", {"a": 2, "b": 40}), None)
        self.assert_settled("kept")
        self.assert_ends_well(proxies)
        proxies = self.serve_proxies(proxy | {"to": self.to}, admin={"address": "127.0.0.1:0"})
        self.assertTrue(eventually(lambda: buffer_figure(proxies, "entries") == 0))
        self.assertEqual(buffer_figure(proxies, "forwarded_total"), 1)


if __name__ == "__main__":
    unittest.main()
