"""Finds the handler of an exchange, and makes a method of it."""

from __future__ import annotations

import importlib
import inspect
import logging
import typing
from collections.abc import Callable
from typing import Any

from warren.context import Context, Reply
from warren.cyberfusion import mock, models
from warren.cyberfusion.locks import ValueLocks
from warren.cyberfusion.provided import CONTRACTS
from warren.errors import ExpiredInQueue, Internal
from warren.server import Server

HANDLERS = "cyberfusion.RabbitMQHandlers.exchanges"
_log = logging.getLogger("warren.cyberfusion")
# By which newer releases choose whom a request runs as, in a process of its own.
_PER_PROCESS = ("user", "php_version", "nodejs_version")


class HandlerError(Exception):
    """A handler that cannot be served: where it is, why, and what to do."""


def _contracts() -> Any:
    return importlib.import_module(CONTRACTS)


def _model(exchange: str, what: str, hint: Any, base: str) -> type[models.Model]:
    wanted = getattr(_contracts(), base)
    if not (inspect.isclass(hint) and issubclass(hint, wanted)):
        shown = "nothing" if hint is None else repr(hint)
        raise HandlerError(
            f"{HANDLERS}.{exchange}: Handler.__call__ says {shown} of its {what}: annotate it with "
            f"a class that inherits {base}"
        )
    return typing.cast("type[models.Model]", hint)


class ExchangeHandler:
    """The class `Handler` of an exchange's module."""

    def __init__(self, exchange: str, handler: Any) -> None:
        """Raises HandlerError for what is no handler."""
        self.exchange = exchange
        self._make = handler
        example = handler()
        if not callable(example):
            raise HandlerError(f"{HANDLERS}.{exchange}: Handler has no method __call__: add it")
        if inspect.iscoroutinefunction(handler.__call__):
            raise HandlerError(
                f"{HANDLERS}.{exchange}: Handler.__call__ is a coroutine: make it a function"
            )
        hints = self._hints(handler)
        names = list(inspect.signature(example).parameters)
        self.request_model = _model(
            exchange, "request", hints.get(names[0]) if names else None, "RPCRequestBase"
        )
        self.response_model = _model(exchange, "response", hints.get("return"), "RPCResponseBase")
        self.description = inspect.getdoc(handler) or ""
        self.lock_attribute: str | None = getattr(example, "lock_attribute", None)
        self._locks = ValueLocks()
        self._response_base = _contracts().RPCResponseBase
        self._check_lock()
        self._warn(handler)

    def _hints(self, handler: Any) -> dict[str, Any]:
        try:
            return typing.get_type_hints(handler.__call__)
        except Exception as error:
            raise HandlerError(
                f"{HANDLERS}.{self.exchange}: annotations of Handler.__call__ cannot be read: "
                f"{error}"
            ) from error

    def _check_lock(self) -> None:
        name = self.lock_attribute
        known = [*models.fields(self.request_model)]
        if name is not None and name not in known and not hasattr(self.request_model, name):
            raise HandlerError(
                f"{HANDLERS}.{self.exchange}: lock_attribute is {name!r}, which "
                f"{self.request_model.__name__} does not have; it has: {', '.join(known)}"
            )

    def _warn(self, handler: Any) -> None:
        said = [
            name
            for name in _PER_PROCESS
            if getattr(handler, name, None)
            is not getattr(getattr(_contracts(), "HandlerBase"), name, None)
        ]
        if said:
            _log.warning(
                "%s.%s: Handler.%s is not used: all requests run in this process, as its user",
                HANDLERS,
                self.exchange,
                ", Handler.".join(said),
            )
        more = set(models.fields(self.response_model)) - {"success", "message", "data"}
        if more:
            _log.warning(
                "%s.%s: %s has more than success, message and data; not sent: %s",
                HANDLERS,
                self.exchange,
                self.response_model.__name__,
                ", ".join(sorted(more)),
            )

    def answer(self, request: dict[str, Any], context: Context) -> Reply:
        """Run the handler."""
        valid = models.validated(self.request_model, request)
        if self.lock_attribute is None:
            return self._run(valid)
        # By the value as the model has it: "5" and 5 are one server's number.
        with self._locks.held(getattr(valid, self.lock_attribute)):
            left = context.seconds_left
            if context.is_stopped or (left is not None and left <= 0):
                raise ExpiredInQueue("The deadline passed while the call waited for its lock")
            return self._run(valid)

    def answer_mocked(self, request: dict[str, Any]) -> Reply:
        """Check the request, and answer with a mock response."""
        models.validated(self.request_model, request)
        return self._reply(mock.response(self.response_model))

    def _run(self, request: models.Model) -> Reply:
        return self._reply(self._make()(request))

    def _reply(self, response: Any) -> Reply:
        if not isinstance(response, self._response_base):
            raise TypeError(
                f"{HANDLERS}.{self.exchange}: Handler returned a {type(response).__qualname__}: "
                f"return a {self.response_model.__name__}"
            )
        body = models.as_json(typing.cast(models.Model, response))
        return Reply(body.get("data"), body["message"], success=body["success"])

    def add_to(self, server: Server, *, is_mocked: bool) -> None:
        """Register it as the method of its exchange."""
        members = models.only_members(self.request_model)
        names = models.fields(self.request_model).get(self.lock_attribute or "", [])
        can_lock = members is not None and len(names) == 1
        answer: Callable[..., Reply] = self.answer
        if is_mocked:
            answer = self.answer_mocked
        server.method(
            answer,
            name=self.exchange,
            description=self.description,
            takes="any" if members is None else members,
            lock_on=names[0] if can_lock and not is_mocked else None,
            run_alone=self.lock_attribute is None and not is_mocked,
        )


def load_handler(exchange: str) -> ExchangeHandler | None:
    """Import the handler of an exchange.

    out  None: no package has a module for it

    Raises HandlerError, and whatever the module raises.
    """
    name = f"{HANDLERS}.{exchange}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name + ".").startswith(error.name + "."):
            return None
        raise
    handler = getattr(module, "Handler", None)
    if handler is None:
        raise HandlerError(f"{name} ({module.__file__}) has no class Handler: add it")
    return ExchangeHandler(exchange, handler)


def add_handlers(server: Server, exchanges: list[str], *, is_mocked: bool = False) -> None:
    """Register a method for each exchange. One without a module fails each of its requests.

    Raises HandlerError.
    """
    for exchange in exchanges:
        handler = load_handler(exchange)
        if handler is not None:
            handler.add_to(server, is_mocked=is_mocked)
            continue
        _log.warning(
            "no module %s.%s is installed: requests to this exchange fail; install the package "
            "that has it, or take the exchange out of the configuration",
            HANDLERS,
            exchange,
        )
        server.method(_no_handler, name=exchange, takes="any")


def _no_handler(_: dict[str, Any], context: Context) -> None:
    raise Internal(f"No module {HANDLERS}.{context.method} is installed")
