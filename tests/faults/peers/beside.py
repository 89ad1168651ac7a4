#!/usr/bin/python3
"""Celery and Oslo.messaging under the kills that `faults` does to Warren: their lines of the ledger.

    beside.py [--kills N] [--threads N] [--seed N] [--peers celery,oslo]
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "support")]

from orders import account
from processes import die_with_parent
from rabbitmq import Broker


class Worker:
    """A worker in a process group of its own, killed with all of it."""

    def __init__(self, command, is_ready):
        self.command, self.is_ready = command, is_ready
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.command,
            cwd=HERE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        said = []
        for line in self.process.stdout:
            said.append(line)
            if self.is_ready in line:
                return
        raise SystemExit("the worker did not get ready:\n" + "".join(said))

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


def celery(threads):
    from celery_orders import call

    command = [sys.executable, "-m", "celery", "-A", "celery_orders", "worker"]
    options = ["--pool", "threads", "--concurrency", str(threads), "--loglevel", "INFO"]
    options += ["--without-gossip", "--without-mingle"]
    return call, Worker(command + options, "ready.")


def oslo(threads):
    from oslo_orders import Caller

    return Caller(), Worker([sys.executable, str(HERE / "oslo_orders.py")], "ready")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", default="celery,oslo")
    options = parser.parse_args()
    print(
        f"{'peer':<24} {'kills':>6} {'calls':>8} {'answered':>9} {'lost':>5} {'doubled':>8} "
        f"{'hung':>5} {'again':>7}"
    )
    with Broker() as broker, tempfile.TemporaryDirectory() as directory:
        os.environ["ORDERS_BROKER"] = broker.uri()
        for name in options.peers.split(","):
            os.environ["ORDERS_TABLE"] = os.path.join(directory, name + ".db")
            call, worker = {"celery": celery, "oslo": oslo}[name](options.threads)
            account(name, os.environ["ORDERS_TABLE"], call, worker, options.kills,
                    options.threads, options.seed)


if __name__ == "__main__":
    main()
    os._exit(0)  # their threads do not end
