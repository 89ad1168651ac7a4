"""Signals, forks, the interpreter's end and its garbage collection do no harm."""

import gc
import os
import signal
import subprocess
import sys
import textwrap
import weakref

import pytest

import warren


def run(program, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-X", "dev", "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )


def test_a_signal_ends_a_call(adding):
    program = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                """
                import sys, warren
                client = warren.Client(sys.argv[1])
                try:
                    client.call("wait")
                except KeyboardInterrupt:
                    print("interrupted", client.call("add", 1, 2))
                """
            ),
            adding.addresses[0],
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    adding.waits.acquire()
    program.send_signal(signal.SIGINT)
    assert program.communicate(timeout=60)[0] == "interrupted 3\n"


def test_a_child_is_told_that_its_parent_s_client_is_not_its_own(adding):
    ran = run(
        """
        import os, sys, warren
        client = warren.Client(sys.argv[1])
        assert client.call("add", 1, 2) == 3
        child = os.fork()
        if child == 0:
            try:
                client.call("add", 1, 2)
            except warren.InvalidRequest as error:
                print("forked" in str(error), flush=True)
            del client
            print(warren.Client(sys.argv[1]).call("add", 1, 2), flush=True)
            sys.exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), client.call("add", 1, 4))
        """,
        adding.addresses[0],
    )
    assert (ran.stdout, ran.stderr) == ("True\n3\n0 5\n", "")


@pytest.mark.parametrize("end", ["", "sys.exit(0)", "raise SystemExit(0)", "del client"])
def test_an_interpreter_ends_with_calls_under_way(adding, end):
    ran = run(
        f"""
        import asyncio, sys, threading, warren
        client = warren.Client(sys.argv[1])

        def wait():
            try:
                client.call("wait")
            except (warren.Error, NameError):
                pass

        threading.Thread(target=wait, daemon=True).start()
        server = warren.Server("tcp://127.0.0.1:0")
        server.method(lambda: threading.Event().wait(), name="wait")
        server.start()
        own = warren.Client(server.addresses[0])
        own.notify("wait")
        {end}
        """,
        adding.addresses[0],
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_server_ends_by_a_signal():
    program = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                """
                import warren
                server = warren.Server("tcp://127.0.0.1:0")
                server.method(lambda: print("called", flush=True), name="call")
                import threading
                def tell():
                    while not (server.listeners and server.ready):
                        pass
                    print(server.addresses[0], flush=True)
                threading.Thread(target=tell, daemon=True).start()
                server.run()
                print("ended")
                """
            ),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with warren.Client(program.stdout.readline().strip()) as client:
        client.call("call")
        program.terminate()
        assert program.communicate(timeout=60)[0] == "called\nended\n"
    assert program.returncode == 0


def test_garbage_is_collected(adding):
    client = warren.Client(adding.addresses[0])
    client.itself = client
    seen = weakref.ref(client)
    client.call("add", 1, 2)
    del client
    gc.collect()
    assert seen() is None


def test_no_object_is_kept_by_calls(client):
    value = {"a": ["x" * 1000, b"y" * 1000]}
    before = [sys.getrefcount(each) for each in (value, value["a"], *value["a"], None.__class__)]
    for _ in range(100):
        client.call("echo", value=value)
    after = [sys.getrefcount(each) for each in (value, value["a"], *value["a"], None.__class__)]
    assert after == before


def test_descriptors_are_closed(adding):
    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    warren.Client(adding.addresses[0]).close()
    gc.collect()
    before = descriptors()
    for _ in range(20):
        with warren.Client(adding.addresses[0]) as client:
            client.call("add", 1, 2)
    del client
    gc.collect()
    assert descriptors() <= before + 1
