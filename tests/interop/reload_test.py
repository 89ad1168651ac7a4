"""SIGHUP: the configuration and its files are read again, and taken as far as can be, or not at all."""

import itertools
import shutil
import signal
import threading
import unittest

from fixture import MODULES, TEST_MODULES, InteropTest, eventually, run_warren
from tcp_fixture import Caller, TcpTest, Wire, held_port

from certificates import issue, make_certificates

ENDS = ("reloaded: ", "not reloaded, nothing has changed: ")


def fernet_key():
    return run_warren("keygen").stdout.strip()


class ReloadTest(TcpTest):
    def reload(self, server, **settings):
        """Serve by other settings, or by other files alone; what the log says of it."""
        if settings:
            self.write("warren.yml", {"modules": [MODULES]} | settings)
        said = lambda: [
            line
            for line in server.log().splitlines()
            if any(end in line for end in (*ENDS, "needs a restart", "need a restart"))
        ]
        is_end = lambda line: any(end in line for end in ENDS)
        ends = lambda: sum(map(is_end, said()))
        before, told = ends(), len(said())
        server.process.send_signal(signal.SIGHUP)
        self.assertTrue(eventually(lambda: ends() > before), server.log())
        return "\n".join(said()[told:])

    def add(self, address, *options):
        return self.call(address, "add", [2, 40], *options)


class Secrets(ReloadTest):
    def test_a_fernet_key_is_added(self):
        one, other = fernet_key(), fernet_key()
        modules = {"modules": [TEST_MODULES]}
        listener = self.tcp(methods=["log_in"], fernet_key=one)
        arguments = {"user": "rabbit", "password": "what its caller chose"}
        with self.serve(listener, **modules) as server:
            log_in = lambda key: self.call(
                server.addresses[0], "log_in", arguments, "--fernet-key", key
            )
            self.assert_gives(log_in(one), True)
            self.assert_fails(log_in(other), "invalid_request")
            listener = self.tcp(methods=["log_in"], fernet_keys=[other, one])
            said = self.reload(server, listeners=[listener], **modules)
            self.assertIn("reloaded: listeners[0].fernet_key, listeners[0].fernet_keys", said)
            self.assertNotIn(other, server.log())
            self.assert_gives(log_in(one), True)
            self.assert_gives(log_in(other), True)

    def test_a_signing_secret_is_rotated_with_the_old_one_still_valid(self):
        (self.directory / "new").write_text("the first of two secrets\n")
        (self.directory / "old").write_text("the other one of the two\n")
        files = [{"file": "new"}, {"file": "old"}]
        with self.serve(self.tcp(auth_secrets=files)) as server:
            address = server.addresses[0]
            signed = lambda secret: self.add(address, "--auth-secret", secret)
            with Caller(address, "the other one of the two") as stays:
                self.assertEqual(stays.call("add", [1, 1]), ("ok", 2))
                stays.start("flying", "sleep", {"seconds": 0.5})
                self.assertEqual(stays.call("add", [1, 1]), ("ok", 2))  # behind it
                (self.directory / "new").write_text("a secret that nobody knew\n")
                said = self.reload(server)
                self.assertIn("reloaded: listeners[0].auth_secrets", said)
                self.assert_gives(signed("a secret that nobody knew"), 42)
                self.assert_gives(signed("the other one of the two"), 42)
                self.assert_fails(signed("the first of two secrets"), "unauthenticated")
                self.assertEqual(stays.outcome()[:2], ("flying", "ok"))
                self.assertEqual(stays.call("add", [1, 1]), ("ok", 2))
                (self.directory / "old").write_text("and one more that is to come\n")
                self.reload(server)
                self.assertEqual(stays.call("add", [1, 1])[0], "unauthenticated")

    def test_a_proxy_signs_under_another_secret(self):
        secret = lambda text: (self.directory / "secret").write_text(text)
        secret("the first of two secrets")
        signed = {"auth_secrets": [{"file": "secret"}]}
        with self.serve(self.tcp(**signed)) as behind:
            host = behind.addresses[0].removeprefix("tcp://")
            proxies = [{"from": self.tcp(), "to": {"tcp": host} | signed}]
            configuration = {"proxies": proxies}
            with self.start_serving(configuration, name="proxy.yml").wait_until_ready() as proxy:
                with Caller(proxy.addresses[0]) as caller:
                    self.assertEqual(caller.call("add", [1, 1]), ("ok", 2))
                    caller.start("flying", "sleep", {"seconds": 0.5})
                    self.assertEqual(caller.call("add", [1, 1]), ("ok", 2))  # behind it
                    secret("the second of two secrets")
                    self.reload(behind)
                    self.assertIn("reloaded: proxies[0].to.auth_secrets", self.reload(proxy))
                    self.assertEqual(caller.outcome()[:2], ("flying", "ok"))
                    self.assertEqual(caller.call("add", [1, 1]), ("ok", 2), behind.log())
                    self.assertIn("reloaded: nothing changed", self.reload(proxy))
                proxy.terminate()
                self.assertEqual(proxy.wait(), 0, proxy.log())


