"""Calls of each kind, from threads and from an event loop."""

import asyncio
import pickle
import threading

import pytest

import warren


def test_arguments_go_by_name_and_by_position(client):
    assert client.call("add", a=1, b=2) == 3
    assert client.call("add", 1, 2) == 3
    assert client.call("add", a=1) == 6
    assert client.call("gather", x=1, y=[2]) == {"x": 1, "y": [2]}


def test_a_coroutine_is_a_method(client):
    assert client.call("add_later", a=1, b=2) == 3


def test_many_threads_share_a_client(client):
    sums = {}

    def count(first):
        sums[first] = [client.call("add", first, i) for i in range(50)]

    threads = [threading.Thread(target=count, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == {first: [first + i for i in range(50)] for first in range(8)}


def test_one_loop_has_thousands_in_flight(adding):
    async def main():
        async with warren.AsyncClient(adding.addresses[0], timeout=60) as client:
            return await asyncio.gather(*(client.call("add_later", i, 1) for i in range(3000)))

    assert asyncio.run(main()) == [i + 1 for i in range(3000)]


def test_a_cancelled_task_gives_its_call_up(adding):
    async def main():
        async with warren.AsyncClient(adding.addresses[0], timeout=60) as client:
            task = asyncio.create_task(client.call("wait"))
            await asyncio.to_thread(adding.waits.acquire)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await client.call("add", 1, 2)

    assert asyncio.run(main()) == 3


def test_a_client_of_another_loop_says_so(adding):
    async def make():
        return warren.AsyncClient(adding.addresses[0])

    client = asyncio.run(make())
    with pytest.raises(warren.InvalidRequest, match="another event loop"):
        asyncio.run(client.call("add", 1, 2))
    client.close()


def test_options_of_calls(client):
    quick = client.with_options(timeout=0.2)
    with pytest.raises(warren.DeadlineExceeded) as raised:
        quick.call("wait")
    assert raised.value.retry == "if_idempotent"
    assert isinstance(raised.value, TimeoutError)
    with pytest.raises(TypeError, match="CallOptions has no option 'timeuot'"):
        client.with_options(timeuot=1)
    with pytest.raises(TypeError, match="CallOptions.idempotent"):
        client.with_options(idempotent="perhaps")
    with pytest.raises(ValueError, match="is no time"):
        client.with_options(timeout=-1)


def test_notify_needs_no_answer(client, adding):
    client.notify("wait")
    assert adding.waits.acquire(timeout=20)


def test_a_response_has_a_message(server):
    server.method(lambda: warren.Reply(1, "just one"), name="count")
    server.method(lambda: warren.Reply({"left": 0}, "none", success=False), name="refuse")
    server.listen("memory:messages")
    server.start()
    with warren.Client("memory:messages") as client:
        assert client.call_for_response("count") == warren.Response(1, "just one")
        with pytest.raises(warren.Failed) as raised:
            client.call("refuse")
        assert (raised.value.message, raised.value.data) == ("none", {"left": 0})


def test_failures_are_of_the_code_s_class(client):
    with pytest.raises(warren.Failed) as raised:
        client.call("fail")
    assert (raised.value.message, raised.value.data) == ("out of onions", {"left": 0})
    with pytest.raises(warren.PermissionDenied):
        client.call("fail", code="permission_denied")
    with pytest.raises(warren.NoSuchMethod):
        client.call("none")
    with pytest.raises(warren.InvalidRequest) as raised:
        client.call("add")
    assert raised.value.errors == [warren.FieldError(("a",), "Field is required", "missing")]
    assert "a: Field is required" in str(raised.value)
    copied = pickle.loads(pickle.dumps(raised.value))
    assert (copied.code, copied.errors) == ("invalid_request", raised.value.errors)


def test_every_code_has_a_class():
    assert {kind.code for kind in warren.errors.BY_CODE.values()} == set(warren.errors.BY_CODE)
    assert len(warren.errors.BY_CODE) == 17


def test_what_a_handler_raises_is_for_the_log_alone(client, caplog):
    with pytest.raises(warren.Internal) as raised:
        client.call("crash")
    assert "only the log" not in str(raised.value)
    assert "what only the log may say" in caplog.text


def test_an_address_that_cannot_be():
    with pytest.raises(warren.InvalidRequest):
        warren.Client("gopher://here")


def test_a_closed_client_says_so(adding):
    client = warren.Client(adding.addresses[0])
    client.close()
    client.close()
    with pytest.raises(warren.Cancelled):
        client.call("add", 1, 2)
