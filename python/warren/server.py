"""Servers: functions and coroutines as methods."""

from __future__ import annotations

import asyncio
import atexit
import inspect
import logging
import signal
import threading
import typing
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, Optional, TypeVar

from warren import _warren, types
from warren._warren import ListenerOptions, MethodSettings, ServerOptions
from warren.errors import Error, Internal, InvalidRequest

_log = logging.getLogger("warren")
_open: weakref.WeakSet[Server] = weakref.WeakSet()
_Handler = TypeVar("_Handler", bound=Callable[..., Any])


@atexit.register
def _stop_all() -> None:
    for each in list(_open):
        each.stop(0)


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


class _Method:
    """A handler, the types of its contract, and how it takes what has come."""

    def __init__(self, name: str, handler: Callable[..., Any]) -> None:
        self.handler = handler
        self.context_name: str | None = None
        self.fields: list[types.Field] = []
        self.by_position: list[str] = []
        takes_any = False
        signature = inspect.signature(handler)
        hints = _hints(handler)
        for parameter in signature.parameters.values():
            hint = hints.get(parameter.name, parameter.annotation)
            if hint is Context:
                self.context_name = parameter.name
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD and not self.fields:
                takes_any = True
            else:
                self._add(name, parameter, hint)
        returned = hints.get("return", inspect.Signature.empty)
        self.response = (
            types.ANYTHING
            if returned in (inspect.Signature.empty, Reply)
            else types.describe(returned, f"what {name} returns")
        )
        self.request = types.ANYTHING.spec if takes_any else types.parameters(self.fields)
        self.takes_any = takes_any
        self.converts = any(field.type.convert for field in self.fields)

    def _add(self, name: str, parameter: inspect.Parameter, hint: Any) -> None:
        if parameter.kind in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL):
            raise Internal(
                f"Method {name!r}: {parameter} takes any number of arguments: name them, or take "
                "**arguments alone"
            )
        described = types.describe(hint, f"parameter {parameter.name!r} of {name}")
        is_required = parameter.default is inspect.Parameter.empty
        default = None if is_required else parameter.default
        if not is_required and default is None and described.spec[0] not in ("optional", "dynamic"):
            described = types.describe(Optional[hint], name)
        self.fields.append(types.Field(parameter.name, described, is_required, default))
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            self.by_position.append(parameter.name)

    def run(self, call: _warren.Call) -> Any:
        arguments = call.arguments()
        if self.converts:
            arguments = types.convert_members(self.fields, arguments)
        elif self.takes_any and not isinstance(arguments, dict):
            raise InvalidRequest("Expected arguments by name")
        if self.context_name is not None:
            arguments[self.context_name] = Context(call)
        if self.by_position:
            first = [arguments.pop(name) for name in self.by_position]
            return self.handler(*first, **arguments)
        return self.handler(**arguments)


def _hints(handler: Callable[..., Any]) -> dict[str, Any]:
    """The annotations, where they are texts resolved."""
    function = handler if inspect.isroutine(handler) else type(handler).__call__
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        return {}


