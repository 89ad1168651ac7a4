"""`warren docs serve --try` in Debian's Chromium: forms made of the contract, calls that succeed and
fail, secrets."""

import contextlib
import html
import http.server
import json
import os
import threading
import unittest

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from docs_page_test import start_browser, write_site
from fixture import MODULES, PATIENCE_S, PROGRAM, Process, ProgramTest, run_warren

ZOO = os.environ.get("WARREN_ZOO_MODULES", "build/release/test_modules/zoo")
SECRET = "canary 4711 secret"


def serve_docs(*options):
    """`warren docs serve`; not yet ready."""
    return Process(PROGRAM, "docs", "serve", "--port", "0", *options)


@contextlib.contextmanager
def foreign_page(content):
    """A page of another server; its address."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class TryTest(ProgramTest):
    """A documentation server; each class says which."""

    @classmethod
    def start(cls, *options):
        cls.server = cls.enterClassContext(serve_docs(*options))
        cls.url = cls.server.wait_until_ready().addresses[0]


class BrowserTest(TryTest):
    """With a browser whose page is that of the server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = start_browser()
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.browser.get("about:blank")
        self.browser.get_log("browser")

    def tearDown(self):
        """Nothing was forbidden, missing or broken."""
        said = [entry["message"] for entry in self.browser.get_log("browser")]
        ignored = ("favicon", "Password forms should have")  # advice on forms that log in
        self.assertEqual([line for line in said if not any(word in line for word in ignored)], [])

    def until(self, condition):
        return WebDriverWait(self.browser, PATIENCE_S).until(lambda _: condition())

    def open(self, method, page="index.html"):
        """The form of a method."""
        # Elsewhere first, so that the page is loaded anew.
        self.browser.get("about:blank")
        self.browser.get(self.url + page + "#" + method + ".try")
        section = self.browser.find_element(By.ID, method)
        place = section.find_element(By.CSS_SELECTOR, ".try")
        self.until(place.is_displayed)
        place.find_element(By.CSS_SELECTOR, ".try-open").send_keys(Keys.ENTER)
        self.until(lambda: place.find_elements(By.CSS_SELECTOR, ".try-form"))
        self.form = place.find_element(By.CSS_SELECTOR, ".try-form")

    def control(self, label):
        for found in self.form.find_elements(By.CSS_SELECTOR, "[aria-label]"):
            if found.get_attribute("aria-label") == label and found.is_displayed():
                return found
        raise AssertionError(f"no {label!r} in {self.form.text!r}")

    def give(self, name):
        """Have a field sent that may be left out."""
        for label in self.form.find_elements(By.CSS_SELECTOR, "label.try-name"):
            if label.text == name:
                label.find_element(By.TAG_NAME, "input").send_keys(Keys.SPACE)
                return
        raise AssertionError(f"no field {name!r}")

    def json(self):
        area = self.form.find_element(By.CSS_SELECTOR, ".try-raw textarea")
        return area, json.loads(area.get_attribute("value"))

    def write_json(self, text):
        raw = self.form.find_element(By.CSS_SELECTOR, ".try-raw")
        if not raw.get_attribute("open"):
            raw.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
        self.replace(raw.find_element(By.TAG_NAME, "textarea"), text)

    def replace(self, control, text):
        """As somebody who types does it."""
        control.send_keys(Keys.CONTROL + "a")
        control.send_keys(text)

    def outcome(self):
        """Send, and what the badge says."""
        self.form.find_element(By.CSS_SELECTOR, ".try-send").send_keys(Keys.ENTER)
        self.until(lambda: self.form.find_elements(By.CSS_SELECTOR, ".try-outcome"))
        return self.form.find_element(By.CSS_SELECTOR, ".try-outcome .badge").text

    def result(self):
        return self.form.find_element(By.CSS_SELECTOR, ".try-result").text

    def errors(self):
        """What stands at each field, by the name of its control."""
        invalid = self.form.find_elements(By.CSS_SELECTOR, "[aria-invalid=true]")
        return {
            control.get_attribute("aria-label"): self.browser.find_element(
                By.ID, control.get_attribute("aria-describedby")
            ).text
            for control in invalid
        }


