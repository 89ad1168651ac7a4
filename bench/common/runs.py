"""Servers and clients as processes of their own, and figures over several rounds."""

import json
import statistics
import subprocess

from processes import die_with_parent

# How long a client may take beyond the time that it measures.
CLIENT_GRACE_S = 60


class Server:
    """A contender's server: until the end of the block; then `report` is what it printed last."""

    def __init__(self, command):
        self.command = command
        self.words = []  # after the word "ready", such as its port
        self.report = ""

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent
        )
        ready, *self.words = self.process.stdout.readline().split() or [""]
        if ready != "ready":
            self.__exit__()
            raise RuntimeError(f"the server did not start: {' '.join(self.command)}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        lines = self.process.stdout.read().strip().splitlines()
        self.process.wait()
        self.report = lines[-1] if lines else ""

    @property
    def pid(self):
        return self.process.pid


def run_client(command, seconds):
    """The figures that a client prints."""
    client = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=CLIENT_GRACE_S + seconds,
        preexec_fn=die_with_parent,
    )
    return json.loads(client.stdout)


def take_turns(contenders, rounds, measure):
    """Each contender's figures of each round; in turns, so that all meet the same machine."""
    results = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            results[name].append(measure(contender))
    return results


def median(rounds, key):
    return statistics.median(figures[key] for figures in rounds)


def ratio(rounds, others, key):
    """Round by round, because the two of one round met the same machine."""
    return statistics.median(own[key] / other[key] for own, other in zip(rounds, others))


def choose(contenders, always, only, parser):
    """The contenders that the words of --only name, and those that are always there."""
    if not only:
        return contenders
    names = {*always, *only.split(",")}
    unknown = names - contenders.keys()
    if unknown:
        known = ", ".join(contenders)
        parser.error(f"no such contender: {', '.join(sorted(unknown))}; there are {known}")
    return {name: contender for name, contender in contenders.items() if name in names}


def add_options(parser):
    """What every suite takes."""
    parser.add_argument("--seconds", type=float, default=3, help="measured time of one run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="contenders beside the ceilings, comma-separated")