class Server:
    """Serves functions to whoever sends requests to its listeners.

        server = warren.Server("tcp://127.0.0.1:8080")

        @server.method
        def add(a, b):
            return a + b

        server.run()

    Functions run on a pool of threads, coroutines in one event loop of the server's own.
    """

    def __init__(
        self,
        *urls: str,
        options: ServerOptions | None = None,
        threads: int = 4,
        **settings: Any,
    ) -> None:
        """
        urls      where to listen, with the defaults; see also `listen`
        threads   that run functions
        settings  those of `ServerOptions`, by name
        """
        if threads < 1:
            raise ValueError(f"threads: {threads}: there must be one at least")
        if options is None:
            options = ServerOptions(**settings)
        elif settings:
            options = options.replace(**settings)
        self._server = _warren.Server(options)
        self._drain_timeout = options.drain_timeout.total_seconds()
        self._methods: dict[int, _Method] = {}
        self._thread_count = threads
        self._threads: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_coroutines = False
        self._is_stopped = False
        for url in urls:
            self.listen(url)
        _open.add(self)

    def method(
        self,
        handler: _Handler | str | None = None,
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        lock_on: str | None = None,
        run_alone: bool = False,
        lock: str | None = None,
        idempotent: bool = False,
        deprecated: str | None = None,
        tags: list[str] | None = None,
    ) -> Any:
        """Register a function or coroutine function; a decorator, with or without arguments.

        name         the function's, unless given
        description  the function's docstring, unless given
        lock_on      a parameter: calls with the same value in it wait for each other
        run_alone    calls of this method wait for each other
        lock         a lock of several methods, for `lock_on` and `run_alone`
        idempotent   doing it twice is the same as doing it once

        Raises Conflict when the name is taken, and Internal for what cannot be.
        """
        if handler is None or isinstance(handler, str):
            name = handler or name
            return lambda decorated: self.method(
                decorated,
                name=name,
                description=description,
                lock_on=lock_on,
                run_alone=run_alone,
                lock=lock,
                idempotent=idempotent,
                deprecated=deprecated,
                tags=tags,
            )
        name = name or handler.__name__
        method = _Method(name, handler)
        is_coroutine = inspect.iscoroutinefunction(handler)
        if description is None:
            description = inspect.getdoc(handler) or ""
        number = self._server.add_method(
            name, description, method.request, method.response.spec, is_coroutine
        )
        self._methods[number] = method
        self._has_coroutines |= is_coroutine
        settings = MethodSettings()
        settings.lock_on = lock_on
        settings.lock = lock
        settings.run_alone = run_alone
        settings.idempotent = idempotent
        settings.deprecated = deprecated
        settings.tags = tags or []
        self._server.say_of(name, settings)
        return handler

    def load_modules(self, *directories: str) -> None:
        """Register the methods of C++ modules in some directories, beside those of Python."""
        self._server.load_modules(list(directories))

    def listen(self, url: str = "", /, **settings: Any) -> None:
        """Add a listener.

        settings  those of `ListenerOptions`, by name; parts such as `queue` may be dicts

        Raises InvalidRequest for an address or option that cannot be.
        """
        if url:
            settings["url"] = url
        self._server.listen(ListenerOptions(**settings))

    def start(self) -> None:
        """Serve, in the background: listeners without a broker consume when this returns."""
        if self._has_coroutines:
            started = threading.Event()
            self._run_thread("warren-loop", self._run_loop, started)
            started.wait()
        for number in range(self._thread_count):
            self._run_thread(f"warren-{number}", self._work)
        try:
            self._server.start()
        except BaseException:
            self.stop(0)
            raise

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM, then drain. From the main thread."""
        asked = threading.Event()
        before = {
            number: signal.signal(number, lambda *_: asked.set())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            self.start()
            asked.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self.stop()

    def stop(self, drain_timeout: float | None = None) -> bool:
        """Take no more requests, answer those that were taken, and end.

        drain_timeout  in seconds; then what still runs is given up; None: as of the options

        Returns whether all were answered.
        """
        if self._is_stopped:
            return True
        self._is_stopped = True
        drained = self._server.drain(
            self._drain_timeout if drain_timeout is None else drain_timeout
        )
        drained = self._server.stop_now(0) and drained
        self._server.end()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end_loop)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(1)
        return drained

    @property
    def ready(self) -> bool:
        """Whether every listener consumes now."""
        return self._server.ready()

    @property
    def addresses(self) -> list[str]:
        """Of each listener, as a client of this machine could call it."""
        return self._server.addresses()

    @property
    def listeners(self) -> list[str]:
        """Each listener, for people."""
        return self._server.listeners()

    @property
    def admin_address(self) -> str:
        """Where it answers monitoring; empty: nowhere."""
        return self._server.admin_address()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run_thread(self, name: str, function: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=function, args=args, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        take = self._server.take
        methods = self._methods
        while (call := take()) is not None:
            try:
                result = methods[call.handler].run(call)
                _respond(call, result)
            except BaseException as error:
                _fail(call, error)
            del call

    def _run_loop(self, started: threading.Event) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.add_reader(self._server.fileno(), self._begin_tasks)
        started.set()
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def _begin_tasks(self) -> None:
        assert self._loop is not None
        for call in self._server.take_all():
            task = self._loop.create_task(self._answer(call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, call: _warren.Call) -> None:
        try:
            running: Coroutine[Any, Any, Any] = self._methods[call.handler].run(call)
            _respond(call, await running)
        except BaseException as error:
            _fail(call, error)

    def _end_loop(self) -> None:
        assert self._loop is not None
        self._loop.remove_reader(self._server.fileno())
        for task in self._tasks:
            task.cancel()
        self._loop.call_soon(self._loop.stop)


def _respond(call: _warren.Call, result: Any) -> None:
    reply = result if isinstance(result, Reply) else Reply(result)
    try:
        call.respond(reply.data, reply.message, reply.success)
    except Exception as error:
        _log.error("what a handler of %s returned cannot be sent", call.method, exc_info=error)
        call.fail(Internal("The response cannot be sent: see the server's log"))


def _fail(call: _warren.Call, error: BaseException) -> None:
    if not isinstance(error, Error):
        _log.error("a handler of %s raised", call.method, exc_info=error)
        error = Internal("The handler raised an exception: see the server's log")
    call.fail(error)
