"""The site that `scripts/docs` builds: links lead somewhere, nothing comes from elsewhere, the search finds, and
axe-core has no complaint, in both themes and on a phone."""

import functools
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from docs_accessibility_test import RUN, told
from docs_page_test import start_browser
from fixture import PATIENCE_S, PROGRAM, TREE
from links import wrong_links
from npm_packages import PACKAGES, fetch_packages

SCRIPTS = TREE / "scripts/lib/docs"
BUILDS_S = 10 * PATIENCE_S
LOOKED_AT = (
    "index",
    "quick-start/cyberfusion",
    "guide/configuration",
    "reference/configuration",
    "reference/api/client",
)
# What somebody may look for, and where it is.
FOUND = {
    "fibonacci": "quick-start/tutorial.html",
    "drain_timeout": "reference/configuration.html",
    "no_responder": "reference/failures.html",
    "warren_server_in_flight": "reference/metrics.html",
    "call_for_reply": "reference/api/client.html",
}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def build(tree, out):
    """As scripts/docs does, but for what it installs."""
    command = ["/usr/bin/python3", tree / "scripts/lib/docs/build.py", out]
    return subprocess.run(command, capture_output=True, text=True, timeout=BUILDS_S)


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.site = directory / "site"
        built = build(TREE, cls.site)
        if built.returncode != 0:
            raise AssertionError(built.stdout + built.stderr)
        handler = functools.partial(Quiet, directory=cls.site)
        server = cls.enterClassContext(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.shutdown)
        cls.url = f"http://127.0.0.1:{server.server_port}/"
        cls.browser = start_browser()
        cls.addClassCleanup(cls.browser.quit)
        cls.browser.set_script_timeout(4 * PATIENCE_S)

    def until(self, condition):
        return WebDriverWait(self.browser, PATIENCE_S).until(lambda _: condition())

    def emulate(self, theme, width):
        media = [{"name": "prefers-color-scheme", "value": theme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def test_links_lead_somewhere(self):
        self.assertEqual(list(wrong_links(self.site)), [])
        self.assertGreater(len(list(self.site.rglob("*.html"))), 80)

    def test_wrong_links_are_found(self):
        with tempfile.TemporaryDirectory() as name:
            site = pathlib.Path(name)
            (site / "a.html").write_text(
                '<a href="b.html">there is none</a><a href="#c">nor this</a><a id="d" href="#d">but this</a>'
                '<script src="https://example.org/x.js"></script><a href="https://example.org/">elsewhere</a>'
            )
            (site / "a.css").write_text(
                "@import '//example.org/x.css'; p { background: url(x.png) }"
            )
            wrong = list(wrong_links(site))
        self.assertEqual(
            wrong,
            [
                "a.html: loads https://example.org/x.js from elsewhere",
                "a.html: links b.html, which is not there",
                "a.html: links #c, but there is no such place on that page",
                "a.css: loads //example.org/x.css from elsewhere",
            ],
        )

    def test_the_search_finds(self):
        for word, place in FOUND.items():
            with self.subTest(word):
                self.browser.get(f"{self.url}index.html?q={word}")
                # The search runs in a worker, and shows what it found when that is done.
                links = lambda: [
                    link.get_attribute("href")
                    .removeprefix(self.url)
                    .partition("?")[0]
                    .partition("#")[0]
                    for link in self.browser.find_elements(
                        By.CSS_SELECTOR, ".md-search-result__link"
                    )
                ]
                self.until(lambda: place in links())

    def test_nothing_leaves_the_machine(self):
        loaded = "return performance.getEntriesByType('resource').map((each) => each.name)"
        for page in LOOKED_AT:
            self.browser.get(f"{self.url}{page}.html")
            names = self.browser.execute_script(loaded)
            self.assertTrue(names)
            self.assertEqual([name for name in names if not name.startswith(self.url)], [])
            said = [entry["message"] for entry in self.browser.get_log("browser")]
            self.assertEqual([line for line in said if "favicon" not in line], [])

    def test_whoever_cannot_see_it(self):
        fetch_packages()
        axe = (PACKAGES / "node_modules/axe-core/axe.min.js").read_text()
        for page in LOOKED_AT:
            for theme in ("light", "dark"):
                for width in (1280, 360):
                    with self.subTest(page, theme=theme, width=width):
                        self.emulate(theme, width)
                        self.browser.get(f"{self.url}{page}.html")
                        self.browser.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
                        found = self.browser.execute_async_script(RUN)
                        self.assertEqual("\n".join(map(told, found["violations"])), "")
                        wide = "return document.documentElement.scrollWidth - innerWidth"
                        self.assertLessEqual(self.browser.execute_script(wide), 0)

    def test_the_command_line_is_that_of_the_program(self):
        written = subprocess.run(
            ["/usr/bin/python3", SCRIPTS / "command_line.py", PROGRAM],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        page = (TREE / "docs/reference/command-line.md").read_text()
        self.assertEqual(written, page, "scripts/docs --command-line writes it anew")


class Faults(unittest.TestCase):
    """What a tree may have that ends the build."""

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        for path in TREE.iterdir():
            if path.name in ("docs", "include", "scripts", "src"):
                shutil.copytree(path, cls.directory / path.name)
            else:
                (cls.directory / path.name).symlink_to(path)

    def assert_refused(self, name, old, new, told):
        path = self.directory / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))
        try:
            built = build(self.directory, self.directory / "out")
        finally:
            path.write_text(text)
        self.assertEqual(built.returncode, 1, built.stdout)
        self.assertIn(told, built.stderr)
        self.assertFalse((self.directory / "out").exists())

    def test_a_link_to_no_page(self):
        told = "docs/guide/models.md:1: links nowhere.md, which is not there"
        self.assert_refused("docs/guide/models.md", "# Models", "# Models [x](nowhere.md)", told)

    def test_a_link_to_no_place(self):
        told = "links calling.html#nowhere, but there is no such place on that page"
        self.assert_refused("docs/guide/models.md", "\n\n", "\n\n[x](calling.md#nowhere)\n\n", told)

    def test_a_page_that_nobody_comes_to(self):
        told = "docs/site/mkdocs.yml: nav does not have guide/locks.md"
        self.assert_refused("docs/site/mkdocs.yml", "      - guide/locks.md\n", "", told)

    def test_a_member_without_a_docstring(self):
        told = "warren::Client::close has no docstring"
        name = "include/warren/client.hpp"
        old = "    void close() noexcept;"
        self.assert_refused(name, old, f"    void shut() noexcept;\n\n{old}", told)

    def test_a_key_that_is_not_told(self):
        told = "src/app/config: read_log reads `colour`, which no table of the guide has"
        old = 'map.read_word("format"'
        self.assert_refused("src/app/config/common.cpp", old, 'map.read_word("colour"', told)
        told = "docs/guide/configuration.md: nothing in src/app/config reads `log.format`"
        self.assert_refused("src/app/config/common.cpp", old, 'map.read_word("colour"', told)


if __name__ == "__main__":
    unittest.main()
