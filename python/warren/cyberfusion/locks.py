"""Locks on values, of one process."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Hashable, Iterator
from typing import Any


def key_of(value: Any) -> Hashable:
    """The same for equal values, also for those that no dict takes as a key."""
    try:
        hash(value)
    except TypeError:
        return repr(value)
    assert isinstance(value, Hashable)
    return value


class ValueLocks:
    """For each value one that has it and those that wait, in order of arrival. What nobody wants
    any more is forgotten."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._turns: dict[Hashable, deque[threading.Event]] = {}

    @contextlib.contextmanager
    def held(self, value: Any) -> Iterator[None]:
        """Wait for it, and have it within a `with`."""
        key = key_of(value)
        mine = threading.Event()
        with self._mutex:
            turns = self._turns.setdefault(key, deque())
            turns.append(mine)
            if turns[0] is mine:
                mine.set()
        mine.wait()
        try:
            yield
        finally:
            with self._mutex:
                turns.popleft()
                if turns:
                    turns[0].set()
                else:
                    del self._turns[key]

    def __len__(self) -> int:
        """Values that somebody has."""
        return len(self._turns)
