"""The quick starts of docs/, step by step as a reader takes them: files are written, commands given, and what they
print is held against the page. The broker, its virtual host and ports are those of the test; packages that Debian
does not have are stand-ins, with the same names and on the wire the same bytes."""

import os
import pathlib
import shlex
import socket
import subprocess
import tempfile
import unittest
import urllib.parse
import uuid

from fixture import HERE, PATIENCE_S, PROGRAM, TREE, InteropTest, eventually
from snippets import blocks

from processes import die_with_parent

BINARIES = pathlib.Path(os.environ.get("WARREN_BINARY_DIR", pathlib.Path(PROGRAM).parent))
PACKAGE = """Name: warren
Description: Warren, where it was built
Version: 0
Cflags: -I{tree}/include
Libs: -L{binaries} -lwarren -Wl,-rpath,{binaries}
"""
COMPILES_S = 10 * PATIENCE_S
SERVES = "... info: "  # in the log of a program that is a server itself
PORTS = ("8080", "30000")  # that pages say
USERS = ("carl", "olivia")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Steps:
    """One page, in a directory of its own."""

    def __init__(self, test, page):
        self.test = test
        self.page = page
        self.directory = pathlib.Path(test.enterContext(tempfile.TemporaryDirectory()))
        self.server = None
        self.is_fresh = False  # a server of whom nobody knows that it takes calls
        self.passwords = {}
        test.addCleanup(self.stop)
        self.replaced = {word: str(free_port()) for word in PORTS}
        self.replaced |= {user: f"{user}-{uuid.uuid4().hex[:8]}" for user in USERS}
        broker = test.broker
        vhost = urllib.parse.quote(test.vhost, safe="")
        self.replaced["@localhost/"] = f"@127.0.0.1:{broker.port}/{vhost}"
        parameters = f'pika.URLParameters("{test.uri}")'
        self.replaced['pika.ConnectionParameters("localhost")'] = parameters
        keywords = f'amqp_host="127.0.0.1", amqp_port={broker.port}, amqp_vhost="{test.vhost}"'
        self.replaced['amqp_host="localhost"'] = keywords
        self.environment = self.make_environment()

    def make_environment(self):
        tools = self.directory / ".tools"
        tools.mkdir()
        (tools / "warren").symlink_to(PROGRAM)
        (tools / "python3").symlink_to("/usr/bin/python3")
        (tools / "warren.pc").write_text(PACKAGE.format(tree=TREE, binaries=BINARIES))
        python = (HERE / "stand_ins", HERE, HERE.parent / "support")
        return os.environ | {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "PKG_CONFIG_PATH": str(tools),
            "PYTHONPATH": ":".join(map(str, python)),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def here(self, text):
        for word, meant in self.replaced.items():
            text = text.replace(word, meant)
        return text

    def take(self, block):
        if block.title:
            text = "\n".join(block.lines) + "\n"
            (self.directory / block.title).write_text(self.here(text))
        elif block.kind == "console":
            for command, output in commands(block.lines):
                self.give(self.here(command), [self.here(line) for line in output])
        else:
            self.test.assertEqual(block.kind, "text", f"nothing runs line {block.at}")

    def give(self, command, output):
        words = shlex.split(command)
        if words[0] == "rabbitmqctl":
            self.administer(*words[1:])
        elif output and output[0].startswith(("ready", SERVES)):
            self.serve(command, output[0])
        else:
            self.run(command, "\n".join(output))

    def administer(self, action, user, *values):
        """As rabbitmqctl does it to the broker of its machine."""
        if action == "add_user":
            (self.passwords[user],) = values
        else:
            self.test.assertEqual(action, "set_permissions")
            self.test.broker.add_user(user, self.passwords[user], self.test.vhost, *values)

    def serve(self, command, ready):
        self.stop()
        self.server = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if ready.startswith(SERVES) else None,
            text=True,
            preexec_fn=die_with_parent,
        )
        if ready.startswith(SERVES):
            said = iter(self.server.stdout.readline, "")
            self.test.assertTrue(any(line.endswith(": consuming\n") for line in said), command)
        else:
            self.test.assertEqual(self.server.stdout.readline().strip(), ready, command)
        self.is_fresh = True

    def run(self, command, output):
        """Its output is the page's. A server in Python says that it is there before it is: the first command after
        that is given until it answers."""
        done = []
        is_failure = output.startswith("error: ")

        def told():
            return (done[0].stderr if is_failure else done[0].stdout).strip()

        def is_told():
            done[:] = [
                subprocess.run(
                    ["bash", "-c", command],
                    cwd=self.directory,
                    env=self.environment,
                    capture_output=True,
                    text=True,
                    timeout=COMPILES_S,
                )
            ]
            return (done[0].returncode != 0) == is_failure and told() == output

        is_as_told = eventually(is_told) if self.is_fresh else is_told()
        self.is_fresh = False
        self.test.assertEqual(told(), output, f"{command}\n{done[0].stderr}")
        self.test.assertTrue(is_as_told, f"{command} ended with {done[0].returncode}")

    def stop(self):
        if self.server is not None:
            self.server.terminate()
            self.server.wait(PATIENCE_S)
            self.server.stdout.close()
            self.server = None


def commands(lines):
    """Each command of a terminal, with what is printed below it."""
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


class QuickStarts(InteropTest):
    def follow(self, name):
        page = TREE / f"docs/quick-start/{name}.md"
        steps = Steps(self, page)
        for block in blocks(page):
            steps.take(block)
        self.assertIsNotNone(steps.server, "no server was started")

    def test_cyberfusion(self):
        self.follow("cyberfusion")

    def test_tutorial(self):
        self.follow("tutorial")

    def test_arrpc(self):
        self.follow("arrpc")

    def test_callme(self):
        self.follow("callme")

    def test_pyzmqrpc(self):
        self.follow("pyzmqrpc")

    def test_none_is_left_out(self):
        pages = {path.stem for path in (TREE / "docs/quick-start").glob("*.md")}
        tests = {name.removeprefix("test_") for name in dir(self) if name.startswith("test_")}
        self.assertEqual(pages, tests - {"none_is_left_out"})


if __name__ == "__main__":
    unittest.main()
