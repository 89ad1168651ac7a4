"""One call through a proxy, a broker and a server, as a collector of OpenTelemetry sees it."""

import http.server
import json
import threading
import unittest

from fixture import InteropTest, run_warren
from proxy_fixture import ProxyTest

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
RECORDED = f"00-{TRACE}-{CALLER}-01"


class Collector(http.server.ThreadingHTTPServer):
    """Takes spans by OTLP over HTTP, as JSON."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.requests = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def spans(self):
        """By service and name; each of a service has another name."""
        found = {}
        for _, _, body in self.requests:
            for resource in json.loads(body)["resourceSpans"]:
                service = attributes_of(resource["resource"])["service.name"]
                for scope in resource["scopeSpans"]:
                    for span in scope["spans"]:
                        found[service, span["name"]] = span
        return found


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def attributes_of(owner):
    return {each["key"]: next(iter(each["value"].values())) for each in owner["attributes"]}


class Tracing(InteropTest, ProxyTest):
    call = ProxyTest.call

    def setUp(self):
        self.collector = self.enterContext(Collector())

    def tracing(self, service, **settings):
        return {"endpoint": self.collector.url, "service": service} | settings

    def test_one_call_is_one_trace(self):
        self.write("key.secret", "Bearer of a secret\n")
        headers = {"authorization": {"file": "key.secret"}}
        server = self.enterContext(
            self.serve(self.cyberfusion(), tracing=self.tracing("server", headers=headers))
        )
        to = f"{self.uri}?queue=test&peer=warren"
        proxy = self.serve_proxies(
            {"from": {"tcp": "127.0.0.1:0"}, "to": to}, tracing=self.tracing("proxy")
        )
        called = self.call(
            proxy.addresses[0], "add", {"a": 2, "b": 40}, "--traceparent", RECORDED
        )
        self.assert_gives(called, 42)
        # What waits is sent at the end.
        self.assert_ends_well(proxy)
        self.assert_ends_well(server)
        spans = self.collector.spans()
        self.assertEqual({span["traceId"] for span in spans.values()}, {TRACE})
        parent_of = {key: span["parentSpanId"] for key, span in spans.items()}
        in_proxy, in_server = (spans[name, "add"]["spanId"] for name in ("proxy", "server"))
        self.assertEqual(
            parent_of,
            {
                ("proxy", "add"): CALLER,
                ("server", "broker queue"): in_proxy,
                ("server", "add"): in_proxy,
                ("server", "handler queue"): in_server,
                ("server", "handler"): in_server,
            },
        )
        attributes = attributes_of(spans["proxy", "add"])
        self.assertIn("queue=test", attributes["warren.forwards_to"])
        self.assertNotIn("guest:guest", json.dumps(spans["proxy", "add"]))
        for path, request_headers, _ in self.collector.requests:
            self.assertEqual(path, "/v1/traces")
            self.assertEqual(request_headers["Content-Type"], "application/json")
        keys = [each.get("authorization") for _, each, _ in self.collector.requests]
        self.assertEqual(sorted(filter(None, keys)), ["Bearer of a secret"])

    def test_the_commands_proxy_traces_too(self):
        server = self.enterContext(self.serve({"tcp": "127.0.0.1:0"}))
        proxy = self.proxy("--tracing", self.collector.url, to=server.addresses[0])
        self.assert_gives(self.call(proxy.addresses[0], "add", {"a": 2, "b": 40}), 42)
        self.assert_ends_well(proxy)
        self.assertEqual(list(self.collector.spans()), [("warren", "add")])

    def test_what_is_not_recorded_is_not_sent(self):
        server = self.enterContext(
            self.serve({"tcp": "127.0.0.1:0"}, tracing=self.tracing("server", sample=0))
        )
        address = server.addresses[0]
        self.assert_gives(self.call(address, "add", {"a": 2, "b": 40}), 42)
        self.assertEqual(self.collector.requests, [])
        called = self.call(address, "add", {"a": 2, "b": 40}, "--traceparent", RECORDED)
        self.assert_gives(called, 42)
        self.assert_ends_well(server)
        self.assertEqual({span["traceId"] for span in self.collector.spans().values()}, {TRACE})

    def test_it_is_checked(self):
        listener = {"tcp": "127.0.0.1:0"}
        tracing = {"endpoint": "localhost", "sample": 2, "headers": {"host": "x"}, "colour": 1}
        path = self.write("wrong.yml", {"listeners": [listener], "tracing": tracing})
        found = run_warren("check", path)
        self.assertEqual(found.returncode, 1)
        for key in tracing:
            self.assertIn(f"tracing.{key}", found.stdout)


if __name__ == "__main__":
    unittest.main()
