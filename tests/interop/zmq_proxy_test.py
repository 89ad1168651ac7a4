"""Proxies over ZeroMQ between programs written as pyzmqrpc's examples are: every kind of proxy."""

import json
import os
import re
import signal
import threading
import unittest

import msgpack
import zmq
from tcp_fixture import TcpTest
from fixture import PATIENCE_S, PROGRAM, Process, code_block, eventually, run_warren
from proxy_fixture import ProxyTest, buffer_figure, metrics_of
from pyzmqrpc_peer import (
    HEARTBEAT,
    OK,
    RAISED,
    UNDECODABLE,
    UNKNOWN,
    Plain,
    Publisher,
    Sender,
    Server,
    SimpleCommand,
    bind,
    command_class,
    marshal,
)

from certificates import make_certificates

NOT_FORWARDED = 482
FREE = "tcp://127.0.0.1:0"
Fail = command_class("Fail")
Hang = command_class("Hang")


class Services:
    """What a Python server does: it keeps account of each SimpleCommand."""

    def __init__(self):
        self.calls = []
        self.came = threading.Semaphore(0)
        self.may_go_on = threading.Event()

    def all(self):
        return {"SimpleCommand": self.simple, "Fail": self.fail, "Hang": self.hang}

    def simple(self, state):
        self.calls.append(state["param1"])
        self.came.release()
        return f"SimpleService response text for SimpleCommand is {state['param1']!r}"

    def fail(self, _):
        self.came.release()
        raise ValueError("Out of onions")

    def hang(self, _):
        self.may_go_on.wait()


class ZmqProxyTest(ProxyTest):
    def setUp(self):
        self.services = Services()

    def server(self, **settings):
        server = self.enterContext(Server(self.services.all(), **settings))
        self.addCleanup(self.services.may_go_on.set)  # before the server ends
        return server

    def sender(self, endpoint, **settings):
        return self.enterContext(Sender(endpoint, **settings))

    def zmq_proxy(self, source, target, *options):
        """A proxy of pyzmqrpc; each side is an endpoint and its parameters."""
        address = lambda side: f"zmq+{side}&protocol=pyzmqrpc"
        process = self.proxy(*options, source=address(source), to=address(target))
        self.endpoint = process.addresses[0].removeprefix("zmq+")
        return process

    def execute(self, command):
        return self.sender(self.endpoint).execute(command)

    def await_calls(self, *expected):
        for _ in expected:
            self.assertTrue(self.services.came.acquire(timeout=30), self.services.calls)
        self.assertEqual(self.services.calls, list(expected))


