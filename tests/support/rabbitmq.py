#!/usr/bin/python3
"""A private RabbitMQ on free loopback ports, for tests, the demo and the benchmarks.

Nothing of the machine's own RabbitMQ is read or written: node name, epmd, cookie, data, log,
configuration and plugins are the broker's own, in one directory that goes when it stops. It needs
no special user. It ends with the process that started it, whatever way that ends.

Instead of `rabbitmqctl`, which starts a virtual machine for each command, the broker listens on a
Unix socket in its directory and evaluates the Erlang expressions that come in: milliseconds, not
seconds.

    with Broker() as broker:                    in a program
        connect(broker.uri("/"))
    rabbitmq.py run [--tls]                     until standard input ends; first line: JSON
    rabbitmq.py start --state FILE [--tls]      in the background, until `stop` or the end of
    rabbitmq.py stop --state FILE               the process that called `start`
"""

import argparse
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from certificates import make_certificates
from processes import die_with_parent, free_ports
from rabbitmq_control import BrokerError, Control

START_TIMEOUT_S = 90
START_ATTEMPTS = 3
CONTROL = (pathlib.Path(__file__).parent / "rabbitmq_control.erl").read_text()


def start_epmd(port):
    return subprocess.Popen(
        ["epmd", "-port", str(port), "-address", "127.0.0.1"],
        preexec_fn=die_with_parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class Broker(Control):
    """A broker that belongs to this process."""

    def __init__(self, tls=False, node="warren", epmd_port=None, settings=(), plugins=()):
        """A broker; one of a cluster has another node's name and shares the epmd at this port.
        `settings` are more lines of its configuration."""
        super().__init__({"node": f"{node}@localhost"})
        self.tls = tls
        self.epmd_port = epmd_port
        self.settings = settings
        self.plugins = [*plugins, *(["rabbitmq_auth_mechanism_ssl"] if tls else [])]
        self.directory = None
        self.processes = []
        self.stopped = False  # in order: its virtual machine still runs

    def make_directory(self):
        self.directory = tempfile.mkdtemp(prefix="warren-mq-")
        certificates = make_certificates(self.directory) if self.tls else None
        self.state.update(directory=self.directory, certificates=certificates)
        self.state["control"] = os.path.join(self.directory, "control")

    def __enter__(self):
        if self.directory is None:
            self.make_directory()
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        """Start it on ports of its own, or, after `stop` or `kill`, on those it had."""
        if self.stopped:
            self.evaluate("ok = rabbit:start()")
            self.stopped = False
            return
        first_start = "port" not in self.state
        for attempt in range(1, START_ATTEMPTS + 1):
            if first_start:
                self.choose_ports()  # somebody may take a free port before the broker does
            try:
                self.start_once()
                return
            except BrokerError:
                self.kill()
                if attempt == START_ATTEMPTS:
                    raise

    def choose_ports(self):
        names = ("port", "tls_port", "distribution_port", "epmd_port")
        self.state.update(zip(names, free_ports(len(names))))
        if self.epmd_port is not None:
            self.state["epmd_port"] = self.epmd_port

    def start_once(self):
        self.launch()
        self.await_started()

    def launch(self):
        """Begin to start it; `await_started` follows."""
        environment = self.write_configuration()
        if os.path.exists(self.state["control"]):
            os.unlink(self.state["control"])
        if self.epmd_port is None:
            self.processes = [start_epmd(self.state["epmd_port"])]
        node = subprocess.Popen(
            ["/usr/lib/rabbitmq/bin/rabbitmq-server", "-eval", CONTROL],
            cwd=self.directory,
            env=environment,
            preexec_fn=die_with_parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.processes.append(node)
        self.state["pid"] = node.pid

    def await_started(self):
        said = self.wait_until_ready(self.processes[-1])
        if said is not None:
            raise BrokerError(f"RabbitMQ did not start:\n{said}\n{self.log_tail()}")

    def wait_until_ready(self, node):
        """None when it serves; else what it said before it ended or it timed out."""
        expired = threading.Timer(START_TIMEOUT_S, node.kill)
        expired.start()
        said = b""
        try:
            for line in node.stdout:
                said += line
                if line.strip() == b"warren: ready":
                    # The node goes on writing: a full pipe must not stop it.
                    threading.Thread(target=node.stdout.read, daemon=True).start()
                    return None
        finally:
            expired.cancel()
        node.wait()
        return said.decode(errors="replace")

    def log_tail(self):
        logs = pathlib.Path(self.directory, "log").glob("*.log")
        return "\n".join(log.read_text(errors="replace")[-3000:] for log in logs)

    def write_configuration(self):
        path = lambda name: os.path.join(self.directory, name)
        lines = [
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            "num_acceptors.tcp = 2",
            "loopback_users = none",
            "disk_free_limit.absolute = 1MB",
            "log.console = false",
            "log.file.level = info",
            "auth_mechanisms.1 = PLAIN",
            "auth_mechanisms.2 = AMQPLAIN",
            *self.settings,
        ]
        if self.tls:
            lines += [
                f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}",
                "num_acceptors.ssl = 2",
                f"ssl_options.cacertfile = {self.certificates['ca']}",
                f"ssl_options.certfile = {self.certificates['server']}",
                f"ssl_options.keyfile = {self.certificates['server_key']}",
                "ssl_options.verify = verify_peer",
                "ssl_options.fail_if_no_peer_cert = false",
                "auth_mechanisms.3 = EXTERNAL",
                "ssl_cert_login_from = common_name",
            ]
        pathlib.Path(path("rabbitmq.conf")).write_text("\n".join(lines) + "\n")
        pathlib.Path(path("enabled_plugins")).write_text(f"[{','.join(self.plugins)}].\n")
        pathlib.Path(path("empty")).touch()
        kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        return kept | {
            "HOME": self.directory,
            "ERL_EPMD_PORT": str(self.state["epmd_port"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.state["node"],
            "RABBITMQ_DIST_PORT": str(self.state["distribution_port"]),
            "RABBITMQ_CONF_ENV_FILE": path("empty"),
            "RABBITMQ_CONFIG_FILE": path("rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": path("none.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": path("enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": path("data"),
            "RABBITMQ_LOG_BASE": path("log"),
            "RABBITMQ_PID_FILE": path("pid"),
            "RABBITMQ_FEATURE_FLAGS_FILE": path("feature_flags"),
            "RABBITMQ_GENERATED_CONFIG_DIR": path("generated"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+JPperf false -kernel"
            " inet_dist_use_interface {127,0,0,1}",
            "WARREN_CONTROL": self.state["control"],
            # rabbitmq-server then becomes the virtual machine instead of watching over it.
            "detached": "true",
        }

    def pause(self):
        """Have it stand still, with everything open."""
        os.kill(self.state["pid"], signal.SIGSTOP)

    def resume(self):
        os.kill(self.state["pid"], signal.SIGCONT)

    def stop(self):
        """Shut it down in order: clients are told 320, what is durable stays for `start`."""
        self.evaluate("ok = rabbit:stop()")
        self.stopped = True

    def kill(self):
        """End it as a power failure would; what is durable stays for `start`."""
        for process in reversed(self.processes):
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self.processes = []
        self.stopped = False

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def run(tls):
    """Serve until standard input ends; each line on it is a command, each is answered by one."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Broker(tls) as broker:
        print(json.dumps(broker.state), flush=True)
        commands = {name: getattr(broker, name) for name in ("start", "stop", "kill", "restart")}
        for line in sys.stdin:
            try:
                commands[line.strip()]()
                print("ok", flush=True)
            except (BrokerError, KeyError, subprocess.TimeoutExpired) as error:
                print(f"failed: {error!r}".replace("\n", " "), flush=True)


def start(state_file, tls):
    """Leave a broker running behind that ends with the process that called us."""
    owner = os.pidfd_open(os.getppid())
    ready, started = os.pipe()
    if os.fork() != 0:
        os.close(started)
        said = os.read(ready, 65536).decode()
        if not said.startswith("{"):
            sys.exit(said or "the broker did not start")
        print(said)
        return
    os.setsid()
    try:
        serve_in_background(state_file, tls, owner, started)
    except Exception as error:
        os.write(started, f"{error}"[:60000].encode())


def serve_in_background(state_file, tls, owner, started):
    asked_to_stop, signalled = os.pipe()
    os.set_blocking(signalled, False)
    signal.set_wakeup_fd(signalled)
    signal.signal(signal.SIGTERM, lambda *_: None)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    with Broker(tls) as broker:
        broker.state["keeper_pid"] = os.getpid()
        said = json.dumps(broker.state)
        pathlib.Path(state_file).write_text(said)
        os.write(started, said.encode())
        os.close(started)
        try:
            select.select([owner, asked_to_stop], [], [])
        finally:
            pathlib.Path(state_file).unlink(missing_ok=True)


def stop(state_file):
    path = pathlib.Path(state_file)
    if not path.exists():
        return
    keeper = json.loads(path.read_text())["keeper_pid"]
    try:
        ended = os.pidfd_open(keeper)
        os.kill(keeper, signal.SIGTERM)
        select.select([ended], [], [], START_TIMEOUT_S)
    except ProcessLookupError:
        path.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["run", "start", "stop"])
    parser.add_argument("--state", help="file that says where the broker is")
    parser.add_argument("--tls", action="store_true", help="a TLS listener and SASL EXTERNAL too")
    options = parser.parse_args()
    if options.command == "run":
        run(options.tls)
    elif options.state is None:
        parser.error("--state is needed")
    elif options.command == "start":
        start(options.state, options.tls)
    else:
        stop(options.state)


if __name__ == "__main__":
    main()
