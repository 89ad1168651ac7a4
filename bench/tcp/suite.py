"""Echo of 16 bytes over TCP: Warren in its modes, gRPC, Thrift, Cap'n Proto and bare epoll.

A shape is connections x calls in flight on each. The server has one I/O thread, and handlers run
there unless the contender says otherwise; so has the client. CPU is that of both processes.
"""

import pathlib
import subprocess
import sys
import tempfile

import runs
from certificates import make_certificates

SHAPES = "1x1,64x1,1x64,16x64"
CEILING = "bare epoll"
SPIN_CEILING = "bare epoll spin"
# The library that pkg-config knows the version of.
PEERS = {"gRPC": "grpc++", "Thrift": "thrift", "Cap'n Proto": "capnp-rpc"}


class Contender:
    def __init__(self, program, both=(), server=(), client=()):
        self.program = program
        self.server = (*both, *server)
        self.client = (*both, *client)

    @property
    def is_for_one_call(self):
        return "blocking" in self.client


def contenders(build, certificates):
    epoll = f"{build}/bench/tcp_epoll"
    warren = f"{build}/bench/tcp_warren"
    server_tls = f"tls={certificates['server']}"
    client_tls = f"tls={certificates['ca']}"
    every = {
        CEILING: Contender(epoll),
        SPIN_CEILING: Contender(epoll, both=("spin",)),
        "Warren": Contender(warren),
        "Warren blocking": Contender(warren, client=("blocking",)),
        "Warren spin": Contender(warren, both=("spin",)),
        "Warren blocking spin": Contender(warren, both=("spin",), client=("blocking",)),
        "Warren TLS": Contender(warren, server=(server_tls,), client=(client_tls,)),
        "Warren HMAC": Contender(warren, both=("auth",)),
        "Warren metrics": Contender(warren, server=("metrics",)),
        "Warren workers": Contender(warren, server=("worker",)),
        "gRPC": Contender(f"{build}/bench/tcp_grpc"),
        "Thrift": Contender(f"{build}/bench/tcp_thrift"),
        "Cap'n Proto": Contender(f"{build}/bench/tcp_capnp"),
    }
    # Peers whose packages are not installed were not built.
    return {name: one for name, one in every.items() if pathlib.Path(one.program).exists()}


def measure(contender, connections, in_flight, seconds):
    """One server and one client; gives the client's figures, and what both used."""
    with runs.Server([contender.program, "server", *contender.server]) as server:
        load = [server.words[0], connections, in_flight, seconds, server.pid]
        figures = runs.run_client(
            [contender.program, "client", *map(str, load), *contender.client], seconds
        )
    figures["cpu_us"] = figures["client_cpu_us"] + figures["server_cpu_us"]
    return figures


def print_versions(built):
    for name, library in PEERS.items():
        version = "not built"
        if name in built:
            command = ["pkg-config", "--modversion", library]
            version = subprocess.run(command, capture_output=True, text=True).stdout.strip()
        print(f"{name + ':':12} {version}")


def print_table(connections, in_flight, results):
    plural = "" if connections == 1 else "s"
    print(f"\nTCP echo, {connections} connection{plural} x {in_flight} in flight")
    head = f"{'':24}{'calls/s':>12}{'p50 us':>10}{'p99 us':>10}{'CPU us/call':>13}"
    print(head + f"{'of ceiling':>12}{'CPU of it':>11}{'p50 of it':>11}{'of best peer':>14}")
    ceiling = results[CEILING]
    peers = [rounds for name, rounds in results.items() if name in PEERS]
    best = max(peers, key=lambda rounds: runs.median(rounds, "calls_per_s"), default=None)
    for name, rounds in results.items():
        line = f"{name:24}{runs.median(rounds, 'calls_per_s'):12.0f}"
        line += f"{runs.median(rounds, 'p50_us'):10.1f}{runs.median(rounds, 'p99_us'):10.1f}"
        line += f"{runs.median(rounds, 'cpu_us'):13.3f}"
        line += f"{runs.ratio(rounds, ceiling, 'calls_per_s'):12.3f}"
        line += f"{runs.ratio(rounds, ceiling, 'cpu_us'):11.2f}"
        line += f"{runs.ratio(rounds, ceiling, 'p50_us'):11.2f}"
        if best:
            line += f"{runs.ratio(rounds, best, 'calls_per_s'):14.2f}"
        print(line)
    sys.stdout.flush()


def add_options(parser):
    runs.add_options(parser)
    parser.add_argument("--shapes", default=SHAPES, help="connections x in flight on each")


def run(options, parser):
    with tempfile.TemporaryDirectory(prefix="warren-bench-") as directory:
        every = contenders(options.build, make_certificates(directory))
        chosen = runs.choose(every, (CEILING,), options.only, parser)
        print_versions(every)
        for shape in options.shapes.split(","):
            connections, in_flight = map(int, shape.split("x"))
            able = {
                name: one
                for name, one in chosen.items()
                if not one.is_for_one_call or connections * in_flight == 1
            }
            results = runs.take_turns(
                able,
                options.rounds,
                lambda one: measure(one, connections, in_flight, options.seconds),
            )
            print_table(connections, in_flight, results)