class FromRepToReq(ZmqProxyTest):
    def test_the_reply_is_carried_back(self):
        server = self.server()
        proxy = self.zmq_proxy(f"{FREE}?socket=rep", f"{server.endpoint}?socket=req")
        direct = self.sender(server.endpoint)
        through = self.sender(self.endpoint)
        for command in (SimpleCommand(param1="a", param2="b"), Fail()):
            text = marshal(command)
            self.assertEqual(through.send_text(text), direct.send_text(text))
        self.assertEqual(through.execute(command_class("Absent")())["status_code"], UNKNOWN)
        (answer,) = through.send_text("no command")
        self.assertEqual(json.loads(answer)["status_code"], UNDECODABLE)
        (answer,) = through.send_text(HEARTBEAT)
        self.assertEqual(json.loads(answer)["status_code"], OK)
        self.assert_ends_well(proxy)

    def test_the_reply_is_dropped_as_the_original_does(self):
        server = self.server()
        self.zmq_proxy(
            f"{FREE}?socket=rep", f"{server.endpoint}?socket=req", "--drop-replies"
        )
        answer = self.execute(SimpleCommand(param1="a", param2="b"))
        self.assertEqual(answer, {"status_code": OK, "status_message": "OK"})
        self.await_calls("a")
        self.assertEqual(self.execute(Fail())["status_code"], RAISED)

    def test_nobody_there_is_482_and_then_somebody_comes(self):
        server = Server(self.services.all())
        with server:
            port = server.port
        proxy = self.zmq_proxy(
            f"{FREE}?socket=rep", f"{server.endpoint}?socket=req", "--timeout", "200ms"
        )
        answer = self.execute(SimpleCommand(param1="a", param2="b"))
        self.assertEqual(answer["status_code"], NOT_FORWARDED, answer)
        self.server(port=port)
        through = self.sender(self.endpoint)
        answered = lambda: through.execute(SimpleCommand(param1="b", param2="b"))
        self.assertTrue(eventually(lambda: answered()["status_code"] == OK), proxy.log())

    def test_a_proxy_that_ends_without_a_server(self):
        with Server(self.services.all()) as server:
            pass
        proxy = self.zmq_proxy(
            f"{FREE}?socket=rep",
            f"{server.endpoint}?socket=req",
            *("--drain-timeout", f"{10 * PATIENCE_S}s", "--admin", "127.0.0.1:0"),
        )
        with Sender(self.endpoint) as through:
            through.sockets[0].send_string(marshal(SimpleCommand(param1=1)))
            waiting = lambda: "warren_server_in_flight 1" in metrics_of(proxy)
            self.assertTrue(eventually(waiting))
            self.assert_ends_well(proxy)  # within PATIENCE_S
            answer = json.loads(through.sockets[0].recv_string())
        self.assertEqual(answer["status_code"], NOT_FORWARDED, answer)

    def test_a_server_that_hangs_is_482_in_time(self):
        server = self.server()
        self.zmq_proxy(
            f"{FREE}?socket=rep", f"{server.endpoint}?socket=req", "--timeout", "200ms"
        )
        self.assertEqual(self.execute(Hang())["status_code"], NOT_FORWARDED)

    def test_a_server_that_is_restarted(self):
        with Server(self.services.all()) as server:
            self.zmq_proxy(f"{FREE}?socket=rep", f"{server.endpoint}?socket=req")
            through = self.sender(self.endpoint)
            self.assertEqual(through.execute(SimpleCommand(param1=1))["status_code"], OK)
        self.server(port=server.port)
        self.assertEqual(through.execute(SimpleCommand(param1=2))["status_code"], OK)
        self.await_calls(1, 2)

    def test_passwords(self):
        inner, outer = Plain("inner", "one"), Plain("outer", "two")
        server = self.server(security=inner)
        words = lambda each: f"username={each.username}&password={each.password}"
        self.zmq_proxy(
            f"{FREE}?socket=rep&{words(outer)}", f"{server.endpoint}?socket=req&{words(inner)}"
        )
        through = self.sender(self.endpoint, security=outer)
        self.assertEqual(through.execute(SimpleCommand(param1=1))["status_code"], OK)
        self.zmq_proxy(
            f"{FREE}?socket=rep", f"{server.endpoint}?socket=req&{words(outer)}"
        )
        answer = self.execute(SimpleCommand(param1=2))
        self.assertEqual(answer["status_code"], NOT_FORWARDED, answer)
        self.await_calls(1)


class TextThatPasses(ZmqProxyTest):
    """Between two sides of pyzmqrpc, as its own proxies do: to the byte, whatever it is."""

    def setUp(self):
        super().setUp()
        context = self.enterContext(zmq.Context())
        self.target = self.enterContext(context.socket(zmq.REP))
        self.target.linger = 0
        self.target.rcvtimeo = PATIENCE_S * 1000
        place = bind(self.target)
        self.proxy = self.zmq_proxy(f"{FREE}?socket=rep", f"{place}?socket=req")
        self.through = self.enterContext(Sender(self.endpoint)).sockets[0]

    def exchange(self, text, reply):
        self.through.send_string(text)
        self.assertEqual(self.target.recv_string(), text)
        self.target.send_string(reply)
        return self.through.recv_string()

    def test_texts_that_are_no_commands_nor_replies(self):
        for text, reply in (("raw text", "raw reply"), ("@@@", "12"), ("{}", "[1, 2]")):
            self.assertEqual(self.exchange(text, reply), reply)

    def test_commands_in_commands(self):
        text = marshal(SimpleCommand(param1=SimpleCommand(param1="inner"), param2=float("nan")))
        reply = '{"status_code": 200, "status_message": "OK", "response_message": NaN}'
        self.assertEqual(self.exchange(text, reply), reply)

    def test_the_name_of_the_service(self):
        message = "Exception raised when calling service Boom. Exception: bad value "
        reply = json.dumps({"status_code": 463, "status_message": message})
        self.assertEqual(self.exchange(marshal(SimpleCommand()), reply), reply)


