"""Servers of the package, for tests of the package."""

import asyncio
import pathlib
import sys
import threading

import pytest

import warren

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TREE / "tests/support"), str(TREE / "scripts/lib/docs")]

from rabbitmq import Broker
from rabbitmq_control import shared_broker


@pytest.fixture(scope="session")
def broker():
    """The RabbitMQ of this run of ctest; outside of one, of this run of tests."""
    shared = shared_broker()
    if shared is not None:
        yield shared
        return
    with Broker(tls=True) as own:
        yield own


@pytest.fixture
def server():
    """One that is not started, at a free port."""
    made = warren.Server(threads=2)
    made.listen("tcp://127.0.0.1:0", limits={"connection_requests_max": 10_000})
    yield made
    made.stop(0)


@pytest.fixture
def adding(server):
    """One with a method of each kind, which runs."""
    hold = threading.Event()
    server.hold = hold
    server.waits = threading.Semaphore(0)

    @server.method
    def add(a, b=5):
        """The sum of two numbers."""
        return a + b

    @server.method
    def echo(value):
        return value

    @server.method
    def wait():
        server.waits.release()
        hold.wait()

    @server.method
    async def add_later(a, *, b):
        await asyncio.to_thread(int)
        return a + b

    @server.method
    def gather(**arguments):
        return arguments

    @server.method
    def fail(code="failed"):
        raise warren.errors.BY_CODE[code]("out of onions", {"left": 0})

    @server.method
    def crash():
        raise ValueError("what only the log may say")

    server.start()
    yield server
    hold.set()


@pytest.fixture
def client(adding):
    with warren.Client(adding.addresses[0], timeout=20) as made:
        yield made