class Mock(BrowserTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start("--modules", MODULES, "--modules", ZOO, "--try", "mock")

    def test_a_call_succeeds(self):
        self.open("dx_example")
        Select(self.control("favourite_food")).select_by_visible_text("banana")
        self.assertEqual(self.json()[1]["favourite_food"], "banana")
        self.assertEqual(self.outcome(), "success")
        self.assertIn("tolerable", self.result())
        self.assertRegex(self.result(), r"\d ms")

    def test_a_failure_stands_at_its_field(self):
        self.open("dx_example")
        self.replace(self.control("chance_percentage"), "0")
        self.assertEqual(self.outcome(), "invalid_request")
        self.assertEqual(set(self.errors()), {"chance_percentage"})
        self.assertIn("greater than 0", self.errors()["chance_percentage"])
        focused = self.browser.switch_to.active_element
        self.assertEqual(focused.get_attribute("aria-label"), "chance_percentage")
        # And goes with the next call.
        self.replace(focused, "1")
        self.assertEqual(self.outcome(), "success")
        self.assertEqual(self.errors(), {})

    def test_it_works_by_keyboard_alone(self):
        self.open("fibonacci")
        keys = ActionChains(self.browser)
        keys.send_keys(Keys.BACKSPACE * 9, "7").key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL)
        keys.perform()
        self.until(lambda: self.form.find_elements(By.CSS_SELECTOR, ".try-outcome"))
        self.assertIn("success", self.result())

    def test_what_is_nested_has_its_failures(self):
        self.open("zoo.containers")
        for name in ("list", "map", "models", "strict", "tree"):
            self.give(name)
        self.control("Add an item to list").send_keys(Keys.ENTER)
        self.browser.switch_to.active_element.send_keys("5")
        self.control("Add an item to list").send_keys(Keys.ENTER)
        self.browser.switch_to.active_element.send_keys("five")
        self.control("Add an entry to map").send_keys(Keys.ENTER)
        self.control("Key of map 1").send_keys("__proto__")
        self.control("map 1").send_keys("1")
        Select(self.control("Which of models")).select_by_visible_text("list")
        self.control("name").send_keys("root")
        self.give("branches")
        self.control("Add an item to branches").send_keys(Keys.ENTER)
        request = self.json()[1]
        self.assertEqual(request["list"], [5, "five"])
        self.assertEqual(request["map"], {"__proto__": 1})
        self.assertEqual(request["models"], [])
        self.assertEqual(request["tree"]["branches"], [{"name": ""}])
        self.assertEqual(self.outcome(), "invalid_request")
        self.assertIn("list 2", self.errors())
        self.assertIn("number", self.errors())
        self.assertNotIn("list 1", self.errors())

    def test_form_and_json_are_in_step(self):
        self.open("zoo.demanding")
        great = 18446744073709551615
        self.write_json(json.dumps({"great": great, "some": [1, 2, 3], "other": {"a": None}}))
        self.assertEqual(self.control("great").get_attribute("value"), str(great))
        self.control("some 3").send_keys("0")
        text = self.json()[0].get_attribute("value")
        self.assertEqual(json.loads(text), {"great": great, "some": [1, 2, 30], "other": {"a": None}})
        self.write_json('{"great": ')
        self.assertIn("no JSON yet", self.form.text)
        self.form.find_element(By.CSS_SELECTOR, ".try-send").send_keys(Keys.ENTER)
        self.assertEqual(self.form.find_elements(By.CSS_SELECTOR, ".try-outcome"), [])
        self.write_json('{"great": {"what": "a form cannot show"}}')
        self.assertEqual(self.outcome(), "invalid_request")
        self.assertEqual(set(self.errors()), {"great, as JSON"})

    def refused(self):
        """That nothing is sent, and what is said instead."""
        self.form.find_element(By.CSS_SELECTOR, ".try-send").send_keys(Keys.ENTER)
        self.assertEqual(self.form.find_elements(By.CSS_SELECTOR, ".try-outcome"), [])
        return list(self.errors().values())

    def test_what_is_typed_is_sent_or_refused(self):
        self.open("zoo.demanding")
        self.write_json('{"some": [1], "other": {"a": 1, "b": {"a": 2}, "\\u0061": 3}}')
        self.assertEqual(self.refused(), ['The key "\\u0061" is there twice'])
        for deep in ("[" * 3000 + "]" * 3000, '{"a":' * 3000 + "1" + "}" * 3000):
            self.paste(deep)
            self.assertEqual(self.refused(), ["Lists and maps stand in one another over 127 deep"])
        self.paste("[" * 127 + "]" * 127)
        self.assertEqual(self.outcome(), "invalid_request")

    def paste(self, text):
        area = self.form.find_element(By.CSS_SELECTOR, ".try-raw textarea")
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'));"
        self.browser.execute_script(script, area, text)

    def test_a_field_of_json_takes_nothing_else(self):
        self.open("echo")
        label = next(
            control.get_attribute("aria-label")
            for control in self.form.find_elements(By.CSS_SELECTOR, ".try-json")
            if control.get_attribute("aria-label") != "The request as JSON"
        )
        self.replace(self.control(label), "{not json")
        self.assertIn("This is no JSON", self.refused()[0])
        self.assertEqual(self.browser.switch_to.active_element, self.control(label))
        self.replace(self.control(label), '{"twice": 1, "twice": 2}')
        self.assertEqual(self.refused(), ['The key "twice" is there twice'])
        self.replace(self.control(label), '"text"')
        self.assertEqual(self.outcome(), "success")

    def test_a_map_has_each_key_once(self):
        self.open("zoo.containers")
        self.give("map")
        for at in ("1", "2"):
            self.control("Add an entry to map").send_keys(Keys.ENTER)
            self.control("Key of map " + at).send_keys("same")
            self.control("map " + at).send_keys(at)
        self.assertEqual(self.refused(), ['The key "same" is there twice'])
        self.control("Key of map 2").send_keys("2")
        self.assertEqual(self.errors(), {})
        self.assertEqual(self.json()[1]["map"], {"same": 1, "same2": 2})

    def test_what_is_long_is_shown_as_json(self):
        self.open("zoo.containers")
        self.give("list")
        items = list(range(20_000))
        self.paste(json.dumps({"list": items}))
        self.assertEqual(self.control("list, as JSON").tag_name, "textarea")
        self.assertLess(len(self.form.find_elements(By.CSS_SELECTOR, "input, textarea")), 1_000)
        self.assertEqual(self.json()[1]["list"], items)
        # Without the space that the form shows it with, it is below the limit of a request.
        self.paste(json.dumps({"list": [77777] * 40_000}, separators=(",", ":")))
        self.assertNotEqual(self.outcome(), "not sent")

    def test_a_secret_is_never_shown_again(self):
        self.open("hidden")
        self.give("password")
        for name in ("pin", "password"):
            self.assertEqual(self.control(name).get_attribute("type"), "password")
            self.control(name).send_keys(SECRET)
        self.assertEqual(self.json()[1], {"pin": "********", "password": "********"})
        self.assertEqual(self.outcome(), "success")
        self.assertEqual(self.control("pin").get_attribute("value"), "")
        self.write_json(json.dumps({"pin": SECRET, "number": 4}))
        self.assertEqual(self.outcome(), "invalid_request")
        self.assertEqual(set(self.errors()), {"number"})
        shown = self.browser.execute_script(
            "return document.documentElement.outerHTML + Array.from("
            "document.querySelectorAll('input, textarea'), (control) => control.value).join()"
        )
        self.assertNotIn(SECRET, shown)
        self.assertNotIn(SECRET, self.server.log())

    def test_the_first_click_sends_what_was_just_typed(self):
        self.open("zoo.containers")
        self.write_json(json.dumps({"list": [*range(20), "twenty"]}))
        send = self.form.find_element(By.CSS_SELECTOR, ".try-send")
        into_view = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})"
        self.browser.execute_script(into_view, send)
        # As long as a hand takes, in which the form would grow if the box lost the focus.
        ActionChains(self.browser).click_and_hold(send).pause(0.12).release().perform()
        self.until(lambda: self.form.find_elements(By.CSS_SELECTOR, ".try-outcome"))
        self.assertIn("invalid_request", self.result())
        self.assertEqual(set(self.errors()), {"list 21"})

    def test_both_themes_and_a_phone(self):
        width = "return document.documentElement.scrollWidth"
        metrics = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        try:
            self.open("zoo.containers")
            for name in ("array", "map", "models", "nested"):
                self.give(name)
            self.control("Add an entry to map").send_keys(Keys.ENTER)
            self.control("Add an entry to nested").send_keys(Keys.ENTER)
            self.assertEqual(self.outcome(), "invalid_request")
            self.assertEqual(self.browser.execute_script(width), 360)
        finally:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        colours = set()
        for scheme in ("light", "dark"):
            media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
            colours.add(self.form.value_of_css_property("background-color"))
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        self.assertEqual(len(colours), 2)

    def test_without_a_script_there_is_no_form(self):
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            self.browser.get(self.url)
            self.assertIn("favourite_food", self.browser.find_element(By.TAG_NAME, "main").text)
            places = self.browser.find_elements(By.CSS_SELECTOR, ".try")
            self.assertEqual([place for place in places if place.is_displayed()], [])
        finally:
            self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    def test_a_page_from_elsewhere_gets_nothing(self):
        body = html.escape('{"method": "dx_example", "request": {"favourite_food": "onion"}}')
        page = (
            f'<form method="post" enctype="text/plain" action="{self.url}try">'
            f'<input name="{body}"><button>Win</button></form>'
        )
        ask = (
            "const [url, done] = arguments;"
            "const ask = (options) => fetch(url + 'try', options).then("
            "    (answer) => answer.type, (error) => error.name);"
            "const headers = {'X-Warren-Try': 'token', 'Content-Type': 'application/json'};"
            "Promise.all([ask({headers}), ask({method: 'POST', headers, body: '{}'}),"
            "    ask({method: 'POST', body: '{}', mode: 'no-cors'})]).then(done);"
        )
        with foreign_page(page) as foreign:
            self.browser.get(foreign)
            answers = self.browser.execute_async_script(ask, self.url)
            # Of the last one a page is told nothing.
            self.assertEqual(answers, ["TypeError", "TypeError", "opaque"])
            self.browser.find_element(By.TAG_NAME, "button").click()
            self.until(lambda: self.browser.current_url == self.url + "try")
            shown = self.browser.find_element(By.TAG_NAME, "body").text
            self.assertIn("makes no calls here", shown)
        self.browser.get_log("browser")


