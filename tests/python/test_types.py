"""The package's types hold, for itself and for who uses it."""

import os
import pathlib
import subprocess
import sys
import textwrap

import warren

PACKAGE = pathlib.Path(warren.__file__).parent


def mypy(tmp_path, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), *arguments],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        env={**os.environ, "MYPYPATH": str(PACKAGE.parent)},
    )


def test_the_package_keeps_to_its_types(tmp_path):
    checked = mypy(tmp_path, "-p", "warren")
    assert checked.returncode == 0, checked.stdout


def test_programs_are_checked(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import warren

            client = warren.Client("memory:x", timeout=5)
            other: warren.Client = client.with_options(idempotency_key="k")
            warren.ListenerOptions(url="memory:x", queue={"name": "jobs"})
            warren.ClientOptions(timeuot=5)
            warren.ServerOptions(replies="mocked")
            """
        )
    )
    checked = mypy(tmp_path, str(program))
    assert 'Unexpected keyword argument "timeuot"' in checked.stdout
    assert "program.py:8" in checked.stdout and "Literal[" in checked.stdout
    assert "program.py:4" not in checked.stdout and "program.py:6" not in checked.stdout


def test_stubs_say_what_there_is(tmp_path):
    checked = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "--concise", "warren._warren"],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
    )
    # What pybind11 makes has a metaclass, and one signature for all.
    told = [
        line
        for line in checked.stdout.splitlines()
        if "metaclass differs" not in line and "*args" not in line and "**kwargs" not in line
    ]
    assert [line for line in told if not line.startswith("Found ")] == []
