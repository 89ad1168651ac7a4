"""What a page of the site leads to is there: pages, files and anchors; and nothing of it is loaded from elsewhere."""

import html.parser
import pathlib
import re
import urllib.parse

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
STYLE_URL = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])([^"')]+)""")


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.update(given[name] for name in ("id", "name") if given.get(name))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        loaded = given.get(LOADS.get(tag, ""))
        if loaded and given.get("rel") != "canonical":
            self.loads.append(loaded)


def is_elsewhere(url):
    return bool(re.match(r"(https?:)?//", url))


def wrong_links(site):
    """A line for each link that leads nowhere, and for each load from elsewhere."""
    pages = {path: Page(path) for path in sorted(pathlib.Path(site).rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site)
        for url in page.loads:
            if is_elsewhere(url):
                yield f"{name}: loads {url} from elsewhere"
        if name.name == "404.html":
            continue  # its links are those of the root, wherever it is shown
        for url in [*page.links, *page.loads]:
            parts = urllib.parse.urlsplit(url)
            if parts.scheme or parts.netloc:
                continue
            target = path
            if parts.path:
                target = (path.parent / urllib.parse.unquote(parts.path)).resolve()
                if target.is_dir():
                    target /= "index.html"
            if not target.exists():
                yield f"{name}: links {url}, which is not there"
            elif parts.fragment and target in pages:
                anchor = urllib.parse.unquote(parts.fragment)
                if anchor not in pages[target].ids and anchor != "__skip":
                    yield f"{name}: links {url}, but there is no such place on that page"
    for path in sorted(pathlib.Path(site).rglob("*.css")):
        for url in STYLE_URL.findall(path.read_text()):
            if is_elsewhere(url):
                yield f"{path.relative_to(site)}: loads {url} from elsewhere"
