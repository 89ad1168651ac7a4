"""Servers: functions and coroutines as methods."""

from __future__ import annotations

import asyncio
import atexit
import inspect
import logging
import signal
import threading
import weakref
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Literal, TypeVar

from warren import _warren
from warren._warren import ListenerOptions, MethodSettings, ServerOptions
from warren.context import Reply
from warren.errors import Error, Internal
from warren.methods import DictMethod, Method

_log = logging.getLogger("warren")
_open: weakref.WeakSet[Server] = weakref.WeakSet()
_Handler = TypeVar("_Handler", bound=Callable[..., Any])
_READY_PAUSE_S = 0.02


@atexit.register
def _stop_all() -> None:
    for each in list(_open):
        each.stop(0)


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
        self._methods: dict[int, Method] = {}
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
        takes: Sequence[str] | Literal["any"] | None = None,
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
        takes        members: the handler gets one dict of those that came; "any": of all members
        lock_on      a parameter or a member: calls with the same value in it wait for each other
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
                takes=takes,
                lock_on=lock_on,
                run_alone=run_alone,
                lock=lock,
                idempotent=idempotent,
                deprecated=deprecated,
                tags=tags,
            )
        name = name or handler.__name__
        if takes is None:
            method: Method = Method(name, handler)
        else:
            method = DictMethod(name, handler, takes)
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

    def listen(
        self, url: str = "", /, *, options: ListenerOptions | None = None, **settings: Any
    ) -> None:
        """Add a listener.

        options   all of them at once
        settings  those of `ListenerOptions`, by name; parts such as `queue` may be dicts

        Raises InvalidRequest for an address or option that cannot be.
        """
        if url:
            settings["url"] = url
        if options is None:
            options = ListenerOptions(**settings)
        elif settings:
            options = options.replace(**settings)
        self._server.listen(options)

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

    def run(self, when_ready: Callable[[], None] | None = None) -> bool:
        """Serve until SIGINT or SIGTERM, then drain. From the main thread.

        when_ready  is called once, when every listener consumes

        Returns whether all were answered.
        """
        asked = threading.Event()
        before = {
            number: signal.signal(number, lambda *_: asked.set())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            self.start()
            while when_ready is not None and not asked.wait(_READY_PAUSE_S):
                if self.ready:
                    when_ready()
                    break
            asked.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            drained = self.stop()
        return drained

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
    try:
        call.fail(error)
    except Exception as unsendable:
        _log.error("the failure of %s cannot be sent", call.method, exc_info=unsendable)
        call.fail(Internal("The failure cannot be sent: see the server's log"))
