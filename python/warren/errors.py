"""What calls raise: one class for each code of the catalogue, all of them `Error`."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple


class FieldError(NamedTuple):
    """One thing that is wrong with a request."""

    location: tuple[str | int, ...]
    """The way to it: members' names and lists' indexes; empty: the request as a whole."""
    message: str
    type: str
    """One word, such as "missing" or "int_parsing"."""


class Error(Exception):
    """Why a call did not succeed. A handler that raises one fails with its message and data."""

    code: str = "failed"

    def __init__(
        self,
        message: str = "",
        data: Any = None,
        *,
        errors: list[FieldError] | None = None,
        retry_after: float | datetime.timedelta | None = None,
        retry: str = "useless",
        peer_text: str = "",
        is_replayed: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.data = data
        self.errors: list[FieldError] = errors or []
        if isinstance(retry_after, datetime.timedelta):
            retry_after = retry_after.total_seconds()
        self.retry_after: float | None = retry_after
        """In seconds, of `Overloaded`."""
        self.retry = retry
        """Doing it again: "safe" (it had no effect), "if_idempotent" (it may have had one), or
        "useless" (it fails the same way)."""
        self.peer_text = peer_text
        """The other side's own words."""
        self.is_replayed = is_replayed
        """The call was done before, under its key, and failed then."""

    asks_retry = False

    def __str__(self) -> str:
        text = f"{self.code}: {self.message}"
        for error in self.errors:
            place = "".join(
                f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.location
            ).lstrip(".")
            text += f"\n  {place or 'request'}: {error.message}"
        return text

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), self.__dict__.copy())


def _rebuild(kind: type[Error], members: dict[str, Any]) -> Error:
    error = kind(members["message"])
    error.__dict__.update(members)
    return error


class InvalidRequest(Error):
    """The request breaks the contract: see `errors`."""

    code = "invalid_request"


class NoSuchMethod(Error):
    """A server answered that it does not serve this method."""

    code = "no_such_method"


class NoResponder(Error):
    """Nobody consumes where this request was sent."""

    code = "no_responder"


class ExpiredInQueue(Error):
    """The deadline passed before a handler started; nothing was done."""

    code = "expired_in_queue"


class DeadlineExceeded(Error, TimeoutError):
    """The deadline passed; a handler may have run."""

    code = "deadline_exceeded"


class ConnectionLost(Error, ConnectionError):
    """The connection broke; a request that was sent may have been handled."""

    code = "connection_lost"


class BrokerBlocked(Error):
    """The broker refuses to take messages (memory or disk alarm)."""

    code = "broker_blocked"


class Overloaded(Error):
    """A limit was reached; nothing was done: see `retry_after`."""

    code = "overloaded"


class Unauthenticated(Error):
    """The credentials or permissions were refused."""

    code = "unauthenticated"


class PermissionDenied(Error):
    """A server knows who calls, and does not allow it."""

    code = "permission_denied"


class ContractMismatch(Error):
    """The two sides were built from different contracts."""

    code = "contract_mismatch"


class Conflict(Error):
    """The same idempotency key came with another request, or a name is taken."""

    code = "conflict"


class Cancelled(Error):
    """The caller cancelled, or closed its client."""

    code = "cancelled"


class OutcomeUnknown(Error):
    """It was begun, at most once, and how it ended nobody knows."""

    code = "outcome_unknown"


class Failed(Error):
    """The handler said so: its message and data are here."""

    code = "failed"


class ReplyOverLimit(Error):
    """The reply is over a limit of this client's; the call was handled."""

    code = "reply_over_limit"


class Internal(Error):
    """A defect of a server or handler; details are in its log."""

    code = "internal"


class RetryLater(Failed):
    """Raised by a handler: try this call again after some time."""

    code = "overloaded"
    asks_retry = True

    def __init__(self, after: float | datetime.timedelta, message: str = "try again later") -> None:
        super().__init__(message, retry_after=after)


BY_CODE: dict[str, type[Error]] = {kind.code: kind for kind in Error.__subclasses__()}
"""The class of each code."""


def make(
    code: str,
    message: str,
    errors: list[tuple[tuple[str | int, ...], str, str]],
    data: Any,
    retry: str,
    retry_after: float | None,
    peer_text: str,
    is_replayed: bool,
) -> Error:
    """The exception of a failure, not raised."""
    return BY_CODE.get(code, Internal)(
        message,
        data,
        errors=[FieldError(*each) for each in errors],
        retry=retry,
        retry_after=retry_after,
        peer_text=peer_text,
        is_replayed=is_replayed,
    )
