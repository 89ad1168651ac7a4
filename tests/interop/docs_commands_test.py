"""Every command that the pages show is run as it stands there, against the server that serves them:
shell, Python and C++, on every transport, with what its placeholders stand for put in."""

import ast
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
import urllib.request

from fixture import MODULES, PATIENCE_S, PROGRAM, TEST_MODULES, TREE, InteropTest, eventually
from fixture import run_warren

from certificates import CLIENT_NAME, make_certificates

CXX = os.environ.get("WARREN_CXX", "g++")
BUILT = pathlib.Path(os.environ.get("WARREN_BINARY_DIR", TREE / "build/release"))
ZOO = os.environ.get("WARREN_ZOO_MODULES", str(BUILT / "test_modules/zoo"))
SECRET = "a-secret-of-the-listener-that-no-page-shows"
PASSWORD = "p@ss/word of the listener"

# What each answers to the request that its page shows.
REPLIES = {
    "dx_example": {"tolerable": True},
    "add": 2,
    "echo": "anything",
    "fibonacci": 832040,
    "SimpleCommand": "SimpleCommand got 'value1' and 'value2'",
    "log_in": True,
    "nothing": None,
    "bare": {"count": 1},
}


class Page(html.parser.HTMLParser):
    """The commands of a page: method, listener's address, program, text; and its placeholders."""

    def __init__(self, text):
        super().__init__()
        self.commands, self.placeholders, self.notes = [], set(), []
        self.method = self.listener = self.title = ""
        self.inside, self.said = [], None
        self.is_placeholder = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        kinds = dict(attributes).get("class", "") or ""
        if tag == "section" and kinds == "method":
            self.method = dict(attributes)["id"]
        self.is_placeholder |= tag == "li"
        if tag in ("p", "details", "ul", "section"):
            self.inside.append((tag, kinds))
        if tag in ("code", "summary") and self.said is None or (tag, kinds) == ("p", "note"):
            self.said = ""

    def handle_data(self, data):
        if self.said is not None:
            self.said += data

    def handle_endtag(self, tag):
        tags, kinds = self.inside[-1] if self.inside else ("", "")
        if tag == "code" and kinds == "listener":
            self.listener = self.said
        if tag == "summary" and kinds.startswith("command"):
            self.title = self.said
        if tag == "code" and kinds.startswith("command"):
            self.commands.append((self.method, self.listener, self.title, self.said))
        if tag == "code" and kinds == "placeholders" and self.is_placeholder:
            self.placeholders.update(self.said.split(", "))
            self.is_placeholder = False  # but a part of what is said of it
        if tag == "p" and kinds == "note" and self.said:
            self.notes.append(self.said)
        if tag in ("summary", "p") or tag == "code" and kinds != "note":
            self.said = None
        if tag == tags:
            self.inside.pop()


