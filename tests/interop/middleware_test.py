"""What stands around calls, as the guide configures it, and who calls over each way."""

import json
import unittest
from urllib.parse import quote, urlencode

import zmq
from tcp_fixture import TcpTest
from fixture import MODULES, code_block, eventually, run_warren

from certificates import make_certificates

GUIDE = "docs/guide/middleware.md"


class Middleware(TcpTest):
    def configuration(self):
        text = code_block(GUIDE, "modules: [/usr/lib/warren/modules]")
        return text.replace("/usr/lib/warren/modules", MODULES)

    def audited(self, count):
        path = self.directory / "audit.jsonl"
        eventually(lambda: path.exists() and len(path.read_text().splitlines()) == count)
        return [json.loads(line) for line in path.read_text().splitlines()]

    def test_it_does_what_the_guide_says(self):
        checked = run_warren("check", self.write("guide.yml", self.configuration()))
        self.assertEqual(checked.returncode, 0, checked.stdout)
        with self.start_serving(self.configuration()).wait_until_ready() as server:
            is_signed, plain = server.addresses
            call = lambda who, *args: self.call(
                is_signed, *args, "--auth-secret", f"a secret of {who}"
            )
            self.assert_gives(call("billing", "add", [2, 40]), 42)
            self.assert_gives(call("shop", "add", [2, 40]), 42)
            self.assert_gives(call("shop", "add", [2, 40]), 42)
            self.assert_fails(call("shop", "add", [2, 40]), "overloaded")
            self.assert_fails(call("admin", "add", [2, 40]), "permission_denied")
            self.assert_gives(call("admin", "echo", "x"), "x")
            self.assert_fails(call("shop", "echo", "x"), "permission_denied")
            self.assert_gives(self.call(plain, "echo", "x"), "x")
            self.assert_fails(self.call(plain, "add", [2, 40]), "permission_denied")
            self.assertEqual(
                [(line["caller"], line["code"]) for line in self.audited(6)],
                [
                    *(("billing", "ok"), ("shop", "ok"), ("shop", "ok"), ("shop", "overloaded")),
                    *(("admin", "permission_denied"), ("", "permission_denied")),
                ],
            )
            self.assertEqual({line["method"] for line in self.audited(6)}, {"add"})
            server.wait_until_log('"method":"echo","caller":"shop","code":"permission_denied"')
            self.assertEqual(server.log().count('access {"method":'), 7, server.log())
            server.terminate()
            self.assertEqual(server.wait(), 0)

    def test_a_dry_run_tells_and_denies_nothing(self):
        rules = {"methods": {"add": "shop"}, "dry_run": True}
        with self.serve(self.tcp(), allow=rules) as server:
            self.assert_gives(self.call(server.addresses[0], "add", [2, 40]), 42)
            server.wait_until_log("would be denied: who has no identity may not call 'add'")

    def test_a_certificate_may_call_what_it_is_allowed(self):
        made = make_certificates(str(self.directory))
        tls = {"certificate": "server.pem", "key": "server.key", "client_ca": "ca.pem"}
        rules = {"methods": {"add": "warren-client", "*": "OU=billing,O=Warren"}}
        with self.serve(self.tcp(tls=tls), allow=rules) as server:
            call = lambda name, *args: self.call(
                f"{server.addresses[0]}?certificate={made[name]}&key={made[f'{name}_key']}",
                *(*args, "--ca", made["ca"]),
            )
            self.assert_gives(call("client", "add", [2, 40]), 42)
            self.assert_fails(call("unit", "add", [2, 40]), "permission_denied")
            self.assert_gives(call("unit", "echo", "x"), "x")
            self.assert_fails(call("client", "echo", "x"), "permission_denied")

    def test_a_key_and_a_password_may_call_what_they_are_allowed(self):
        (own, secret), (shop, shop_secret), (other, other_secret) = (
            [part.decode() for part in zmq.curve_keypair()] for _ in range(3)
        )
        listeners = [
            {
                "zmq": "tcp://127.0.0.1:0",
                "curve": {"secret_key": secret, "client_keys": {"shop": shop, "billing": other}},
            },
            {"zmq": "tcp://127.0.0.1:0", "username": "shop", "password": "of onions"},
        ]
        with self.serve(*listeners, allow={"methods": {"add": "shop"}}) as server:
            by_key, by_password = server.addresses
            call = lambda address, **parameters: self.call(
                f"{address}?{urlencode(parameters, quote_via=quote)}", "add", [2, 40]
            )
            of_curve = lambda key: call(by_key, server_key=own, secret_key=key)
            self.assert_gives(of_curve(shop_secret), 42)
            self.assert_fails(of_curve(other_secret), "permission_denied")
            self.assert_gives(call(by_password, username="shop", password="of onions"), 42)

    def test_what_cannot_be_is_told_with_its_place_and_its_remedy(self):
        text = f"""\
modules: [{MODULES}]
allow:
  methods:
    ecco: shop
    "*": shop
rate: {{methods: {{add: {{per: 1s}}}}}}
listeners:
  - tcp: "127.0.0.1:0"
    methods: [add]
    rate: {{methods: {{echo: {{calls: 1}}}}}}
    audit: {{file: no/such/file, methods: [add, "*"]}}
    allow: true
"""
        checked = run_warren("check", self.write("wrong.yml", text))
        self.assertEqual(checked.returncode, 1)
        told = checked.stdout.replace(f"{self.directory}/", "")
        for line in (
            "wrong.yml:6: rate.methods.add.calls: missing",
            "wrong.yml:11: listeners[0].audit.file: there is no directory 'no/such'",
            "wrong.yml:12: listeners[0].allow: needs its 'methods'",
            "wrong.yml:4: allow.methods.ecco: the method 'ecco' is not served here",
            "wrong.yml:10: listeners[0].rate.methods.echo: the method 'echo' is not served here",
            "wrong.yml:11: listeners[0].audit.methods[1]: the method '*' is not served here",
        ):
            with self.subTest(line=line):
                self.assertIn(line, told)
        self.assertIn(": name one that is, or '*' for all others", told)

    def test_what_nobody_may_call_is_noted(self):
        path = self.write(
            "closed.yml",
            {
                "modules": [MODULES],
                "listeners": [self.tcp(methods=["add", "echo"])],
                "allow": {"methods": {"add": "shop"}},
            },
        )
        checked = run_warren("check", path)
        self.assertEqual(checked.returncode, 0, checked.stdout)
        self.assertIn("nobody may call the method 'echo'", checked.stderr)
        self.assertNotIn("'add':", checked.stderr)


if __name__ == "__main__":
    unittest.main()
