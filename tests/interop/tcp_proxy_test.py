"""Proxies over TCP, by configuration and by the command line."""

import unittest

from tcp_fixture import Caller, finish, held_port
from fixture import eventually, run_warren
from proxy_fixture import ProxyTest, metrics_of

NOBODY = "tcp://127.0.0.1:1"


class OneTarget(ProxyTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = cls.enterClassContext(cls.serve(cls.tcp()))
        cls.to = cls.target.addresses[0]

    def proxy(self, *options, **settings):
        return super().proxy(*options, **{"to": self.to} | settings)


class OfTheCommandLine(OneTarget):
    def test_calls_go_on_and_replies_come_back(self):
        proxy = self.proxy()
        address = proxy.addresses[0]
        self.assertRegex(address, r"^tcp://127\.0\.0\.1:\d+$")
        proxy.wait_until_log(f"consuming {address} forwards to {self.to}")
        self.assert_gives(self.call(address, "add", [2, 40]), 42)
        failed = self.call(address, "fail", {"message": "Out of onions"})
        self.assert_fails(failed, "failed: Out of onions")
        self.assert_fails(self.call(address, "absent", []), "no_such_method")
        self.assert_fails(self.call(address, "add", ["x", 1]), "invalid_request")
        self.assert_ends_well(proxy)

    def test_only_methods_that_are_named(self):
        address = self.proxy("--method", "add", "--method", "echo").addresses[0]
        self.assert_gives(self.call(address, "add", [2, 40]), 42)
        self.assert_fails(self.call(address, "fail", {"message": "x"}), "no_such_method")

    def test_replies_are_dropped(self):
        address = self.proxy("--drop-replies").addresses[0]
        self.assert_gives(self.call(address, "add", [2, 40]), None)
        failed = self.call(address, "fail", {"message": "Out of onions"})
        self.assert_fails(failed, "failed: Out of onions")

    def test_no_answer_is_waited_for(self):
        address = self.proxy("--one-way").addresses[0]
        self.assert_gives(self.call(address, "sleep", {"seconds": 3600}), None)

    def test_a_proxy_in_front_of_a_proxy(self):
        address = self.proxy(to=self.proxy().addresses[0]).addresses[0]
        self.assert_gives(self.call(address, "add", [2, 40]), 42)

    def test_a_target_that_is_slow(self):
        with self.serve(self.tcp()) as target:
            proxy = self.proxy(to=target.addresses[0])
            with Caller(proxy.addresses[0]) as caller:
                for tag in range(300):  # more than anybody has workers
                    caller.start(tag, "sleep", {"seconds": 3600})
                caller.start("quick", "add", [2, 40])
                self.assertEqual(caller.outcome(), ("quick", "ok", 42))
                proxy.kill()

    def test_time_outs(self):
        proxy = self.proxy("--timeout", "100ms")
        address = proxy.addresses[0]
        finished = self.call(address, "sleep", [3600], timeout="300ms")
        self.assert_fails(finished, "deadline_exceeded")
        # A caller that says nothing of its time has that of the proxy.
        finished = self.call(f"{address}?peer=foreign", "sleep", [3600])
        self.assert_fails(finished, "deadline_exceeded")

    def test_a_target_that_is_away_and_comes(self):
        holder = self.enterContext(held_port())
        port = holder.getsockname()[1]
        proxy = self.proxy(to=f"tcp://127.0.0.1:{port}")
        finished = self.call(proxy.addresses[0], "add", [2, 40])
        self.assert_fails(finished, "no_responder")
        self.assertIn(f"127.0.0.1:{port}", finished.stderr)
        with self.serve(self.tcp(tcp=f"127.0.0.1:{port}")):
            self.assert_gives(self.call(proxy.addresses[0], "add", [2, 40]), 42)

    def test_a_target_that_dies_at_work(self):
        with self.serve(self.tcp(), admin={"address": "127.0.0.1:0"}) as target:
            proxy = self.proxy(to=target.addresses[0])
            calling = self.start_calling(proxy.addresses[0], "sleep", {"seconds": 3600})
            self.assertTrue(eventually(lambda: "warren_server_in_flight 1" in metrics_of(target)))
            target.kill()
        _, errors = finish(calling)
        self.assertIn("connection_lost", errors)

    def test_what_makes_no_sense(self):
        for source, to, word in (
            ("tcp://127.0.0.1:4000", "tcp://localhost:4000", "to itself"),
            ("nowhere://x", self.to, "Unknown scheme 'nowhere'"),
            ("tcp://127.0.0.1:0", "tcp://127.0.0.1", "port"),
            ("arrpc://127.0.0.1:0", self.to, "name the one"),
        ):
            with self.subTest(source):
                finished = run_warren("proxy", "--from", source, "--to", to)
                self.assertEqual(finished.returncode, 2, finished.stderr)
                self.assertIn(word, finished.stderr)
        taken = self.to
        finished = run_warren("proxy", "--from", taken, "--to", NOBODY)
        self.assertEqual(finished.returncode, 1, finished.stderr)
        self.assertIn("Cannot listen", finished.stderr)
        finished = run_warren("proxy", "--from", NOBODY, "--to", self.to, "--buffer-file", "x")
        self.assertEqual(finished.returncode, 2, finished.stderr)


class OfAConfiguration(OneTarget):
    def test_several_at_once_and_no_methods(self):
        serving = self.serve_proxies(
            {"from": self.tcp(), "to": self.to},
            {"from": self.tcp(), "to": self.to, "name": "quiet", "reply": "dropped"},
            {"from": self.tcp(protocol="arrpc", method="echo"), "to": self.to},
            admin={"address": "127.0.0.1:0"},
        )
        carried, quiet, arrpc, _ = serving.addresses
        self.assert_gives(self.call(carried, "add", [2, 40]), 42)
        self.assert_gives(self.call(quiet, "add", [2, 40]), None)
        self.assert_gives(self.call(arrpc, "echo", {"foo": "bar"}), {"foo": "bar"})
        text = metrics_of(serving)
        for line in (
            r'warren_server_requests_total\{method="\(forwarded\)",transport="tcp",'
            r'protocol="msgpack-rpc",code="ok"\} 2',
            r'warren_client_requests_total\{method="add",transport="tcp",protocol="msgpack-rpc",'
            r'proxy="quiet",code="ok"\} 1',
        ):
            self.assertRegex(text, line)
        self.assert_ends_well(serving)

    def test_beside_methods(self):
        with self.serve(self.tcp(), proxies=[{"from": self.tcp(), "to": self.to}]) as serving:
            for address in serving.addresses:
                self.assert_gives(self.call(address, "add", [2, 40]), 42)

    def test_check_sees_them(self):
        proxies = [{"from": self.tcp(), "to": self.to}, {"from": "memory:m?method=m", "to": self.to}]
        proxies[1]["from"] += "&protocol=tutorial"
        finished = run_warren("check", self.write("good.yml", {"proxies": proxies}))
        self.assertEqual(finished.returncode, 0, finished.stdout)
        self.assertIn("2 proxies", finished.stdout)
        text = f"proxies:\n  - from: {{tcp: '127.0.0.1:0'}}\n    to: {self.to}\n    replay: dropped\n"
        path = self.write("bad.yml", text)
        finished = run_warren("check", path)
        self.assertEqual(finished.returncode, 1)
        self.assertIn("bad.yml:4: proxies[0].replay: unknown key", finished.stdout)
        self.assertIn("did you mean 'reply'?", finished.stdout)
        self.assertEqual(run_warren("serve", "--config", path).returncode, 78)


if __name__ == "__main__":
    unittest.main()
