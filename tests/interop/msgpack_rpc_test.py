"""MessagePack-RPC with Debian's python3-msgpack at the other end, as its specification says."""

import socket
import struct
import threading
import unittest

import msgpack

from tcp_fixture import Caller, TcpTest, Wire, memory_bytes
from fixture import PATIENCE_S

REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2
MEBIBYTE = 1 << 20


class Served(TcpTest):
    """Warren's server and a client in a few lines."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        serving = cls.serve(cls.tcp(), limits={"body_bytes_max": MEBIBYTE})
        cls.server = cls.enterClassContext(serving)
        cls.address = cls.server.addresses[0]

    def setUp(self):
        self.wire = self.enterContext(Wire(self.address))

    def call(self, method, params, id=1):
        self.wire.send([REQUEST, id, method, params])
        kind, answered, error, result = self.wire.receive()
        self.assertEqual((kind, answered), (RESPONSE, id))
        return error, result

    def assert_lives(self):
        with Wire(self.address) as other:
            other.send([REQUEST, 9, "add", [2, 40]])
            self.assertEqual(other.receive(), [RESPONSE, 9, None, 42])

    def test_arguments_by_position_and_by_name(self):
        self.assertEqual(self.call("add", [2, 40]), (None, 42))
        self.assertEqual(self.call("add", [{"a": 2, "b": 40}]), (None, 42))
        self.assertEqual(self.call("add", {"a": 2, "b": 40}), (None, 42))
        self.assertEqual(self.call("dx_example", [{"favourite_food": "onion"}])[0], None)

    def test_one_map_of_names_for_one_plain_parameter(self):
        error, _ = self.call("fail", [{"message": "as told"}])
        self.assertEqual((error["code"], error["message"]), ("failed", "as told"))
        error, _ = self.call("fail", [{"text": "x"}])
        self.assertEqual(error["errors"][0]["type"], "missing")
        # A parameter that may be a map itself takes the map, unless params is one.
        self.assertEqual(self.call("echo", [{"value": 1}]), (None, {"value": 1}))
        self.assertEqual(self.call("echo", {"value": 1}), (None, 1))

    def test_a_methods_name_may_be_bin(self):
        self.assertEqual(self.call(b"add", [2, 40]), (None, 42))
        self.wire.send([NOTIFICATION, b"add", [2, 40]])
        self.assertEqual(self.call(b"no_such_method", [])[0]["code"], "no_such_method")

    def test_mocks_answer_for_every_method(self):
        with self.serve(self.tcp(), mock=True) as server, Wire(server.addresses[0]) as wire:
            calls = [("add", [2, 40]), ("echo", [1]), ("fail", ["x"]), ("SimpleCommand", [])]
            for id, (method, params) in enumerate(calls):
                wire.send([REQUEST, id, method, params])
                self.assertEqual(wire.receive()[:3], [RESPONSE, id, None], method)

    def test_every_id_comes_back_as_it_was(self):
        for id in (0, 1, 0x7F, 0x80, 0xFFFF, 0x10000, 0xFFFFFFFF):
            self.assertEqual(self.call("echo", [id], id), (None, id))

    def test_every_kind_of_value(self):
        values = [None, True, -1, 2**64 - 1, -(2**63), 0.1, "grün 🥕", b"\x00\xff", [1, [2, []]]]
        for value in values + [{"a": {"b": None}}, "x" * 70_000, list(range(70_000))]:
            self.assertEqual(self.call("echo", [value]), (None, value))

    def test_answers_come_in_any_order(self):
        self.wire.send([REQUEST, 1, "sleep", [0.05]], [REQUEST, 2, "add", [2, 40]])
        self.assertEqual(self.wire.receive(), [RESPONSE, 2, None, 42])
        self.assertEqual(self.wire.receive()[:3], [RESPONSE, 1, None])

    def test_many_requests_in_one_write(self):
        self.wire.send(*([REQUEST, id, "add", [id, 1]] for id in range(1000)))
        answers = sorted(self.wire.receive() for _ in range(1000))
        self.assertEqual(answers, [[RESPONSE, id, None, id + 1] for id in range(1000)])

    def test_any_segmentation(self):
        message = msgpack.packb([REQUEST, 7, "echo", [{"text": "grün", "list": [1, 2.5]}]])
        self.wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in message:
            self.wire.send_bytes(bytes([octet]))
        self.assertEqual(self.wire.receive()[3], {"text": "grün", "list": [1, 2.5]})

    def test_notifications_are_not_answered(self):
        for params in ([2, 40], {"a": 2, "b": 40}, ["wrong"], []):
            self.wire.send([NOTIFICATION, "add", params])
        self.wire.send([NOTIFICATION, "no_such_method", []])
        self.assertEqual(self.call("add", [1, 1], 5), (None, 2))

    def test_metadata_bears_the_deadline(self):
        patient = {"$warren": "positional", "timeout_ms": 60_000}
        self.assertEqual(self.call("add", [2, 40, patient]), (None, 42))
        hasty = {"$warren": "named", "timeout_ms": 20}
        error, _ = self.call("sleep", [{"seconds": 3600}, hasty])
        self.assertEqual(error["code"], "deadline_exceeded")
        error, _ = self.call("sleep", [{"seconds": 3600}, hasty | {"timeout_ms": 0}])
        self.assertEqual(error["code"], "expired_in_queue")

    def test_metadata_that_is_none(self):
        error, _ = self.call("add", [2, 40, {"$warren": "positional", "timeout_ms": "soon"}])
        self.assertEqual(error["code"], "invalid_request")
        self.assertEqual(self.call("echo", [{"timeout_ms": 1}]), (None, {"timeout_ms": 1}))

    def test_failures_are_maps(self):
        error, result = self.call("fail", ["as told"])
        self.assertEqual((error, result), ({"code": "failed", "message": "as told"}, None))
        error, _ = self.call("no_such_method", [])
        self.assertEqual(error["code"], "no_such_method")
        error, _ = self.call("dx_example", [{"chance_percentage": 0}])
        self.assertEqual(error["code"], "invalid_request")
        self.assertEqual(
            [(each["location"], each["type"]) for each in error["errors"]],
            [(["favourite_food"], "missing"), (["chance_percentage"], "greater_than")],
        )

    def test_too_many_and_too_few_arguments(self):
        for params in ([1], [1, 2, 3], [], {}, {"a": 1}, 7, None, "text"):
            error, _ = self.call("add", params)
            self.assertEqual(error["code"], "invalid_request", params)

    def test_a_method_that_is_no_text(self):
        for method in (7, None, ["add"]):
            error, _ = self.call(method, [1, 2])
            self.assertEqual(error["code"], "invalid_request", method)
        self.assertEqual(self.call("add", [2, 40]), (None, 42))

    def test_what_is_no_message_ends_the_connection_alone(self):
        garbage = [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"]
        garbage += [b"\xc1"] + [msgpack.packb(item) for item in (7, "text", {}, [], [0])]
        garbage += [msgpack.packb(item) for item in ([3, 1, "add", []], [0, 2**32, "add", [1, 2]])]
        garbage += [msgpack.packb([RESPONSE, 1, None, 42])]
        for data in garbage:
            with self.subTest(data), Wire(self.address) as other:
                other.send_bytes(data)
                other.socket.shutdown(socket.SHUT_WR)
                self.assertTrue(other.is_closed())
        self.assert_lives()
        self.assertEqual(self.call("add", [2, 40]), (None, 42))

    def test_half_a_message(self):
        message = msgpack.packb([REQUEST, 1, "echo", ["x" * 100]])
        for cut in (1, 5, len(message) - 1):
            with Wire(self.address) as other:
                other.send_bytes(message[:cut])
                other.socket.shutdown(socket.SHUT_WR)
                self.assertTrue(other.is_closed())
        self.assert_lives()

    def test_declared_lengths_take_no_memory(self):
        head = b"\x94\x00\x01\xa4echo"
        before = memory_bytes(self.server.process.pid)
        for name, declared in {
            "text of 4 GiB": b"\x91\xdb\xff\xff\xff\xff",
            "bytes of 4 GiB": b"\x91\xc6\xff\xff\xff\xff",
            "list of 2^32-1": b"\xdd\xff\xff\xff\xff",
            "map of 2^32-1": b"\xdf\xff\xff\xff\xff",
            "extension of 4 GiB": b"\x91\xc9\xff\xff\xff\xff\x01",
        }.items():
            with self.subTest(name), Wire(self.address) as other:
                other.send_bytes(head + declared)
                error = other.receive()[2]
                self.assertEqual(error["code"], "invalid_request")
                self.assertTrue(other.is_closed())
        self.assertLess(memory_bytes(self.server.process.pid, "VmHWM") - before, 16 * MEBIBYTE)
        self.assert_lives()

    def test_as_many_connections_as_declare_too_much(self):
        """Each says that half a mebibyte follows, and sends none of it."""
        before = memory_bytes(self.server.process.pid)
        declared = b"\x94\x00\x01\xa4echo\x91\xdb" + struct.pack(">I", MEBIBYTE // 2)
        wires = [self.enterContext(Wire(self.address)) for _ in range(100)]
        for wire in wires:
            wire.send_bytes(declared)
        self.assert_lives()
        self.assertLess(memory_bytes(self.server.process.pid) - before, 16 * MEBIBYTE)

    def test_a_million_lists_in_one_another(self):
        for opening in (b"\x91", b"\x81\x01", b"\xdd\x00\x00\x00\x01"):
            with Wire(self.address) as other:
                deep = b"\x94\x00\x03\xa4echo\x91" + opening * 1_000_000
                threading.Thread(target=send_what_goes, args=(other, deep)).start()
                error = other.receive()[2]
                self.assertEqual(error["code"], "invalid_request")
        self.assert_lives()


def send_what_goes(wire, data):
    try:
        wire.send_bytes(data)
    except OSError:
        pass  # the server has heard enough


class ForeignServer:
    """A MessagePack-RPC server as others write it; `answer` gives the messages for each request."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "tcp://127.0.0.1:%d?peer=foreign" % self.listener.getsockname()[1]
        self.requests = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        try:
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
        except OSError:
            pass  # closed

    def _serve(self, connection):
        unpacker = msgpack.Unpacker()
        with connection:
            while data := connection.recv(1 << 16):
                unpacker.feed(data)
                for request in unpacker:
                    self.requests.append(request)
                    for message in self.answer(request):
                        packed = message if isinstance(message, bytes) else msgpack.packb(message)
                        connection.sendall(packed)


