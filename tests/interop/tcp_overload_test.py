"""Peers that ask too much, or take too long, of a server without a broker."""

import contextlib
import select
import socket
import threading
import unittest

import msgpack

from tcp_fixture import TcpTest, Wire, host_and_port, memory_bytes

from certificates import make_certificates

ADD = [0, 1, "add", [2, 40]]
ADDED = [1, 1, None, 42]
HALF = msgpack.packb([0, 1, "echo", ["x" * 64]])


class Overload(TcpTest):
    def serving(self, **settings):
        limits = settings.pop("limits", {})
        workers = {"workers": settings.pop("workers")} if "workers" in settings else {}
        server = self.serve(self.tcp(**settings), limits=limits, **workers)
        self.enterContext(server)
        self.address = server.addresses[0]
        return server

    def wire(self):
        return self.enterContext(Wire(self.address))

    def assert_lives(self):
        wire = self.wire()
        wire.send(ADD)
        self.assertEqual(wire.receive(), ADDED)

    def assert_one_more_is_refused(self, wires, limit):
        """Of more calls at once than there may be, exactly those over the limit are refused."""
        for id in range(limit + 1):
            wires[id % len(wires)].send([0, id, "sleep", [3600]])
        error = next_answer(wires)[2]
        self.assertEqual(error["code"], "overloaded")
        self.assertGreater(error["retry_after_ms"], 0)

    def test_requests_of_one_connection(self):
        self.serving(connection_requests_max=3)
        self.assert_one_more_is_refused([self.wire()], 3)
        self.assert_lives()

    def test_requests_of_one_listener(self):
        self.serving(max_simultaneous_requests=3)
        self.assert_one_more_is_refused([self.wire(), self.wire()], 3)

    def test_requests_that_wait_for_a_worker(self):
        self.serving(workers=1, limits={"queued_calls_max": 2})
        self.assert_one_more_is_refused([self.wire(), self.wire()], 3)
        self.assert_lives()  # `add` needs no worker

    def test_warrens_client_says_when_to_try_again(self):
        self.serving(connection_requests_max=1, max_simultaneous_requests=1)
        wire = self.wire()
        wire.send([0, 1, "sleep", [3600]], [0, 2, "sleep", [3600]])
        self.assertEqual(wire.receive()[2]["code"], "overloaded")
        finished = self.call(self.address, "sleep", {"seconds": 0})
        self.assert_fails(finished, "overloaded")
        self.assertIn("try again after", finished.stderr)

    def test_connections_over_the_limit_are_closed(self):
        server = self.serving(connections_max=3)
        held = [self.wire() for _ in range(3)]
        for wire in held:
            wire.send(ADD)
            self.assertEqual(wire.receive(), ADDED)
        for _ in range(5):
            self.assertTrue(self.wire().is_closed())
        server.wait_until_log("connections_max")
        held.pop().socket.close()
        self.assertTrue(self.is_let_in())

    def is_let_in(self):
        """As soon as the server knows that somebody has left."""
        for _ in range(10_000):
            with Wire(self.address) as wire, contextlib.suppress(OSError, EOFError):
                wire.send(ADD)
                return wire.receive() == ADDED
        return False

    def test_a_byte_now_and_then_holds_no_place(self):
        """Each byte follows when nothing has come back for a while."""
        self.serving(stall_timeout="300ms")
        wire = self.wire()
        wire.socket.settimeout(0.05)
        for octet in HALF * 10:
            with contextlib.suppress(TimeoutError):
                if wire.is_closed():
                    break
            with contextlib.suppress(ConnectionError):
                wire.send_bytes(bytes([octet]))
        wire.socket.settimeout(30)
        self.assertTrue(wire.is_closed())
        self.assert_lives()

    def test_half_a_message_and_nothing_more(self):
        self.serving(stall_timeout="300ms")
        wire = self.wire()
        wire.send_bytes(HALF[:20])
        self.assertTrue(wire.is_closed())
        self.assert_lives()

    def test_answers_that_nobody_reads(self):
        server = self.serving(stall_timeout="300ms", connection_requests_max=100)
        host, port = host_and_port(self.address)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect((host, port))
            deaf.settimeout(30)
            echo = msgpack.packb([0, 1, "echo", ["x" * (1 << 20)]])
            before = memory_bytes(server.process.pid)
            with self.assertRaises(ConnectionError):
                for _ in range(1000):
                    deaf.sendall(echo)
        self.assertLess(memory_bytes(server.process.pid, "VmHWM") - before, 200 << 20)
        self.assert_lives()

    def test_more_answers_at_once_than_a_slow_reader_takes(self):
        """Who asks for all of them and reads on gets a response to each: its own, or a refusal."""
        self.serving(connection_answers_bytes_max=1 << 20)
        wire = self.wire()
        requests = [[0, id, "echo", ["x" * 400_000]] for id in range(40)]
        # Who only sends, as long as it takes, is not read from while its responses wait.
        sending = threading.Thread(target=wire.send, args=requests)
        sending.start()
        answers = [wire.receive() for _ in requests]
        sending.join()
        self.assertEqual({answer[1] for answer in answers}, set(range(40)))
        refused = [answer[2] for answer in answers if answer[2] is not None]
        self.assertLess(len(refused), 40)
        for error in refused:
            self.assertEqual(error["code"], "overloaded")
            self.assertGreater(error["retry_after_ms"], 0)
        self.assert_lives()

    def test_a_connection_that_says_nothing(self):
        self.serving(idle_timeout="100ms")
        self.assertTrue(self.wire().is_closed())
        used = self.wire()
        used.send([0, 1, "sleep", [0.5]])  # longer than that, but not idle
        self.assertEqual(used.receive()[:3], [1, 1, None])
        self.assertTrue(used.is_closed())

    def test_a_client_that_has_ended_its_side_gets_its_answers(self):
        self.serving()
        wire = self.wire()
        wire.send([0, 1, "sleep", [0.05]], ADD)
        wire.socket.shutdown(socket.SHUT_WR)
        self.assertEqual({wire.receive()[1] for _ in range(2)}, {1})
        self.assertTrue(wire.is_closed())

    def test_a_handshake_that_never_comes(self):
        make_certificates(str(self.directory))
        tls = {"certificate": "server.pem", "key": "server.key"}
        self.serving(tls=tls, handshake_timeout="100ms")
        self.assertTrue(self.wire().is_closed())

    def test_what_an_idle_connection_costs(self):
        server = self.serving()
        self.assert_lives()
        before = memory_bytes(server.process.pid)
        wires = []
        for _ in range(1000):
            wire = self.wire()
            wire.send(ADD)
            self.assertEqual(wire.receive(), ADDED)
            wires.append(wire)
        each = (memory_bytes(server.process.pid) - before) / len(wires)
        print(f"{each:.0f} bytes per idle connection", flush=True)
        self.assertLess(each, 16 << 10)


def next_answer(wires):
    """Of whichever connection has one first."""
    readable, _, _ = select.select([wire.socket for wire in wires], [], [], 30)
    return next(wire for wire in wires if wire.socket in readable).receive()


if __name__ == "__main__":
    unittest.main()
