"""Callers: `Client` for threads, `AsyncClient` for an event loop."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import weakref
from typing import Any, NamedTuple

from warren import _warren
from warren._warren import CallOptions, ClientOptions
from warren.errors import InvalidRequest

_open: weakref.WeakSet[Any] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for each in list(_open):
        each.close()


class Response(NamedTuple):
    """Data, with the message that came beside it."""

    data: Any
    message: str


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Those of a call, and those by name beside a list of others, which callme alone has."""
    if not args:
        return kwargs, None
    return list(args), kwargs or None


def _client_options(options: ClientOptions | None, settings: dict[str, Any]) -> ClientOptions:
    if options is None:
        return ClientOptions(**settings)
    return options.replace(**settings) if settings else options


class Client:
    """Calls methods of servers over one connection, any number at once, from any threads.

        client = warren.Client("tcp://127.0.0.1:8080", timeout=5)
        client.call("add", a=1, b=2)

    It connects in the background, and again after a loss; calls made meanwhile wait, each until
    its own deadline. Every failure is a `warren.Error`. One made before a fork is not usable in
    the child.
    """

    def __init__(self, url: str, options: ClientOptions | None = None, **settings: Any) -> None:
        """
        url       tcp://HOST:PORT[,...], tls://, arrpc://, zmq+tcp://, zmq+ipc://, amqp://, memory:
        settings  those of `ClientOptions`, by name

        Raises InvalidRequest for an address or option that cannot be; never for a server that
        does not answer: that is its calls' matter.
        """
        self._client = _warren.Client(url, _client_options(options, settings))
        self._options = CallOptions()
        _open.add(self)

    def with_options(self, **settings: Any) -> Client:
        """The same client, whose calls have these settings of `CallOptions`.

        client.with_options(timeout=2, idempotency_key="order-7").call("order", item="onions")
        """
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._options = self._options.replace(**settings)
        return other

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method with arguments by name or by position, and wait for its data.

        Raises Error.
        """
        return self.call_for_response(method, *args, **kwargs).data

    def call_for_response(self, method: str, /, *args: Any, **kwargs: Any) -> Response:
        """As `call`, with the message that came beside the data."""
        arguments, named = _arguments(args, kwargs)
        succeeded, result, message = self._client.call(method, arguments, self._options, named)
        if not succeeded:
            raise result
        return Response(result, message)

    def notify(self, method: str, /, *args: Any, **kwargs: Any) -> None:
        """Call a method one-way: nothing comes back. Returns when the request is on its way.

        Raises Error.
        """
        arguments, named = _arguments(args, kwargs)
        self._client.notify(method, arguments, self._options, named)

    def metrics_text(self) -> str:
        """What is counted and timed, for Prometheus; empty without the option `metrics`."""
        return self._client.metrics_text()

    def close(self) -> None:
        """End: calls without a response are `Cancelled`."""
        self._client.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient:
    """The same for one event loop, with any number of calls in flight.

        async with warren.AsyncClient("tcp://127.0.0.1:8080") as client:
            await client.call("add", a=1, b=2)

    It is made, used and closed in one loop. A task that is cancelled gives its call up.
    """

    def __init__(self, url: str, options: ClientOptions | None = None, **settings: Any) -> None:
        """As `Client`."""
        self._client = _warren.Client(url, _client_options(options, settings))
        self._options = CallOptions()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._client.fileno(), self._drain)
        _open.add(self)

    def with_options(self, **settings: Any) -> AsyncClient:
        """As `Client.with_options`."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._options = self._options.replace(**settings)
        return other

    async def call(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        """As `Client.call`."""
        return (await self._start(method, args, kwargs, False))[0]

    async def call_for_response(self, method: str, /, *args: Any, **kwargs: Any) -> Response:
        """As `Client.call_for_response`."""
        return Response(*await self._start(method, args, kwargs, False))

    async def notify(self, method: str, /, *args: Any, **kwargs: Any) -> None:
        """As `Client.notify`."""
        await self._start(method, args, kwargs, True)

    def metrics_text(self) -> str:
        """As `Client.metrics_text`."""
        return self._client.metrics_text()

    async def _start(
        self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any], is_one_way: bool
    ) -> tuple[Any, str]:
        if asyncio.get_running_loop() is not self._loop:
            raise InvalidRequest("This client belongs to another event loop: make one in each")
        arguments, named = _arguments(args, kwargs)
        number = next(self._numbers)
        future = self._loop.create_future()
        self._waiting[number] = future
        try:
            stop = self._client.start(number, method, arguments, self._options, named, is_one_way)
        except BaseException:
            del self._waiting[number]
            raise
        try:
            ended: tuple[Any, str] = await future
            return ended
        except asyncio.CancelledError:
            stop.request()
            raise

    def _drain(self) -> None:
        for number, (succeeded, result, message) in self._client.drain():
            future = self._waiting.pop(number)
            if future.done():
                continue  # its task was cancelled
            if succeeded:
                future.set_result((result, message))
            else:
                future.set_exception(result)

    def close(self) -> None:
        """End: calls without a response are `Cancelled`."""
        self._client.close()
        if not self._loop.is_closed():
            self._loop.remove_reader(self._client.fileno())
            self._drain()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
