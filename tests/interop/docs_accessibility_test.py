"""The pages of `warren docs` as axe-core sees them, in Debian's Chromium: both themes, and a phone."""

import unittest

from selenium.webdriver.common.by import By

from docs_page_test import start_browser, write_site
from fixture import MODULES, PATIENCE_S, ProgramTest, run_warren
from npm_packages import PACKAGES, fetch_packages

RUN = """
    const done = arguments[arguments.length - 1];
    document.querySelectorAll("details").forEach((details) => { details.open = true; });
    axe.run(document, {resultTypes: ["violations"]}).then(
        ({violations, passes}) => done({violations, passes: passes.length}),
        (error) => done({violations: [{id: String(error), help: "axe failed", nodes: []}]}));
"""


def told(violation):
    """What is wrong, and where first."""
    places = [f"    {node['html'][:200]}: {node['failureSummary']}" for node in violation["nodes"][:3]]
    return "\n".join([f"{violation['id']}: {violation['help']}", *places])


class Accessibility(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fetch_packages()
        cls.axe = (PACKAGES / "node_modules/axe-core/axe.min.js").read_text()
        cls.browser = start_browser()
        cls.addClassCleanup(cls.browser.quit)
        cls.browser.set_script_timeout(4 * PATIENCE_S)

    def build(self, name, *options):
        out = self.directory / name
        built = run_warren("docs", "build", "--out", out, *options)
        self.assertEqual(built.returncode, 0, built.stderr)
        return f"file://{out}/"

    def emulate(self, theme, width):
        self.browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": theme}]},
        )
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def run_axe(self):
        # Not as a script of the page, which its policy forbids.
        self.browser.execute_cdp_cmd("Runtime.evaluate", {"expression": self.axe})
        return self.browser.execute_async_script(RUN)

    def assert_accessible(self, url):
        for theme in ("light", "dark"):
            for width in (1280, 360):
                with self.subTest(url.rsplit("/", 1)[1], theme=theme, width=width):
                    self.emulate(theme, width)
                    self.browser.get(url)
                    found = self.run_axe()
                    wrong = "\n".join(map(told, found["violations"]))
                    self.assertEqual(wrong, "")
                    self.assertGreater(found["passes"], 10)

    def test_the_first_page(self):
        configuration = {
            "modules": [MODULES],
            "listeners": [
                {"tcp": "127.0.0.1:7000", "auth_secret": "of sixteen bytes or more"},
                {"memory": "quick"},
            ],
            "proxies": [{"from": {"tcp": "127.0.0.1:7001"}, "to": "tcp://127.0.0.1:7002"}],
        }
        config = self.write("warren.yml", configuration)
        self.assert_accessible(self.build("configured", "--config", config) + "index.html")

    def test_a_page_of_many_methods(self):
        index = write_site("volumes", self.directory / "volumes")
        self.assert_accessible(index)
        self.assert_accessible(index.replace("index.html", "methods-3.html"))

    def test_what_changed(self):
        index = write_site("changed", self.directory / "changed")
        self.assert_accessible(index)
        changes = index.replace("index.html", "changes.html")
        self.assert_accessible(changes)
        for verdict in ("Breaking", "Risky", "Compatible"):
            self.assertIn(verdict, self.browser.find_element(By.TAG_NAME, "main").text)
        # From a method to what changed of it, and back.
        self.browser.get(index)
        mark = self.browser.find_element(By.CSS_SELECTOR, "#method_000005 .badge.warn")
        self.assertEqual(mark.text, "breaking change")
        self.browser.get(mark.get_attribute("href"))
        told = self.browser.switch_to.active_element
        self.assertIn("request.field_000005 of method_000005: ", told.text)
        link = told.find_element(By.TAG_NAME, "a").get_attribute("href")
        self.assertEqual(link, index + "#method_000005.request.field_000005")

    def test_what_is_wrong_is_seen(self):
        self.browser.get(write_site("changed", self.directory / "wrong"))
        self.browser.execute_script("document.documentElement.removeAttribute('lang')")
        found = self.run_axe()["violations"]
        self.assertEqual([each["id"] for each in found], ["html-has-lang"])


if __name__ == "__main__":
    unittest.main()