class FromSub(ZmqProxyTest):
    def test_to_req(self):
        server = self.server()
        publisher = self.enterContext(Publisher())
        proxy = self.zmq_proxy(f"{publisher.endpoint}?socket=sub", f"{server.endpoint}?socket=req")
        publisher.wait_for_subscriber()
        publisher.publish_text(HEARTBEAT)
        for number in range(5):
            publisher.publish(SimpleCommand(param1=number))
        self.await_calls(*range(5))
        publisher.publish(Fail())
        proxy.wait_until_log("Out of onions")

    def test_to_req_with_a_buffer_between(self):
        publisher = self.enterContext(Publisher())
        with Server(self.services.all()) as server:
            pass
        file = self.directory / f"{self.id()}.buffer"
        self.zmq_proxy(
            f"{publisher.endpoint}?socket=sub",
            f"{server.endpoint}?socket=req",
            *("--buffered", "--buffer-file", file),
        )
        publisher.wait_for_subscriber()
        for number in range(5):
            publisher.publish(SimpleCommand(param1=number))
        self.server(port=server.port)
        self.await_calls(*range(5))

    def test_to_pub(self):
        publisher = self.enterContext(Publisher())
        proxy = self.zmq_proxy(f"{publisher.endpoint}?socket=sub", f"{FREE}?socket=pub")
        publisher.wait_for_subscriber()
        self.server(publishers=[published_by(proxy)])
        for number in range(5):
            publisher.publish(SimpleCommand(param1=number))
        self.await_calls(*range(5))


class FromRepToPub(ZmqProxyTest):
    def test_the_answer_says_that_it_is_on_its_way(self):
        proxy = self.zmq_proxy(f"{FREE}?socket=rep", f"{FREE}?socket=pub")
        self.server(publishers=[published_by(proxy)])
        for number in range(3):
            answer = self.execute(SimpleCommand(param1=number))
            self.assertEqual(answer, {"status_code": OK, "status_message": "OK"})
        self.await_calls(0, 1, 2)

    def test_without_a_subscriber_it_is_482_in_time(self):
        self.zmq_proxy(f"{FREE}?socket=rep", f"{FREE}?socket=pub", "--timeout", "300ms")
        answer = self.execute(SimpleCommand(param1=1))
        self.assertEqual(answer["status_code"], NOT_FORWARDED, answer)


class BufferedFromRepToReq(ZmqProxyTest):
    def buffered(self, target, *more):
        self.file = self.directory / f"{self.id()}.buffer"
        options = ("--buffered", "--buffer-file", self.file, "--name", "kept")
        return self.zmq_proxy(
            f"{FREE}?socket=rep", f"{target}?socket=req", *options, *more, "--admin", "127.0.0.1:0"
        )

    def accept(self, *numbers):
        through = self.sender(self.endpoint)
        for number in numbers:
            answer = through.execute(SimpleCommand(param1=number))
            self.assertEqual(answer["status_code"], OK, answer)
            self.assertNotIn("response_message", answer)

    def test_the_server_is_away_and_comes_back(self):
        with Server(self.services.all()) as server:
            proxy = self.buffered(server.endpoint)
            self.accept(0, 1)
            self.await_calls(0, 1)
        self.accept(2, 3)
        self.assertGreater(buffer_figure(proxy, "entries"), 0)
        self.server(port=server.port)
        self.services.calls.clear()
        self.await_calls(2, 3)
        self.assertTrue(eventually(lambda: buffer_figure(proxy, "entries") == 0))
        self.assert_ends_well(proxy)

    def test_it_ends_at_once_while_the_server_is_away(self):
        with Server(self.services.all()) as server:
            pass
        proxy = self.buffered(server.endpoint, "--drain-timeout", f"{10 * PATIENCE_S}s")
        self.accept(0)
        self.assert_ends_well(proxy)  # within PATIENCE_S

    def test_kill_9_of_the_proxy(self):
        with Server(self.services.all()) as server:
            pass
        accepted = []
        for first in range(0, 30, 10):
            proxy = self.buffered(server.endpoint)
            self.accept(*range(first, first + 10))
            accepted += range(first, first + 10)
            proxy.process.send_signal(signal.SIGKILL)
            proxy.process.wait()
        proxy = self.buffered(server.endpoint)
        self.server(port=server.port)
        self.assertTrue(eventually(lambda: buffer_figure(proxy, "entries") == 0), proxy.log())
        self.assertEqual(list(dict.fromkeys(self.services.calls)), accepted)

    def test_what_the_server_refuses_is_kept_apart(self):
        server = self.server()
        proxy = self.buffered(server.endpoint)
        self.assertEqual(self.execute(Fail())["status_code"], OK)
        self.accept(1)
        self.assertTrue(eventually(lambda: buffer_figure(proxy, "forwarded_total") == 1))
        self.assertEqual(buffer_figure(proxy, "failed_total"), 1)
        proxy.wait_until_log("Out of onions")


