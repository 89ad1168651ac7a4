"""`warren docs`: the same files each time, nothing half-written, and the original's addresses."""

import contextlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import unittest
import urllib.request

from fixture import MODULES, PATIENCE_S, PROGRAM, Process, ProgramTest, eventually, run_warren


def tree_of(directory):
    """Every file and its content."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in pathlib.Path(directory).rglob("*")
        if path.is_file()
    }


def build(out, *options):
    return run_warren("docs", "build", "--modules", MODULES, "--out", out, *options)


class Build(ProgramTest):
    def setUp(self):
        self.place = self.directory / self.id().rsplit(".", 1)[1]
        self.place.mkdir()

    def assert_refused(self, done, *words):
        """It said why on one line, and left nothing behind."""
        self.assertEqual(done.returncode, 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertEqual([path.name for path in self.place.glob(".*")], [])

    def test_two_builds_are_equal(self):
        for name in ("one", "two"):
            done = build(self.place / name)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        one = tree_of(self.place / "one")
        self.assertEqual(one, tree_of(self.place / "two"))
        self.assertIn(b"dx_example.request.favourite_food", one["index.html"])
        self.assertEqual(json.loads(one["schemas/index.json"])[-1], "head.json")

    def test_what_was_built_is_replaced(self):
        self.assertEqual(build(self.place / "docs").returncode, 0)
        self.assertEqual(build(self.place / "docs", "--title", "Onions").returncode, 0)
        self.assertIn("Onions", (self.place / "docs/index.html").read_text())
        self.assertEqual(os.listdir(self.place), ["docs"])

    def test_an_empty_directory_is_taken(self):
        (self.place / "docs").mkdir()
        self.assertEqual(build(self.place / "docs").returncode, 0)
        self.assertTrue((self.place / "docs/index.html").exists())

    def test_what_is_somebody_elses_stays(self):
        (self.place / "docs").mkdir()
        (self.place / "docs/thesis.txt").write_text("all of it")
        self.assert_refused(build(self.place / "docs"), "thesis.txt")
        self.assertEqual(os.listdir(self.place / "docs"), ["thesis.txt"])

    def test_what_was_added_to_a_documentation_stays(self):
        self.assertEqual(build(self.place / "docs").returncode, 0)
        (self.place / "docs/notes.txt").write_text("mine")
        self.assert_refused(build(self.place / "docs"), "notes.txt")

    def test_a_file_is_no_directory(self):
        (self.place / "docs").write_text("text")
        self.assert_refused(build(self.place / "docs"), "no directory")

    def test_a_directory_that_is_not_there(self):
        self.assert_refused(build(self.place / "nowhere/docs"), "nowhere")

    def test_a_directory_that_cannot_be_written(self):
        # Root writes wherever there are files; where the kernel shows itself, it cannot.
        self.assert_refused(build("/proc/docs"), "/proc")

    def test_a_full_disk(self):
        def no_room():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        command = [PROGRAM, "docs", "build", "--modules", MODULES, "--out", self.place / "docs"]
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, preexec_fn=no_room
        )
        self.assert_refused(done, "cannot write")
        self.assertEqual(os.listdir(self.place), [])

    def test_a_contract_document_is_a_source(self):
        shown = run_warren("contract", "show", "--modules", MODULES)
        document = self.write("contract.json", shown.stdout)
        done = run_warren("docs", "build", document, "--out", self.place / "docs")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.place / "docs/contract.json").read_text(), shown.stdout)

    def test_what_changed_is_told(self):
        modules = self.place / "modules"
        modules.mkdir()
        for name in ("fibonacci", "dx_example"):
            shutil.copy(pathlib.Path(MODULES) / f"{name}.so", modules)
        shown = run_warren("contract", "show", "--modules", MODULES).stdout
        document = self.write("before.json", shown)
        # The contract before as a document, and as modules of which this process has others.
        gone = run_warren("docs", "build", modules, "--against", document, "--out", self.place / "gone")
        self.assertEqual((gone.returncode, gone.stderr), (0, ""))
        gone = tree_of(self.place / "gone")
        self.assertIn(b"The method was removed.", gone["changes.html"])
        self.assertEqual(json.loads(gone["changes.json"])["breaking"], 5)
        self.assertIn(b"5 breaking, 0 risky, 0 compatible", gone["index.html"])
        for name in ("one", "two"):
            done = build(self.place / name, "--against", modules)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        one = tree_of(self.place / "one")
        self.assertEqual(one, tree_of(self.place / "two"))
        self.assertEqual(json.loads(one["changes.json"])["compatible"], 5)
        self.assertIn(b'href="changes.html#sleep">new<', one["index.html"])
        self.assertIn(b'href="index.html#sleep"', one["changes.html"])
        self.assertEqual(build(self.place / "plain").returncode, 0)
        plain = tree_of(self.place / "plain")
        self.assertEqual(set(one) - set(plain), {"changes.html", "changes.json"})
        self.assertNotIn(b"changes.html", plain["index.html"])

    def test_a_contract_before_that_cannot_be_read(self):
        for old in (self.directory / "nothing.json", self.write("broken.json", "{")):
            done = build(self.place / "docs", "--against", old)
            self.assertEqual(done.returncode, 78)
            self.assertIn(str(old), done.stderr)
            self.assertEqual(os.listdir(self.place), [])


class Serve(ProgramTest):
    def start(self, *options):
        server = Process(
            PROGRAM, "docs", "serve", "--host", "127.0.0.1", "--port", "0", *options
        )
        self.addCleanup(server.__exit__)
        server.wait_until_ready()
        self.host = server.addresses[0].removeprefix("http://").rstrip("/")
        return server

    def ask(self, path, method="GET", **headers):
        with contextlib.closing(http.client.HTTPConnection(self.host, timeout=PATIENCE_S)) as asked:
            asked.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = asked.getresponse()
            return response, response.read()

    def test_every_address(self):
        self.start("--modules", MODULES)
        types = {
            "/": "text/html",
            "/index.html": "text/html",
            "/schemas": "application/json",
            "/schemas/head.json": "application/json",
            "/schemas/bundle.json": "application/json",
            "/schemas/dx_example.json": "application/json",
            "/contract.json": "application/json",
            "/asyncapi.json": "application/json",
            "/openrpc.json": "application/json",
            "/warren-docs.css": "text/css",
            "/warren-docs.js": "text/javascript",
        }
        for path, content_type in types.items():
            with self.subTest(path):
                response, body = self.ask(path)
                self.assertEqual(response.status, 200)
                self.assertTrue(response.headers["Content-Type"].startswith(content_type))
                self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
                policy = response.headers["Content-Security-Policy"]
                self.assertTrue(policy.startswith("default-src 'none';"))
                self.assertIn("frame-ancestors 'none'", policy)
                if content_type == "application/json":
                    json.loads(body)
        self.assertEqual(self.ask("/nothing")[0].status, 404)
        self.assertEqual(self.ask("/schemas/..%2f..%2fetc%2fpasswd")[0].status, 404)
        names = json.loads(self.ask("/schemas")[1])
        self.assertIn("dx_example.json", names)
        self.assertEqual(names[-1], "head.json")
        for part in json.loads(self.ask("/schemas/head.json")[1])["allOf"]:
            self.assertEqual(self.ask("/schemas/" + part["$ref"])[0].status, 200)

    def test_what_a_client_has_is_not_sent_again(self):
        self.start("--modules", MODULES)
        for path in ("/", "/contract.json", "/schemas/dx_example.json"):
            response, body = self.ask(path)
            etag = response.headers["ETag"]
            again, nothing = self.ask(path, If_None_Match=etag)
            self.assertEqual((again.status, nothing), (304, b""))
            self.assertEqual(again.headers["ETag"], etag)
            other, same = self.ask(path, If_None_Match='"another"')
            self.assertEqual((other.status, same), (200, body))

    def test_what_changed_is_served(self):
        self.start("--modules", MODULES, "--against", MODULES)
        self.assertIn(b"0 breaking", self.ask("/changes.html")[1])
        self.assertEqual(self.ask("/changes.json")[0].status, 200)

    def test_only_get_and_head(self):
        self.start("--modules", MODULES)
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(self.ask("/", method)[0].status, 405)
        response, body = self.ask("/", "HEAD")
        self.assertEqual((response.status, body), (200, b""))

    def test_sighup_reads_modules_again(self):
        modules = self.directory / "modules"
        modules.mkdir()
        shutil.copy(pathlib.Path(MODULES) / "fibonacci.so", modules)
        server = self.start("--modules", modules)
        before = self.ask("/")[0].headers["ETag"]
        shutil.copy(pathlib.Path(MODULES) / "dx_example.so", modules)
        server.process.send_signal(signal.SIGHUP)
        self.assertTrue(eventually(lambda: self.ask("/schemas/dx_example.json")[0].status == 200))
        self.assertNotEqual(self.ask("/")[0].headers["ETag"], before)

    def test_what_cannot_be_read_again_is_shown_as_it_was(self):
        document = self.write(
            "shown.json", run_warren("contract", "show", "--modules", MODULES).stdout
        )
        server = self.start(document)
        document.write_text("{")
        server.process.send_signal(signal.SIGHUP)
        server.wait_until_log("error: ")
        self.assertEqual(self.ask("/schemas/dx_example.json")[0].status, 200)

    def test_signals_end_it(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.start("--modules", MODULES)
            server.process.send_signal(number)
            self.assertEqual(server.wait(), 0)

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = holder.getsockname()[1]
            done = run_warren(
                "docs", "serve", "--modules", MODULES, "--host", "127.0.0.1", "--port", port
            )
        self.assertEqual(done.returncode, 78)
        self.assertIn(str(port), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)


class OfAServer(ProgramTest):
    """`docs` in the configuration of `warren serve`."""

    def get(self, url):
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
            return response.read().decode()

    def test_it_tells_of_the_server_that_it_is_of(self):
        listeners = [
            {"tcp": "127.0.0.1:0", "methods": ["dx_example"]},
            {"zmq": "tcp://127.0.0.1:0", "methods": ["add", "echo"]},
        ]
        settings = {
            "proxies": [{"from": {"tcp": "127.0.0.1:0"}, "to": "tcp://127.0.0.1:7"}],
            "docs": {"port": 0, "title": "Onions"},
        }
        with self.serve(*listeners, **settings) as server:
            *addresses, forwarding, url = server.addresses
            self.assertTrue(server.listeners[-1].endswith(" docs"))
            document = json.loads(self.get(url + "contract.json"))
            told = [(each["address"], each["methods"]) for each in document["listeners"]]
            self.assertEqual(told, [(addresses[0], ["dx_example"]), (addresses[1], ["add", "echo"])])
            self.assertEqual(document["proxies"], [{"from": forwarding, "to": ["tcp://127.0.0.1:7"]}])
            # But for the ports, which only the server knows.
            shown = run_warren("contract", "show", "--config", self.directory / "warren.yml")
            shown = json.loads(shown.stdout)
            for ours, theirs in zip(document["listeners"], shown["listeners"], strict=True):
                self.assertEqual(ours | {"address": theirs["address"]}, theirs)
            self.assertEqual(document["fingerprint"], shown["fingerprint"])
            self.assertIn("<title>Onions</title>", self.get(url))
            # What it serves is what it loaded: that does not change.
            server.process.send_signal(signal.SIGHUP)
            server.wait_until_log("reloaded: nothing changed")
            self.assertEqual(json.loads(self.get(url + "contract.json")), document)
            server.terminate()
            self.assertEqual(server.wait(), 0)

    def call(self, url, method, request):
        own = {"X-Warren-Try": "token", "Content-Type": "application/json"}
        asked = urllib.request.Request(url + "try", headers=own)
        own["X-Warren-Try"] = json.loads(self.get(asked))["token"]
        body = json.dumps({"method": method, "request": request}).encode()
        return json.loads(self.get(urllib.request.Request(url + "try", body, own)))

    def test_its_methods_are_tried_from_its_pages(self):
        listener = {"zmq": f"ipc://{self.directory}/tried", "methods": ["add", "dx_example"]}
        for way in ("call", "mock"):
            with self.serve(listener, docs={"port": 0, "try": way}) as server:
                url = server.addresses[-1]
                added = self.call(url, "add", {"a": 2, "b": 3})
                self.assertEqual(added.get("result") == 5, way == "call", added)
                refused = self.call(url, "dx_example", {"favourite_food": "stone"})
                self.assertEqual(refused["code"], "invalid_request")
                self.assertEqual(refused["fields"][0]["path"], ["favourite_food"])
                server.terminate()
                self.assertEqual(server.wait(), 0)

    def test_modules_of_the_command_line_are_tried_too(self):
        listener = {"zmq": f"ipc://{self.directory}/command-line", "methods": ["add"]}
        for way in ("call", "mock"):
            configuration = {"listeners": [listener], "docs": {"port": 0, "try": way}}
            with self.start_serving(configuration, "--modules", MODULES) as server:
                url = server.wait_until_ready().addresses[-1]
                answer = self.call(url, "add", {"a": 2, "b": 3})
                self.assertIn("result", answer)
                server.terminate()
                self.assertEqual(server.wait(), 0)

    def test_where_nobody_can_be_called(self):
        configuration = {
            "modules": [MODULES],
            "docs": {"port": 0, "try": "call"},
            "listeners": [{"tcp": "127.0.0.1:0"}],
        }
        done = run_warren("serve", "--config", self.write("warren.yml", configuration))
        self.assertEqual((done.returncode, done.stdout), (78, ""))
        self.assertIn("docs.port: try: ", done.stderr)
        self.assertIn("cannot be called: its port is chosen when it is served", done.stderr)

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = holder.getsockname()[1]
            configuration = {
                "modules": [MODULES],
                "docs": {"port": port},
                "listeners": [{"tcp": "127.0.0.1:0"}],
            }
            path = self.write("warren.yml", configuration)
            done = run_warren("serve", "--config", path)
        self.assertEqual((done.returncode, done.stdout), (78, ""))
        self.assertRegex(done.stderr, rf":1: docs.port: Cannot listen at 127.0.0.1:{port}: ")


if __name__ == "__main__":
    unittest.main()
