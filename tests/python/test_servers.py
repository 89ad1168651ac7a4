"""What handlers know, and how servers begin and end."""

import asyncio
import http.server
import json
import threading

import pytest

import warren


def test_a_handler_knows_its_call(server):
    @server.method
    def look(value, *, context: warren.Context):
        return {
            "method": context.method,
            "attempt": context.attempt,
            "key": context.idempotency_key,
            "left": context.seconds_left,
            "stopped": context.is_stopped,
            "value": value,
        }

    server.start()
    with warren.Client(server.addresses[0] + "?peer=warren") as client:
        seen = client.with_options(timeout=9, idempotency_key="k").call("look", value=1)
    assert 0 < seen.pop("left") <= 9
    assert seen == {"method": "look", "attempt": 1, "key": "k", "stopped": False, "value": 1}


def test_a_context_is_over_with_its_call(server):
    kept = []

    @server.method
    def keep(context: warren.Context):
        kept.append(context)

    server.start()
    with warren.Client(server.addresses[0]) as client:
        client.call("keep")
    with pytest.raises(warren.Internal, match="has its response already"):
        kept[0].method  # noqa: B018


def test_calls_that_lock_on_a_field_wait_for_each_other(server):
    inside = {}
    lock = threading.Lock()

    @server.method(lock_on="name")
    def change(name):
        with lock:
            inside[name] = inside.get(name, 0) + 1
            together = inside[name]
        with lock:
            inside[name] -= 1
        return together

    server.start()

    async def main():
        async with warren.AsyncClient(server.addresses[0]) as client:
            return await asyncio.gather(*(client.call("change", name="x") for _ in range(50)))

    assert set(asyncio.run(main())) == {1}


def test_a_handler_may_take_a_dict_of_what_came(server):
    def take(request, context: warren.Context):
        return [context.method, request]

    server.method(take, name="members", takes=["a", "context", "b"], lock_on="a")
    server.method(take, name="one", takes=["a"])
    server.method(take, name="any", takes="any")
    server.start()
    with warren.Client(server.addresses[0]) as client:
        assert client.call("members", b=None, more=1) == ["members", {"b": None}]
        given = {"a": 1, "context": "x"}
        assert client.call("members", **given) == ["members", given]
        assert client.call("one", b=1) == ["one", {}]
        assert client.call("any", **given, more=[2]) == ["any", {**given, "more": [2]}]


def test_refuses_what_cannot_be(server):
    server.method(lambda: None, name="once")
    with pytest.raises(warren.Conflict):
        server.method(lambda: None, name="once")
    with pytest.raises(warren.Internal, match="no field"):
        server.method(lambda a: a, name="lock", lock_on="b")
    with pytest.raises(warren.Internal, match="any number of arguments"):
        server.method(lambda a, *rest: a, name="rest")
    with pytest.raises(warren.Internal, match="give a list of members"):
        server.method(lambda request: None, name="takes", takes="name")
    with pytest.raises(TypeError, match=r"default of Parameters.a: a object has no form"):

        @server.method
        def keep(a=object()):
            return a

    with pytest.raises(warren.InvalidRequest):
        server.listen("gopher://here")
    with pytest.raises(TypeError, match="ListenerOptions has no option 'quue'"):
        server.listen("memory:x", quue="y")
    with pytest.raises(ValueError, match="'rabbit' is none of classic, quorum"):
        server.listen("memory:x", queue={"type": "rabbit"})


def test_parts_of_options_may_be_dicts():
    options = warren.ListenerOptions(url="memory:x", queue={"name": "jobs"}, limits={})
    assert options.queue.name == "jobs"
    options.queue.durable = True
    assert options.replace(url="memory:y").queue.durable is True


def test_calls_that_run_are_answered_before_the_end(adding, client):
    got = []
    caller = threading.Thread(target=lambda: got.append(client.call("wait")))
    caller.start()
    adding.waits.acquire()
    adding.hold.set()
    assert adding.stop() is True
    caller.join()
    assert got == [None]


def test_what_is_left_at_the_end_is_given_up(adding, client):
    with warren.Client(adding.addresses[0], timeout=20) as other:
        failures = []

        def wait():
            try:
                other.call("wait")
            except warren.Error as error:
                failures.append(error)

        caller = threading.Thread(target=wait)
        caller.start()
        adding.waits.acquire()
        assert adding.stop(0.1) is False
        caller.join()
    assert len(failures) == 1


def test_a_handler_may_ask_to_be_tried_again_later(server, tmp_path):
    attempts = []

    @server.method
    def persist(context: warren.Context):
        attempts.append(context.attempt)
        if context.attempt == 1:
            raise warren.RetryLater(1, "not yet")
        return context.attempt

    server.stop(0)
    stored = warren.Server("tcp://127.0.0.1:0", store={"sqlite": str(tmp_path / "store.db")})
    stored.method(persist)
    with stored, warren.Client(stored.addresses[0] + "?peer=warren") as client:
        assert client.with_options(idempotency_key="k").call("persist") == 2
        assert client.with_options(idempotency_key="k").call("persist") == 2
    assert attempts == [1, 2]


def test_a_server_of_mocks_runs_no_handler():
    server = warren.Server("memory:mocked", replies="mock")
    server.method(lambda a: pytest.fail("it ran"), name="never")
    with server, warren.Client("memory:mocked") as client:
        client.call("never", a=1)


def test_calls_are_told_to_a_log_server():
    told = []
    done = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append((self.path, self.headers["X-API-Token"], body))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()
            if self.path.endswith("rpc-responses"):
                done.set()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as log_server:
        threading.Thread(target=log_server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{log_server.server_port}/api/v1"
        server = warren.Server(
            "tcp://127.0.0.1:0", call_log={"base_url": place, "api_token": "open sesame"}
        )
        server.method(lambda a, password: a, name="give")
        with server, warren.Client(server.addresses[0]) as client:
            client.call("give", a=7, password="xyzzy")
            assert done.wait(60)
        log_server.shutdown()
    assert [(path, token) for path, token, _ in told] == [
        ("/api/v1/rpc-requests", "open sesame"),
        ("/api/v1/rpc-responses", "open sesame"),
    ]
    assert told[0][2]["request_payload"]["a"] == 7