class Hostile(BrowserTest):
    """A contract that nobody should have written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        write_site("hostile_contract", cls.directory / "hostile")
        document = cls.directory / "hostile/contract.json"
        cls.start(document, "--try", "call", "--address", "tcp://127.0.0.1:1")

    def test_texts_stay_texts(self):
        self.browser.get(self.url)
        places = self.browser.find_elements(By.CSS_SELECTOR, ".try")
        self.assertGreater(len(places), 20)
        self.until(places[0].is_displayed)
        self.browser.execute_script(
            "document.querySelectorAll('.try-open').forEach((button) => button.click())"
        )
        self.until(lambda: len(self.browser.find_elements(By.CSS_SELECTOR, ".try-form")) == len(places))
        self.browser.execute_script(
            "document.querySelectorAll('.try-form input[type=checkbox]').forEach((box) => box.click());"
            "document.querySelectorAll('.try-send')[0].click();"
            "document.querySelectorAll('*').forEach((element) => {"
            "  for (const name of ['mouseover', 'focus', 'error', 'load'])"
            "    element.dispatchEvent(new Event(name, {bubbles: true}));"
            "});"
        )
        self.until(lambda: self.browser.find_elements(By.CSS_SELECTOR, ".try-outcome"))
        # A dialog would make all of this fail.
        self.assertEqual(self.browser.find_elements(By.TAG_NAME, "img"), [])
        self.assertEqual(len(self.browser.find_elements(By.TAG_NAME, "script")), 2)


class Foreign(BrowserTest):
    """A contract of a server that is not Warren's, and says of no field that it is a secret."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        write_site("named_secret", cls.directory / "named")
        document = cls.directory / "named/contract.json"
        cls.start(document, "--try", "call", "--address", "tcp://127.0.0.1:1")

    def test_a_name_makes_a_secret_of_all_that_is_inside(self):
        self.open("log_in")
        for name in ("plain", "sealed"):
            self.assertEqual(self.control(name).get_attribute("type"), "password")
            self.control(name).send_keys(SECRET)
        self.replace(self.control("user"), "somebody")
        hidden = {"plain": "********", "sealed": "********"}
        self.assertEqual(self.json()[1], {"user": "somebody", "password": hidden})
        self.assertEqual(self.outcome(), "no_responder")
        self.assertEqual(self.control("plain").get_attribute("value"), "")
        self.assertNotIn(SECRET, self.browser.page_source)


