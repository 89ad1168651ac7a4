"""Packages of npm that tests need, as the lock file has them."""

import fcntl
import os
import pathlib
import shutil
import subprocess

from fixture import HERE, TREE

PACKAGES = pathlib.Path(os.environ.get("WARREN_BINARY_DIR", TREE / "build/release")) / "npm"


def fetch_packages():
    """Once for a build; tests that run at once wait for one another."""
    PACKAGES.mkdir(exist_ok=True)
    with open(PACKAGES / ".lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        fetch_missing()


def fetch_missing():
    for name in ("package.json", "package-lock.json", "validate.mjs"):
        shutil.copy(HERE / "npm" / name, PACKAGES)
    lock = (PACKAGES / "package-lock.json").read_bytes()
    fetched = PACKAGES / "fetched.json"
    if not fetched.exists() or fetched.read_bytes() != lock:
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=PACKAGES, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"npm cannot fetch the packages: {done.stdout}{done.stderr}")
        fetched.write_bytes(lock)
