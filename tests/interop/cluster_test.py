"""A cluster of three brokers, whose nodes are killed, paused and cut off one after the other, under a
load whose callers send again: no order is lost or taken twice, and `/readyz` says what is."""

import json
import os
import pathlib
import subprocess
import unittest

from fixture import PATIENCE_S, PROGRAM, ProgramTest, eventually, is_ready, run_warren
from processes import die_with_parent
from rabbitmq_cluster import Cluster

BUILT = pathlib.Path(PROGRAM).parent
MODULES = os.environ.get("WARREN_ORDER_MODULES", str(BUILT / "test_modules/orders"))
LOAD = os.environ.get("WARREN_ORDER_LOAD", str(BUILT / "tests/interop/order_load"))


class Load:
    """A dozen callers of one client."""

    def __init__(self, address):
        self.process = subprocess.Popen(
            [LOAD, address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )

    def await_more(self, orders):
        print(orders, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip() == "answered"

    def finish(self):
        said, _ = self.process.communicate(timeout=4 * PATIENCE_S)
        return json.loads(said)

    def kill(self):
        self.process.kill()
        self.process.communicate()


class ClusterTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = cls.enterClassContext(Cluster())

    def address(self, first=0):
        # A node that stands still is left after twice the heartbeat.
        return f"{self.cluster.uri(first)}?heartbeat=1"

    def serve_orders(self, number):
        """One of two servers, each of which prefers another node."""
        listener = {
            "amqp": self.address(number),
            "protocol": "cyberfusion",
            "queue": "orders",
            "queue_type": "quorum",
            "max_simultaneous_requests": 8,
        }
        configuration = {
            "modules": [MODULES],
            "listeners": [listener],
            "admin": {"address": "127.0.0.1:0"},
            "store": {"sqlite": str(self.directory / "orders.db")},
        }
        server = self.start_serving(configuration, name=f"{number}.yml").wait_until_ready()
        self.addCleanup(server.errors.close)
        self.addCleanup(server.kill)
        return server

    def ask(self, method):
        address = f"{self.address()}&queue=orders"
        finished = run_warren("call", method, "{}", "--to", address, "--timeout", "30s")
        self.assertEqual(finished.returncode, 0, finished.stderr)
        return json.loads(finished.stdout or "null")

    def assert_all_served(self, servers, load, after):
        """The load goes on, and both servers consume."""
        self.assertTrue(load.await_more(100), f"stuck after {after}: {self.logs(servers)}")
        both = lambda: all(is_ready(server) for server in servers)
        self.assertTrue(eventually(both), f"not ready after {after}: {self.logs(servers)}")

    def logs(self, servers):
        return "\n\n".join(server.log()[-4000:] for server in servers)

    def test_no_order_is_lost_or_doubled_whatever_node_goes(self):
        one, two, three = self.cluster.nodes
        servers = [self.serve_orders(number) for number in (0, 1)]
        self.ask("set_up")
        load = Load(f"{self.address(0)}&queue=orders")
        self.addCleanup(load.kill)
        self.assert_all_served(servers, load, "the start")

        self.cluster.cut_off(one)
        self.assert_all_served(servers, load, "a partition")
        self.cluster.heal(one)
        self.assert_all_served(servers, load, "its end")
        self.assertTrue(eventually(lambda: self.cluster.running(three) == 3))

        two.kill()
        self.assert_all_served(servers, load, "a death")
        two.start()
        self.assert_all_served(servers, load, "its end")

        # Without a majority no node serves.
        one.kill()
        three.pause()
        neither = lambda: not any(is_ready(server) for server in servers)
        self.assertTrue(eventually(neither), self.logs(servers))
        three.resume()
        one.start()
        self.assert_all_served(servers, load, "the return of the majority")

        counts = load.finish()
        totals = self.ask("totals")
        self.assertEqual((counts["hung"], counts["late"]), (0, 0), counts)
        self.assertEqual(counts["answered"], counts["calls"], counts)
        self.assertEqual(totals, {"orders": counts["calls"], "different": counts["calls"]})
        for server in servers:
            server.terminate()
            self.assertEqual(server.wait(), 0, server.log())


if __name__ == "__main__":
    unittest.main()
