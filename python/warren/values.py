"""What objects of Python are on the wire that is none of JSON's or MessagePack's types."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import os
import uuid
from collections.abc import Mapping, Sequence, Set
from typing import Any


def plain(value: Any) -> Any:
    """Make one of None, bool, int, float, str, bytes, list or dict of anything else.

    Raises TypeError for what has no form on the wire.
    """
    if isinstance(value, enum.Enum):
        return value.value
    if hasattr(value, "model_dump"):  # Pydantic 2
        return value.model_dump()
    if hasattr(value, "__fields__") and hasattr(value, "dict"):  # Pydantic 1
        return value.dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "get_secret_value"):
        return value.get_secret_value()
    if isinstance(value, datetime.datetime):
        return _timestamp(value)
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (uuid.UUID, decimal.Decimal, datetime.date, datetime.time)):
        return str(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (Set, Sequence)):
        return list(value)
    raise TypeError(f"a {type(value).__qualname__} has no form on the wire")


def _timestamp(value: datetime.datetime) -> str:
    if value.tzinfo is None:
        raise TypeError("a datetime without a time zone says no point in time")
    return value.isoformat().replace("+00:00", "Z")
