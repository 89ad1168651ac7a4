"""What the interop tests stand on: Warren's program, a broker, a virtual host for each class."""

import functools
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
sys.path[:0] = [str(HERE.parent / "support"), str(TREE / "scripts/lib/docs")]

from processes import die_with_parent
from rabbitmq import Broker
from rabbitmq_control import shared_broker

PROGRAM = os.environ.get("WARREN_PROGRAM", str(HERE.parents[1] / "build/release/warren"))
MODULES = os.environ.get("WARREN_MODULES", str(pathlib.Path(PROGRAM).parent / "modules"))
TEST_MODULES = os.environ.get(
    "WARREN_INTEROP_MODULES", str(pathlib.Path(PROGRAM).parent / "test_modules/interop")
)
PATIENCE_S = 30  # how long an event that must come may take on a busy machine


def code_block(document, first_line):
    """The indented block of a document that begins with this line, without its indent."""
    lines = (TREE / document).read_text().splitlines()
    begin = lines.index("    " + first_line)
    block = []
    for line in lines[begin:]:
        if line and not line.startswith("    "):
            break
        block.append(line[4:])
    return "\n".join(block) + "\n"


@functools.cache
def broker_of_this_run():
    broker = shared_broker()
    if broker is None:
        broker = Broker(tls=True)
        unittest.addModuleCleanup(broker.close)
        broker.__enter__()
    return broker


def eventually(condition):
    """Ask until it is true; asking is what takes the time. Says whether it became true."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if condition():
            return True
    return False


def is_ready(server):
    """What /readyz says of a server whose configuration has `admin`."""
    admin = "; ".join(server.listeners).split("http://")[1].split()[0]
    try:
        with urllib.request.urlopen(f"http://{admin}/readyz", timeout=PATIENCE_S) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return False


class Process:
    """Another program that says `ready` on standard output once it serves."""

    def __init__(self, *command):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            preexec_fn=die_with_parent,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.errors.close()

    def wait_until_ready(self):
        """Until it serves; `addresses` are those of its listeners that it chose itself."""
        line = self.process.stdout.readline()
        word, _, listeners = line.strip().partition(" ")
        if word != "ready":
            self.kill()
            raise AssertionError(f"said {line!r} instead of ready; its errors:\n{self.log()}")
        self.listeners = [listener for listener in listeners.split("; ") if listener]
        self.addresses = [listener.split()[0] for listener in self.listeners]
        return self

    def log(self):
        # Not by seek: the program writes at the same place in the file.
        file = self.errors.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode()

    def wait_until_log(self, text):
        if not eventually(lambda: text in self.log() or self.process.poll() is not None):
            raise AssertionError(f"no {text!r} in:\n{self.log()}")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def has_ended(self):
        return self.process.poll() is not None

    def wait(self):
        return self.process.wait(PATIENCE_S)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def run_warren(*arguments):
    """Run a sub-command to its end: exit code, standard output, standard error."""
    return subprocess.run(
        [PROGRAM, *[str(argument) for argument in arguments]],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
    )


class ProgramTest(unittest.TestCase):
    """Warren's program; each class has a directory of its own."""

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    @classmethod
    def write(cls, name, content):
        """A file with this text, or with this value as JSON, which is YAML too; its path."""
        path = cls.directory / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    @classmethod
    def start_serving(cls, configuration, *options, name="warren.yml"):
        """`warren serve` with this configuration; not yet ready."""
        path = cls.write(name, configuration)
        return Process(PROGRAM, "serve", "--config", path, *options)

    @classmethod
    def serve(cls, *listeners, **settings):
        """`warren serve` with these listeners, ready."""
        configuration = {"modules": [MODULES], "listeners": list(listeners)} | settings
        return cls.start_serving(configuration).wait_until_ready()

    def assert_fails(self, finished, name):
        """It ended with the catalogue's name on standard error, and said nothing else."""
        self.assertNotEqual(finished.returncode, 0, finished.stdout)
        self.assertEqual(finished.stdout, "")
        self.assertIn(name, finished.stderr)

    def assert_gives(self, finished, value):
        self.assertEqual(finished.returncode, 0, finished.stderr)
        self.assertEqual(json.loads(finished.stdout), value)


class InteropTest(ProgramTest):
    """Each class has a virtual host of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.broker = broker_of_this_run()
        cls.vhost = f"{cls.__name__}-{uuid.uuid4().hex[:8]}"
        cls.broker.add_vhost(cls.vhost)
        cls.addClassCleanup(cls.broker.delete_vhost, cls.vhost)
        cls.uri = cls.broker.uri(cls.vhost)

    @classmethod
    def cyberfusion(cls, **settings):
        """A listener's configuration."""
        methods = ["dx_example", "echo", "add", "fail", "sleep", "SimpleCommand"]
        listener = {"amqp": cls.uri, "protocol": "cyberfusion", "queue": "test"}
        return listener | {"methods": methods, "max_simultaneous_requests": 5} | settings

    @classmethod
    def tutorial(cls, **settings):
        listener = {"amqp": cls.uri, "protocol": "tutorial", "queue": "rpc_queue"}
        return listener | {"method": "fibonacci"} | settings

    def call(self, method, request, *options, to=None, queue="test"):
        """`warren call`; the finished process."""
        request = request if isinstance(request, str) else json.dumps(request)
        target = f"{self.uri}?queue={queue}" if to is None else to
        return run_warren("call", method, request, "--to", target, "--timeout", "20s", *options)

    def assert_settled(self, queue):
        """Every message of the queue was taken and acknowledged."""
        depth = lambda: self.broker.queue_depths(self.vhost)[queue]
        settled = lambda: depth()["ready"] == 0 and depth()["unacknowledged"] == 0
        self.assertTrue(eventually(settled), f"left over: {depth()}")
