"""What reaches the disk: entries of 200 bytes and calls with a key, alone and many at once.

"queue with N": N appends are made at once, each again when it is done. "calls with N": the same of
calls with a key, each of which is begun in a store and has its reply kept there; "N together" is
what a bare write of N entries and one fdatasync for all of them come to. The second table is an
echo over TCP, at_least_once: with a store, and without.
"""

import contextlib
import os
import subprocess
import sys
import tempfile

import echo
import runs

CEILING = "bare fdatasync"
SINGLE = "one by one"
SHAPES = (1, 8, 64, 1024)
WITHOUT = "echo without a store"
WITH = "echo with a store"


def appends():
    return {
        CEILING: ("fdatasync", 1),
        SINGLE: ("single", 1),
        **{f"queue with {at_once}": ("group", at_once) for at_once in SHAPES},
        **{f"{at_once} together": ("together", at_once) for at_once in SHAPES[1:3]},
        **{f"calls with {at_once}": ("calls", at_once) for at_once in SHAPES[:3]},
    }


def bare_of(at_once, results):
    """The same number of entries at once without a queue or a store; none where nothing is."""
    return results.get(CEILING if at_once == 1 else f"{at_once} together")


def print_table(chosen, results):
    print(f"\n{'':24}{'appends/s':>12}{'p50 us':>10}{'p99 us':>10}{'of one by one':>15}", end="")
    print(f"{'bare is faster by':>19}")
    for name, rounds in results.items():
        line = f"{name:24}{runs.median(rounds, 'calls_per_s'):12.0f}"
        line += f"{runs.median(rounds, 'p50_us'):10.1f}{runs.median(rounds, 'p99_us'):10.1f}"
        line += f"{runs.ratio(rounds, results[SINGLE], 'calls_per_s'):15.2f}"
        if bare := bare_of(chosen[name][1], results):
            line += f"{runs.ratio(bare, rounds, 'calls_per_s'):19.2f}"
        print(line)
    sys.stdout.flush()


def add_options(parser):
    echo.add_options(parser, "1x64")
    parser.add_argument("--directory", help="on the disk to be measured (default: a temporary one)")


def run(options, parser):
    place = options.directory or tempfile.gettempdir()
    command = ["stat", "--file-system", "--format", "%T", place]
    kind = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    print(f"disk:     {os.path.abspath(place)} ({kind})")
    with contextlib.ExitStack() as places:

        def directory():
            return places.enter_context(
                tempfile.TemporaryDirectory(prefix="warren-bench-", dir=place)
            )

        warren = f"{options.build}/bench/warren_echo"
        echoes = {
            WITHOUT: echo.Contender(warren, client=("keyed",)),
            WITH: echo.Contender(warren, server=(f"store={directory()}",), client=("keyed",)),
        }
        every = {**appends(), **echoes}
        chosen = runs.choose(every, (CEILING, SINGLE, WITHOUT), options.only, parser)

        def measure(contender):
            kind, at_once = contender
            program = f"{options.build}/bench/store_appends"
            command = [program, kind, directory(), str(options.seconds), str(at_once)]
            return runs.run_client(command, options.seconds)

        in_store = {name: one for name, one in chosen.items() if name not in echoes}
        print_table(in_store, runs.take_turns(in_store, options.rounds, measure))
        served = {name: one for name, one in chosen.items() if name in echoes}
        echo.run_shapes(options, served, "TCP echo under a key", WITHOUT)
