"""What handlers know of their calls, and what they may return beside data."""

from __future__ import annotations

from typing import Any

from warren import _warren


class Reply:
    """What a handler returns that has a message beside its data, or did not succeed."""

    def __init__(self, data: Any = None, message: str = "OK", *, success: bool = True) -> None:
        self.data = data
        self.message = message
        self.success = success


class Context:
    """What a handler may know of the call it answers, until it has: a parameter of this type."""

    def __init__(self, call: _warren.Call) -> None:
        self._call = call

    @property
    def method(self) -> str:
        """The method's name."""
        return self._call.method

    @property
    def correlation_id(self) -> str:
        """Empty when the caller gave none."""
        return self._call.correlation_id

    @property
    def caller(self) -> str:
        """The identity the transport vouches for; empty if none."""
        return self._call.caller

    @property
    def idempotency_key(self) -> str:
        """The caller's name for this request; empty if none."""
        return self._call.idempotency_key

    @property
    def traceparent(self) -> str:
        """The caller's trace (W3C Trace Context); empty if none."""
        return self._call.traceparent

    @property
    def tracestate(self) -> str:
        """What the caller's tracers add to it."""
        return self._call.tracestate

    @property
    def baggage(self) -> str:
        """What the caller hands down (W3C Baggage)."""
        return self._call.baggage

    @property
    def contract(self) -> str:
        """The fingerprint of the caller's contract."""
        return self._call.contract

    @property
    def priority(self) -> int | None:
        """At a broker: as the caller said."""
        return self._call.priority

    @property
    def attempt(self) -> int:
        """2 and more: an earlier attempt may have had an effect."""
        return self._call.attempt

    @property
    def fencing_token(self) -> int:
        """Greater than that of every call that had the same named lock before; 0: it has none."""
        return self._call.fencing_token

    @property
    def seconds_left(self) -> float | None:
        """Until the caller's deadline; None: it has none."""
        return self._call.seconds_left

    @property
    def is_stopped(self) -> bool:
        """Nobody waits for the answer any more, or the server ends."""
        return self._call.is_stopped

    def progress(self, fraction: float, text: str = "", data: Any = None) -> None:
        """Tell the caller how far the call is, from 0 to 1, if it wants to know."""
        self._call.progress(fraction, text, data)
