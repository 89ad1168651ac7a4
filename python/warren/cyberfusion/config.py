"""The configuration of the consumer: `rabbitmq.yml`."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import urllib.parse

from warren._warren import ListenerOptions
from warren.cyberfusion.document import Map, Node, read_document

SIMULTANEOUS_REQUESTS = 5
_SIMULTANEOUS_MAX = 65_535
_UNIT_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_IN_ONE_PROCESS = (
    "is of releases that run each request in a process of its own, which is not done here: all "
    "run in this one, as its user. Take it out, and limit the service (User=, MemoryMax=)"
)


@dataclasses.dataclass(frozen=True)
class LogServer:
    """The central call log."""

    base_url: str
    api_token: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class VirtualHost:
    """What is served of one virtual host."""

    name: str
    node: Node
    listener: ListenerOptions

    @property
    def exchanges(self) -> list[str]:
        return self.listener.methods

    @property
    def requests_max(self) -> int:
        return self.listener.max_simultaneous_requests or SIMULTANEOUS_REQUESTS


@dataclasses.dataclass(frozen=True)
class Config:
    """A configuration that makes sense."""

    virtual_hosts: list[VirtualHost]
    is_mocked: bool
    log_server: LogServer | None
    drain_timeout_s: float | None


@dataclasses.dataclass(frozen=True)
class _Broker:
    host: str
    port: int | None
    ssl: bool

    def url(self, virtual_host: str, username: str, password: str, password_file: str) -> str:
        """As an address of Warren's; a password that is in a file may change."""

        def quoted(text: str) -> str:
            return urllib.parse.quote(text, safe="")

        port = f":{self.port}" if self.port else ""
        hosts = (f"[{host}]" if ":" in host else host for host in self.host.split(","))
        places = ",".join(host + port for host in hosts)
        login = quoted(username) + ("" if password_file else ":" + quoted(password))
        more = f"?password_file={quoted(password_file)}" if password_file else ""
        scheme = "amqps" if self.ssl else "amqp"
        return f"{scheme}://{login}@{places}/{quoted(virtual_host)}{more}"


@dataclasses.dataclass(frozen=True)
class _Login:
    username: str
    password: str
    password_file: str


def _read_password(node: Node) -> tuple[str, str] | None:
    if not node.is_map:
        text = node.text()
        return None if text is None else (text, "")
    file = node.secret_file()
    return None if file is None else ("", file)


def _read_server(node: Node) -> tuple[_Broker, _Login]:
    map = Map(node)
    for name in ("host", "username", "password"):
        map.require(name)
    password, file = map.read("password", _read_password, ("", ""))
    broker = _Broker(
        host=map.read("host", Node.text, ""),
        port=map.read("port", lambda port: port.whole_number(1, 65_535), 0) or None,
        ssl=map.read("ssl", Node.boolean, False),
    )
    login = _Login(map.read("username", Node.text, ""), password, file)
    map.refuse_others()
    return broker, login


def _fernet_key(node: Node) -> str | None:
    text = node.secret()
    if text is None:
        return None
    try:
        is_key = len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        node.fail("is no Fernet key: 32 bytes in URL-safe base64; `warren keygen` prints one")
    return text


def _read_exchanges(node: Node) -> list[dict[str, object]]:
    exchanges: list[dict[str, object]] = []
    for name, value in Map(node).members.items():
        exchange: dict[str, object] = {"name": name}
        if not value.is_null:
            map = Map(value)
            exchange["type"] = map.read("type", Node.text, "direct")
            for word in ("durable", "auto_delete"):
                if map.find(word) is not None:
                    exchange[word] = map.read(word, Node.boolean, False)
            map.refuse_others()
        exchanges.append(exchange)
    if node.is_map and not exchanges:
        node.fail("must not be empty: each exchange has a handler")
    return exchanges


def _read_virtual_host(name: str, node: Node, broker: _Broker, login: _Login) -> VirtualHost:
    map = Map(node)
    map.require("queue")
    exchanges_node = map.require("exchanges")
    exchanges = [] if exchanges_node is None else _read_exchanges(exchanges_node)
    key = map.read("fernet_key", _fernet_key, "")
    limit = map.read(
        "max_simultaneous_requests",
        lambda limit: limit.whole_number(1, _SIMULTANEOUS_MAX),
        SIMULTANEOUS_REQUESTS,
    )
    password, file = map.read("password", _read_password, (login.password, login.password_file))
    username = map.read("username", Node.text, login.username)
    listener = ListenerOptions(
        url=broker.url(name, username, password, file),
        protocol="cyberfusion",
        methods=[str(each["name"]) for each in exchanges],
        fernet_keys=[key] if key else [],
        max_simultaneous_requests=limit,
        queue={"name": map.read("queue", Node.text, ""), "exchanges": exchanges},
    )
    map.refuse_others()
    return VirtualHost(name, node, listener)


def _read_log_server(node: Node) -> LogServer | None:
    map = Map(node)
    map.require("base_url")
    map.require("api_token")
    read = LogServer(map.read("base_url", Node.text, ""), map.read("api_token", Node.secret, ""))
    map.refuse_others()
    if read.base_url and not re.match(r"https?://[^/]", read.base_url):
        node.fail("'base_url' must begin with http:// or https://, and name a host")
    return read


def _duration_s(node: Node) -> float | None:
    text = node.text() or ""
    parts = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h)", text)
    if parts is None:
        node.fail("must be a duration, such as 30s")
        return None
    return int(parts[1]) * _UNIT_S[parts[2]]


def read_config(file: str, wanted: str | None = None) -> Config:
    """Read it all, also when one virtual host alone is wanted.

    Raises ConfigError with every mistake.
    """
    root, problems = read_document(file)
    server = root.require("server")
    broker, login = (
        (_Broker("", None, False), _Login("", "", "")) if server is None else _read_server(server)
    )
    is_mocked = root.read("mock", Node.boolean, False)
    log_server = root.find("log_server")
    call_log = None if log_server is None else _read_log_server(log_server)
    drain_timeout_s = root.read("drain_timeout", _duration_s, -1.0)
    hosts_node = root.require("virtual_hosts")
    hosts = [] if hosts_node is None else [
        _read_virtual_host(name, node, broker, login)
        for name, node in Map(hosts_node).members.items()
    ]
    for name in ("default_user", "resources"):
        root.refuse(name, _IN_ONE_PROCESS)
    root.refuse_others()
    if hosts_node is not None and hosts_node.is_map and not hosts:
        hosts_node.fail("must not be empty")
    elif hosts_node is not None and wanted is not None:
        names = ", ".join(f"'{host.name}'" for host in hosts)
        hosts = [host for host in hosts if host.name == wanted]
        if not hosts:
            hosts_node.fail(f"has no virtual host '{wanted}'; there are: {names}")
    problems.raise_any()
    return Config(
        hosts, is_mocked, call_log, None if drain_timeout_s < 0 else drain_timeout_s
    )
