"""What the consumer's handlers stand on, without a broker."""

import importlib
import subprocess
import sys
import textwrap
import threading
import types
from typing import Optional

import pydantic
import pytest

import warren
import warren.cyberfusion
from warren.cyberfusion import handlers, mock, models
from warren.cyberfusion.config import read_config
from warren.cyberfusion.document import ConfigError
from warren.cyberfusion.locks import ValueLocks

contracts = importlib.import_module("cyberfusion.RabbitMQConsumer.contracts")

GOOD = """\
server: {host: localhost, port: 5671, ssl: true, username: u@x, password: "${PASSWORD}"}
log_server: {base_url: "http://localhost:4194/api/v1", api_token: token}
drain_timeout: 90s
virtual_hosts:
  trees:
    queue: test
    fernet_key: null
    max_simultaneous_requests: 2
    exchanges:
      dx_example: {type: direct}
  a/b:
    queue: other
    username: alfred
    exchanges: {dx_example: null}
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.setenv("PASSWORD", "p/w")

    def read(text, wanted=None):
        file = tmp_path / "rabbitmq.yml"
        file.write_text(textwrap.dedent(text))
        try:
            return read_config(str(file), wanted)
        except ConfigError as error:
            return str(error).replace(str(file), "FILE").splitlines()

    return read


def test_the_consumer_s_file_is_read_as_it_is(read):
    config = read(GOOD)
    assert [host.name for host in config.virtual_hosts] == ["trees", "a/b"]
    trees, other = config.virtual_hosts
    assert trees.listener.url == "amqps://u%40x:p%2Fw@localhost:5671/trees"
    assert trees.listener.queue.name == "test"
    assert (trees.exchanges, trees.requests_max) == (["dx_example"], 2)
    assert other.listener.url == "amqps://alfred:p%2Fw@localhost:5671/a%2Fb"
    assert (other.requests_max, config.is_mocked, config.drain_timeout_s) == (5, False, 90)
    assert config.log_server.api_token == "token" and "token" not in repr(config)
    assert [host.name for host in read(GOOD, "a/b").virtual_hosts] == ["a/b"]


def test_every_mistake_is_told_with_its_line(read):
    assert read(GOOD, "tree") == [
        "FILE:5: virtual_hosts: has no virtual host 'tree'; there are: 'trees', 'a/b'"
    ]
    assert read("") == ["FILE: is empty: it needs 'server' and 'virtual_hosts'"]
    assert read("server: [\n") == [
        "FILE:2: is no YAML: expected the node content, but found '<stream end>'"
    ]
    assert read("server: {}\nvirtual_hosts: {}\n") == [
        "FILE:1: server: 'host' is missing",
        "FILE:1: server: 'username' is missing",
        "FILE:1: server: 'password' is missing",
        "FILE:2: virtual_hosts: must not be empty",
    ]
    told = read(
        """\
        server:
          host: localhost
          username: u
          password: "${NOT_SET}"
          port: 0
          ssl: 1
          hots: x
        resources: {memory_limit: 1}
        mock: true
        mock: true
        virtual_hosts:
          trees:
            queue: [1]
            fernet_key: abc
            exchanges: {}
            max_simultaneous_request: 1
        """
    )
    assert [line.split(": ", 2)[:2] for line in told] == [
        ["FILE:4", "server.password"],
        ["FILE:5", "server.port"],
        ["FILE:6", "server.ssl"],
        ["FILE:7", "server.hots"],
        ["FILE:8", "resources"],
        ["FILE:10", "mock"],
        ["FILE:13", "virtual_hosts.trees.queue"],
        ["FILE:14", "virtual_hosts.trees.fernet_key"],
        ["FILE:15", "virtual_hosts.trees.exchanges"],
        ["FILE:16", "virtual_hosts.trees.max_simultaneous_request"],
    ]
    assert "did you mean 'host'?" in told[3]
    assert "did you mean 'max_simultaneous_requests'?" in told[-1]


def test_secrets_may_be_files(read, tmp_path):
    key = "A" * 43 + "="
    (tmp_path / "key").write_text(key + "\n")
    text = GOOD.replace("fernet_key: null", f"fernet_key: {{file: {tmp_path}/key}}")
    text = text.replace('"${PASSWORD}"', "{file: /run/password}")
    listener = read(text).virtual_hosts[0].listener
    assert listener.fernet_keys == [key]
    assert listener.url == "amqps://u%40x@localhost:5671/trees?password_file=%2Frun%2Fpassword"
    assert "cannot be read" in read(text.replace("/key", "/none"))[0]


def serve(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "warren", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_command_line_says_what_is_wrong(tmp_path):
    assert serve().returncode == 2
    assert "--virtual-host-name" in serve("serve", "--help").stdout
    done = serve("serve", "--config", tmp_path / "none.yml")
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith(f"error: {tmp_path}/none.yml: cannot be read: ")
    file = tmp_path / "rabbitmq.yml"
    file.write_text(GOOD.replace("{type: direct}", "{type: round}").replace("${PASSWORD}", "p"))
    done = serve("serve", "--config-file-path", file)
    assert done.returncode == 78
    assert f"{file}: virtual_hosts.trees: " in done.stderr and "round" in done.stderr


class Request(contracts.RPCRequestBase):
    name: str
    count: int = 1


class Data(contracts.RPCResponseData):
    total: int


class Response(contracts.RPCResponseBase):
    data: Optional[Data]


def handler_of(**members):
    class Handler(contracts.HandlerBase):
        def __call__(self, request: Request) -> Response:
            return Response(success=True, message="Counted", data=Data(total=request.count))

    for name, member in members.items():
        setattr(Handler, name, member)
    return Handler


def untyped(self, request):
    return None


def of_another_type(self, request: Request) -> int:
    return 1


async def later(self, request: Request) -> Response:
    raise AssertionError


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"__call__": untyped}, "says nothing of its request: annotate it with a class that"),
        ({"__call__": of_another_type}, "<class 'int'> of its response: annotate it with a class"),
        ({"__call__": later}, "is a coroutine: make it a function"),
        ({"lock_attribute": "nmae"}, "lock_attribute is 'nmae', which Request does not have; it"),
    ],
    ids=["untyped", "other", "coroutine", "lock"],
)
def test_what_is_no_handler_says_what_to_do(members, told):
    with pytest.raises(handlers.HandlerError, match=told) as raised:
        handlers.ExchangeHandler("dx_count", handler_of(**members))
    assert str(raised.value).startswith("cyberfusion.RabbitMQHandlers.exchanges.dx_count: ")


def call(handler, request, **options):
    name = f"memory:{id(handler)}"
    server = warren.Server(name, **options)
    handlers.ExchangeHandler("dx_count", handler).add_to(server, is_mocked=False)
    with server, warren.Client(name, timeout=60) as client:
        return client.call_for_response("dx_count", **request)


@pytest.mark.parametrize("lock", [None, "name", "count"])
def test_a_handler_answers_with_any_lock(lock):
    handler = handler_of(lock_attribute=lock)
    assert call(handler, {"name": "x"}) == ({"total": 1}, "Counted")
    assert call(handler, {"name": "x", "count": "7", "more": 1}) == ({"total": 7}, "Counted")
    with pytest.raises(warren.InvalidRequest) as raised:
        call(handler, {"count": None})
    assert (("name",), "missing") in [(each.location, each.type) for each in raised.value.errors]


def test_a_model_that_looks_at_all_members_sees_them():
    if models.IS_FIRST:

        class Looking(Request):
            @pydantic.root_validator(pre=True)
            def count_members(cls, values):
                return {**values, "count": len(values)}

    else:

        class Looking(Request):
            @pydantic.model_validator(mode="before")
            def count_members(cls, values):
                return {**values, "count": len(values)}

    def answer(self, request: Looking) -> Response:
        return Response(success=True, message="", data=Data(total=request.count))

    answer.__annotations__ = {"request": Looking, "return": Response}
    handler = handler_of(__call__=answer, lock_attribute="name")
    assert call(handler, {"name": "x", "y": 1, "z": 2}).data == {"total": 3}
    assert models.only_members(Request) == ["count", "name"]
    assert models.only_members(Looking) is None


def test_members_have_the_names_that_they_have_on_the_wire():
    class Aliased(contracts.RPCRequestBase):
        name: str = pydantic.Field(alias="Name")

    def answer(self, request: Aliased) -> Response:
        return Response(success=True, message=request.name, data=None)

    answer.__annotations__ = {"request": Aliased, "return": Response}
    handler = handler_of(__call__=answer, lock_attribute="name")
    assert call(handler, {"Name": "x"}).message == "x"


def test_what_is_no_response_is_internal(caplog):
    def answer(self, request: Request) -> Response:
        return {"success": True}

    answer.__annotations__ = {"request": Request, "return": Response}
    with pytest.raises(warren.Internal):
        call(handler_of(__call__=answer), {"name": "x"})
    assert "Handler returned a dict: return a Response" in caplog.text


def test_what_belongs_to_a_process_per_request_is_warned_of(caplog):
    handlers.ExchangeHandler("dx_count", handler_of(user=lambda self, request: "carl"))
    assert "Handler.user is not used: all requests run in this process" in caplog.text


def test_a_module_s_own_missing_import_is_no_missing_module(tmp_path, monkeypatch):
    for name, text in (("dx_broken", "import none_has_this"), ("dx_empty", "")):
        module = tmp_path / "cyberfusion/RabbitMQHandlers/exchanges" / name
        module.mkdir(parents=True)
        (module / "__init__.py").write_text(text)
    for name in [name for name in sys.modules if name.startswith("cyberfusion.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "cyberfusion")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="none_has_this"):
        handlers.load_handler("dx_broken")
    with pytest.raises(handlers.HandlerError, match="has no class Handler: add it"):
        handlers.load_handler("dx_empty")
    assert handlers.load_handler("dx_none") is None


def test_contracts_give_way_to_those_that_are_installed(tmp_path):
    module = tmp_path / "cyberfusion/RabbitMQConsumer"
    module.mkdir(parents=True)
    program = """
        import sys, warren.cyberfusion
        import cyberfusion.RabbitMQConsumer.contracts as contracts
        print(contracts.__file__)
    """

    def file():
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        return done.stdout.strip() or done.stderr

    assert file().endswith("warren/cyberfusion/contracts.py")
    (module / "contracts.py").write_text("")
    assert file() == str(module / "contracts.py")


def test_a_lock_is_had_in_order_and_forgotten():
    locks, order, threads = ValueLocks(), [], []

    def take(number):
        with locks.held(["x"]):
            order.append(number)

    with locks.held(["x"]):
        for number in range(3):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            while len(locks._turns["['x']"]) < number + 2:
                pass
        with locks.held("y"):
            assert (order, len(locks)) == ([], 2)
    for thread in threads:
        thread.join()
    assert (order, len(locks)) == ([0, 1, 2], 0)


def test_what_waited_for_its_lock_until_its_deadline_does_not_run():
    def run(self, request: Request) -> Response:
        raise AssertionError

    run.__annotations__ = {"request": Request, "return": Response}
    handler = handlers.ExchangeHandler("dx_count", handler_of(__call__=run, lock_attribute="name"))
    for late in ({"is_stopped": False, "seconds_left": -1.0}, {"is_stopped": True}):
        context = types.SimpleNamespace(**{"seconds_left": None, **late})
        with pytest.raises(warren.ExpiredInQueue):
            handler.answer({"name": "x"}, context)


def test_a_mocked_response_is_an_example_or_generated():
    made = mock.response(Response)
    assert made.success is True and isinstance(made.message, str)
    assert models.as_json(made)["data"] == {"total": 0}

    examples = [
        {"success": False, "message": "No", "data": None},
        {"_description": "It went well", "success": True, "message": "Yes", "data": {"total": 9}},
    ]
    extra = {"json_schema_extra": {"examples": examples}}
    members = {"Config": type("Config", (), extra)} if models.IS_FIRST else {"model_config": extra}
    shown = type("Shown", (Response,), {**members, "__module__": __name__})
    assert models.as_json(mock.response(shown)) == {
        "success": True,
        "message": "Yes",
        "data": {"total": 9},
    }
