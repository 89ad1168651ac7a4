"""`warren doctor`: what keeps servers and calls from working is found, named, and told with what to do."""

import contextlib
import datetime
import http.server
import ipaddress
import json
import resource
import socket
import socketserver
import ssl
import subprocess
import threading
import unittest

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fixture import MODULES, PROGRAM, InteropTest, run_warren
from tcp_fixture import TcpTest


def findings_of(finished):
    return [json.loads(line) for line in finished.stdout.splitlines()]


class Doctor:
    def examine(self, *options, code, **process):
        """What it found that is not fine, by what was looked at; and all that it found."""
        command = [PROGRAM, "doctor", *map(str, options), "--output", "json"]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=60, **process)
        self.assertEqual(finished.returncode, code, finished.stdout + finished.stderr)
        found = findings_of(finished)
        bad = {each["check"]: each for each in found if each["state"] == "failed"}
        for each in bad.values():
            self.assertTrue(each["seen"] and each["remedy"], each)
        return bad, found

    def assert_found(self, bad, check, *texts):
        self.assertEqual(list(bad), [check])
        for text in texts:
            self.assertIn(text, bad[check]["seen"])


@contextlib.contextmanager
def listening(handler=None):
    """A port: of a server with this handler, or of one that accepts and says nothing."""
    if handler is not None:
        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield server.server_address[1]
            finally:
                server.shutdown()
                thread.join()
        return
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


