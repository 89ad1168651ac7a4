"""MessagePack-RPC over ZeroMQ from a few lines of Python, against Warren's program."""

import unittest

import msgpack
import zmq
from direct_fixture import DirectTest

REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2


class OverZmq(DirectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(cls.serve({"zmq": "tcp://127.0.0.1:0"}))
        cls.address = cls.server.addresses[0]
        cls.endpoint = cls.address.removeprefix("zmq+")
        cls.context = cls.enterClassContext(zmq.Context())

    def socket(self, kind):
        socket = self.enterContext(self.context.socket(kind))
        socket.linger = 0
        socket.rcvtimeo = 30_000
        socket.connect(self.endpoint)
        return socket

    def test_req(self):
        socket = self.socket(zmq.REQ)
        for number in range(10):
            socket.send(msgpack.packb([REQUEST, number, "add", [number, 1]]))
            self.assertEqual(msgpack.unpackb(socket.recv()), [RESPONSE, number, None, number + 1])

    def test_dealer(self):
        socket = self.socket(zmq.DEALER)
        for number in range(1000):
            socket.send(msgpack.packb([REQUEST, number, "add", [number, 1]]))
        answers = sorted(msgpack.unpackb(socket.recv()) for _ in range(1000))
        self.assertEqual(answers, [[RESPONSE, number, None, number + 1] for number in range(1000)])

    def test_dealer_with_a_delimiter(self):
        socket = self.socket(zmq.DEALER)
        socket.send_multipart([b"mine", b"", msgpack.packb([REQUEST, 1, "add", [2, 40]])])
        *before, answer = socket.recv_multipart()
        self.assertEqual(before, [b"mine", b""])
        self.assertEqual(msgpack.unpackb(answer), [RESPONSE, 1, None, 42])

    def test_failures(self):
        socket = self.socket(zmq.REQ)
        socket.send(msgpack.packb([REQUEST, 1, "fail", ["no onions"]]))
        answer = msgpack.unpackb(socket.recv())
        self.assertEqual(answer, [RESPONSE, 1, {"code": "failed", "message": "no onions"}, None])
        socket.send(msgpack.packb([REQUEST, 2, "missing", []]))
        self.assertEqual(msgpack.unpackb(socket.recv())[2]["code"], "no_such_method")

    def test_notifications(self):
        socket = self.socket(zmq.DEALER)
        socket.send(msgpack.packb([NOTIFICATION, "fail", ["a word of its own"]]))
        self.server.wait_until_log("a word of its own")
        socket.send(msgpack.packb([REQUEST, 1, "add", [2, 40]]))
        self.assertEqual(msgpack.unpackb(socket.recv()), [RESPONSE, 1, None, 42])

    def test_a_slow_call_delays_no_other(self):
        socket = self.socket(zmq.DEALER)
        socket.send(msgpack.packb([REQUEST, 1, "sleep", [{"seconds": 3600}]]))
        socket.send(msgpack.packb([REQUEST, 2, "add", [2, 40]]))
        self.assertEqual(msgpack.unpackb(socket.recv()), [RESPONSE, 2, None, 42])

    def test_a_server_in_python(self):
        with self.context.socket(zmq.ROUTER) as server:
            server.linger = 0
            server.bind("tcp://127.0.0.1:*")
            place = server.last_endpoint.decode().rstrip("\0")
            for socket in ("dealer", "req"):
                to = f"zmq+{place}?peer=foreign&socket={socket}"
                calling = self.start_calling(to, "add", [2, 40], "--timeout", "20s")
                *before, request = server.recv_multipart()
                kind, number, method, params = msgpack.unpackb(request)
                self.assertEqual((kind, method, params), (REQUEST, "add", [2, 40]))
                self.assertEqual(b"" in before, socket == "req")
                answer = msgpack.packb([RESPONSE, number, None, 42])
                server.send_multipart([*before, answer])
                self.assertEqual(calling.communicate(timeout=30)[0], "42\n")


if __name__ == "__main__":
    unittest.main()
