"""Functions that make objects of what comes over the wire."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

from warren.errors import InvalidRequest

Convert = Callable[[Any], Any]


def to_datetime(text: str) -> datetime.datetime:
    """RFC 3339, as the engine writes it."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


_DURATION = re.compile(
    r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII
)


def to_timedelta(text: str) -> datetime.timedelta:
    """ISO 8601, as the engine writes it; raises ValueError for anything else."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration")
    sign, days, hours, minutes, seconds = found.groups("0")
    duration = datetime.timedelta(
        days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds)
    )
    return -duration if sign == "-" else duration


def of_each(inner: Convert, outer: Convert) -> Convert:
    """What makes a collection of converted items."""
    return lambda items: outer([inner(each) for each in items])


def of_each_value(inner: Convert) -> Convert:
    """What makes a dict of converted values."""
    return lambda items: {key: inner(each) for key, each in items.items()}


def unless_none(inner: Convert) -> Convert:
    """The same, which lets None through."""
    return lambda value: None if value is None else inner(value)


def first_that_can(converts: list[Convert | None], value: Any) -> Any:
    """What the first one makes of it that can."""
    for convert in converts:
        if convert is None:
            return value
        try:
            return convert(value)
        except (TypeError, ValueError, InvalidRequest):
            continue
    raise ValueError("it is none of what it may be")
