"""Calls over TCP and TLS from the command line: configuration, certificates, signals."""

import hashlib
import hmac
import os
import shutil
import signal
import socket
import ssl
import time
import unittest

import msgpack
from tcp_fixture import Caller, TcpTest, Wire, held_port, host_and_port
from fixture import MODULES, PROGRAM, Process, code_block, eventually, run_warren

from certificates import issue, make_certificates

SECRET = "a secret of high entropy: 7f3a9c51"
CONFIGURATION = """\
modules: [{modules}]
listeners:
  - {{tcp: "127.0.0.1:0"}}                                            # MessagePack-RPC
  - {{tcp: "127.0.0.1:0", protocol: arrpc, method: echo, auth_secret: "${{ARRPC_SECRET}}", \
tls: {{certificate: server.crt, key: server.key}}}}
admin: {{address: "127.0.0.1:0"}}
"""


class TlsTest(TcpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = make_certificates(str(cls.directory))
        cls.tls = {"certificate": "server.pem", "key": "server.key"}


class TheConfigurationAsDocumented(TlsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shutil.copy(cls.made["server"], cls.directory / "server.crt")
        os.environ["ARRPC_SECRET"] = SECRET
        cls.addClassCleanup(os.environ.pop, "ARRPC_SECRET", None)
        cls.text = CONFIGURATION.format(modules=MODULES)

    def test_it_is_served(self):
        with self.start_serving(self.text).wait_until_ready() as server:
            plain, arrpcs = server.addresses[:2]
            self.assertRegex(plain, r"^tcp://127\.0\.0\.1:\d+$")
            self.assertRegex(arrpcs, r"^arrpcs://127\.0\.0\.1:\d+$")
            self.assert_gives(self.call(plain, "add", [2, 40]), 42)
            trust = ("--ca", self.made["ca"])
            signed = self.call(arrpcs, "echo", {"foo": "bar"}, *trust, "--auth-secret", SECRET)
            self.assert_gives(signed, {"foo": "bar"})
            (self.directory / "secret").write_text(SECRET + "\n")
            by_file = ("--auth-secret", f"@{self.directory}/secret")
            self.assert_gives(self.call(arrpcs, "echo", "text", *trust, *by_file), "text")
            self.assert_fails(self.call(arrpcs, "echo", "text", *trust), "unauthenticated")
            self.assertNotIn(SECRET, server.log())
            server.terminate()
            self.assertEqual(server.wait(), 0)

    def test_check_finds_nothing(self):
        finished = run_warren("check", self.write("good.yml", self.text))
        self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)

    def test_a_variable_that_is_not_set(self):
        text = self.text.replace("ARRPC_SECRET", "NO_SUCH_VARIABLE")
        finished = run_warren("check", self.write("unset.yml", text))
        self.assertEqual(finished.returncode, 1)
        self.assertIn("NO_SUCH_VARIABLE", finished.stdout)
        self.assertIn("unset.yml:4", finished.stdout)


class WhatCheckFinds(TlsTest):
    def check(self, listener, **settings):
        configuration = {"modules": [MODULES], "listeners": [listener], **settings}
        finished = run_warren("check", self.write("checked.yml", configuration))
        return finished.returncode, finished.stdout

    def assert_found(self, listener, *words, **settings):
        code, told = self.check(listener, **settings)
        self.assertEqual(code, 1, told)
        for word in ("checked.yml:1", *words):
            self.assertIn(word, told)
        path = self.directory / "checked.yml"
        with Process(PROGRAM, "serve", "--config", path) as server:
            self.assertEqual(server.wait(), 78)

    def test_addresses_that_are_none(self):
        outside = ("127.0.0.1:99999", "127.0.0.1:http", "127.0.0.1", ":", "tcp://a:1", "a b:1")
        for address in outside:
            with self.subTest(address):
                self.assert_found(self.tcp(tcp=address), "listeners[0]")

    def test_a_certificate_that_is_missing_or_none(self):
        absent = self.tcp(tls={"certificate": "absent.crt", "key": "server.key"})
        self.assert_found(absent, "absent.crt")
        self.assert_found(self.tcp(tls={"key": "server.key"}), "certificate")
        (self.directory / "broken.crt").write_text("this is no certificate")
        self.assert_found(self.tcp(tls=self.tls | {"certificate": "broken.crt"}), "broken.crt")
        self.assert_found(self.tcp(tls=self.tls | {"key": "client.key"}), "client.key")

    def test_arrpc_needs_its_method(self):
        self.assert_found(self.tcp(protocol="arrpc"), "method")
        self.assert_found(self.tcp(protocol="arrpc", methods=["echo", "add"]), "method")
        self.assert_found(self.arrpc("absent"), "absent")

    def test_what_is_a_brokers(self):
        self.assert_found(self.tcp(queue="test"), "queue")
        self.assert_found(self.tcp(protocol="cyberfusion"), "protocol", "arrpc")

    def test_keys_that_are_unknown(self):
        self.assert_found(self.tcp(colour="green"), "colour")
        self.assert_found(self.tcp(tls=self.tls | {"colour": "green"}), "tls.colour")

    def test_limits_that_are_none(self):
        for key, value in (
            ("connections_max", 0),
            ("connection_requests_max", -1),
            ("max_simultaneous_requests", "many"),
            ("idle_timeout", "soon"),
            ("stall_timeout", True),
        ):
            self.assert_found(self.tcp(**{key: value}), key)

    def test_secrets_that_will_not_do(self):
        self.assert_found(self.tcp(auth_secret="short"), "Secret 1", "at least 16")
        self.assert_found(self.tcp(auth_secret=SECRET, auth_secrets=[SECRET]), "auth_secret")


class AfterARestart(TcpTest):
    def signed(self, ahead_ms):
        """A call of add(2, 40), signed so much ahead of the clock."""
        auth = {
            "key": hashlib.sha256(b"warren auth key:" + SECRET.encode()).hexdigest()[:8],
            "time_ms": time.time_ns() // 1_000_000 + ahead_ms,
            "nonce": os.urandom(16),
            "code": bytes(32),
        }
        request = msgpack.packb([0, 1, "add", [2, 40, {"$warren": "positional", "auth": auth}]])
        return request[:-32] + hmac.digest(SECRET.encode(), request[:-32], "sha256")

    def answer(self, server, request):
        with Wire(server.addresses[0]) as wire:
            wire.send_bytes(request)
            _, _, error, result, *_ = wire.receive()
            return result if error is None else error["message"]

    def test_no_request_is_taken_again(self):
        listener = self.tcp(auth_secret=SECRET)
        early = self.signed(5_000)
        with self.serve(listener) as server:
            self.assertIn("in the future", self.answer(server, early))
            taken = [self.signed(ahead_ms) for ahead_ms in (0, 900)]
            for request in taken:
                self.assertEqual(self.answer(server, request), 42)
                self.assertIn("sent before", self.answer(server, request))
            server.terminate()
            self.assertEqual(server.wait(), 0)
        with self.serve(listener) as server:
            for request in taken:
                self.assertIn("before this server began", self.answer(server, request))
            self.assertEqual(self.answer(server, self.signed(0)), 42)


class AHandshakeThatIsNeverAnswered(TcpTest):
    def test_the_failure_says_so_and_for_how_long(self):
        with held_port() as holder:
            holder.listen()
            for scheme, rest, limit in (
                ("tls", "?", "connect_timeout=300ms"),
                ("arrpcs", "?", "connect_timeout=300ms"),
                ("amqps", "/?queue=q&", "connection_timeout=300"),
            ):
                to = f"{scheme}://127.0.0.1:{holder.getsockname()[1]}{rest}"
                finished = self.call(to.rstrip("?&"), "echo", {}, timeout="1s")
                self.assert_fails(finished, "no_responder: Not sent: no connection to ")
                self.assertIn(" within 1s: the TLS handshake was not answered", finished.stderr)
                finished = self.call(to + limit, "echo", {}, timeout="700ms")
                self.assert_fails(finished, "no_responder")
                self.assertIn("the TLS handshake was not answered", finished.stderr)


class Starting(TcpTest):
    def test_an_address_in_use(self):
        with self.enterContext(held_port()) as holder:
            holder.listen()
            address = "127.0.0.1:%d" % holder.getsockname()[1]
            configuration = {"modules": [MODULES], "listeners": [self.tcp(tcp=address)]}
            with self.start_serving(configuration) as server:
                self.assertEqual(server.wait(), 78)
                self.assertIn(address, server.log())
                self.assertIn("in use", server.log())
                self.assertEqual(server.process.stdout.read(), "")

    def test_every_listener_has_its_address_in_the_ready_line(self):
        with self.serve(self.tcp(), self.arrpc("echo"), self.tcp(methods=["add"])) as server:
            self.assertEqual(len(set(server.addresses)), 3)
            third = server.addresses[2]
            self.assert_gives(self.call(third, "add", [2, 40]), 42)
            self.assert_fails(self.call(third, "echo", ["text"]), "no_such_method")

    def test_secrets_of_both_sides(self):
        older = "an older secret of high entropy"
        with self.serve(self.tcp(auth_secrets=[SECRET, older])) as server:
            address = server.addresses[0]
            ask = lambda *options: self.call(address, "add", [2, 40], *options)
            for secret in (SECRET, older):
                self.assert_gives(ask("--auth-secret", secret), 42)
            self.assert_fails(ask(), "unauthenticated")
            others = ("--auth-secret", "a secret of somebody else's")
            self.assert_fails(ask(*others), "unauthenticated")
            with Wire(address) as wire:
                wire.send([0, 1, "add", [2, 40]])
                self.assertEqual(wire.receive()[2]["code"], "unauthenticated")
        with self.serve(self.tcp()) as server:
            unasked = self.call(server.addresses[0], "add", [2, 40], "--auth-secret", SECRET)
            self.assert_fails(unasked, "unauthenticated")

    def test_a_signed_client_as_the_guide_has_it(self):
        guide = code_block("docs/guide/direct-calls.md", "import hashlib, hmac, os, socket, time")
        definitions, _, usage = guide.partition("\nprint(")
        self.assertIn("call_signed", usage)
        client = {}
        exec(definitions, client)
        with self.serve(self.tcp(auth_secret=SECRET)) as server:
            ask = lambda secret, *rest: client["call_signed"](
                host_and_port(server.addresses[0]), secret.encode(), *rest
            )
            self.assertEqual(ask(SECRET, "add", 2, 40), 42)
            # Of a success with a message the response has one more member in its metadata.
            self.assertEqual(ask(SECRET, "dx_example", "orange"), {"tolerable": True})
            with self.assertRaisesRegex(RuntimeError, "no_such_method"):
                ask(SECRET, "nothing")
            with self.assertRaisesRegex(PermissionError, "unauthenticated"):
                ask("a secret of somebody else's", "add", 2, 40)

    def test_a_message_goes_to_who_takes_it(self):
        with self.serve(self.tcp()) as server:
            request = {"favourite_food": "orange"}
            told = self.call(server.addresses[0], "dx_example", request, "--verbose")
            self.assert_gives(told, {"tolerable": True})
            self.assertIn("message: Oranges are always fine", told.stderr)
            with Wire(server.addresses[0]) as wire:
                plain = {"$warren": "named", "timeout_ms": 60_000}
                for metadata in ([], [plain]):
                    wire.send([0, 1, "dx_example", [request, *metadata]])
                    self.assertEqual(wire.receive(), [1, 1, None, {"tolerable": True}])
                wire.send([0, 1, "dx_example", [request, plain | {"message": True}]])
                self.assertEqual(wire.receive()[4]["message"], "Oranges are always fine")

    def test_nobody_listens(self):
        address = "tcp://127.0.0.1:%d" % self.enterContext(held_port()).getsockname()[1]
        finished = self.call(address, "add", [2, 40])
        self.assert_fails(finished, "no_responder")
        self.assertEqual(finished.returncode, 1)
        broker = address.replace("tcp", "amqp") + "/?queue=test"
        finished = self.call(broker, "add", {"a": 2, "b": 40}, timeout="300ms")
        self.assert_fails(finished, "no_responder: Not sent")

    def test_the_wrong_port(self):
        with self.serve(self.tcp(), self.arrpc("echo")) as server:
            native, arrpc = server.addresses
            finished = self.call(arrpc.replace("arrpc", "tcp"), "echo", "text")
            self.assert_fails(finished, "contract_mismatch")
            self.assertIn("does not speak MessagePack-RPC", finished.stderr)
            finished = self.call(native.replace("tcp", "arrpc"), "echo", "text")
            self.assert_fails(finished, "connection_lost: The connection to arrpc://")
            self.assertIn("check port and scheme", finished.stderr)
            server.wait_until_log("no request can be read from it")

    def test_addresses_that_make_no_sense(self):
        addresses = ("tcp://localhost", "tcp://u:p@localhost:1", "tcp://a:1?colour=green")
        for address in (*addresses, "x://a:1", ""):
            finished = self.call(address, "add", [2, 40])
            self.assertEqual(finished.returncode, 2, finished.stderr)
            self.assertEqual(finished.stdout, "")


class Tls(TlsTest):
    def test_who_is_trusted(self):
        with self.serve(self.tcp(tls=self.tls)) as server:
            address = server.addresses[0]
            self.assertTrue(address.startswith("tls://"))
            ask = lambda *options, to=address: self.call(to, "add", [2, 40], *options)
            self.assert_gives(ask("--ca", self.made["ca"]), 42)
            self.assert_gives(ask("--insecure"), 42)
            self.assert_fails(ask(), "unauthenticated")
            self.assert_fails(ask("--ca", self.made["other_ca"]), "unauthenticated")
            self.assert_fails(ask("--ca", str(self.directory / "absent.pem")), "absent.pem")
            other_name = address + "?server_name=elsewhere.example"
            self.assert_fails(ask("--ca", self.made["ca"], to=other_name), "unauthenticated")
            in_clear = ask(to=address.replace("tls://", "tcp://"))
            self.assertIn("or TLS (check port and scheme)", in_clear.stderr)

    def test_mutual(self):
        tls = self.tls | {"client_ca": "ca.pem"}
        with self.serve(self.tcp(tls=tls)) as server:
            address = server.addresses[0]
            trust = ("--ca", self.made["ca"])
            own = f"?certificate={self.made['client']}&key={self.made['client_key']}"
            self.assert_gives(self.call(address + own, "add", [2, 40], *trust), 42)
            self.assert_fails(self.call(address, "add", [2, 40], *trust), "unauthenticated")

    def certificate_shown(self, address):
        context = ssl.create_default_context(cafile=self.made["ca"])
        context.check_hostname = False
        wrap = lambda plain: context.wrap_socket(plain)
        with Wire(address, wrap) as wire:
            return wire.socket.getpeercert(binary_form=True)

    def test_a_hang_up_reloads_certificates_under_calls_in_flight(self):
        path = lambda name: str(self.directory / name)
        issue(path, "next", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1", {})
        for name in ("pem", "key"):
            shutil.copy(self.directory / f"server.{name}", self.directory / f"used.{name}")
        tls = {"certificate": "used.pem", "key": "used.key"}
        with self.serve(self.tcp(tls=tls)) as server:
            address = server.addresses[0]
            with Caller(f"{address}?ca={self.made['ca']}") as caller:
                caller.start("first", "add", [2, 40])
                self.assertEqual(caller.outcome(), ("first", "ok", 42))
                before = self.certificate_shown(address)
                caller.start("flying", "sleep", {"seconds": 0.5})
                for name in ("pem", "key"):
                    shutil.copy(self.directory / f"next.{name}", self.directory / f"used.{name}")
                server.process.send_signal(signal.SIGHUP)
                server.wait_until_log("reloaded: listeners[0].tls.certificate, listeners[0].tls.key")
                self.assertNotEqual(self.certificate_shown(address), before)
                tag, code, _ = caller.outcome()
                self.assertEqual((tag, code), ("flying", "ok"))
            (self.directory / "used.pem").write_text("this is no certificate")
            server.process.send_signal(signal.SIGHUP)
            server.wait_until_log("not reloaded, nothing has changed: ")
            self.assertNotEqual(self.certificate_shown(address), before)

    def test_garbage_instead_of_a_handshake(self):
        with self.serve(self.tcp(tls=self.tls)) as server:
            greeting = b"\x16\x03\x01\xff\xff" + b"\xff" * 100
            for garbage in (greeting, b"GET / HTTP/1.1\r\n\r\n", b"\x94"):
                with Wire(server.addresses[0]) as wire:
                    wire.send_bytes(garbage)
                    wire.socket.shutdown(socket.SHUT_WR)
                    while not wire.is_closed():
                        pass  # an alert, perhaps
            self.assert_gives(self.call(server.addresses[0], "add", [2, 40], "--insecure"), 42)


def is_refused(address):
    try:
        Wire(address).socket.close()
    except ConnectionError as error:  # reset: it was in the queue of those that are to be accepted
        return isinstance(error, ConnectionRefusedError)
    return False


class Ending(TcpTest):
    def begin_sleeping(self, wire, seconds, id=1):
        """It runs when the request behind it is answered."""
        wire.send([0, id, "sleep", [seconds]], [0, id + 1, "add", [2, 40]])
        self.assertEqual(wire.receive(), [1, id + 1, None, 42])

    def test_a_termination_drains(self):
        with self.serve(self.tcp()) as server, Wire(server.addresses[0]) as wire:
            self.begin_sleeping(wire, seconds=1)
            server.terminate()
            self.assertTrue(eventually(lambda: is_refused(server.addresses[0])))
            wire.send([0, 5, "add", [2, 40]])
            answers = {answer[1]: answer for answer in (wire.receive(), wire.receive())}
            self.assertIsNone(answers[1][2])
            self.assertNotEqual(answers[5][2], None)
            self.assertEqual(server.wait(), 0)
            self.assertTrue(wire.is_closed())
            self.assert_fails(self.call(server.addresses[0], "add", [2, 40]), "no_responder")

    def test_a_drain_that_takes_too_long(self):
        with self.serve(self.tcp(), drain_timeout="50ms") as server:
            with Wire(server.addresses[0]) as wire:
                self.begin_sleeping(wire, seconds=3600)
                server.terminate()
                self.assertEqual(server.wait(), 75)

    def test_a_kill_is_known_at_once(self):
        with self.serve(self.tcp()) as server, Caller(server.addresses[0]) as caller:
            caller.start("asleep", "sleep", {"seconds": 3600})
            caller.start("here", "add", [2, 40])
            self.assertEqual(caller.outcome(), ("here", "ok", 42))
            server.kill()
            tag, code, _ = caller.outcome()
            self.assertEqual((tag, code), ("asleep", "connection_lost"))
            code, _ = caller.call("add", [2, 40])
            self.assertEqual(code, "no_responder")

    def test_a_server_that_comes_again_is_used_again(self):
        holder = self.enterContext(held_port())
        listener = self.tcp(tcp="127.0.0.1:%d" % holder.getsockname()[1])
        with Caller("tcp://" + listener["tcp"]) as caller:
            for _ in range(2):
                with self.serve(listener):
                    outcome = caller.call("add", [2, 40])
                    # The end of the first server may not be known yet when the call is sent.
                    if outcome[0] == "connection_lost":
                        outcome = caller.call("add", [2, 40])
                    self.assertEqual(outcome, ("ok", 42))


if __name__ == "__main__":
    unittest.main()
