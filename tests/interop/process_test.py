"""What surrounds the program: streams that nobody reads or that are closed, limits of the system,
files that somebody takes away."""

import fcntl
import os
import resource
import signal
import socket
import subprocess
import unittest
import urllib.request

import msgpack
import zmq
from tcp_fixture import TcpTest, Wire
from fixture import MODULES, PATIENCE_S, PROGRAM, eventually, run_warren
from processes import die_with_parent, free_ports
from proxy_fixture import ProxyTest, buffer_figure

NOBODY = "tcp://127.0.0.1:1"
CALLS = 2_000


def full_pipe(test):
    """The end to write to; nothing can be written until somebody reads."""
    reader, writer = os.pipe()
    for end in (reader, writer):
        test.addCleanup(os.close, end)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"\n" * 512)
    except BlockingIOError:
        os.set_blocking(writer, True)
    return reader, writer


class ProcessTest(ProxyTest):
    def start(self, *command, **streams):
        """A program with streams of the test's own; `stdout` is read unless another is given."""
        process = subprocess.Popen(
            [PROGRAM, *[str(part) for part in command]],
            stdin=subprocess.DEVNULL,
            preexec_fn=streams.pop("preexec_fn", die_with_parent),
            **({"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL} | streams),
        )
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()

    def serving(self, port, **settings):
        configuration = {"modules": [MODULES], "log": {"level": "debug"}}
        configuration["listeners"] = [self.tcp(tcp=f"127.0.0.1:{port}")]
        return self.write(f"{self.id()}.yml", configuration | settings)

    def call_often(self, port):
        address = f"tcp://127.0.0.1:{port}"
        self.assertTrue(eventually(lambda: self.answers(address)))
        with Wire(address) as wire:
            for number in range(CALLS):
                wire.send([0, number, "no_such", []])
            self.assertEqual({wire.receive()[1] for _ in range(CALLS)}, set(range(CALLS)))

    @staticmethod
    def answers(address):
        try:
            with Wire(address) as wire:
                wire.send([0, 1, "no_such", []])
                return wire.receive()[0] == 1
        except OSError:
            return False

    def assert_ends_at_sigterm(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_S), 0)


class Logs(ProcessTest):
    def test_a_log_that_nobody_reads_stops_nothing(self):
        port = free_ports(1)[0]
        reader, writer = full_pipe(self)
        process = self.start("serve", "--config", self.serving(port), stderr=writer)
        self.assertTrue(process.stdout.readline().startswith(b"ready"))
        self.call_often(port)
        self.assert_ends_at_sigterm(process)

    def test_nor_does_one_that_is_all_streams(self):
        port = free_ports(1)[0]
        reader, writer = full_pipe(self)
        process = self.start(
            "serve", "--config", self.serving(port), stdout=writer, stderr=writer
        )
        self.call_often(port)
        self.assert_ends_at_sigterm(process)

    def test_nor_does_a_reader_that_has_gone(self):
        port = free_ports(1)[0]
        reader, writer = os.pipe()
        os.close(reader)
        self.addCleanup(os.close, writer)
        process = self.start(
            "serve", "--config", self.serving(port), stdout=writer, stderr=writer
        )
        self.call_often(port)
        self.assert_ends_at_sigterm(process)

    def test_a_configuration_that_cannot_be_told_leaves_the_process_to_its_signals(self):
        _, writer = full_pipe(self)
        process = self.start("serve", "--config", self.directory / "absent.yml", stderr=writer)
        while not self.writes_to_standard_error(process.pid):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_S), -signal.SIGTERM)

    @staticmethod
    def writes_to_standard_error(pid):
        # The system call that it waits in, and its first argument.
        with open(f"/proc/{pid}/syscall") as file:
            waits_in = file.read().split()
        return waits_in[1:2] == ["0x2"]

    def test_what_is_dropped_is_counted(self):
        port = free_ports(1)[0]
        _, writer = full_pipe(self)
        config = self.serving(port, admin={"address": "127.0.0.1:0"})
        process = self.start("serve", "--config", config, stderr=writer)
        ready = process.stdout.readline().decode()
        admin = ready.split("http://")[1].split()[0]
        while not self.dropped(admin):
            self.call_often(port)

    @staticmethod
    def dropped(admin):
        with urllib.request.urlopen(f"http://{admin}/metrics") as answer:
            line = [
                line
                for line in answer.read().decode().splitlines()
                if line.startswith("warren_server_log_lines_dropped_total ")
            ][0]
        return float(line.split()[1])

    def test_the_debug_level_shows_each_call(self):
        with self.serve(self.tcp(), log={"level": "debug"}) as server:
            self.assert_gives(self.call(server.addresses[0], "add", {"a": 1, "b": 2}), 3)
            server.wait_until_log("call of add (")
            server.terminate()
            self.assertEqual(server.wait(), 0)
            self.assertRegex(
                server.log(),
                r"debug: call of add \(.*\) from 127\.0\.0\.1:[0-9]+: ok, [0-9.]+ ms",
            )
            self.assertIn("drained: every request was answered", server.log())

    def test_without_it_calls_are_not_shown(self):
        with self.serve(self.tcp()) as server:
            self.assert_gives(self.call(server.addresses[0], "add", {"a": 1, "b": 2}), 3)
            server.terminate()
            self.assertEqual(server.wait(), 0)
            self.assertNotIn("call of add", server.log())