class Certificates(ReloadTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = make_certificates(str(cls.directory))
        path = lambda name: str(cls.directory / name)
        for name in ("one", "two"):
            issue(path, name, "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1", {})

    def use(self, name):
        for end in ("pem", "key"):
            shutil.copy(self.directory / f"{name}.{end}", self.directory / f"used.{end}")

    def test_they_change_under_load_and_no_call_fails(self):
        self.use("one")
        tls = {"certificate": "used.pem", "key": "used.key"}
        with self.serve(self.tcp(tls=tls)) as server:
            address = f"{server.addresses[0]}?ca={self.made['ca']}"
            load = Load(lambda: Caller(address), anew_each=3)
            with load:
                for name in ("two", "one") * 5:
                    self.use(name)
                    said = self.reload(server)
                    self.assertIn(
                        "reloaded: listeners[0].tls.certificate, listeners[0].tls.key", said
                    )
                    load.wait_for_calls(10)
            self.assertEqual(load.failures, [])

    def test_another_file_takes_its_place(self):
        tls = lambda name: self.tcp(tls={"certificate": f"{name}.pem", "key": f"{name}.key"})
        with self.serve(tls("one")) as server:
            self.assertIn("listeners[0].tls.key", self.reload(server, listeners=[tls("two")]))
            self.assert_gives(self.add(server.addresses[0], "--ca", self.made["ca"]), 42)
            broken = self.reload(server, listeners=[tls("absent")])
            self.assertIn("listeners[0].tls", broken)
            self.assertIn("nothing has changed", broken)
            self.assert_gives(self.add(server.addresses[0], "--ca", self.made["ca"]), 42)


class Options(ReloadTest):
    def test_a_log_level(self):
        with self.serve(self.tcp()) as server:
            said = self.reload(server, listeners=[self.tcp()], log={"level": "debug"})
            self.assertIn("reloaded: log.level", said)
            self.assert_gives(self.add(server.addresses[0]), 42)
            server.wait_until_log("add")

    def test_who_may_call_what(self):
        nobody = {"methods": {"echo": "*", "*": "shop"}}
        anybody = {"methods": {"*": ["shop", None]}}
        with self.serve(self.tcp(), allow=nobody) as server:
            self.assert_fails(self.add(server.addresses[0]), "permission_denied")
            said = self.reload(server, listeners=[self.tcp()], allow=anybody)
            self.assertTrue(said.endswith("reloaded: allow"), said)
            self.assert_gives(self.add(server.addresses[0]), 42)
            said = self.reload(server, listeners=[self.tcp(allow=nobody)], allow=anybody)
            self.assertTrue(said.endswith("reloaded: listeners[0].allow"), said)
            self.assert_fails(self.add(server.addresses[0]), "permission_denied")

    def test_a_rate_goes_on_counting_where_something_else_changes(self):
        rate = {"methods": {"*": {"calls": 1, "per": "1h"}}}
        with self.serve(self.tcp(), rate=rate) as server:
            self.assert_gives(self.add(server.addresses[0]), 42)
            self.reload(server, listeners=[self.tcp()], rate=rate, log={"level": "debug"})
            self.assert_fails(self.add(server.addresses[0]), "overloaded")
            rate["methods"]["*"]["calls"] = 2
            said = self.reload(server, listeners=[self.tcp()], rate=rate)
            self.assertIn("reloaded: log.level, rate", said)
            self.assert_gives(self.add(server.addresses[0]), 42)

    def test_a_limit(self):
        with self.serve(self.tcp()) as server, Caller(server.addresses[0]) as caller:
            listener = self.tcp(max_simultaneous_requests=1)
            said = self.reload(server, listeners=[listener])
            self.assertIn("reloaded: listeners[0].max_simultaneous_requests", said)
            caller.start("long", "sleep", {"seconds": 1})
            self.assertEqual(caller.call("add", [1, 1])[0], "overloaded")
            self.assertEqual(caller.outcome()[:2], ("long", "ok"))
            self.reload(server, listeners=[self.tcp(connections_max=1)])
            self.assertEqual(caller.call("add", [1, 1]), ("ok", 2))
            with Wire(server.addresses[0]) as refused:
                self.assertTrue(refused.is_closed())

    def test_a_broken_configuration_changes_nothing(self):
        (self.directory / "secret").write_text("a secret of some length")
        listener = self.tcp(auth_secret={"file": "secret"})
        with self.serve(listener) as server:
            works = lambda: self.assert_gives(
                self.add(server.addresses[0], "--auth-secret", "a secret of some length"), 42
            )
            nobody = {"methods": {"*": "shop"}}
            wrong = listener | {"conections_max": 1}
            said = self.reload(server, listeners=[wrong], allow=nobody)
            self.assertIn("not reloaded, nothing has changed: ", said)
            self.assertIn("listeners[0].conections_max: unknown key", said)
            works()
            said = self.reload(server, listeners=[listener], allow={"methods": {"ad": "shop"}})
            self.assertIn("allow.methods.ad: the method 'ad' is not served here", said)
            works()
            (self.directory / "secret").unlink()
            self.assertIn("secret': No such file", self.reload(server, listeners=[listener]))
            works()
            (self.directory / "warren.yml").unlink()
            self.assertIn("cannot be read", self.reload(server))
            works()

    def test_what_needs_a_restart_is_told_each_time_and_the_rest_is_taken(self):
        with self.serve(self.tcp(), workers=2) as server:
            changed = {"workers": 3, "drain_timeout": "7s", "log": {"format": "json"}}
            listener = self.tcp(idle_timeout="1m", strict_contracts=True)
            for applied in ("drain_timeout, listeners[0].strict_contracts", "nothing changed"):
                said = self.reload(server, listeners=[listener], **changed)
                self.assertIn("log.format, workers, listeners[0].idle_timeout need a restart", said)
                self.assertIn(f"reloaded: {applied}", said)
            server.terminate()
            self.assertEqual(server.wait(), 0)
            self.assertIn("up to 7s for those that run", server.log())

    def test_listeners_are_known_again_by_their_places(self):
        secrets = [f"a secret of the listener {number}" for number in range(2)]
        with held_port() as a, held_port() as b:
            one, other = (
                {"tcp": f"127.0.0.1:{port.getsockname()[1]}", "auth_secret": secret}
                for port, secret in zip((a, b), secrets)
            )
            with self.serve(one, other) as server:
                new = self.tcp(auth_secret="another one that is to come")
                said = self.reload(server, listeners=[new, other, one])
                self.assertIn("not reloaded: listeners[0] needs a restart", said)
                self.assertIn("reloaded: nothing changed", said)
                one["auth_secret"] = "not what it was before"
                said = self.reload(server, listeners=[other, one])
                self.assertIn("reloaded: listeners[1].auth_secret", said)
                first, second = server.addresses
                signed = lambda to, secret: self.add(to, "--auth-secret", secret)
                self.assert_gives(signed(first, "not what it was before"), 42)
                self.assert_gives(signed(second, secrets[1]), 42)
                said = self.reload(server, listeners=[other])
                self.assertIn(f"not reloaded: {first} needs a restart", said)
                self.assert_gives(signed(first, "not what it was before"), 42)


class Load:
    """Calls, one after the other in some threads, until it is left; each has an outcome."""

    THREADS = 2

    def __init__(self, connect, anew_each=None):
        self.connect = connect
        self.anew_each = anew_each  # calls of one connection; None: all
        self.failures = []
        self.done = 0
        self.changed = threading.Condition()
        self.is_over = False
        self.threads = [threading.Thread(target=self.run) for _ in range(self.THREADS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.wait_for_calls(1)
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()

    def run(self):
        try:
            while not self.is_over:
                with self.connect() as caller:
                    for number in itertools.islice(itertools.count(), self.anew_each):
                        if self.is_over:
                            break
                        self.note(caller.call("add", {"a": number, "b": 1}), ("ok", number + 1))
        except Exception as error:  # told where the test ends
            self.note(error, None)

    def note(self, outcome, expected):
        with self.changed:
            self.done += 1
            if outcome != expected:
                self.failures.append(outcome)
            self.changed.notify_all()

    def wait_for_calls(self, count):
        with self.changed:
            until = self.done + count
            self.changed.wait_for(lambda: self.done >= until or self.failures, 60)


class Rounds(ReloadTest, InteropTest):
    """Both ways, and a broker whose password changes."""

    def listeners(self, uri=None, **settings):
        at_broker = self.cyberfusion(amqp=uri or self.uri, methods=["add", "sleep"])
        return [self.tcp(**settings), at_broker | settings]

    def test_fifty_of_them_lose_no_call(self):
        with self.serve(*self.listeners()) as server:
            loads = [
                Load(lambda: Caller(server.addresses[0])),
                Load(lambda: Caller(f"{self.uri}?queue=test")),
            ]
            with loads[0], loads[1]:
                for number in range(50):
                    key = fernet_key() if number % 10 == 0 else key
                    settings = {"fernet_key": key, "requests_bytes_max": 1_000_000 + number}
                    said = self.reload(server, listeners=self.listeners(**settings))
                    self.assertIn("listeners[1].requests_bytes_max", said)
                for load in loads:
                    load.wait_for_calls(10)
            self.assertEqual([load.failures for load in loads], [[], []])
            server.terminate()
            self.assertEqual(server.wait(), 0, server.log())

    def test_the_password_of_a_broker_is_used_at_the_next_connection(self):
        self.broker.add_user("renewed", "the first", self.vhost)
        self.broker.change_password("renewed", "the first")
        as_user = lambda password: self.broker.uri(self.vhost, "renewed", password)
        with self.serve(*self.listeners(as_user("the first"))) as server:
            server.wait_until_log("consuming")
            self.broker.change_password("renewed", "the second")
            said = self.reload(server, listeners=self.listeners(as_user("the second")))
            self.assertIn("reloaded: listeners[1].amqp", said)
            self.assertNotIn("the second", server.log())
            consuming = server.log().count(": consuming")
            self.broker.close_all_connections("for a test", self.vhost)
            again = lambda: server.log().count(": consuming") > consuming
            self.assertTrue(eventually(again), server.log())
            self.assert_gives(self.call(f"{self.uri}?queue=test", "add", {"a": 2, "b": 40}), 42)


if __name__ == "__main__":
    unittest.main()
