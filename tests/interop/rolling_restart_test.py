"""What a server that goes and its successor have to do with each other, and with whoever started
them: a drain that comes late, a port that two have, sockets that systemd passes."""

import fcntl
import signal
import socket
import subprocess
import unittest
import urllib.error
import urllib.request

from fixture import MODULES, PATIENCE_S, PROGRAM, eventually
from processes import die_with_parent, free_ports
from tcp_fixture import TcpTest


def readiness(admin):
    """The status of /readyz and what it says."""
    try:
        with urllib.request.urlopen(f"http://{admin}/readyz") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def admin_of(ready):
    return ready.split("http://")[1].split()[0]


class ADrainThatComesLate(TcpTest):
    def test_requests_are_taken_while_whoever_asks_hears_that_it_ends(self):
        settings = {"drain_delay": "1h", "admin": {"address": "127.0.0.1:0"}}
        with self.serve(self.tcp(), **settings) as server:
            admin = admin_of("; ".join(server.listeners))
            self.assertEqual(readiness(admin)[0], 200)
            server.terminate()
            self.assertTrue(eventually(lambda: readiness(admin) == (503, "draining\n")))
            self.assert_gives(self.call(server.addresses[0], "add", {"a": 1, "b": 2}), 3)
            self.assertIn("new requests for another 1h (drain_delay), then none", server.log())
            server.terminate()
            self.assertEqual(server.wait(), 128 + signal.SIGTERM)

    def test_then_it_drains(self):
        with self.serve(self.tcp(), drain_delay="1ms") as server:
            server.terminate()
            self.assertEqual(server.wait(), 0)
            self.assertIn("drained: every request was answered", server.log())


class APortThatTwoHave(TcpTest):
    def test_the_second_starts_before_the_first_ends(self):
        listener = self.tcp(tcp=f"127.0.0.1:{free_ports(1)[0]}", reuse_port=True)
        with self.serve(listener) as first, self.serve(listener) as second:
            self.assertEqual(first.addresses, second.addresses)
            first.terminate()
            self.assertEqual(first.wait(), 0)
            self.assert_gives(self.call(second.addresses[0], "add", {"a": 1, "b": 2}), 3)

    def test_both_have_to_say_so(self):
        address = f"127.0.0.1:{free_ports(1)[0]}"
        with self.serve(self.tcp(tcp=address)):
            second = self.start_serving(
                {"modules": [MODULES], "listeners": [self.tcp(tcp=address, reuse_port=True)]}
            )
            with second:
                self.assertEqual(second.wait(), 78)
                self.assertIn("that does not say reuse_port", second.log())


class SocketsThatSystemdPasses(TcpTest):
    def start(self, configuration, **sockets):
        """`warren serve` with sockets as systemd passes them: from 3 on, each with its name."""
        path = self.write(f"{self.id()}.yml", configuration)
        descriptors = [each.fileno() for each in sockets.values()]
        moves = " ".join(f"{3 + at}<&{fd}" for at, fd in enumerate(descriptors))
        script = (
            f"LISTEN_PID=$$ LISTEN_FDS={len(sockets)} LISTEN_FDNAMES={':'.join(sockets)} "
            f'exec "$@" {moves}'
        )
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", PROGRAM, "serve", "--config", path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=descriptors,
            preexec_fn=die_with_parent,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def listening(self, high_from=20):
        """A listening socket whose descriptor is in nobody's way."""
        with socket.create_server(("127.0.0.1", 0)) as made:
            descriptor = fcntl.fcntl(made.fileno(), fcntl.F_DUPFD_CLOEXEC, high_from)
        kept = socket.socket(fileno=descriptor)
        self.addCleanup(kept.close)
        return kept

    def serving(self, *listeners, **settings):
        return {"modules": [MODULES], "listeners": list(listeners)} | settings

    def refused(self, configuration, **sockets):
        process = self.start(configuration, **sockets)
        errors = process.communicate(timeout=PATIENCE_S)[1]
        self.assertEqual(process.returncode, 78, errors)
        return errors

    def test_they_are_served_and_stay_open_for_the_next(self):
        calls, watching = self.listening(), self.listening()
        address = "tcp://{}:{}".format(*calls.getsockname())
        configuration = self.serving(
            self.tcp(tcp="systemd:calls"), admin={"address": {"fd": "watching"}}
        )
        for _ in range(2):
            # Whoever calls in between waits for the server that is to come.
            early = self.start_calling(address, "add", {"a": 2, "b": 2})
            process = self.start(configuration, calls=calls, watching=watching)
            ready = process.stdout.readline()
            self.assertIn(address, ready)
            self.assertEqual(admin_of(ready), "{}:{}".format(*watching.getsockname()))
            self.assertEqual(readiness(admin_of(ready))[0], 200)
            self.assertEqual(early.communicate(timeout=PATIENCE_S)[0].strip(), "4")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE_S), 0)

    def test_a_name_that_is_not_there(self):
        at = "listeners[0].tcp: no socket is called 'calls': "
        configuration = self.serving(self.tcp(tcp="systemd:calls"))
        told = self.refused(configuration, other=self.listening())
        self.assertIn(at + "there are 'other' (FileDescriptorName= of the .socket units)", told)
        self.assertIn("systemd passes the socket 'other', which nothing here names", told)
        with self.start_serving(configuration) as server:
            self.assertEqual(server.wait(), 78)
            self.assertIn(at + "none was passed to this process (LISTEN_FDS)", server.log())

    def test_a_socket_of_another_kind(self):
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(datagrams.close)
        told = self.refused(self.serving(self.tcp(tcp="systemd:calls")), calls=datagrams)
        self.assertIn("listeners[0].tcp: the socket 'calls': ", told)
        self.assertIn("it should be a TCP socket that listens", told)

    def test_one_socket_is_one_listeners(self):
        two = self.serving(self.tcp(tcp="systemd:calls"), self.tcp(tcp="systemd:calls"))
        told = self.refused(two, calls=self.listening())
        self.assertIn("listeners[1].tcp: the socket 'calls' is another listener's", told)


if __name__ == "__main__":
    unittest.main()
