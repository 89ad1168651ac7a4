"""Echo through a private RabbitMQ: Warren, rabbitmq-c, aio-pika and frames written by hand.

There are two ceilings, both frames written by hand. The first sends the least that makes an echo.
The second sends what Warren's guarantees need (mandatory, confirmed, with an expiration, through
the method's exchange): the gap between the two is the price of those messages, the gap from the
second to Warren is ours.

--million holds Warren's memory after a million calls against that after a hundred thousand, in
its own protocol and in callme.
"""

import json
import pathlib
import subprocess
import sys

import runs
from rabbitmq import Broker

CALLS_EARLY = 100_000
CALLS_LATE = 1_000_000
WARM_UP_S = 0.5
PEER = str(pathlib.Path(__file__).resolve().parent / "aio_pika_peer.py")
CEILING = "hand-written frames"
GUARANTEES = "frames, same guarantees"


class Contender:
    def __init__(self, *command, server=(), client=()):
        self.command = command
        self.server = server
        self.client = client


def contenders(build):
    return {
        CEILING: Contender(f"{build}/bench/amqp_frames"),
        GUARANTEES: Contender(
            f"{build}/bench/amqp_frames", server=("guarantees",), client=("guarantees",)
        ),
        "Warren": Contender(f"{build}/bench/amqp_warren"),
        "Warren on workers": Contender(f"{build}/bench/amqp_warren", server=("worker",)),
        "Warren by callme": Contender(f"{build}/bench/amqp_warren", "callme"),
        "rabbitmq-c": Contender(f"{build}/bench/amqp_rabbitmq_c"),
        "aio-pika": Contender("/usr/bin/python3", PEER),
    }


def measure(contender, port, in_flight, seconds):
    """One server and one client; gives the client's figures and the server's CPU per call."""
    place = [str(port), str(in_flight)]
    with runs.Server([*contender.command, "server", *place, *contender.server]) as server:
        figures = runs.run_client(
            [*contender.command, "client", *place, str(seconds), *contender.client], seconds
        )
    server_cpu_s = json.loads(server.report)["server_cpu_s"]
    # The server also worked during the warm-up.
    share = seconds / (seconds + WARM_UP_S)
    figures["cpu_us"] = figures["client_cpu_us"] + server_cpu_s * share / figures["calls"] * 1e6
    return figures


def print_table(in_flight, results):
    print(f"\nAMQP echo, validated on both sides, {in_flight} in flight")
    head = f"{'':24}{'calls/s':>10}{'p50 us':>10}{'p99 us':>10}{'CPU us/call':>13}"
    print(head + f"{'of ceiling':>12}{'p50 ratio':>11}{'of 2nd ceiling':>16}{'of rabbitmq-c':>15}")
    ceiling = results[CEILING]
    guarantees = results[GUARANTEES]
    reference = results.get("rabbitmq-c")
    for name, rounds in results.items():
        line = f"{name:24}{runs.median(rounds, 'calls_per_s'):10.0f}"
        line += f"{runs.median(rounds, 'p50_us'):10.0f}{runs.median(rounds, 'p99_us'):10.0f}"
        line += f"{runs.median(rounds, 'cpu_us'):13.1f}"
        line += f"{runs.ratio(rounds, ceiling, 'calls_per_s'):12.2f}"
        line += f"{runs.ratio(rounds, ceiling, 'p50_us'):11.2f}"
        line += f"{runs.ratio(rounds, guarantees, 'calls_per_s'):16.2f}"
        if reference:
            line += f"{runs.ratio(rounds, reference, 'calls_per_s'):15.2f}"
        print(line)
    sys.stdout.flush()


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid} has no resident memory")


def check_memory(name, contender, port, in_flight=64):
    """Resident memory of both sides after many calls and after ten times as many."""
    place = [str(port), str(in_flight)]
    resident = {"server": [], "client": []}
    with runs.Server([*contender.command, "server", *place]) as server:
        client = subprocess.Popen(
            [*contender.command, "count", *place, str(CALLS_EARLY), str(CALLS_LATE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for calls in (CALLS_EARLY, CALLS_LATE):
            # The client says how far it is, and goes on at our word.
            if client.stdout.readline().strip() != str(calls):
                raise RuntimeError(f"the client failed before call {calls}")
            resident["server"].append(resident_kib(server.pid))
            resident["client"].append(resident_kib(client.pid))
            client.stdin.write("\n")
            client.stdin.flush()
        client.communicate()
    print(f"\nResident memory of {name}, {in_flight} in flight")
    print(f"{'':10}{CALLS_EARLY:>12} calls{CALLS_LATE:>12} calls{'ratio':>8}")
    for side, (early, late) in resident.items():
        print(f"{side:10}{early:>14} KiB{late:>14} KiB{late / early:8.2f}")


def add_options(parser):
    runs.add_options(parser)
    parser.add_argument("--in-flight", default="1,64,256", help="calls in flight, comma-separated")
    parser.add_argument("--million", action="store_true", help="check that memory stays flat")


def run(options, parser):
    chosen = runs.choose(contenders(options.build), (CEILING, GUARANTEES), options.only, parser)
    with Broker() as broker:
        if options.million:
            for name in ("Warren", "Warren by callme"):
                check_memory(name, contenders(options.build)[name], broker.port)
            return
        for in_flight in map(int, options.in_flight.split(",")):
            results = runs.take_turns(
                chosen,
                options.rounds,
                lambda one: measure(one, broker.port, in_flight, options.seconds),
            )
            print_table(in_flight, results)
