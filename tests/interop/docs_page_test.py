"""The pages of `warren docs` in Debian's Chromium: search, deep links, themes, and texts that would
like to be programs."""

import os
import subprocess
import unittest

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from fixture import MODULES, PATIENCE_S, PROGRAM, TREE, Process, ProgramTest, run_warren

SITE = os.environ.get("WARREN_DOCS_SITE", str(TREE / "build/release/tests/interop/docs_site"))


def start_browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"):
        options.add_argument(argument)
    options.add_argument("--disable-dev-shm-usage")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.binary_location = "/usr/bin/chromium"
    service = webdriver.chrome.service.Service("/usr/bin/chromedriver")
    return webdriver.Chrome(service=service, options=options)


def write_site(kind, directory):
    """Pages of a document that no module could have."""
    subprocess.run([SITE, kind, directory], check=True)
    return f"file://{directory}/index.html"


class Pages(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = start_browser()
        cls.addClassCleanup(cls.browser.quit)
        built = run_warren("docs", "build", "--modules", MODULES, "--out", cls.directory / "docs")
        assert built.returncode == 0, built.stderr
        cls.file = f"file://{cls.directory}/docs/index.html"

    def setUp(self):
        self.browser.get("about:blank")
        self.browser.get_log("browser")

    def tearDown(self):
        """Nothing was forbidden, missing or broken."""
        said = [entry["message"] for entry in self.browser.get_log("browser")]
        self.assertEqual([line for line in said if "favicon" not in line], [])

    def until(self, condition):
        return WebDriverWait(self.browser, PATIENCE_S).until(lambda _: condition())

    def focused(self):
        return self.browser.switch_to.active_element.get_attribute("id")

    def background(self):
        return self.browser.execute_script("return getComputedStyle(document.body).backgroundColor")

    def shown(self):
        """The methods that the list shows."""
        entries = self.browser.find_elements(By.CSS_SELECTOR, ".index > li:not([hidden]) code")
        return [entry.get_attribute("textContent") for entry in entries]

    def search(self, text):
        self.browser.find_element(By.TAG_NAME, "body").send_keys("/")
        self.until(lambda: self.focused() == "page:search")
        self.browser.switch_to.active_element.send_keys(text)

    def test_search_finds_methods(self):
        self.browser.get(self.file)
        self.search("FIBO")
        self.assertEqual(self.shown(), ["fibonacci"])
        self.browser.switch_to.active_element.send_keys(Keys.ENTER)
        self.until(lambda: self.focused() == "fibonacci")

    def test_search_finds_fields(self):
        self.browser.get(self.file)
        self.search("favourite_food")
        self.assertEqual(self.shown(), ["dx_example"])
        self.browser.switch_to.active_element.send_keys(Keys.ENTER)
        self.until(lambda: self.focused() == "dx_example.request.favourite_food")

    def test_escape_ends_a_search(self):
        self.browser.get(self.file)
        everything = self.shown()
        self.search("no such thing")
        self.assertEqual(self.shown(), [])
        self.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
        self.assertEqual(self.shown(), everything)

    def test_a_deep_link_opens_and_focuses_its_field(self):
        self.browser.get(self.file + "#dx_example.request.favourite_food")
        self.until(lambda: self.focused() == "dx_example.request.favourite_food")
        self.assertTrue(self.browser.switch_to.active_element.is_displayed())

    def test_both_themes(self):
        self.browser.get(self.file)
        backgrounds = {}
        button = self.browser.find_element(By.CSS_SELECTOR, ".theme")
        for _ in range(3):
            backgrounds[button.text] = self.background()
            button.click()
        self.assertEqual(set(backgrounds), {"System", "Light", "Dark"})
        self.assertNotEqual(backgrounds["Light"], backgrounds["Dark"])
        for scheme in ("light", "dark"):
            self.browser.execute_cdp_cmd(
                "Emulation.setEmulatedMedia",
                {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
            )
            self.assertEqual(self.background(), backgrounds[scheme.capitalize()])
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def test_a_chosen_theme_stays(self):
        self.browser.get(self.file)
        self.browser.find_element(By.CSS_SELECTOR, ".theme").click()
        self.browser.refresh()
        self.assertEqual(self.browser.find_element(By.CSS_SELECTOR, ".theme").text, "Light")
        self.browser.execute_script("localStorage.clear()")

    def test_nothing_is_wider_than_a_phone(self):
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True},
        )
        try:
            self.browser.get(self.file)
            width = self.browser.execute_script("return document.documentElement.scrollWidth")
            self.assertEqual(width, 360)
        finally:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def test_it_is_readable_without_a_script(self):
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            self.browser.get(self.file)
            text = self.browser.find_element(By.TAG_NAME, "main").text
            self.assertIn("favourite_food", text)
            self.assertIn("warren call dx_example", text)
            self.assertFalse(self.browser.find_element(By.ID, "page:search").is_displayed())
        finally:
            self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    def test_texts_stay_texts(self):
        self.browser.get(write_site("hostile", self.directory / "hostile"))
        self.search("script")
        self.browser.execute_script(
            "document.querySelectorAll('*').forEach((element) => {"
            "  for (const name of ['mouseover', 'focus', 'error', 'load'])"
            "    element.dispatchEvent(new Event(name, {bubbles: true}));"
            "});"
        )
        # A dialog would make all of this fail.
        self.assertGreater(len(self.browser.find_elements(By.CSS_SELECTOR, ".method")), 20)
        self.assertEqual(self.browser.find_elements(By.TAG_NAME, "img"), [])
        self.assertEqual(len(self.browser.find_elements(By.TAG_NAME, "script")), 1)

    def test_a_thousand_methods_are_searched_at_once(self):
        index = write_site("many", self.directory / "many")
        self.browser.get(index)
        self.search("000777")
        self.assertEqual(self.shown(), ["method_000777"])
        spent = self.browser.switch_to.active_element.get_attribute("data-ms")
        print(f"a search in 1000 methods took the page {spent} ms")
        self.browser.switch_to.active_element.send_keys(Keys.ENTER)
        self.until(lambda: self.focused() == "method_000777")
        # The place is on another page, which the first one knows.
        self.browser.get("about:blank")
        self.browser.get(index + "#method_000500.request.field_000500")
        self.until(lambda: self.focused() == "method_000500.request.field_000500")

    def test_what_is_nested_deep_is_found(self):
        self.browser.get(write_site("deep", self.directory / "deep"))
        found = self.browser.find_elements(By.CSS_SELECTOR, "[id^='deep.request'].field")
        self.assertGreater(len(found), 50)
        self.browser.get(self.browser.current_url + "#deep.request.below.below.text")
        self.until(lambda: self.focused() == "deep.request.below.below.text")

    def test_what_is_served_keeps_to_its_policy(self):
        server = Process(
            PROGRAM, "docs", "serve", "--modules", MODULES, "--host", "127.0.0.1", "--port", "0"
        )
        with server:
            server.wait_until_ready()
            self.browser.get(server.addresses[0] + "#dx_example.request.favourite_food")
            self.until(lambda: self.focused() == "dx_example.request.favourite_food")
            self.search("fibo")
            self.assertEqual(self.shown(), ["fibonacci"])
            self.assertNotEqual(self.background(), "rgba(0, 0, 0, 0)")


if __name__ == "__main__":
    unittest.main()
