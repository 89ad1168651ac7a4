"""Contenders that echo 16 bytes without a broker: one server, one client, shapes of load."""

import argparse
import sys

import runs


class Contender:
    """in  one_each: has one call in flight on each connection, whatever the shape"""

    def __init__(self, program, both=(), server=(), client=(), one_each=False):
        self.program = program
        self.one_each = one_each
        self.server = (*both, *server)
        self.client = (*both, *client)

    def can(self, connections, in_flight):
        if "blocking" in self.client:
            return connections * in_flight == 1
        return in_flight == 1 or not self.one_each


def measure(contender, connections, in_flight, seconds):
    """One server and one client; gives the client's figures, and what both used."""
    with runs.Server([contender.program, "server", *contender.server]) as server:
        load = [server.words[0], connections, in_flight, seconds, server.pid]
        figures = runs.run_client(
            [contender.program, "client", *map(str, load), *contender.client], seconds
        )
    figures["cpu_us"] = figures["client_cpu_us"] + figures["server_cpu_us"]
    return figures


def print_table(title, results, ceiling_name, peer_names):
    print(f"\n{title}")
    head = f"{'':24}{'calls/s':>12}{'p50 us':>10}{'p99 us':>10}{'CPU us/call':>13}"
    head += f"{'of ceiling':>12}{'CPU of it':>11}{'p50 of it':>11}"
    ceiling = results[ceiling_name]
    peers = [rounds for name, rounds in results.items() if name in peer_names]
    best = max(peers, key=lambda rounds: runs.median(rounds, "calls_per_s"), default=None)
    print(head + (f"{'of best peer':>14}" if best else ""))
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


def shape_list(text):
    shapes = [tuple(shape.split("x")) for shape in text.split(",")]
    if not all(len(shape) == 2 and all(map(str.isdecimal, shape)) for shape in shapes):
        raise argparse.ArgumentTypeError(f"'{text}' is no list such as 1x1,64x1")
    return [(int(connections), int(in_flight)) for connections, in_flight in shapes]


def add_options(parser, shapes):
    runs.add_options(parser)
    parser.add_argument(
        "--shapes",
        type=shape_list,
        default=shapes,
        help="connections x in flight on each, comma-separated",
    )


def run_shapes(options, chosen, what, ceiling_name, peer_names=()):
    """in  chosen: contenders by name, the ceiling among them; what: is echoed over what"""
    for connections, in_flight in options.shapes:
        able = {name: one for name, one in chosen.items() if one.can(connections, in_flight)}
        results = runs.take_turns(
            able, options.rounds, lambda one: measure(one, connections, in_flight, options.seconds)
        )
        plural = "" if connections == 1 else "s"
        title = f"{what}, {connections} connection{plural} x {in_flight} in flight"
        print_table(title, results, ceiling_name, peer_names)