class BufferedOneWay(TcpTest):
    """A call leaves the buffer when the other side has answered, and not before."""

    def test_what_is_not_answered_stays(self):
        with zmq.Context() as context, context.socket(zmq.ROUTER) as target:
            target.linger = 0
            target.rcvtimeo = PATIENCE_S * 1000
            to = f"zmq+{bind(target)}"
            options = ("--buffered", "--one-way", "--name", "kept", "--admin", "127.0.0.1:0")
            file = self.directory / "one_way.buffer"
            command = ("proxy", "--from", "tcp://127.0.0.1:0", "--to", to, "--buffer-file", file)
            proxy = self.enterContext(Process(PROGRAM, *command, *options)).wait_until_ready()
            self.assert_gives(self.call(proxy.addresses[0], "add", [2, 40]), None)
            *way, request = target.recv_multipart()
            kind, number, method, _ = msgpack.unpackb(request)
            self.assertEqual((kind, method), (0, "add"))
            self.assertEqual(buffer_figure(proxy, "entries"), 1)
            target.send_multipart([*way, msgpack.packb([1, number, None, 42])])
            self.assertTrue(eventually(lambda: buffer_figure(proxy, "entries") == 0))

    def test_a_publisher_is_refused(self):
        command = ("proxy", "--from", "tcp://127.0.0.1:0", "--to", "zmq+tcp://127.0.0.1:0?socket=pub")
        finished = run_warren(*command, "--buffered", "--buffer-file", self.directory / "pub.buffer")
        self.assertNotEqual(finished.returncode, 0)
        self.assertIn("A buffer needs an answer to each call", finished.stderr)


class TheConfigurationAsDocumented(ZmqProxyTest):
    """Both sides speak Warren's own protocol, as nothing else is said."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = code_block("docs/guide/proxies.md", "listeners:")

    def test_check_finds_nothing(self):
        make_certificates(str(self.directory))
        finished = run_warren("check", self.write("documented.yml", self.text))
        self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)
        self.assertIn("1 listener, 3 proxies", finished.stdout)

    def test_the_buffered_one(self):
        os.environ["STATE_DIRECTORY"] = str(self.directory)
        self.addCleanup(os.environ.pop, "STATE_DIRECTORY")
        line = next(line for line in self.text.splitlines() if "buffered: true" in line)
        server = self.enterContext(self.serve({"zmq": "tcp://127.0.0.1:0"}))
        place = server.addresses[0].removeprefix("zmq+tcp://")
        line = line.replace("server:30000", place).replace("*:30002", "127.0.0.1:0")
        admin = 'admin: {address: "127.0.0.1:0"}'
        serving = self.start_serving(f"proxies:\n{line}\n{admin}\n", name="one.yml")
        proxy = self.enterContext(serving).wait_until_ready()
        self.assert_gives(self.call(proxy.addresses[0], "add", {"a": 2, "b": 40}), None)
        forwarded = r"warren_buffer_forwarded_total\{[^}]*\} 1"
        self.assertTrue(eventually(lambda: re.search(forwarded, metrics_of(proxy))), proxy.log())
        self.assert_ends_well(proxy)


def published_by(proxy):
    """Where its PUB is bound, as its ready line says."""
    _, _, target = proxy.listeners[0].partition(" forwards to zmq+")
    return target


if __name__ == "__main__":
    unittest.main()
