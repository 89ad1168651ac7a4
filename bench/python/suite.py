"""Echo from Python to Python: Warren's package, aio-pika's RPC, pyzmq and asyncio's streams.

Each side is one process; the handler is a plain function, the caller one event loop unless it says
threads. Peers are compared with over what they run over themselves.
"""

import os
import pathlib
import sys

import runs
from rabbitmq import Broker

PEER = str(pathlib.Path(__file__).resolve().parent / "peer.py")


class Contender:
    def __init__(self, kind, where):
        self.kind = kind
        self.where = where


def contenders(broker):
    """By what carries the calls: peers first."""
    return {
        "RabbitMQ": {
            "aio-pika patterns.RPC": Contender("aio-pika", broker),
            "Warren": Contender("warren", broker),
            "Warren, threads call": Contender("warren-threads", broker),
        },
        "ZeroMQ": {
            "pyzmq, JSON": Contender("pyzmq", "-"),
            "Warren": Contender("warren", "zmq+tcp://127.0.0.1:0"),
            "Warren, threads call": Contender("warren-threads", "zmq+tcp://127.0.0.1:0"),
        },
        "TCP": {
            "asyncio and msgpack": Contender("streams", "-"),
            "Warren": Contender("warren", "tcp://127.0.0.1:0"),
            "Warren, threads call": Contender("warren-threads", "tcp://127.0.0.1:0"),
        },
    }


def measure(contender, in_flight, seconds):
    """One server and one client; gives the client's figures."""
    command = ["/usr/bin/python3", PEER]
    with runs.Server([*command, "server", contender.kind, contender.where]) as server:
        load = [server.words[0], str(in_flight), str(seconds)]
        return runs.run_client([*command, "client", contender.kind, *load], seconds)


def print_table(what, in_flight, results):
    print(f"\nPython to Python over {what}, {in_flight} in flight")
    print(
        f"{'':24}{'calls/s':>10}{'p50 us':>10}{'p99 us':>10}{'caller CPU us':>15}{'of the peer':>13}"
    )
    peer = next(iter(results.values()))
    for name, rounds in results.items():
        line = f"{name:24}{runs.median(rounds, 'calls_per_s'):10.0f}"
        line += f"{runs.median(rounds, 'p50_us'):10.0f}{runs.median(rounds, 'p99_us'):10.0f}"
        line += f"{runs.median(rounds, 'client_cpu_us'):15.1f}"
        line += f"{runs.ratio(rounds, peer, 'calls_per_s'):13.2f}"
        print(line)
    sys.stdout.flush()


def add_options(parser):
    runs.add_options(parser)
    parser.add_argument("--in-flight", default="1,64", help="calls in flight, comma-separated")
    parser.add_argument("--over", default="RabbitMQ,ZeroMQ,TCP", help="comma-separated")


def run(options, parser):
    os.environ["PYTHONPATH"] = f"{options.build}/python"
    with Broker() as broker:
        every = contenders(f"amqp://guest:guest@127.0.0.1:{broker.port}/")
        for what in options.over.split(","):
            if what not in every:
                parser.error(f"--over: no '{what}'; there are {', '.join(every)}")
            for in_flight in map(int, options.in_flight.split(",")):
                results = runs.take_turns(
                    every[what],
                    options.rounds,
                    lambda one: measure(one, in_flight, options.seconds),
                )
                print_table(what, in_flight, results)
