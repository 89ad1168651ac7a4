"""`warren log-server`: what the original's consumers post to it, what Warren's servers do, and its
pages in Debian's Chromium."""

import base64
import json
import sqlite3
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

from selenium.webdriver.common.by import By

from call_log_peer import TOKEN, Consumer
from docs_accessibility_test import RUN, told
from docs_page_test import start_browser
from fixture import MODULES, PATIENCE_S, PROGRAM, Process, ProgramTest, eventually, run_warren
from npm_packages import PACKAGES, fetch_packages
from postgresql import PostgreSql

PASSWORD = "Kaffee & Tee: 100%"
SCRIPT = "<script>document.title = 'broken into'</script>"


class LogServerTest(ProgramTest):
    @classmethod
    def start_log(cls, *options):
        secrets = ("--api-token", f"@{cls.write('token', TOKEN)}")
        secrets += ("--password", f"@{cls.write('password', PASSWORD)}")
        return Process(PROGRAM, "log-server", "--host", "127.0.0.1", "--port", 0, *secrets, *options)

    @classmethod
    def serve_log(cls, *options):
        server = cls.start_log(*options).wait_until_ready()
        server.url = server.addresses[0]
        server.consumer = Consumer(f"{server.url}/api/v1")
        return server

    def new_log(self, *options):
        file = self.directory / f"{uuid.uuid4().hex}.db"
        return self.enterContext(self.serve_log("--sqlite", file, *options))

    def get(self, url, user="anybody", password=PASSWORD):
        """Status and text of a page."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers = {} if password is None else {"Authorization": f"Basic {pair}"}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()


class Posts(LogServerTest):
    def setUp(self):
        self.server = self.new_log()
        self.consumer = self.server.consumer

    def request(self, **members):
        return {
            "correlation_id": str(uuid.uuid4()),
            "request_payload": {"favourite_food": "banana", "password": "*****"},
            "virtual_host_name": "trees",
            "queue_name": "servers",
            "rabbitmq_username": "consumer",
            "hostname": "node1",
            "exchange_name": "dx_example",
        } | members

    def test_a_request_and_its_response(self):
        request = self.request()
        status, answer = self.consumer.post("rpc-requests", request)
        self.assertEqual(status, 201)
        self.assertIn("detail", answer)
        response = {
            "correlation_id": request["correlation_id"],
            "response_payload": {"success": True, "message": "OK", "data": {"tolerable": False}},
            "traceback": None,
        }
        self.assertEqual(self.consumer.post("rpc-responses", response)[0], 201)
        status, page = self.get(f"{self.server.url}/rpc-requests/{request['correlation_id']}")
        self.assertEqual(status, 200)
        for text in ("banana", "tolerable", "node1", "trees", "servers", "consumer"):
            self.assertIn(text, page)

    def test_the_same_again_is_no_failure_and_another_one_is(self):
        request = self.request()
        self.assertEqual(self.consumer.post("rpc-requests", request)[0], 201)
        self.assertEqual(self.consumer.post("rpc-requests", request)[0], 201)
        other = request | {"request_payload": {"favourite_food": "onion"}}
        self.assertEqual(self.consumer.post("rpc-requests", other)[0], 409)
        response = {"correlation_id": request["correlation_id"], "traceback": None}
        for payload, status in (({"success": True}, 201), ({"success": True}, 201), ({}, 409)):
            told = response | {"response_payload": payload}
            self.assertEqual(self.consumer.post("rpc-responses", told)[0], status)

    def test_a_wrong_token(self):
        for token in ("", "wrong", TOKEN + "x", TOKEN[:-1]):
            consumer = Consumer(f"{self.server.url}/api/v1", token)
            status, answer = consumer.post("rpc-requests", self.request())
            self.assertEqual(status, 401)
            self.assertIn("X-API-Token", answer["detail"])

    def test_a_response_to_nothing(self):
        told = {"correlation_id": str(uuid.uuid4()), "response_payload": {}, "traceback": None}
        status, answer = self.consumer.post("rpc-responses", told)
        self.assertEqual(status, 400)
        self.assertIn("correlation id", answer["detail"])

    def test_what_does_not_fit(self):
        whole = self.request()
        for member in whole:
            lacking = {key: value for key, value in whole.items() if key != member}
            status, answer = self.consumer.post("rpc-requests", lacking)
            self.assertEqual(status, 422)
            (problem,) = answer["detail"]
            self.assertEqual((problem["loc"], problem["type"]), (["body", member], "missing"))
        wrong = {"correlation_id": "7", "request_payload": [], "queue_name": None, "hostname": 1}
        status, answer = self.consumer.post("rpc-requests", whole | wrong)
        self.assertEqual(status, 422)
        self.assertEqual({each["loc"][1] for each in answer["detail"]}, set(wrong))
        for body in (b"", b"{", b"[]", b"null", b"\xff", b'{"a":' * 1000):
            self.assertEqual(self.consumer.post("rpc-requests", body)[0], 422)
            self.assertEqual(self.consumer.post("rpc-responses", body)[0], 422)

    def test_a_body_over_the_limit(self):
        server = self.new_log("--body-bytes-max", 2000)
        fits = self.request(request_payload={"text": "x" * 1000})
        self.assertEqual(server.consumer.post("rpc-requests", fits)[0], 201)
        large = json.dumps(self.request(request_payload={"text": "x" * 20_000})).encode()
        request = urllib.request.Request(f"{server.url}/api/v1/rpc-requests", large)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        with refused.exception:
            self.assertEqual(refused.exception.code, 413)

    def test_every_text_is_kept_as_it_is(self):
        payload = {"text": "\u0000 \u202e é \U0001f333 ' \" % _ \\", "deep": [[[[{"a": None}]]]]}
        told = self.consumer.tell(payload, {"success": True}, exchange_name="a\u0000'b")
        status, page = self.get(f"{self.server.url}/rpc-requests/{told}")
        self.assertEqual(status, 200)
        self.assertIn("🌳", page)

    def test_pages_want_the_password(self):
        told = self.consumer.tell({"a": "of nobody"}, {"success": True})
        for path in ("/", "/rpc-requests", f"/rpc-requests/{told}", "/elsewhere"):
            for password in (None, "", "wrong", PASSWORD + "x", PASSWORD[:-1]):
                status, page = self.get(self.server.url + path, password=password)
                self.assertEqual(status, 401)
                self.assertNotIn("of nobody", page)
        for user in ("", "anybody", "é"):
            self.assertEqual(self.get(f"{self.server.url}/rpc-requests", user)[0], 200)

    def test_a_correlation_id_that_is_no_uuid_finds_its_call(self):
        page = lambda name: self.get(f"{self.server.url}/rpc-requests/{name}")
        self.assertEqual(page("no%20such")[0], 404)
        self.assertEqual(page("%zz")[0], 404)

    def test_a_form_that_cannot_be(self):
        for query, word in (("since=x", "2026-01-31T23:59"), ("page=0", "page"), ("a=1", "method")):
            status, page = self.get(f"{self.server.url}/rpc-requests?{query}")
            self.assertEqual(status, 400)
            self.assertIn(word, page)

    def test_a_reload_reads_the_secrets_again(self):
        self.write("token", "another token\n")
        self.addCleanup(self.write, "token", TOKEN)
        self.server.process.send_signal(1)
        self.server.wait_until_log("are read again")
        self.assertEqual(self.consumer.post("rpc-requests", self.request())[0], 401)
        self.consumer.token = "another token"
        self.assertEqual(self.consumer.post("rpc-requests", self.request())[0], 201)


class Start(LogServerTest):
    def assert_refused(self, *arguments, says):
        refused = run_warren("log-server", *arguments)
        self.assertEqual(refused.returncode, 78, refused.stderr)
        self.assertIn(says, refused.stderr)
        self.assertNotIn("of-a-tree", refused.stderr)

    def test_it_wants_its_secrets(self):
        database = ("--sqlite", self.directory / "start.db")
        self.assert_refused(*database, "--password", "of-a-tree", says="--api-token")
        self.assert_refused(*database, "--api-token", "of-a-tree", says="--password")

    def test_what_cannot_be_had(self):
        secrets = ("--api-token", "a", "--password", "b", "--port", 0)
        self.assert_refused(*secrets, "--sqlite", "/nowhere/at/all.db", says="/nowhere/at/all.db")
        other = self.write("other.db", "no database at all, but a text" * 10)
        self.assert_refused(*secrets, "--sqlite", other, says=str(other))
        self.assert_refused(*secrets, "--keep", "45", says="--keep")
        self.assert_refused(*secrets, "--keep", "0s", says="--keep")
        self.assert_refused(*secrets, "--postgresql", "host=/nowhere password=of-a-tree",
                            says="PostgreSQL")

    def test_a_later_version_is_left_alone(self):
        file = self.directory / "later.db"
        server = self.serve_log("--sqlite", file)
        server.terminate()
        self.assertEqual(server.wait(), 0)
        server.__exit__()
        database = sqlite3.connect(file)
        database.execute("UPDATE warren_rpc_calls_version SET version = 99")
        database.commit()
        database.close()
        self.assert_refused("--api-token", "a", "--password", "b", "--sqlite", file, says="version 99")


class Keeping(LogServerTest):
    def test_what_is_old_goes(self):
        file = self.directory / "old.db"
        with self.serve_log("--sqlite", file) as server:
            stays = server.consumer.tell({"a": 1}, {"success": True})
            goes = [server.consumer.tell_request({"a": 2}) for _ in range(700)]
            server.terminate()
            self.assertEqual(server.wait(), 0)
        database = sqlite3.connect(file)
        day_ms = 24 * 3600 * 1000
        database.execute(
            "UPDATE warren_rpc_calls SET came_ms = came_ms - ? WHERE correlation_id <> ?",
            (46 * day_ms, stays),
        )
        database.execute(
            "UPDATE warren_rpc_calls SET came_ms = came_ms - ? WHERE correlation_id = ?",
            (44 * day_ms, stays),
        )
        database.commit()
        database.close()
        server = self.enterContext(self.serve_log("--sqlite", file))
        status = lambda name: self.get(f"{server.url}/rpc-requests/{name}")[0]
        self.assertTrue(eventually(lambda: {status(name) for name in goes[::100]} == {404}))
        self.assertEqual(status(stays), 200)

    def test_it_is_there_after_a_kill(self):
        file = self.directory / "killed.db"
        with self.serve_log("--sqlite", file) as server:
            told = server.consumer.tell({"a": 1}, {"success": True})
        server = self.enterContext(self.serve_log("--sqlite", file))
        self.assertEqual(self.get(f"{server.url}/rpc-requests/{told}")[0], 200)
        self.assertEqual(file.stat().st_mode & 0o077, 0)


class InPostgresql(LogServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postgresql = cls.enterClassContext(PostgreSql())

    def test_calls_and_filters(self):
        server = self.enterContext(self.serve_log("--postgresql", self.postgresql.address))
        nul = {"text": "\u0000 100%_é"}
        told = server.consumer.tell(nul, {"success": True, "data": None}, exchange_name="a\u0000b")
        failed = server.consumer.tell({"b": 2}, {"success": False, "code": "failed"}, "Traceback: 7")
        open_one = server.consumer.tell_request({"c": 3}, hostname="node2")
        self.assertEqual(self.get(f"{server.url}/rpc-requests/{told}")[0], 200)
        for query, wanted in (
            ("code=ok", told),
            ("code=failed", failed),
            ("code=unanswered", open_one),
            ("host=node2", open_one),
            ("text=traceback", failed),
            ("text=100%25_", told),
            ("method=dx_example&until=2999-01-01T00:00&text=%22c%22", open_one),
        ):
            status, page = self.get(f"{server.url}/rpc-requests?{query}")
            self.assertEqual(status, 200)
            found = [each for each in (told, failed, open_one) if each in page]
            self.assertEqual(found, [wanted], query)

    def test_a_connection_that_is_lost_is_made_again(self):
        self.postgresql.make_database("lost")
        address = self.postgresql.address.replace("/postgres?", "/lost?")
        server = self.enterContext(self.serve_log("--postgresql", address))
        server.consumer.tell({"a": 1}, {"success": True})
        self.postgresql.end_connections("lost")
        server.consumer.tell({"a": 2}, {"success": True})


class FromWarren(LogServerTest):
    def test_a_server_of_warrens_reports(self):
        log = self.new_log()
        reports = {"base_url": f"{log.url}/api/v1", "api_token": TOKEN}
        server = self.enterContext(self.serve({"tcp": "127.0.0.1:0"}, log_server=reports))
        call = lambda method, request: run_warren("call", method, request, "--to", server.addresses[0])
        self.assert_gives(call("add", '{"a": 2, "b": 40}'), 42)
        self.assert_fails(call("fail", '{"message": "no such tree"}'), "failed")
        listed = lambda query: self.get(f"{log.url}/rpc-requests?{query}")[1]
        self.assertTrue(eventually(lambda: "<td>fail</td>" in listed("code=failed&text=no such tree".replace(" ", "+"))))
        self.assertTrue(eventually(lambda: "<td>add</td>" in listed("code=ok")))


class Pages(LogServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fetch_packages()
        cls.axe = (PACKAGES / "node_modules/axe-core/axe.min.js").read_text()
        cls.log = cls.enterClassContext(cls.serve_log("--sqlite", cls.directory / "pages.db"))
        cls.fill(cls.log.consumer)
        cls.browser = start_browser()
        cls.addClassCleanup(cls.browser.quit)
        cls.browser.set_script_timeout(4 * PATIENCE_S)
        password = urllib.parse.quote(PASSWORD, safe="")
        # Once it has said it, the browser says it again.
        cls.browser.get(cls.log.url.replace("://", f"://anybody:{password}@") + "/rpc-requests")

    @classmethod
    def fill(cls, consumer):
        ok = {"success": True, "message": "OK", "data": {"tolerable": True}}
        for number in range(45):
            consumer.tell({"number": f"n{number:02}"}, ok, exchange_name="counted", hostname="node1")
        cls.failed = consumer.tell(
            {"favourite_food": SCRIPT, SCRIPT: "</pre><img src=x onerror=alert(1)>"},
            {"success": False, "message": SCRIPT, "data": None},
            f"Traceback (most recent call last):\n  {SCRIPT}",
            exchange_name=SCRIPT,
            hostname="node2",
        )
        cls.unanswered = consumer.tell_request({"a": 1}, hostname="node2")

    def open(self, query=""):
        self.browser.get(f"{self.log.url}/rpc-requests{query}")

    def rows(self):
        found = self.browser.find_elements(By.CSS_SELECTOR, "tbody tr")
        return [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")] for row in found]

    def fill_in(self, **fields):
        for name, text in fields.items():
            self.browser.find_element(By.NAME, name).send_keys(text)
        self.browser.find_element(By.CSS_SELECTOR, "button").click()

    def follow(self, text):
        self.browser.find_element(By.LINK_TEXT, text).click()

    def test_the_list_is_in_pages_the_latest_first(self):
        self.open()
        self.assertEqual(len(self.rows()), 20)
        self.assertEqual(self.rows()[0][2], "unanswered")
        self.assertEqual(self.rows()[1][1], SCRIPT)
        ids = [row[-1] for row in self.rows()]
        self.follow("Earlier")
        ids += [row[-1] for row in self.rows()]
        self.follow("Earlier")
        ids += [row[-1] for row in self.rows()]
        self.assertEqual(len(ids), 47)
        self.assertEqual(len(set(ids)), 47)
        self.assertEqual(self.browser.find_elements(By.LINK_TEXT, "Earlier"), [])
        self.follow("Later")
        self.assertEqual(len(self.rows()), 20)

    def test_a_call_and_what_it_said_is_text_alone(self):
        self.open()
        self.follow(self.failed)
        element = lambda name: self.browser.find_element(By.ID, name).text
        self.assertIn(SCRIPT, element("request"))
        self.assertIn("onerror=alert(1)", element("request"))
        self.assertIn(SCRIPT, element("response"))
        self.assertIn("Traceback (most recent call last):", element("traceback"))
        self.assertEqual(self.browser.title, f"Call of {SCRIPT}")
        self.assertEqual(self.browser.find_elements(By.CSS_SELECTOR, "script, img"), [])
        self.follow("All calls")
        self.assertEqual(len(self.rows()), 20)

    def test_filters(self):
        self.open()
        self.fill_in(method="counted", text="n07")
        self.assertEqual([row[1] for row in self.rows()], ["counted"])
        self.assertEqual(self.browser.find_element(By.NAME, "text").get_attribute("value"), "n07")
        for query, count in (
            ("?host=node2", 2),
            ("?host=node2&code=failed", 1),
            ("?code=unanswered", 1),
            ("?since=2999-01-01T00:00", 0),
            ("?until=2999-01-01T00:00&host=node2", 2),
            ("?until=2001-01-01T00:00", 0),
            ("?text=traceback", 1),
            ("?text=N0_", 0),
            ("?text=%25", 0),
            ("?text=n4", 5),
            ("?text='+OR+1=1+--", 0),
            ("?method='+OR+'1'='1", 0),
        ):
            with self.subTest(query):
                self.open(query)
                self.assertEqual(len(self.rows()), count)

    def test_a_filter_stays_from_page_to_page(self):
        self.open("?method=counted&text=n")
        self.follow("Earlier")
        self.follow("Earlier")
        self.assertEqual(len(self.rows()), 5)
        self.follow("All")
        self.assertEqual(self.rows()[0][2], "unanswered")

    def test_a_filter_is_text_alone(self):
        self.open("?" + urllib.parse.urlencode({"method": f'">{SCRIPT}', "code": f'">{SCRIPT}'}))
        self.assertEqual(self.browser.title, "Calls")
        value = self.browser.find_element(By.NAME, "method").get_attribute("value")
        self.assertEqual(value, f'">{SCRIPT}')
        self.assertEqual(self.browser.find_elements(By.TAG_NAME, "script"), [])

    def test_they_are_accessible(self):
        for path in ("", f"/{self.failed}", "?text=nothing-like-it"):
            for theme in ("light", "dark"):
                with self.subTest(path, theme=theme):
                    features = [{"name": "prefers-color-scheme", "value": theme}]
                    self.browser.execute_cdp_cmd(
                        "Emulation.setEmulatedMedia", {"features": features}
                    )
                    self.open(path)
                    # Not as a script of the page, which its policy forbids.
                    self.browser.execute_cdp_cmd("Runtime.evaluate", {"expression": self.axe})
                    found = self.browser.execute_async_script(RUN)
                    self.assertEqual("\n".join(map(told, found["violations"])), "")
                    self.assertGreater(found["passes"], 5)


if __name__ == "__main__":
    unittest.main()