class CommandsTest(InteropTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = make_certificates(cls.directory)
        # Compiled once for all programs.
        headers = ("warren/client.hpp", "fstream", "iostream")
        cls.write("common.hpp", "".join(f"#include <{header}>\n" for header in headers))
        cls.compile("-x", "c++-header", "common.hpp", "-o", "common.hpp.gch")
        for name in ("server", "client"):
            public, secret = re.findall(r'"(.*)"', run_warren("keygen", "--curve").stdout)
            cls.write(f"{name}.public", public)
            cls.write(f"{name}.secret", secret)
        cls.write("fernet.key", run_warren("keygen").stdout)
        cls.write("auth.secret", SECRET + "\n")
        cls.write("password.txt", PASSWORD)
        for name in ("ca.crt", "client.crt"):
            shutil.copy(cls.directory / name.replace("crt", "pem"), cls.directory / name)

    @classmethod
    def compile(cls, *arguments):
        command = [CXX, "-std=c++23", "-O0", "-w", f"-I{TREE}/include", *arguments]
        done = subprocess.run(command, cwd=cls.directory, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    @classmethod
    def file(cls, name):
        return {"file": str(cls.directory / name)}

    def tls(self, **more):
        at = self.certificates
        return {"certificate": at["server"], "key": at["server_key"]} | more

    def start(self, *listeners, modules=(MODULES, TEST_MODULES, ZOO), **settings):
        """A server, and the page of its own documentation."""
        settings |= {"docs": {"port": 0}, "modules": list(modules)}
        server = self.enterContext(self.serve(*listeners, **settings))
        url = server.addresses[-1]
        shown = {}
        for path in ("", "contract.json", "asyncapi.json", "openrpc.json"):
            with urllib.request.urlopen(url + path, timeout=PATIENCE_S) as response:
                shown[path] = response.read().decode()
            for file in ("auth.secret", "password.txt", "fernet.key", "server.secret"):
                self.assertNotIn(self.text(file), shown[path])
            self.assertNotIn("p%40ss", shown[path])
        document = self.write("contract.json", shown["contract.json"])
        models = self.directory / "models"
        shutil.rmtree(models, ignore_errors=True)
        made = run_warren("models", "--language", "cpp", "--out", models, document)
        self.assertEqual(made.returncode, 0, made.stderr)
        return server, Page(shown[""])

    def text(self, name):
        return (self.directory / name).read_text().strip()

    def run_command(self, title, text):
        """Its standard output; it must succeed."""
        if title == "Command line":
            command = ["sh", "-c", text]
        elif title == "Python":
            command = [sys.executable, "-c", text]
        else:
            self.assertEqual(title, "C++")
            self.write("call.cpp", text)
            library = [f"-L{BUILT}", f"-Wl,-rpath,{BUILT}", "-lwarren"]
            self.compile("-include", "common.hpp", "call.cpp", "-o", "call", *library)
            command = ["./call"]
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=os.environ | {"PATH": f"{pathlib.Path(PROGRAM).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_S,
        )
        self.assertEqual(done.returncode, 0, f"{text}\n{done.stdout}{done.stderr}")
        return done.stdout

    def fill(self, text, filled):
        for placeholder, content in filled.items():
            text = text.replace(placeholder, content)
        return text

    def run_all(self, page, titles, filled={}, check=None, put_in=()):
        """Run each; hold its reply against the method's. Which were run."""
        self.assertEqual(page.placeholders, set(put_in))
        self.assertEqual({title for _, _, title, _ in page.commands}, set(titles))
        for method, listener, title, text in page.commands:
            with self.subTest(method=method, listener=listener, program=title):
                said = self.run_command(title, self.fill(text, filled))
                (check or self.check)(method, title, said)
        return len(page.commands)

    def check(self, method, title, said):
        if title == "Python":
            reply = ast.literal_eval(said)
            self.assertTrue(reply["success"], reply)
            self.assertEqual(reply["data"], REPLIES[method])
        elif title == "C++" and REPLIES[method] is None:
            self.assertEqual(said, "done\n")
        else:
            self.assertEqual(json.loads(said.splitlines()[-1]), REPLIES[method])


CHOSEN = {"REQUEST_PASSWORD": "what its caller chose"}
ANYWHERE = {"Command line", "C++"}
EVERYWHERE = ANYWHERE | {"Python"}


class OverTcp(CommandsTest):
    def test_every_kind_of_listener(self):
        _, page = self.start(
            {"tcp": "127.0.0.1:0", "methods": ["dx_example", "echo", "nothing", "bare"]},
            {"tcp": "*:0", "methods": ["SimpleCommand"]},
            {"tcp": "127.0.0.1:0", "methods": ["dx_example"], "tls": self.tls()},
            {"tcp": "127.0.0.1:0", "methods": ["dx_example"], "auth_secret": SECRET},
            {"tcp": "127.0.0.1:0", "protocol": "arrpc", "method": "add", "auth_secret": SECRET},
        )
        put_in = {"ca.crt", "auth.secret", "localhost"}
        self.assertEqual(self.run_all(page, ANYWHERE, put_in=put_in), 16)

    def test_certificates_of_callers_and_signatures(self):
        _, page = self.start(
            {
                "tcp": "localhost:0",
                "methods": ["add"],
                "tls": self.tls(client_ca=self.certificates["ca"]),
                "auth_secrets": {"shop": SECRET},
            },
            {"tcp": "localhost:0", "protocol": "arrpc", "method": "add", "tls": self.tls()},
        )
        put_in = {"ca.crt", "client.crt", "client.key", "auth.secret"}
        self.assertEqual(self.run_all(page, ANYWHERE, put_in=put_in), 4)

    def test_a_method_with_parts(self):
        _, page = self.start({"tcp": "127.0.0.1:0", "methods": ["count_down"]})

        def check(method, title, said):
            self.assertEqual(said.splitlines()[-1], "0")

        self.run_all(page, ANYWHERE, check=check)

    def test_every_type(self):
        methods = ["zoo.scalars", "zoo.containers", "zoo-containers", "class", "json"]
        _, page = self.start({"tcp": "127.0.0.1:0", "methods": methods})

        def check(method, title, said):
            self.assertIsInstance(json.loads(said), dict)

        self.run_all(page, ANYWHERE, check=check)

    def test_where_no_listener_is_known(self):
        server, page = self.start({"tcp": "127.0.0.1:0", "methods": ["dx_example", "log_in"]})
        self.assertIn("No listener serves it.", page.notes)
        modules = [f"--modules={directory}" for directory in (MODULES, TEST_MODULES, ZOO)]
        out = self.directory / "built"
        built = run_warren("docs", "build", *modules, "--out", out)
        self.assertEqual(built.returncode, 0, built.stderr)
        page = Page((out / "index.html").read_text())
        page.commands = [each for each in page.commands if each[0] in ("dx_example", "log_in")]
        filled = {"tcp://localhost:8080": server.addresses[0], " --fernet-key @fernet.key": ""}
        filled |= {'{.fernet_keys = {content_of("fernet.key")}}': "{}"} | CHOSEN
        put_in = {"fernet.key", "PIN", "REQUEST_PASSWORD"}  # of `hidden`, too
        self.assertEqual(self.run_all(page, ANYWHERE, filled, put_in=put_in), 4)

    def test_in_memory(self):
        _, page = self.start({"memory": "quick", "methods": ["add"]})
        self.assertEqual(page.commands, [])
        self.assertTrue(any('Client client{"memory:quick"}' in note for note in page.notes))


class OverZeroMq(CommandsTest):
    def test_every_kind_of_listener(self):
        keys = {"secret_key": self.file("server.secret")}
        _, page = self.start(
            {"zmq": "tcp://127.0.0.1:0", "methods": ["dx_example"]},
            {"zmq": f"ipc://{self.directory}/a b.sock", "methods": ["echo"], "protocol": "pyzmqrpc"},
            {"zmq": "tcp://*:0", "methods": ["add"], "username": "u", "password": PASSWORD},
            {"zmq": "tcp://127.0.0.1:0", "methods": ["add"], "curve": keys, "auth_secret": SECRET},
            {
                "zmq": "tcp://127.0.0.1:0",
                "methods": ["SimpleCommand"],
                "curve": keys | {"client_keys": [self.file("client.public")]},
                "protocol": "pyzmqrpc",
            },
        )
        put_in = {"USER", "password.txt", "server.public", "client.secret", "auth.secret", "localhost"}
        done = self.run_all(page, ANYWHERE, {"username=USER": "username=u"}, put_in=put_in)
        self.assertEqual(done, 10)

    def test_subscribers(self):
        of = lambda name: f"ipc://{self.directory}/{name}.sock"
        public = self.file("server.public")
        listeners = [
            {"zmq": of("open")},
            {"zmq": of("plain"), "protocol": "pyzmqrpc", "username": "u", "password": PASSWORD},
            {"zmq": of("curve"), "curve": {"server_key": public, "secret_key": self.file("client.secret")}},
        ]
        settings = {"socket": "sub", "methods": ["SimpleCommand"]}
        server, page = self.start(*[each | settings for each in listeners], access_log=True)

        def check(method, title, said):
            nonlocal ran
            ran += 1
            self.assertEqual(said, "")
            heard = lambda: server.log().count('access {"method":"SimpleCommand"') == ran
            self.assertTrue(eventually(heard), server.log())

        ran = 0
        put_in = {"USER", "password.txt", "server.secret"}
        self.run_all(page, ANYWHERE, {"username=USER": "username=u"}, check, put_in)
        self.assertEqual(ran, 6)


class AtABroker(CommandsTest):
    def test_every_protocol(self):
        topic = {"exchanges": {"fibonacci": {"type": "topic"}}}
        callme = self.cyberfusion(protocol="callme", server_id="of/callme", methods=["echo"])
        del callme["queue"], callme["max_simultaneous_requests"]
        _, page = self.start(
            self.cyberfusion(methods=["dx_example"]),
            {key: value for key, value in self.cyberfusion(queue="a&b").items() if key != "methods"} | topic,
            self.tutorial(),
            callme,
            callme | {"server_id": "packed", "format": "msgpack"},
        )
        self.assertEqual(self.run_all(page, EVERYWHERE), 12)

    def test_logins(self):
        self.broker.add_user("anna", "p@ss/word", self.vhost)
        self.broker.add_user(CLIENT_NAME, "unused", self.vhost)
        files = self.broker.certificates
        plain = self.broker.uri(self.vhost, "anna", "p@ss/word")
        secured = self.broker.tls_uri(self.vhost, "anna", "p@ss/word")
        external = f"amqps://localhost:{self.broker.tls_port}/{self.vhost}?auth_mechanism=external"
        identity = {"certificate": files["client"], "key": files["client_key"]}
        for kind in ("crt", "key"):
            theirs = files["client" if kind == "crt" else "client_key"]
            shutil.copy(theirs, self.directory / f"client.{kind}")
        shutil.copy(files["ca"], self.directory / "ca.crt")
        _, page = self.start(
            self.cyberfusion(amqp=plain, queue="plain", methods=["add"]),
            self.cyberfusion(amqp=secured, queue="tls", methods=["add"], tls={"ca": files["ca"]}),
            self.cyberfusion(
                amqp=external, queue="external", methods=["add"], tls={"ca": files["ca"]} | identity
            ),
        )
        put_in = {"USER:PASSWORD", "ca.crt", "client.crt", "client.key"}
        filled = {"USER:PASSWORD": "anna:p%40ss%2Fword"}
        self.assertEqual(self.run_all(page, EVERYWHERE, filled, put_in=put_in), 9)


class Secrets(CommandsTest):
    def test_they_are_encrypted(self):
        methods = {"methods": ["hidden", "log_in"], "fernet_keys": [self.file("fernet.key")]}
        _, page = self.start(
            {"tcp": "127.0.0.1:0"} | methods,
            self.cyberfusion(**methods),
            self.cyberfusion(queue="nested", nested_secrets=True, **methods),
        )

        def check(method, title, said):
            if method != "hidden":
                return self.check(method, title, said)
            data = ast.literal_eval(said)["data"] if title == "Python" else json.loads(said)
            # The types of C++ open what other programs see as a token.
            self.assertEqual(data["pin"].startswith("gAAAA"), title == "Python")

        filled = CHOSEN | {"PIN": "1234"}
        put_in = {"fernet.key", "PIN", "REQUEST_PASSWORD"}
        self.run_all(page, EVERYWHERE, filled, check, put_in)
        shown = {(method, title) for method, _, title, _ in page.commands}
        self.assertIn(("log_in", "Command line"), shown)
        self.assertNotIn(("hidden", "Command line"), shown)
        self.assertTrue(any("cannot encrypt" in note for note in page.notes))

    def test_a_server_without_a_key_gets_none(self):
        _, page = self.start({"tcp": "127.0.0.1:0", "methods": ["log_in"]})
        self.run_all(page, ANYWHERE, CHOSEN, put_in={"REQUEST_PASSWORD"})


if __name__ == "__main__":
    unittest.main()
