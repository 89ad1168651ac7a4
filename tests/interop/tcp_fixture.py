"""What the tests of calls without a broker stand on: raw sockets, and a client in C++."""

import contextlib
import json
import os
import queue
import socket
import subprocess
import threading

import msgpack

from fixture import HERE, PATIENCE_S, PROGRAM, ProgramTest, run_warren
from processes import die_with_parent

BUILT = HERE.parents[1] / "build/release"
CALLER = os.environ.get("WARREN_TCP_CALLER", str(BUILT / "tests/interop/tcp_caller"))


def host_and_port(address):
    """Of an address such as tcp://127.0.0.1:40123."""
    host, port = address.split("://")[1].rsplit(":", 1)
    return host, int(port)


def held_port():
    """A socket with a port that nobody else is given, and nobody is connected to until it listens;
    a program that is told the port may listen there all the same."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


def memory_bytes(pid, name="VmRSS"):
    """What a process has in memory."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    raise AssertionError(f"no {name} of {pid}")


class Wire:
    """A connection that sends bytes as they are, and receives whole MessagePack objects."""

    def __init__(self, address, wrap=lambda plain: plain):
        self.socket = wrap(socket.create_connection(host_and_port(address), PATIENCE_S))
        self.unpacker = msgpack.Unpacker(strict_map_key=False, max_buffer_size=1 << 28)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *objects):
        self.send_bytes(b"".join(msgpack.packb(item) for item in objects))

    def send_bytes(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next object; EOFError when the connection is closed first."""
        for item in self.unpacker:
            return item
        while True:
            data = self.socket.recv(1 << 16)
            if not data:
                raise EOFError
            self.unpacker.feed(data)
            for item in self.unpacker:
                return item

    def is_closed(self):
        """Wait for something to come. Whether it was the end."""
        with contextlib.suppress(ConnectionResetError):
            return self.socket.recv(1 << 16) == b""
        return True


class Caller:
    """A client of Warren's that stays: calls go in as lines, outcomes come out as lines."""

    def __init__(self, address, *options):
        self.process = subprocess.Popen(
            [CALLER, address, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        self.outcomes = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()

    def _read(self):
        with contextlib.suppress(ValueError):
            for line in self.process.stdout:
                self.outcomes.put(line)

    def start(self, tag, method, arguments):
        self.process.stdin.write(f"{tag} {method} {json.dumps(arguments)}\n")
        self.process.stdin.flush()

    def outcome(self):
        """The next outcome: tag, "ok" or the failure's code, and the data or its message."""
        tag, code, text = self.outcomes.get(timeout=PATIENCE_S).rstrip("\n").split(" ", 2)
        return tag, code, json.loads(text) if code == "ok" else text

    def call(self, method, arguments, timeout_ms=None):
        self.start("-" if timeout_ms is None else f"-@{timeout_ms}", method, arguments)
        return self.outcome()[1:]

    def notify(self, method, arguments):
        self.start("notify", method, arguments)
        return self.outcome()[1:]


class TcpTest(ProgramTest):
    @classmethod
    def tcp(cls, **settings):
        """A listener's configuration."""
        return {"tcp": "127.0.0.1:0"} | settings

    @classmethod
    def arrpc(cls, method, **settings):
        return cls.tcp(protocol="arrpc", method=method) | settings

    def call(self, to, method, arguments, *options, timeout="20s"):
        """`warren call`; the finished process."""
        text = json.dumps(arguments)
        return run_warren("call", method, text, "--to", to, "--timeout", timeout, *options)

    def start_calling(self, to, method, arguments, *options):
        """`warren call` that is on its way."""
        command = [PROGRAM, "call", method, json.dumps(arguments), "--to", to, *options]
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        self.addCleanup(finish, process)
        return process


def finish(process):
    """Of `start_calling`: standard output and error when it has ended."""
    if process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_S)
        process.kill()
    streams = process.communicate() if not process.stdout.closed else ("", "")
    return streams