class Call(BrowserTest):
    """Calls for real, where a configuration serves the methods."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        key = run_warren("keygen").stdout.strip()
        listener = {"fernet_keys": [key], "auth_secrets": ["an auth secret of 32 characters."]}
        both = {"modules": [MODULES, ZOO]}
        serving = cls.start_serving(both | {"listeners": [listener | {"tcp": "127.0.0.1:0"}]})
        address = cls.enterClassContext(serving).wait_until_ready().addresses[0]
        port = address.rpartition(":")[2]
        configuration = both | {"listeners": [listener | {"tcp": f"*:{port}"}]}
        cls.start("--config", cls.write("docs.yml", configuration), "--try", "call")

    def test_the_handler_runs(self):
        self.open("fibonacci")
        self.replace(self.control("n"), "30")
        self.assertEqual(self.outcome(), "success")
        self.assertIn("832040", self.result())

    def test_a_handler_fails(self):
        self.open("fail")
        self.replace(self.control("message"), "<img src=x onerror=alert(1)>")
        self.assertEqual(self.outcome(), "failed")
        self.assertIn("<img src=x onerror=alert(1)>", self.result())

    def test_parts_are_shown(self):
        self.open("count_down")
        self.write_json('{"size": 3}')
        self.assertEqual(self.outcome(), "success")
        shown = self.form.find_elements(By.CSS_SELECTOR, ".try-result pre")
        self.assertEqual([part.text for part in shown], ["3", "2", "1", "0"])

    def test_secrets_go_encrypted(self):
        # The listener refuses them in plaintext.
        self.open("hidden")
        self.control("pin").send_keys(SECRET)
        self.give("number")
        self.control("number").send_keys("123456")
        self.assertEqual(self.outcome(), "success")
        self.assertNotIn(SECRET, self.browser.page_source)
        self.assertNotIn("123456", self.browser.page_source)

    def test_failures_stand_at_their_fields(self):
        self.open("zoo.scalars")
        self.give("int8")
        self.control("int8").send_keys("300")
        self.assertEqual(self.outcome(), "invalid_request")
        self.assertEqual(set(self.errors()), {"int8"})


if __name__ == "__main__":
    unittest.main()