class Streams(ProcessTest):
    def test_no_socket_takes_the_place_of_a_closed_stream(self):
        def close_streams():
            die_with_parent()
            for stream in range(3):
                os.close(stream)

        port = free_ports(1)[0]
        process = self.start(
            "serve", "--config", self.serving(port), stdout=None, preexec_fn=close_streams
        )
        self.call_often(port)
        for stream in range(3):
            self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{stream}"), "/dev/null")
        self.assert_ends_at_sigterm(process)

    def test_a_call_whose_reader_has_gone_ends_with_a_code(self):
        with self.serve(self.tcp()) as server:
            for command in (("call", "echo", '"x"', "--to", server.addresses[0]), ("keygen",)):
                reader, writer = os.pipe()
                os.close(reader)
                process = self.start(*command, stdout=writer, stderr=subprocess.PIPE)
                os.close(writer)
                errors = process.communicate(timeout=PATIENCE_S)[1].decode()
                self.assertEqual(process.returncode, 1, errors)
                self.assertIn("the output cannot be written", errors)

    def test_so_does_one_whose_output_is_closed(self):
        process = self.start(
            "keygen", stderr=subprocess.PIPE, stdout=None, preexec_fn=lambda: os.close(1)
        )
        errors = process.communicate(timeout=PATIENCE_S)[1].decode()
        self.assertEqual(process.returncode, 1, errors)


class Files(ProcessTest):
    def setUp(self):
        self.file = self.directory / f"{self.id()}.buffer"

    def buffered(self):
        options = ("--buffered", "--buffer-file", self.file, "--name", "kept")
        return self.proxy(*options, "--admin", "127.0.0.1:0", to=NOBODY)

    def test_the_limit_of_a_files_size_is_a_full_disk(self):
        proxy = self.buffered()

        def limit(count):
            limits = (count, resource.RLIM_INFINITY)
            resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, limits)

        limit(4 << 20)
        accepted = 0
        with Wire(proxy.addresses[0]) as wire:
            while True:
                wire.send([0, accepted, "echo", ["x" * 100_000]])
                _, _, error, _ = wire.receive()
                if error is not None:
                    break
                accepted += 1
                self.assertLess(accepted, 1_000)
            self.assertIn("overloaded", str(error))
            self.assertIn("ulimit -f", str(error))
        self.assertEqual(buffer_figure(proxy, "entries"), accepted)
        limit(resource.RLIM_INFINITY)
        with Wire(proxy.addresses[0]) as wire:
            wire.send([0, 1, "echo", ["x"]])
            self.assertIsNone(wire.receive()[2])
        self.assert_ends_well(proxy)

    def test_a_buffer_that_was_deleted_accepts_no_more(self):
        proxy = self.buffered()
        with Wire(proxy.addresses[0]) as wire:
            wire.send([0, 1, "echo", ["x"]])
            self.assertIsNone(wire.receive()[2])
            aside = self.file.with_suffix(".aside")
            self.file.rename(aside)
            wire.send([0, 2, "echo", ["x"]])
            self.assertIn("internal", str(wire.receive()[2]))
            proxy.wait_until_log("was deleted or replaced")
            aside.rename(self.file)
            wire.send([0, 3, "echo", ["x"]])
            self.assertIsNone(wire.receive()[2])
        self.assertEqual(buffer_figure(proxy, "entries"), 2)
        self.file.unlink()
        self.assert_ends_well(proxy)
        self.assertIn("2 calls that wait go with it", proxy.log())

    def test_what_is_no_buffer_is_only_looked_at(self):
        empty = self.directory / "empty"
        empty.mkdir()
        (empty / "file").touch()
        (empty / "text").write_text("text\n" * 1000)
        for name in ("file", "text", "absent", "."):
            for options in ((), ("--list",), ("--failed",), ("--damaged",), ("--retry",)):
                shown = run_warren("buffer", empty / name, *options)
                self.assertEqual(shown.returncode, 1, shown.stdout)
                self.assertRegex(shown.stderr, "^error: (The buffer|There is no file) ")
        self.assertEqual({path.name for path in empty.iterdir()}, {"file", "text"})
        self.assertEqual((empty / "file").stat().st_size, 0)


class ACallThatASignalEnds(TcpTest):
    """The server hears that nobody waits for it any more."""

    def test_tcp(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), socket.create_server(("127.0.0.1", 0)) as listener:
                listener.settimeout(PATIENCE_S)
                address = "tcp://{}:{}".format(*listener.getsockname())
                process = self.start_calling(address, "sleep", {"seconds": 60})
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(PATIENCE_S)
                    unpacker = msgpack.Unpacker(connection.makefile("rb", buffering=0))
                    request = next(unpacker)
                    process.send_signal(number)
                    self.assertEqual(list(unpacker), [[2, "$warren.cancel", [request[1]]]])
                self.assertEqual(process.wait(PATIENCE_S), -number)

    def test_zmq(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), zmq.Context() as context:
                with context.socket(zmq.ROUTER) as router:
                    router.linger = 0
                    router.rcvtimeo = PATIENCE_S * 1000
                    port = router.bind_to_random_port("tcp://127.0.0.1")
                    address = f"zmq+tcp://127.0.0.1:{port}"
                    process = self.start_calling(address, "sleep", {"seconds": 60})
                    request = msgpack.unpackb(router.recv_multipart()[-1])
                    process.send_signal(number)
                    told = msgpack.unpackb(router.recv_multipart()[-1])
                    self.assertEqual(told, [2, "$warren.cancel", [request[1]]])
                    self.assertEqual(process.wait(PATIENCE_S), -number)


if __name__ == "__main__":
    unittest.main()
