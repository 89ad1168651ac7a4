"""`warren docs serve --try`: whose calls are refused, and what is over its limits."""

import http.client
import json
import unittest
import urllib.parse

from docs_try_test import TryTest
from fixture import MODULES, PATIENCE_S, run_warren


class Calls(TryTest):
    """What is no browser."""

    @classmethod
    def start(cls, *options):
        super().start(*options)
        cls.host = urllib.parse.urlsplit(cls.url).netloc

    def send(self, method, headers, body=None, path="/try"):
        """The status and the JSON of the answer, or its text."""
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE_S)
        self.addCleanup(connection.close)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        is_json = answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(text) if is_json else text

    def token(self, **headers):
        return self.send("GET", {"X-Warren-Try": "token"} | headers)[1]["token"]

    def call(self, method, request, token=None, **headers):
        given = {"Content-Type": "application/json", "X-Warren-Try": token or self.token()}
        given = {name: value for name, value in (given | headers).items() if value is not None}
        return self.send("POST", given, json.dumps({"method": method, "request": request}))

    def assert_refused(self, answer, status, text):
        self.assertEqual(answer[0], status, answer)
        self.assertIn(text, answer[1]["refused"])


class Refusals(Calls):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start("--modules", MODULES, "--try", "mock", "--public-host", "docs.example.org")

    def food(self, **headers):
        return self.call("dx_example", {"favourite_food": "onion"}, **headers)

    def test_a_page_of_its_own_calls(self):
        origin = {"Origin": "http://" + self.host, "Sec-Fetch-Site": "same-origin"}
        status, outcome = self.food(**origin)
        self.assertEqual(status, 200)
        self.assertIn("tolerable", outcome["result"])
        headers = {"Host": "docs.example.org", "Origin": "https://docs.example.org"}
        token = self.token(**headers)
        self.assertEqual(self.food(token=token, **headers)[0], 200)

    def test_a_page_from_elsewhere_is_refused(self):
        for origin in ("http://evil.example", "null", "http://" + self.host + "0"):
            self.assert_refused(self.food(Origin=origin), 403, "makes no calls here")
        self.assert_refused(self.food(**{"Sec-Fetch-Site": "cross-site"}), 403, "Sec-Fetch-Site")

    def test_a_name_that_leads_here_is_refused(self):
        evil = {"Host": "evil.example", "Origin": "http://evil.example"}
        self.assert_refused(self.food(**evil), 403, "not known as 'evil.example'")
        self.assert_refused(self.send("GET", {"X-Warren-Try": "token"} | evil), 403, "--public-host")

    def test_a_call_has_a_token_of_its_own(self):
        token = self.token()
        self.assertEqual(self.food(token=token)[0], 200)
        self.assert_refused(self.food(token=token), 403, "was used")
        self.assert_refused(self.food(token="guessed"), 403, "not known")
        self.assert_refused(self.food(**{"X-Warren-Try": None}), 403, "X-Warren-Try is missing")
        self.assert_refused(self.send("GET", {}), 403, "X-Warren-Try is missing")

    def test_a_call_is_json(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", None):
            self.assert_refused(self.food(**{"Content-Type": kind}), 415, "application/json")

    def test_a_body_has_a_limit(self):
        status, text = self.call("echo", {"value": "x" * (256 << 10)})
        self.assertEqual(status, 413, text)
        self.assertIn("262144 bytes", text)

    def test_posts_have_one_place(self):
        self.assertEqual(self.send("POST", {}, "{}", "/")[0], 405)


class Rates(Calls):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start("--modules", MODULES, "--try", "mock")

    def test_calls_in_a_minute_have_a_limit(self):
        call = lambda: self.call("dx_example", {"favourite_food": "onion"})
        answers = [call() for _ in range(61)]
        self.assertEqual({status for status, _ in answers[:60]}, {200})
        # On a machine so slow that a minute has passed, nothing was over the limit.
        if answers[60][0] != 200:
            self.assert_refused(answers[60], 429, "60 calls are made in a minute")


class Everywhere(Calls):
    def test_it_is_known_by_the_address_that_it_says(self):
        for host in ("::", "0.0.0.0"):
            with self.subTest(host):
                self.start("--modules", MODULES, "--try", "mock", "--host", host)
                origin = {"Origin": "http://" + self.host}
                self.assertEqual(self.call("fibonacci", {"n": 7}, **origin)[0], 200)

    def test_a_public_host_is_a_name(self):
        options = ("--modules", MODULES, "--try", "mock", "--public-host", "http://x.org/")
        refused = run_warren("docs", "serve", *options)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("--public-host: expected a host's name", refused.stderr)


class Off(Calls):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start("--modules", MODULES, "--host", "127.0.0.1")

    def test_it_is_off_unless_it_is_asked_for(self):
        self.assertEqual(self.send("GET", {"X-Warren-Try": "token"})[0], 404)
        self.assertEqual(self.send("POST", {}, "{}")[0], 405)
        self.assertNotIn("warren-try", self.send("GET", {}, path="/")[1])
        self.assertEqual(self.send("GET", {}, path="/warren-try.js")[0], 404)


if __name__ == "__main__":
    unittest.main()