def self_signed(path, days_from, days_to):
    """A certificate for 127.0.0.1 that is valid from and to so many days from now, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "self")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now + datetime.timedelta(days=days_from))
    builder = builder.not_valid_after(now + datetime.timedelta(days=days_to))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = builder.add_extension(names, False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, *plain))
    return path


class Page(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass


class AtBroker(InteropTest, Doctor):
    def address(self, user="guest", password="guest", vhost=None):
        uri = self.broker.uri(self.vhost if vhost is None else vhost, user, password)
        return f"{uri}?queue=doctor"

    def user(self, **permissions):
        name = f"{self.vhost}-{self._testMethodName}"
        self.broker.add_user(name, "secret", self.vhost, **permissions)
        return self.address(name, "secret")

    def setUp(self):
        self.listener = self.cyberfusion(queue="doctor", methods=["add"])
        self.server = self.serve(self.listener)
        self.addCleanup(self.server.__exit__, None, None, None)

    def test_all_is_fine_and_nothing_is_left(self):
        before = self.broker.queue_depths(self.vhost).keys()
        bad, found = self.examine("--to", self.address(), code=0)
        self.assertEqual(bad, {})
        checks = {each["check"] for each in found}
        self.assertLessEqual(
            {"name", "port", "broker", "login", "configure", "read", "write", "queue 'doctor'", "clock", "open files", "libraries"},
            checks,
        )
        self.assertIn("RabbitMQ 3.", next(each["seen"] for each in found if each["check"] == "broker"))
        self.assertEqual(self.broker.queue_depths(self.vhost).keys(), before)
        shown = run_warren("doctor", "--to", self.address())
        self.assertRegex(shown.stdout, r"(?m)^STATE +CHECK +AT +SEEN +REMEDY$")
        self.assertNotIn("guest:guest", shown.stdout)
        told = run_warren("doctor", "--to", self.address(), "--output", "yaml")
        self.assertEqual({each["check"] for each in yaml.safe_load_all(told.stdout)}, checks)

    def test_login_and_virtual_host(self):
        bad, _ = self.examine("--to", self.address(password="wrong-one"), code=1)
        self.assertIn("login", bad)
        self.assertNotIn("wrong-one", str(bad))
        bad, _ = self.examine("--to", self.address(vhost="nowhere"), code=1)
        self.assertIn("nowhere", bad["login"]["seen"])

    def test_permissions(self):
        for permission in ("configure", "read", "write"):
            with self.subTest(permission):
                bad, _ = self.examine("--to", self.user(**{permission: "^$"}), code=1)
                self.assertIn(permission, bad)
                self.assertIn("set_permissions", bad[permission]["remedy"])
                others = {"configure", "read", "write"} - {permission}
                self.assertFalse(others & bad.keys(), bad)

    def test_a_configuration(self):
        file = self.write("doctor.yml", {"modules": [MODULES], "listeners": [self.listener], "admin": {"address": "127.0.0.1:0"}})
        bad, found = self.examine("--config", file, code=0)
        self.assertEqual(bad, {})
        self.assertIn("admin", {each["check"] for each in found})
        other = self.listener | {"arguments": {"x-max-length": 5}}
        file = self.write("doctor.yml", {"modules": [MODULES], "listeners": [other]})
        bad, _ = self.examine("--config", file, code=1)
        self.assert_found(bad, "queue 'doctor'", "different", "x-max-length")

    def test_tls(self):
        tls = self.broker.tls_uri(self.vhost) + "?queue=doctor"
        authority = self.broker.certificates["ca"]
        _, found = self.examine("--to", f"{tls}&cacertfile={authority}", code=0)
        self.assertTrue(any(each["check"] == "TLS" and "TLSv1." in each["seen"] for each in found))
        bad, _ = self.examine("--to", tls, code=1)
        self.assertIn("certificate", bad["TLS"]["seen"])
        bad, _ = self.examine("--to", f"{tls}&cacertfile={authority}&server_name_indication=other.example", code=1)
        self.assert_found(bad, "TLS", "'other.example'")


class WithoutBroker(TcpTest, Doctor):
    def at(self, port, host="127.0.0.1"):
        return f"amqp://{host}:{port}/?queue=q"

    def test_places_that_are_no_broker(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # and nobody listens
            bad, _ = self.examine("--to", self.at(bound.getsockname()[1]), code=1)
            self.assert_found(bad, "port", "Connection refused")
        bad, _ = self.examine("--to", self.at(5672, "no-such-host.invalid"), code=1)
        self.assert_found(bad, "name", "'no-such-host.invalid'")
        with listening() as port:
            bad, _ = self.examine("--to", self.at(port), "--timeout", "300ms", code=1)
            self.assert_found(bad, "broker", "says nothing")
            bad, _ = self.examine("--to", f"amqps://127.0.0.1:{port}/?queue=q", "--timeout", "300ms", code=1)
            self.assert_found(bad, "TLS", "in time")
        with listening(Page) as port:
            bad, _ = self.examine("--to", self.at(port), code=1)
            self.assert_found(bad, "broker", "an HTTP server")

    def test_certificates(self):
        for days, trusts, seen in (((-1, 30), False, "self-signed"), ((-30, -1), True, "expired")):
            certificate = self_signed(self.directory / "self.pem", *days)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)

            class Secured(socketserver.BaseRequestHandler):
                def handle(self):
                    with contextlib.suppress(OSError):
                        with context.wrap_socket(self.request, server_side=True) as secured:
                            secured.recv(1)

            with self.subTest(seen), listening(Secured) as port:
                to = f"amqps://127.0.0.1:{port}/?queue=q" + (f"&cacertfile={certificate}" if trusts else "")
                bad, _ = self.examine("--to", to, code=1)
                self.assert_found(bad, "TLS", seen)

    def test_a_server_without_a_broker(self):
        with self.serve(self.tcp()) as server:
            bad, found = self.examine("--to", server.addresses[0], code=0)
            self.assertEqual(bad, {})
            self.assertIn("describe", {each["check"] for each in found})

    def test_few_descriptors(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
        bad, _ = self.examine(code=1, preexec_fn=limit)
        self.assert_found(bad, "open files", "16 may be open")

    def test_a_store_that_cannot_be_written(self):
        store = self.directory / "missing" / "store.db"
        file = self.write("store.yml", {"modules": [MODULES], "listeners": [self.tcp()], "store": {"sqlite": str(store)}})
        bad, _ = self.examine("--config", file, code=1)
        self.assertTrue({"store", "configuration"} & bad.keys(), bad)
        other = self.write("no.db", "this is no database, but a text that is long enough to be none" * 20)
        file = self.write("store.yml", {"modules": [MODULES], "listeners": [self.tcp()], "store": {"sqlite": str(other)}})
        bad, _ = self.examine("--config", file, code=1)
        self.assertIn("store", bad)

    def test_the_command_line(self):
        for wrong in (["--to", "nowhere://x"], ["--timeout", "0s"], ["nobody"], ["--to", "tcp://a:1", "--config", "x"]):
            refused = run_warren("doctor", *wrong)
            self.assertEqual((refused.returncode, refused.stdout), (2, ""), refused)
        file = self.write("wrong.yml", {"listeners": [{"tcp": 1}]})
        bad, _ = self.examine("--config", file, code=1)
        self.assertEqual(list(bad), ["configuration"])


if __name__ == "__main__":
    unittest.main()
