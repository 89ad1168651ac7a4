"""The dashboard and the alerts: a Prometheus that scrapes a server under load answers every query, and knows
every metric."""

import json
import re
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

from fixture import PATIENCE_S, TREE, eventually
from processes import die_with_parent
from tcp_fixture import Caller, TcpTest, held_port

DASHBOARD = TREE / "packaging/grafana/warren.json"
ALERTS = TREE / "packaging/prometheus/warren-alerts.yml"
SCRAPE = """
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%s]
scrape_configs:
  - job_name: warren
    static_configs: [{targets: ["%s"]}]
"""
# Of transports and parts that this server has none of.
ABSENT = re.compile("warren_server_(reconnects|dropped_answers|replays|refused_replies|clock_differences)")


def dashboard_queries():
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def metrics_of(query):
    return set(re.findall(r"\b(?:warren|process)_[a-z_]+", query))


class Dashboard(TcpTest):
    def ask(self, path):
        try:
            with urllib.request.urlopen(f"{self.prometheus}{path}", timeout=PATIENCE_S) as answer:
                return json.loads(answer.read())["data"]
        except urllib.error.URLError:
            return None

    def query(self, expression):
        expression = expression.replace("$__rate_interval", "1m").replace("$instance", ".+")
        answer = self.ask("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        self.assertIsNotNone(answer, expression)
        return answer["result"]

    def start_prometheus(self, admin):
        address = "127.0.0.1:%d" % self.enterContext(held_port()).getsockname()[1]
        config = self.write("prometheus.yml", SCRAPE % (ALERTS, admin))
        log = self.enterContext(open(self.directory / "prometheus.log", "wb"))
        process = subprocess.Popen(
            [
                *("prometheus", f"--config.file={config}", f"--web.listen-address={address}"),
                f"--storage.tsdb.path={self.directory / 'series'}",
            ],
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.prometheus = f"http://{address}"

    def test_every_query_is_answered(self):
        buffer = {"buffered": True, "buffer": {"file": str(self.directory / "buffer")}}
        buffered = {"from": self.tcp(), "to": {"tcp": "127.0.0.1:1"}} | buffer
        store = {"sqlite": str(self.directory / "store.db")}
        with self.serve(
            self.tcp(), admin={"address": "127.0.0.1:0"}, store=store, proxies=[buffered]
        ) as server:
            admin = next(each.split()[0] for each in server.listeners if each.endswith(" admin"))
            self.start_prometheus(admin.removeprefix("http://"))
            with Caller(server.addresses[0]) as caller:

                def has_scraped():
                    caller.call("add", [1, 2])
                    caller.call("fail", {"message": "for the test"})
                    found = self.ask("/api/v1/query?query=rate(warren_server_requests_total[1m])")
                    return found and found["result"]

                self.assertTrue(eventually(has_scraped), (self.directory / "prometheus.log").read_text())
            for title, expression in dashboard_queries():
                with self.subTest(title):
                    found = self.query(expression)
                    if not ABSENT.search(expression) and "code!=" not in expression:
                        self.assertTrue(found, expression)
            self.assertTrue(self.query('rate(warren_server_requests_total{code!="ok"}[1m])'))
            groups = self.ask("/api/v1/rules")["groups"]
            health = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
            self.assertEqual(set(health.values()), {"ok"}, health)

    def test_every_metric_is_one_that_there_is(self):
        sources = "".join(path.read_text() for path in (TREE / "src/metrics").glob("*.cpp"))
        known = set(re.findall(r"(?:warren|process)_[a-z_]+", sources))
        # Of both sides the name is put together.
        known |= {f"warren_{side}_{what}" for side in ("server", "client")
                  for what in ("requests_total", "request_duration_seconds")}
        named = metrics_of(ALERTS.read_text())
        for _, expression in dashboard_queries():
            named |= metrics_of(expression)
        named = {re.sub("_bucket$", "", name) for name in named}
        self.assertGreater(len(named), 20)
        self.assertEqual(named - known, set())


if __name__ == "__main__":
    unittest.main()
