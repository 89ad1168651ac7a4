"""MessagePack-RPC over ZeroMQ from a few lines of Python, against Warren's program."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import unittest
import urllib.request

import msgpack
import zmq
from tcp_fixture import Caller, TcpTest, host_and_port
from fixture import eventually, run_warren
from pyzmqrpc_peer import UNDECODABLE, Sender, SimpleCommand, marshal

REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2


class OverZmq(TcpTest):
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

    def test_what_is_no_request_stands_in_nobodys_way(self):
        socket = self.socket(zmq.DEALER)
        socket.send(msgpack.packb([REQUEST, 1, "sleep", [{"seconds": 3600}]]))
        socket.send(b"hello")
        socket.send(msgpack.packb([REQUEST, 2, "echo", [{1: 2}]])[:-1])
        socket.send(msgpack.packb([RESPONSE, 3, None, "of a server"]))
        self.assertEqual(msgpack.unpackb(socket.recv())[1], 2)
        for number in range(4, 8):
            socket.send(msgpack.packb([REQUEST, number, "add", [2, 40]]))
            self.assertEqual(msgpack.unpackb(socket.recv()), [RESPONSE, number, None, 42])
        self.server.wait_until_log("a message is dropped, as it is no request")

    def test_a_request_of_a_wrong_length_is_answered(self):
        socket = self.socket(zmq.DEALER)
        for wrong in ([REQUEST, 12, "echo", [1], 5], [REQUEST, 12, "echo"], [REQUEST, 12, 7, []]):
            socket.send(msgpack.packb(wrong))
            answer = msgpack.unpackb(socket.recv())
            self.assertEqual(answer[:2], [RESPONSE, 12])
            self.assertEqual(answer[2]["code"], "invalid_request")

    def test_a_client_that_is_killed_takes_no_place(self):
        listener = {"zmq": "tcp://127.0.0.1:0", "max_simultaneous_requests": 1}
        program = """if True:
            import sys, zmq
            socket = zmq.Context().socket(zmq.DEALER)
            socket.connect(sys.argv[1])
            socket.send(bytes.fromhex(sys.argv[2]))
            sys.stdin.read()
            """
        sleep = msgpack.packb([REQUEST, 1, "sleep", [{"seconds": 3600}]])
        with self.serve(listener) as server:
            endpoint = server.addresses[0].removeprefix("zmq+")
            socket = self.enterContext(self.context.socket(zmq.REQ))
            socket.linger = 0
            socket.connect(endpoint)

            def is_full():
                socket.send(msgpack.packb([REQUEST, 2, "add", [2, 40]]))
                return msgpack.unpackb(socket.recv())[2] is not None

            command = [sys.executable, "-c", program, endpoint, sleep.hex()]
            with subprocess.Popen(command, stdin=subprocess.PIPE) as client:
                try:
                    self.assertTrue(eventually(is_full))
                finally:
                    client.kill()
            self.assertTrue(eventually(lambda: not is_full()))

    def test_a_request_over_a_limit_fails_alone(self):
        socket = self.socket(zmq.DEALER)
        socket.send(msgpack.packb([REQUEST, 1, "sleep", [{"seconds": 3600}]]))
        # Over body_bytes_max, in one frame and in several.
        large = msgpack.packb([REQUEST, 2, "echo", ["x" * (40 << 20)]])
        socket.send(large)
        socket.send_multipart([b"", large[: 20 << 20], large[20 << 20 :]])
        for _ in range(2):
            answer = msgpack.unpackb(socket.recv_multipart()[-1])
            self.assertEqual(answer[:2], [RESPONSE, 2])
            self.assertEqual(answer[2]["code"], "invalid_request")
            self.assertIn("body_bytes_max", json.dumps(answer[2]))
        socket.send(msgpack.packb([REQUEST, 3, "add", [2, 40]]))
        self.assertEqual(msgpack.unpackb(socket.recv()), [RESPONSE, 3, None, 42])

    def test_through_proxies_of_zeromq(self):
        context = zmq.Context()
        front, back = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
        for end in (front, back):
            end.linger = 0
        front.bind("tcp://127.0.0.1:*")
        back.connect(self.endpoint)
        place = front.last_endpoint

        def turn():
            with front, back, contextlib.suppress(zmq.ContextTerminated):
                zmq.proxy(front, back)

        thread = threading.Thread(target=turn, daemon=True)
        thread.start()
        for kind in (zmq.DEALER, zmq.REQ):
            with self.context.socket(kind) as caller:
                caller.linger = 0
                caller.rcvtimeo = 30_000
                caller.connect(place)
                for number in range(3):
                    caller.send(msgpack.packb([REQUEST, number, "add", [number, 1]]))
                    answer = msgpack.unpackb(caller.recv())
                    self.assertEqual(answer, [RESPONSE, number, None, number + 1])
        context.term()
        thread.join()

    def test_who_comes_again_under_its_routing_id(self):
        """The connection before is still there, as after a failure of the network."""
        for number in range(3):
            socket = self.enterContext(self.context.socket(zmq.DEALER))
            socket.linger = 0
            socket.rcvtimeo = 30_000
            socket.routing_id = b"the same"
            socket.connect(self.endpoint)
            socket.send(msgpack.packb([REQUEST, number, "add", [2, 40]]))
            self.assertEqual(msgpack.unpackb(socket.recv()), [RESPONSE, number, None, 42])

    def test_a_message_of_pyzmqrpc(self):
        with Sender(self.endpoint) as sender:
            answer = json.loads(sender.send_text(marshal(SimpleCommand(param1=1)))[0])
        self.assertEqual(answer["status_code"], UNDECODABLE)
        self.assertIn("here msgpack-rpc is spoken", answer["status_message"])
        self.server.wait_until_log("this is a message of pyzmqrpc")

    def test_a_slow_call_delays_no_other(self):
        socket = self.socket(zmq.DEALER)
        socket.send(msgpack.packb([REQUEST, 1, "sleep", [{"seconds": 3600}]]))
        socket.send(msgpack.packb([REQUEST, 2, "add", [2, 40]]))
        self.assertEqual(msgpack.unpackb(socket.recv()), [RESPONSE, 2, None, 42])

    def test_an_answer_over_the_clients_limits_fails_alone(self):
        deep = 1
        for _ in range(300):
            deep = [deep]
        large = {
            "body_bytes_max": "x" * (40 << 20),
            "nesting_depth_max": deep,
            "value_count_max": [0] * 2_000_000,
        }
        with self.context.socket(zmq.ROUTER) as server:
            server.linger = 0
            server.bind("tcp://127.0.0.1:*")
            place = server.last_endpoint.decode().rstrip("\0")
            with Caller(f"zmq+{place}?peer=foreign") as caller:
                results = large | {"none": 42}
                for tag in results:
                    caller.start(tag, "echo", [1])
                requests = [server.recv_multipart() for _ in results]
                for (*way, request), result in zip(requests, results.values()):
                    answer = [RESPONSE, msgpack.unpackb(request)[1], None, result]
                    server.send_multipart([*way, msgpack.packb(answer)])
                for tag, code, text in [caller.outcome() for _ in results]:
                    self.assertEqual(code, "ok" if tag == "none" else "reply_over_limit", text)
                    self.assertIn("42" if tag == "none" else tag, str(text))

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

    def test_a_server_that_never_shakes_hands(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            place = f"zmq+tcp://127.0.0.1:{silent.getsockname()[1]}"
            finished = self.call(place, "add", [2, 40], timeout="300ms")
        self.assert_fails(finished, "no_responder")
        self.assertIn("has not answered ZeroMQ's handshake for", finished.stderr)


class Paths(TcpTest):
    def test_check_finds_all_that_is_wrong_with_them_at_once(self):
        precious = self.write("precious", "text")
        listeners = [
            {"zmq": f"ipc://{self.directory}/{'long' * 40}"},
            {"zmq": f"ipc://{self.directory}/missing/socket"},
            {"zmq": f"ipc://{precious}"},
            {"zmq": [f"ipc://{self.directory}/good"]},
        ]
        path = self.write("paths.yml", {"listeners": listeners})
        finished = run_warren("check", path)
        self.assertNotEqual(finished.returncode, 0)
        problems = finished.stdout.splitlines()
        self.assertEqual(len(problems), 3, problems)
        for problem, word in zip(problems, ("bytes", "folder must be there", "no socket")):
            self.assertIn(word, problem)
        self.assertEqual(precious.read_text(), "text")


class AtTheDescriptorLimit(TcpTest):
    """Whoever asks how a server is gets a response, and callers wait or are turned away."""

    def serving(self, listener):
        server = self.enterContext(self.serve(listener, admin={"address": "127.0.0.1:0"}))
        pid = server.process.pid
        limit = max(int(name) for name in os.listdir(f"/proc/{pid}/fd")) + 40
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, limit))
        self.sockets = [self.connect(server) for _ in range(100)]
        return server

    def connect(self, server):
        host, port = host_and_port(server.addresses[0])
        connection = self.enterContext(socket.create_connection((host, port)))
        connection.setblocking(False)
        return connection

    def closed(self):
        """How many of the connections the server has ended."""
        return sum(map(is_closed, self.sockets))

    def assert_is_watched(self, server):
        for _ in range(10):
            with urllib.request.urlopen(f"{server.addresses[-1]}/healthz", timeout=30) as answer:
                self.assertEqual(answer.status, 200)

    def assert_serves_again(self, server):
        for connection in self.sockets:
            connection.close()
        self.assert_gives(self.call(server.addresses[0], "add", [2, 40]), 42)

    def test_over_zeromq(self):
        server = self.serving({"zmq": "tcp://127.0.0.1:0"})
        self.assertTrue(eventually(lambda: self.closed() >= 60), server.log())
        server.wait_until_log("a peer is turned away")
        self.assert_is_watched(server)
        self.assertGreater(len(self.sockets) - self.closed(), 10)
        self.assert_serves_again(server)

    def test_over_tcp(self):
        server = self.serving(self.tcp())
        server.wait_until_log("Cannot accept connections")
        self.assert_is_watched(server)
        self.assertEqual(self.closed(), 0)
        self.assert_serves_again(server)


def is_closed(connection):
    try:
        while connection.recv(1 << 16):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


if __name__ == "__main__":
    unittest.main()
