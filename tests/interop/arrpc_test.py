"""Warren and programs as arrpc's own are, both ways: see arrpc_peer.py."""

import socket
import threading
import unittest

import msgpack

import arrpc_peer
from arrpc_peer import BLOCK_BYTES, RPC_ERROR
from tcp_fixture import Caller, TcpTest, Wire, finish, held_port, host_and_port

from certificates import make_certificates, openssl

SECRET = "a secret of high entropy: 7f3a9c51"
BIG = "x" * (5 << 20)
FALSY = [None, False, 0, 0.0, "", b"", [], {}]
TEXT_HEAD_BYTES = 3  # of a text of 256 to 65535 bytes


def text_packed_to(count):
    return "x" * (count - TEXT_HEAD_BYTES)


class ArrpcTest(TcpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = make_certificates(str(cls.directory))
        cls.tls = {"certificate": "server.pem", "key": "server.key"}


class PeersClient(ArrpcTest):
    """arrpc's client, Warren's server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        listeners = {
            "echo": cls.arrpc("echo"),
            "fail": cls.arrpc("fail"),
            "sleep": cls.arrpc("sleep"),
            "dx_example": cls.arrpc("dx_example"),
            "signed": cls.arrpc("echo", auth_secret=SECRET),
            "tls": cls.arrpc("echo", tls=cls.tls),
            "signed_tls": cls.arrpc("echo", tls=cls.tls, auth_secret=SECRET),
        }
        serving = cls.enterClassContext(cls.serve(*listeners.values()))
        cls.addresses = dict(zip(listeners, serving.addresses, strict=True))

    def client(self, listener, **options):
        host, port = host_and_port(self.addresses[listener])
        return self.enterContext(arrpc_peer.Client(host, port, **options))

    def test_messages_come_back(self):
        client = self.client("echo")
        values = [{"foo": "bar"}, 7, -1, 2.5, "grün 🥕", b"\x00\xff", [1, [None, True]], True]
        for value in values:
            self.assertEqual(client.send(value), value)

    def test_a_model_and_what_is_wrong_with_it(self):
        client = self.client("dx_example")
        self.assertEqual(client.send({"favourite_food": "onion"}), {"tolerable": True})
        with self.assertRaisesRegex(arrpc_peer.RpcException, "favourite_food: Field is required"):
            client.send({"chance_percentage": 1})

    def test_an_exception_of_the_handler(self):
        client = self.client("fail")
        with self.assertRaises(arrpc_peer.RpcException) as raised:
            client.send("Something went wrong")
        self.assertEqual(str(raised.exception), "Something went wrong")

    def test_signed(self):
        client = self.client("signed", auth_secret=SECRET)
        for value in ({"foo": "bar"}, 7, text_packed_to(BLOCK_BYTES)):
            self.assertEqual(client.send(value), value)

    def test_another_secret_and_none(self):
        for secret in ("another secret of high entropy", None):
            client = self.client("signed", auth_secret=secret)
            for _ in range(2):
                with self.assertRaises(arrpc_peer.AuthException) as raised:
                    client.send({"foo": "bar"})
                self.assertEqual(str(raised.exception), arrpc_peer.UNSIGNED)

    def test_signed_to_a_server_without_a_secret(self):
        signed = self.client("echo", auth_secret=SECRET).send("text")
        self.assertEqual(signed.keys(), {"arrpc.sign", "data"})

    def test_tls(self):
        client = self.client("tls", tls_cafile=self.certificates["ca"])
        self.assertEqual(client.send({"foo": "bar"}), {"foo": "bar"})
        client = self.client("signed_tls", tls_cafile=self.certificates["ca"], auth_secret=SECRET)
        self.assertEqual(client.send({"foo": "bar"}), {"foo": "bar"})

    def test_tls_of_whom_nobody_vouches(self):
        stranger = self.certificates["other_ca"]
        with self.assertRaises(arrpc_peer.ConnectException):
            self.client("tls", tls_cafile=stranger).send("text")
        client = self.client("tls", tls_cafile=stranger, tls_self_signed=True)
        self.assertEqual(client.send("text"), "text")

    def test_a_falsy_message_is_answered(self):
        client = self.client("echo")
        for value in FALSY:
            self.assertEqual(client.send(value), value)

    def test_lengths_that_stop_a_peer_are_not_sent(self):
        client = self.client("echo")
        for blocks in (1, 2, 3):
            for more in (-1, 0, 1):
                value = text_packed_to(blocks * BLOCK_BYTES + more)
                self.assertEqual(client_reply_to(client, value), value)
        for value in ([text_packed_to(BLOCK_BYTES - 1)], {"k": text_packed_to(BLOCK_BYTES - 3)}):
            self.assertEqual(len(msgpack.packb(value)), BLOCK_BYTES)
            self.assertEqual(client_reply_to(client, value), value)

    def test_lengths_of_failures_too(self):
        message = text_packed_to(BLOCK_BYTES - len(RPC_ERROR))
        with Wire(self.addresses["fail"]) as wire:
            wire.send(message)
            got = wire.socket.recv(2 * BLOCK_BYTES, socket.MSG_WAITALL | socket.MSG_PEEK)
            self.assertNotEqual(len(got) % BLOCK_BYTES, 0)
            self.assertEqual(wire.receive(), RPC_ERROR + message)

    def test_a_big_message(self):
        client = self.client("dx_example")
        request = {"favourite_food": "onion", "padding": BIG}
        self.assertEqual(client.send(request), {"tolerable": True})
        with Wire(self.addresses["echo"]) as wire:
            wire.send(BIG)
            self.assertEqual(wire.receive(), BIG)

    def test_a_timeout(self):
        client = self.client("sleep", timeout=0.05)
        with self.assertRaises(arrpc_peer.RpcTimeoutException):
            client.send({"seconds": 3600})
        client.timeout = None
        self.assertEqual(client.send({"seconds": 0}).keys(), {"seconds"})

    def test_requests_one_after_the_other_are_answered_in_order(self):
        with Wire(self.addresses["echo"]) as wire:
            for number in range(1000):
                wire.send(number)
                self.assertEqual(wire.receive(), number)

    def test_what_comes_with_more_behind_it_is_refused(self):
        two = msgpack.packb("a") + msgpack.packb("b")
        for sent in (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", two):
            with Wire(self.addresses["echo"]) as wire:
                wire.send_bytes(sent)
                self.assertTrue(wire.receive().startswith(RPC_ERROR))
                self.assertTrue(wire.is_closed())
        self.assertEqual(self.client("echo").send("text"), "text")

    def test_any_segmentation(self):
        for listener, packed in (
            ("echo", msgpack.packb({"foo": ["bär", 2.5]})),
            ("signed", arrpc_peer.pack_signed({"foo": ["bär", 2.5]}, SECRET)),
        ):
            with Wire(self.addresses[listener]) as wire:
                wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for octet in packed:
                    wire.send_bytes(bytes([octet]))
                self.assertEqual(wire.receive(), {"foo": ["bär", 2.5]})

    def test_what_cannot_be_read_ends_the_connection_alone(self):
        for garbage in (b"\xc1", b"\xdb\xff\xff\xff\xff", b"\x91" * 1_000_000):
            with Wire(self.addresses["echo"]) as wire:
                wire.send_bytes(garbage)
                self.assertTrue(wire.receive().startswith(RPC_ERROR))
                self.assertTrue(wire.is_closed())
        self.assertEqual(self.client("echo").send("text"), "text")

    def test_an_unread_answer_of_a_client_that_left(self):
        with Wire(self.addresses["sleep"]) as wire:
            wire.send({"seconds": 0.01})
        self.assertEqual(self.client("sleep").send({"seconds": 0.02}).keys(), {"seconds"})

    def test_a_server_that_comes_up_late(self):
        holder = self.enterContext(held_port())
        refused = threading.Event()
        client = arrpc_peer.Client(
            *holder.getsockname(), con_max_retries=10_000, back_off_s=0.0001, on_retry=refused.set
        )
        result = []
        sender = threading.Thread(target=lambda: result.append(client.send("text")))
        sender.start()
        self.assertTrue(refused.wait(30))
        listener = self.arrpc("echo", tcp="127.0.0.1:%d" % holder.getsockname()[1])
        with self.serve(listener), client:
            sender.join(30)
        self.assertEqual(result, ["text"])

    def test_a_server_that_never_comes(self):
        host, port = self.enterContext(held_port()).getsockname()
        with self.assertRaises(arrpc_peer.ConnectException):
            arrpc_peer.Client(host, port, con_max_retries=3, back_off_s=0.0001).send("text")


def client_reply_to(client, value):
    """As `send`, but a reply that would never be read to its end is one that never came."""
    client.timeout = 30
    return client.send(value)


def handle(message):
    if message == "raise":
        raise arrpc_peer.RpcException("Something went wrong")
    if isinstance(message, dict) and "result" in message:
        return message["result"]
    return message


class PeersServer(ArrpcTest):
    """Warren's client, arrpc's server."""

    def serving(self, handler=handle, **options):
        return self.enterContext(arrpc_peer.Server(handler, **options))

    def ask(self, server, message, *options, scheme="arrpc", **more):
        return self.call(f"{scheme}://127.0.0.1:{server.port}", "any", message, *options, **more)

    def test_messages_come_back(self):
        server = self.serving()
        for value in ({"foo": "bar"}, 7, -1, 2.5, "grün 🥕", [1, [None, True]], True):
            self.assert_gives(self.ask(server, value), value)

    def test_falsy_replies(self):
        server = self.serving()
        for value in FALSY:
            if value != b"":
                self.assert_gives(self.ask(server, {"result": value}), value)

    def test_an_exception_of_the_handler(self):
        finished = self.ask(self.serving(), "raise")
        self.assert_fails(finished, "failed: Something went wrong")

    def test_signed(self):
        server = self.serving(auth_secret=SECRET)
        self.assert_gives(self.ask(server, {"foo": "bar"}, "--auth-secret", SECRET), {"foo": "bar"})
        for options in ((), ("--auth-secret", "another secret of high entropy")):
            finished = self.ask(server, {"foo": "bar"}, *options)
            self.assert_fails(finished, "unauthenticated: " + arrpc_peer.UNSIGNED)

    def tls_server(self):
        made = self.certificates
        return self.serving(tls_certfile=made["server"], tls_keyfile=made["server_key"])

    def test_tls(self):
        server = self.tls_server()
        ask = lambda *options: self.ask(server, "text", *options, scheme="arrpcs")
        self.assert_gives(ask("--ca", self.certificates["ca"]), "text")
        self.assert_gives(ask("--insecure"), "text")
        for options in ((), ("--ca", self.certificates["other_ca"])):
            self.assert_fails(ask(*options), "unauthenticated")

    def test_tls_self_signed(self):
        certificate, key = self.self_signed()
        server = self.serving(tls_certfile=certificate, tls_keyfile=key)
        ask = lambda *options: self.ask(server, "text", *options, scheme="arrpcs")
        self.assert_gives(ask("--ca", certificate), "text")
        self.assert_gives(ask("--insecure"), "text")
        self.assert_fails(ask(), "unauthenticated")

    def self_signed(self):
        paths = [str(self.directory / name) for name in ("self.crt", "self.key")]
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-out", paths[0], "-keyout", paths[1]),
        )
        return paths

    def test_in_clear_to_tls(self):
        finished = self.ask(self.tls_server(), "text", timeout="5s")
        self.assertNotEqual(finished.returncode, 0)
        self.assertIn("or TLS (check port and scheme)", finished.stderr)

    def test_lengths_that_stop_a_peer_are_not_sent(self):
        server = self.serving()
        for blocks in (1, 2):
            for more in (-1, 0, 1):
                value = text_packed_to(blocks * BLOCK_BYTES + more)
                self.assert_gives(self.ask(server, value), value)

    def test_lengths_that_stop_a_peer_are_read(self):
        server = self.serving(lambda message: text_packed_to(2 * BLOCK_BYTES))
        self.assert_gives(self.ask(server, "text"), text_packed_to(2 * BLOCK_BYTES))

    def test_a_big_reply(self):
        finished = self.ask(self.serving(lambda message: BIG), "text")
        self.assert_gives(finished, BIG)

    def test_a_timeout(self):
        release = threading.Event()
        self.addCleanup(release.set)
        server = self.serving(lambda message: release.wait(30))
        self.assert_fails(self.ask(server, "text", timeout="50ms"), "deadline_exceeded")

    def test_a_falsy_message_is_never_answered(self):
        self.assert_fails(self.ask(self.serving(), {}, timeout="50ms"), "deadline_exceeded")

    def test_a_server_that_comes_up_late(self):
        holder = self.enterContext(held_port())
        address = "arrpc://127.0.0.1:%d" % holder.getsockname()[1]
        calling = self.start_calling(address, "any", "text", "--verbose", "--timeout", "20s")
        while "refused" not in (line := calling.stderr.readline()):
            self.assertTrue(line, "it ended without a word of its failed attempt")
        self.serving(listener=holder)
        result, errors = finish(calling)
        self.assertEqual(result.strip(), '"text"', errors)

    def test_a_server_that_never_comes(self):
        holder = self.enterContext(held_port())
        address = "arrpc://127.0.0.1:%d" % holder.getsockname()[1]
        with Caller(address) as caller:  # which pauses for 10 ms
            code, message = caller.call("any", "text")
        self.assertEqual(code, "no_responder")
        self.assertIn("in 5 attempts", message)

    def test_a_connection_that_breaks_under_a_call(self):
        server = self.serving(lambda message: server.connections[-1].shutdown(socket.SHUT_RDWR))
        finished = self.ask(server, "text")
        self.assert_fails(finished, "connection_lost")

    def test_a_connection_that_broke_since_is_made_again(self):
        server = self.serving()
        with Caller(f"arrpc://127.0.0.1:{server.port}") as caller:
            self.assertEqual(caller.call("any", "one"), ("ok", "one"))
            first = server.connections[0]
            first.shutdown(socket.SHUT_RDWR)
            first.close()
            outcome = caller.call("any", "two")
            # The call may be sent before the client hears of the end: then nobody knows of it.
            if outcome[0] == "connection_lost":
                outcome = caller.call("any", "two")
            self.assertEqual(outcome, ("ok", "two"))

    def test_calls_at_once_have_a_connection_each(self):
        inside = threading.Barrier(3)

        def handler(message):
            inside.wait(30)
            return message

        server = self.serving(handler)
        with Caller(f"arrpc://127.0.0.1:{server.port}") as caller:
            for tag in ("a", "b", "c"):
                caller.start(tag, "any", tag)
            outcomes = {caller.outcome() for _ in range(3)}
        self.assertEqual(outcomes, {(tag, "ok", tag) for tag in ("a", "b", "c")})
        self.assertEqual(len(server.connections), 3)

    def answered_with(self, reply):
        """A call to a server that answers these bytes, whatever it is asked."""
        listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(BLOCK_BYTES)
                connection.sendall(reply)
                connection.recv(BLOCK_BYTES)

        threading.Thread(target=serve, daemon=True).start()
        return self.call("arrpc://127.0.0.1:%d" % listener.getsockname()[1], "any", "text")

    def test_a_reply_that_is_no_messagepack(self):
        self.assert_fails(self.answered_with(b"\xc1"), "internal")

    def test_a_port_of_another_protocol(self):
        for reply in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-server\r\n"):
            finished = self.answered_with(reply)
            self.assert_fails(finished, "contract_mismatch")
            self.assertEqual(finished.stdout, "")
        self.assert_fails(self.answered_with(b"\x15\x03\x01\x00\x02\x02\x46"), "speaks TLS")


if __name__ == "__main__":
    unittest.main()
