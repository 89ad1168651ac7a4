"""What somebody takes away from under a server and a client at a broker comes back without help, `/readyz`
says what is, and every call ends in its reply or in an error that says why."""

import select
import socket
import threading
import unittest
import urllib.parse

from fixture import InteropTest, ProgramTest, eventually, is_ready
from pika_caller import Connection
from pika.exceptions import ChannelClosedByBroker
from rabbitmq import Broker
from rabbitmq_control import binary
from tcp_fixture import Caller

ADMIN = {"address": "127.0.0.1:0"}
ENDS = {"ok", "no_responder", "connection_lost", "deadline_exceeded"}
CHECKED = "?heartbeat=1&topology_check=200ms"


class Relay:
    """Between a broker and its clients. Frozen it takes nothing and passes nothing on: a network that is
    cut, where nobody is told."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.is_frozen = False
        self.waker, self.woken = socket.socketpair()
        self.peers = {}  # whose bytes go where
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def uri(self, uri):
        port = urllib.parse.urlsplit(uri).port
        return uri.replace(f":{port}/", f":{self.listener.getsockname()[1]}/")

    def freeze(self, is_frozen):
        self.is_frozen = is_frozen
        self.waker.send(b"x")

    def run(self):
        while True:
            sources = [] if self.is_frozen else [self.listener, *self.peers]
            for source in select.select([self.woken, *sources], [], [])[0]:
                if source is self.woken:
                    if not self.woken.recv(64):
                        return
                elif source is self.listener:
                    accepted, _ = self.listener.accept()
                    peer = socket.create_connection(("127.0.0.1", self.port))
                    self.peers |= {accepted: peer, peer: accepted}
                elif source in self.peers:
                    self.pass_on(source)

    def pass_on(self, source):
        peer = self.peers[source]
        try:
            data = source.recv(1 << 16)
            peer.sendall(data)
        except OSError:
            data = b""
        if not data:
            for each in (source, peer):
                del self.peers[each]
                each.close()

    def close(self):
        self.waker.close()
        self.thread.join()
        for each in (self.woken, self.listener, *self.peers):
            each.close()


class TakenAway(InteropTest):
    def start(self, uri=None):
        address = (uri or self.uri) + CHECKED
        server = self.enterContext(self.serve(self.cyberfusion(amqp=address), admin=ADMIN))
        caller = self.enterContext(Caller(f"{address}&queue=test"))
        self.assertEqual(caller.call("add", {"a": 1, "b": 2}), ("ok", 3))
        self.assertTrue(is_ready(server))
        return server, caller

    def resource(self, kind, name):
        return f"rabbit_misc:r({binary(self.vhost)}, {kind}, {binary(name)})"

    def assert_heals(self, server, caller):
        """Calls get their replies again, and until then an error that says why."""

        def is_answered():
            code, said = caller.call("add", {"a": 2, "b": 2}, timeout_ms=2000)
            self.assertIn(code, ENDS, said)
            return code == "ok"

        self.assertTrue(eventually(is_answered), server.log())
        self.assertTrue(eventually(lambda: is_ready(server)), server.log())

    def test_an_exchange_that_is_deleted_while_nobody_calls_is_found(self):
        server, caller = self.start()
        with Connection(self.uri) as amqp:
            amqp.channel.exchange_delete("add")
        server.wait_until_log("somebody has deleted it")
        self.assert_heals(server, caller)

    def test_a_binding_of_the_requests(self):
        server, caller = self.start()
        with Connection(self.uri) as amqp:
            amqp.channel.queue_unbind("test", "add", "test")
        self.assert_heals(server, caller)

    def test_the_queue_of_replies_takes_its_consumer_along(self):
        server, caller = self.start()
        caller.start("asked", "sleep", {"seconds": 1})
        depth = lambda: self.broker.queue_depths(self.vhost)["test"]["unacknowledged"]
        self.assertTrue(eventually(lambda: depth() == 1))
        for name in self.reply_queues():
            self.broker.evaluate(
                f"{{ok, Q}} = rabbit_amqqueue:lookup({self.resource('queue', name)}),"
                'rabbit_amqqueue:delete(Q, false, false, <<"test">>)'
            )
        self.assertEqual(caller.outcome()[:2], ("asked", "connection_lost"))
        self.assert_heals(server, caller)

    def test_a_queue_of_replies_that_is_gone_without_a_word(self):
        server, caller = self.start()
        before = self.reply_queues()
        for name in before:
            self.broker.evaluate(
                f'rabbit_amqqueue:internal_delete({self.resource("queue", name)}, <<"test">>)'
            )
        self.assertTrue(eventually(lambda: self.reply_queues() - before))
        self.assert_heals(server, caller)

    def reply_queues(self):
        queues = self.broker.queue_depths(self.vhost)
        return {name for name in queues if name.startswith("amq.gen")}

    def test_the_queue_whose_name_somebody_takes(self):
        server, caller = self.start()
        with Connection(self.uri) as amqp:

            def take_its_name():
                amqp.channel.queue_delete("test")
                try:
                    amqp.channel.queue_declare("test", durable=True)
                    return True
                except ChannelClosedByBroker:
                    # The server was quicker.
                    amqp.channel = amqp.connection.channel()
                    return False

            self.assertTrue(eventually(take_its_name))
            self.assertTrue(eventually(lambda: not is_ready(server)))
            server.wait_until_log("'test'")
            amqp.channel.queue_delete("test")
        self.assert_heals(server, caller)

    def test_the_network_without_a_reset(self):
        relay = Relay(self.broker.port)
        self.addCleanup(relay.close)
        server, caller = self.start(relay.uri(self.uri))
        caller.start("asked@5000", "sleep", {"seconds": 600})
        depth = lambda: self.broker.queue_depths(self.vhost)["test"]["unacknowledged"]
        self.assertTrue(eventually(lambda: depth() == 1))
        relay.freeze(True)
        self.assertTrue(eventually(lambda: not is_ready(server)), server.log())
        self.assertIn(caller.outcome()[1], ENDS - {"ok"})
        relay.freeze(False)
        self.assert_heals(server, caller)


class Alarms(ProgramTest):
    """Of a broker of their own, as they are all of its clients'."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.broker = cls.enterClassContext(Broker())

    def assert_waits_out(self, raise_it, end_it):
        address = self.broker.uri() + CHECKED
        listener = {"amqp": address, "queue": "alarmed", "methods": ["add", "sleep"]}
        with (
            self.serve(listener | {"protocol": "cyberfusion"}, admin=ADMIN) as server,
            Caller(f"{address}&queue=alarmed") as caller,
        ):
            self.assertEqual(caller.call("add", {"a": 1, "b": 2}), ("ok", 3))
            caller.start("asked@60000", "sleep", {"seconds": 1})
            depth = lambda: self.broker.queue_depths()["alarmed"]["unacknowledged"]
            self.assertTrue(eventually(lambda: depth() == 1))
            raise_it()
            try:
                # Whatever it is called, it says so by its deadline; the server has its queue still.
                code, said = caller.call("add", {"a": 1, "b": 2}, timeout_ms=1500)
                self.assertIn(code, {"deadline_exceeded", "overloaded", "no_responder"}, said)
                self.assertTrue(is_ready(server))
            finally:
                end_it()
            self.assertEqual(caller.outcome()[:2], ("asked@60000", "ok"))
            self.assertEqual(caller.call("add", {"a": 2, "b": 2}), ("ok", 4))
            self.assertTrue(is_ready(server))

    def test_of_memory(self):
        self.assert_waits_out(self.broker.block, self.broker.unblock)

    def test_of_the_disk(self):
        limit = lambda bytes_free: lambda: self.broker.evaluate(
            f"rabbit_disk_monitor:set_disk_free_limit({bytes_free})"
        )
        self.assert_waits_out(limit(1 << 60), limit(1 << 20))


if __name__ == "__main__":
    unittest.main()
