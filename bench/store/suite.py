"""Entries of 200 bytes that reach the disk: one commit for each, and commits that many share.

"queue with N": N appends are made at once, each again when it is done. "calls with N": the same of
calls with a key, each of which is begun in a store and has its reply kept there; "N together" is
what a bare write of N entries and one fdatasync for all of them come to.
"""

import sys
import tempfile

import runs

CEILING = "bare fdatasync"
SINGLE = "one by one"
SHAPES = (1, 8, 64, 1024)


def contenders():
    return {
        CEILING: ("fdatasync", 1),
        SINGLE: ("single", 1),
        **{f"queue with {at_once}": ("group", at_once) for at_once in SHAPES},
        **{f"{at_once} together": ("together", at_once) for at_once in SHAPES[1:3]},
        **{f"calls with {at_once}": ("calls", at_once) for at_once in SHAPES[:3]},
    }


def print_table(results):
    print(f"\n{'':24}{'appends/s':>12}{'p50 us':>10}{'p99 us':>10}{'of one by one':>15}")
    for name, rounds in results.items():
        line = f"{name:24}{runs.median(rounds, 'calls_per_s'):12.0f}"
        line += f"{runs.median(rounds, 'p50_us'):10.1f}{runs.median(rounds, 'p99_us'):10.1f}"
        line += f"{runs.ratio(rounds, results[SINGLE], 'calls_per_s'):15.2f}"
        print(line)
    sys.stdout.flush()


def add_options(parser):
    runs.add_options(parser)
    parser.add_argument("--directory", help="on the disk to be measured (default: a temporary one)")


def run(options, parser):
    program = f"{options.build}/bench/store_appends"
    chosen = runs.choose(contenders(), (CEILING, SINGLE), options.only, parser)

    def measure(contender):
        kind, at_once = contender
        with tempfile.TemporaryDirectory(prefix="warren-bench-", dir=options.directory) as place:
            command = [program, kind, place, str(options.seconds), str(at_once)]
            return runs.run_client(command, options.seconds)

    print_table(runs.take_turns(chosen, options.rounds, measure))
