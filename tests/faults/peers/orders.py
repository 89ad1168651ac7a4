"""A table of orders, and the load that fills it through a peer: the same for each of them."""

import collections
import random
import sqlite3
import threading
import time

PATIENCE_S = 60


def open_table(path):
    table = sqlite3.connect(path, timeout=30, isolation_level=None)
    table.execute("PRAGMA journal_mode = wal")
    table.execute("CREATE TABLE IF NOT EXISTS orders (id text)")
    return table


def place(path, order):
    """What the handler does: one row for each time that it runs."""
    table = open_table(path)
    table.execute("INSERT INTO orders VALUES (?)", (order,))
    table.close()
    return order


class Load:
    """Threads that place orders, and ask again until each has an answer."""

    def __init__(self, call, threads):
        self.call = call  # of an order; an exception is no answer
        self.over = False
        self.changed = threading.Condition()
        self.begun, self.answered, self.again = 0, set(), 0
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.over:
            with self.changed:
                order, self.begun = str(self.begun), self.begun + 1
            until = time.monotonic() + PATIENCE_S
            while time.monotonic() < until:
                try:
                    if self.call(order) == order:
                        with self.changed:
                            self.answered.add(order)
                            self.changed.notify_all()
                        break
                except Exception:
                    with self.changed:
                        self.again += 1

    def await_more(self, calls):
        with self.changed:
            wanted = len(self.answered) + calls
            self.changed.wait_for(lambda: len(self.answered) >= wanted, PATIENCE_S)

    def finish(self):
        self.over = True
        for thread in self.threads:
            thread.join()


def account(name, path, call, worker, kills, threads, seed):
    """Kill the worker at random instants under load; prints one line of the ledger."""
    chance = random.Random(seed)
    open_table(path).close()
    worker.start()
    load = Load(call, threads)
    load.await_more(threads)
    for _ in range(kills):
        load.await_more(chance.randint(1, 60))
        worker.kill()
        worker.start()
    load.await_more(threads)
    load.finish()
    worker.kill()
    rows = collections.Counter(row[0] for row in open_table(path).execute("SELECT id FROM orders"))
    lost = sum(order not in rows for order in load.answered)
    doubled = sum(count > 1 for count in rows.values())
    hung = load.begun - len(load.answered)
    print(
        f"{name:<24} {kills:>6} {load.begun:>8} {len(load.answered):>9} {lost:>5} {doubled:>8} "
        f"{hung:>5} {load.again:>7}",
        flush=True,
    )