def answering(error=None, result=None):
    return lambda request: [[RESPONSE, request[1], error, result]]


class Calling(TcpTest):
    """Warren's client and servers of others."""

    def ask(self, answer, arguments=(1, 2)):
        """What `warren call` makes of a server's answers."""
        with ForeignServer(answer) as server:
            self.server = server
            return self.call(server.address, "method", arguments)

    def test_what_answers_no_call_is_passed_over_and_what_is_asked_refused(self):
        def answer(request):
            if request[0] != REQUEST:
                return []
            other = [[NOTIFICATION, "changed", [1]], [RESPONSE, 2**32, None, 1], [REQUEST, 5, "m", []]]
            return [*other, [RESPONSE, request[1] + 77, None, 2], [RESPONSE, request[1], None, 3]]

        with ForeignServer(answer) as server, Caller(server.address) as caller:
            for tag in ("a", "b"):
                caller.start(tag, "method", 1)
                self.assertEqual(caller.outcome(), (tag, "ok", 3))
            refusals = [message for message in server.requests if message[0] == RESPONSE]
            self.assertEqual(refusals[0][:2], [RESPONSE, 5])
            self.assertEqual(refusals[0][2]["code"], "no_such_method")

    def test_what_a_call_says_of_itself_goes_with_it(self):
        said = {
            "key": ("--idempotency-key", "order 7"),
            "traceparent": ("--traceparent", f"00-{'a' * 32}-{'b' * 16}-01"),
            "tracestate": ("--tracestate", "vendor=1"),
            "baggage": ("--baggage", "tenant=oak"),
            "contract": ("--contract", "a fingerprint"),
            "priority": ("--priority", "5"),
        }
        options = [word for option in said.values() for word in option]
        with ForeignServer(answering(result=3)) as server:
            address = server.address.removesuffix("?peer=foreign")
            self.assert_gives(self.call(address, "method", [1, 2], *options), 3)
            metadata = server.requests[-1][3][-1]
            for name, (_, text) in said.items():
                self.assertEqual(str(metadata[name]), text)
            # It would be an argument to a server that does not know it.
            self.assert_fails(self.call(server.address, "method", 1, *options), "invalid_request")
            self.assertEqual(len(server.requests), 1)
        self.assertEqual(self.call(address, "method", 1, "--priority", "256").returncode, 2)

    def test_a_foreign_peer_gets_the_arguments_alone(self):
        styles = (([1, 2], [1, 2]), ([], []), ({"a": 1}, [{"a": 1}]), ("text", ["text"]))
        for sent, params in styles:
            self.assert_gives(self.ask(answering(result="done"), sent), "done")
            kind, _, method, got = self.server.requests[0]
            self.assertEqual((kind, method, got), (REQUEST, "method", params))

    def test_an_error_that_is_a_text(self):
        finished = self.ask(answering(error="no such user"))
        self.assert_fails(finished, "failed: no such user")

    def test_an_error_that_is_another_map_list_or_number(self):
        for error in ({"reason": "full", "free": 0}, ["RuntimeError", "full"], 17, True):
            self.assert_fails(self.ask(answering(error=error)), "error: failed")

    def test_an_error_of_the_catalogue(self):
        error = {"code": "overloaded", "message": "Later", "retry_after_ms": 1500}
        finished = self.ask(answering(error=error))
        self.assert_fails(finished, "overloaded: Later")
        self.assertIn("try again after 1500ms", finished.stderr)

    def test_what_is_no_answer(self):
        for message in (b"\xc1", b"HTTP/1.1 400 Bad Request\r\n\r\n", 7):
            finished = self.ask(lambda request, message=message: [message])
            self.assertNotEqual(finished.returncode, 0)
            self.assertIn("error: contract_mismatch", finished.stderr)

    def test_answers_out_of_order_doubled_and_of_nobody(self):
        held = []

        def answer(request):
            held.append([RESPONSE, request[1], None, request[3][0]])
            if len(held) < 3:
                return []
            stray = [RESPONSE, 4_000_000_000, None, "nobody's"]
            return [stray, held[2], held[2], held[0], stray, held[1], held[0]]

        with ForeignServer(answer) as server, Caller(server.address) as caller:
            for tag in ("first", "second", "third"):
                caller.start(tag, "method", [tag])
            outcomes = [caller.outcome() for _ in range(3)]
        self.assertEqual(outcomes, [(tag, "ok", tag) for tag in ("third", "first", "second")])

    def test_a_server_that_closes_with_calls_under_way(self):
        answered = lambda request: [] if request[2] == "hold" else close(request)

        def close(request):
            raise ConnectionError

        with ForeignServer(answered) as server, Caller(server.address) as caller:
            threading.excepthook = lambda _: None
            self.addCleanup(setattr, threading, "excepthook", threading.__excepthook__)
            caller.start("held", "hold", [])
            caller.start("last", "close", [])
            outcomes = {caller.outcome()[:2] for _ in range(2)}
        self.assertEqual(outcomes, {("held", "connection_lost"), ("last", "connection_lost")})


if __name__ == "__main__":
    unittest.main()
