"""What the package `warren` is made of. Durations are seconds or timedelta."""

from datetime import timedelta
from typing import Any, Literal, Self

class ClientOptions:
    """The settings of a client. What its address also names, the address decides."""

    fernet_keys: list[str]
    nested_secrets: bool | None
    @property
    def timeout(self) -> timedelta: ...
    @timeout.setter
    def timeout(self, value: float | timedelta) -> None: ...
    in_flight_max: int
    body_bytes_max: int
    nesting_depth_max: int
    value_count_max: int
    reply_mode: Literal["exclusive", "direct", "durable"]
    reply_queue: str
    when_blocked: Literal["wait", "fail"]
    persistent: bool | None
    when_absent: Literal["wait", "fail"]
    metrics: Literal["none", "warren", "warren_and_arrpc"]
    tells_contract: bool | None
    @property
    def log(self) -> bool: ...
    @log.setter
    def log(self, value: Literal["debug", "info", "warning", "error"] | None) -> None: ...
    retries_max: int
    auth_secrets: list[str]
    connect_attempts: int | None
    @property
    def connect_pause(self) -> timedelta: ...
    @connect_pause.setter
    def connect_pause(self, value: float | timedelta) -> None: ...
    connections_max: int
    @property
    def spin_max(self) -> timedelta: ...
    @spin_max.setter
    def spin_max(self, value: float | timedelta) -> None: ...
    def __init__(
        self,
        *,
        fernet_keys: list[str] = ...,
        nested_secrets: bool | None = ...,
        timeout: float | timedelta = ...,
        in_flight_max: int = ...,
        body_bytes_max: int = ...,
        nesting_depth_max: int = ...,
        value_count_max: int = ...,
        reply_mode: Literal["exclusive", "direct", "durable"] = ...,
        reply_queue: str = ...,
        when_blocked: Literal["wait", "fail"] = ...,
        persistent: bool | None = ...,
        when_absent: Literal["wait", "fail"] = ...,
        metrics: Literal["none", "warren", "warren_and_arrpc"] = ...,
        tells_contract: bool | None = ...,
        log: Literal["debug", "info", "warning", "error"] | None = ...,
        retries_max: int = ...,
        auth_secrets: list[str] = ...,
        connect_attempts: int | None = ...,
        connect_pause: float | timedelta = ...,
        connections_max: int = ...,
        spin_max: float | timedelta = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        fernet_keys: list[str] = ...,
        nested_secrets: bool | None = ...,
        timeout: float | timedelta = ...,
        in_flight_max: int = ...,
        body_bytes_max: int = ...,
        nesting_depth_max: int = ...,
        value_count_max: int = ...,
        reply_mode: Literal["exclusive", "direct", "durable"] = ...,
        reply_queue: str = ...,
        when_blocked: Literal["wait", "fail"] = ...,
        persistent: bool | None = ...,
        when_absent: Literal["wait", "fail"] = ...,
        metrics: Literal["none", "warren", "warren_and_arrpc"] = ...,
        tells_contract: bool | None = ...,
        log: Literal["debug", "info", "warning", "error"] | None = ...,
        retries_max: int = ...,
        auth_secrets: list[str] = ...,
        connect_attempts: int | None = ...,
        connect_pause: float | timedelta = ...,
        connections_max: int = ...,
        spin_max: float | timedelta = ...,
    ) -> Self: ...

class CallOptions:
    """The settings of one call."""

    @property
    def timeout(self) -> timedelta | None: ...
    @timeout.setter
    def timeout(self, value: float | timedelta | None) -> None: ...
    server: str
    when_blocked: Literal["wait", "fail"] | None
    idempotent: bool
    @property
    def heartbeat(self) -> timedelta | None: ...
    @heartbeat.setter
    def heartbeat(self, value: float | timedelta | None) -> None: ...
    parts_window: int
    idempotency_key: str
    traceparent: str
    tracestate: str
    baggage: str
    contract: str
    priority: int | None
    def __init__(
        self,
        *,
        timeout: float | timedelta | None = ...,
        server: str = ...,
        when_blocked: Literal["wait", "fail"] | None = ...,
        idempotent: bool = ...,
        heartbeat: float | timedelta | None = ...,
        parts_window: int = ...,
        idempotency_key: str = ...,
        traceparent: str = ...,
        tracestate: str = ...,
        baggage: str = ...,
        contract: str = ...,
        priority: int | None = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        timeout: float | timedelta | None = ...,
        server: str = ...,
        when_blocked: Literal["wait", "fail"] | None = ...,
        idempotent: bool = ...,
        heartbeat: float | timedelta | None = ...,
        parts_window: int = ...,
        idempotency_key: str = ...,
        traceparent: str = ...,
        tracestate: str = ...,
        baggage: str = ...,
        contract: str = ...,
        priority: int | None = ...,
    ) -> Self: ...

class StoreOptions:
    """Where replies are kept, so that no call is done twice."""

    sqlite: str
    postgresql: str
    @property
    def keep(self) -> timedelta: ...
    @keep.setter
    def keep(self, value: float | timedelta) -> None: ...
    bytes_max: int
    @property
    def dead_keep(self) -> timedelta: ...
    @dead_keep.setter
    def dead_keep(self, value: float | timedelta) -> None: ...
    dead_bytes_max: int
    @property
    def lock_lease(self) -> timedelta: ...
    @lock_lease.setter
    def lock_lease(self, value: float | timedelta) -> None: ...
    attempts_max: int
    def __init__(
        self,
        *,
        sqlite: str = ...,
        postgresql: str = ...,
        keep: float | timedelta = ...,
        bytes_max: int = ...,
        dead_keep: float | timedelta = ...,
        dead_bytes_max: int = ...,
        lock_lease: float | timedelta = ...,
        attempts_max: int = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        sqlite: str = ...,
        postgresql: str = ...,
        keep: float | timedelta = ...,
        bytes_max: int = ...,
        dead_keep: float | timedelta = ...,
        dead_bytes_max: int = ...,
        lock_lease: float | timedelta = ...,
        attempts_max: int = ...,
    ) -> Self: ...

class CallLogOptions:
    """Where a log server is, and how much may wait for it."""

    base_url: str
    api_token: str
    queue_bytes_max: int
    payload_bytes_max: int
    connections: int
    @property
    def timeout(self) -> timedelta: ...
    @timeout.setter
    def timeout(self, value: float | timedelta) -> None: ...
    retries_max: int
    @property
    def pause_first(self) -> timedelta: ...
    @pause_first.setter
    def pause_first(self, value: float | timedelta) -> None: ...
    @property
    def pause_max(self) -> timedelta: ...
    @pause_max.setter
    def pause_max(self, value: float | timedelta) -> None: ...
    @property
    def flush_timeout(self) -> timedelta: ...
    @flush_timeout.setter
    def flush_timeout(self, value: float | timedelta) -> None: ...
    @property
    def log(self) -> bool: ...
    @log.setter
    def log(self, value: Literal["debug", "info", "warning", "error"] | None) -> None: ...
    def __init__(
        self,
        *,
        base_url: str = ...,
        api_token: str = ...,
        queue_bytes_max: int = ...,
        payload_bytes_max: int = ...,
        connections: int = ...,
        timeout: float | timedelta = ...,
        retries_max: int = ...,
        pause_first: float | timedelta = ...,
        pause_max: float | timedelta = ...,
        flush_timeout: float | timedelta = ...,
        log: Literal["debug", "info", "warning", "error"] | None = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        base_url: str = ...,
        api_token: str = ...,
        queue_bytes_max: int = ...,
        payload_bytes_max: int = ...,
        connections: int = ...,
        timeout: float | timedelta = ...,
        retries_max: int = ...,
        pause_first: float | timedelta = ...,
        pause_max: float | timedelta = ...,
        flush_timeout: float | timedelta = ...,
        log: Literal["debug", "info", "warning", "error"] | None = ...,
    ) -> Self: ...

class ListenerExchange:
    """An exchange whose shape is not the protocol's default."""

    name: str
    type: str
    durable: bool | None
    auto_delete: bool | None
    arguments: Any
    def __init__(
        self,
        *,
        name: str = ...,
        type: str = ...,
        durable: bool | None = ...,
        auto_delete: bool | None = ...,
        arguments: Any = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        name: str = ...,
        type: str = ...,
        durable: bool | None = ...,
        auto_delete: bool | None = ...,
        arguments: Any = ...,
    ) -> Self: ...

class ListenerQueue:
    """The queue of a listener at a broker."""

    name: str
    @property
    def exchanges(self) -> list[ListenerExchange]: ...
    @exchanges.setter
    def exchanges(self, value: list[ListenerExchange] | list[dict[str, Any]]) -> None: ...
    acknowledge: Literal["with_reply", "before_handling"]
    attempts_max: int | None
    dead_letter_queue: str | None
    return_dropped: bool | None
    control_route: bool
    compat: str
    durable: bool | None
    exclusive: bool | None
    auto_delete: bool | None
    type: Literal["classic", "quorum"] | None
    arguments: Any
    def __init__(
        self,
        *,
        name: str = ...,
        exchanges: list[ListenerExchange] | list[dict[str, Any]] = ...,
        acknowledge: Literal["with_reply", "before_handling"] = ...,
        attempts_max: int | None = ...,
        dead_letter_queue: str | None = ...,
        return_dropped: bool | None = ...,
        control_route: bool = ...,
        compat: str = ...,
        durable: bool | None = ...,
        exclusive: bool | None = ...,
        auto_delete: bool | None = ...,
        type: Literal["classic", "quorum"] | None = ...,
        arguments: Any = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        name: str = ...,
        exchanges: list[ListenerExchange] | list[dict[str, Any]] = ...,
        acknowledge: Literal["with_reply", "before_handling"] = ...,
        attempts_max: int | None = ...,
        dead_letter_queue: str | None = ...,
        return_dropped: bool | None = ...,
        control_route: bool = ...,
        compat: str = ...,
        durable: bool | None = ...,
        exclusive: bool | None = ...,
        auto_delete: bool | None = ...,
        type: Literal["classic", "quorum"] | None = ...,
        arguments: Any = ...,
    ) -> Self: ...

class ListenerCallme:
    """What a listener of callme alone has."""

    server_id: str
    format: Literal["pickle", "json", "msgpack"] | None
    threaded: bool
    def __init__(
        self,
        *,
        server_id: str = ...,
        format: Literal["pickle", "json", "msgpack"] | None = ...,
        threaded: bool = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        server_id: str = ...,
        format: Literal["pickle", "json", "msgpack"] | None = ...,
        threaded: bool = ...,
    ) -> Self: ...

class ConnectionLimits:
    """Limits of a listener without a broker."""

    connections_max: int
    connection_requests_max: int
    connection_requests_bytes_max: int
    connection_answers_bytes_max: int
    answers_bytes_max: int
    def __init__(
        self,
        *,
        connections_max: int = ...,
        connection_requests_max: int = ...,
        connection_requests_bytes_max: int = ...,
        connection_answers_bytes_max: int = ...,
        answers_bytes_max: int = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        connections_max: int = ...,
        connection_requests_max: int = ...,
        connection_requests_bytes_max: int = ...,
        connection_answers_bytes_max: int = ...,
        answers_bytes_max: int = ...,
    ) -> Self: ...

class ListenerTls:
    """The certificate that a listener over tcp:// shows."""

    certificate_file: str
    key_file: str
    client_ca_file: str
    key_password: str
    key_password_file: str
    def __init__(
        self,
        *,
        certificate_file: str = ...,
        key_file: str = ...,
        client_ca_file: str = ...,
        key_password: str = ...,
        key_password_file: str = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        certificate_file: str = ...,
        key_file: str = ...,
        client_ca_file: str = ...,
        key_password: str = ...,
        key_password_file: str = ...,
    ) -> Self: ...

class ListenerTcp:
    """The settings of a listener over tcp://."""

    @property
    def tls(self) -> ListenerTls | None: ...
    @tls.setter
    def tls(self, value: ListenerTls | dict[str, Any] | None) -> None: ...
    @property
    def handshake_timeout(self) -> timedelta: ...
    @handshake_timeout.setter
    def handshake_timeout(self, value: float | timedelta) -> None: ...
    @property
    def idle_timeout(self) -> timedelta: ...
    @idle_timeout.setter
    def idle_timeout(self, value: float | timedelta) -> None: ...
    @property
    def stall_timeout(self) -> timedelta: ...
    @stall_timeout.setter
    def stall_timeout(self, value: float | timedelta) -> None: ...
    reuse_port: bool
    listening_socket: int | None
    def __init__(
        self,
        *,
        tls: ListenerTls | dict[str, Any] | None = ...,
        handshake_timeout: float | timedelta = ...,
        idle_timeout: float | timedelta = ...,
        stall_timeout: float | timedelta = ...,
        reuse_port: bool = ...,
        listening_socket: int | None = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        tls: ListenerTls | dict[str, Any] | None = ...,
        handshake_timeout: float | timedelta = ...,
        idle_timeout: float | timedelta = ...,
        stall_timeout: float | timedelta = ...,
        reuse_port: bool = ...,
        listening_socket: int | None = ...,
    ) -> Self: ...

class ListenerZmq:
    """The settings of a listener over ZeroMQ."""

    socket: Literal["router", "rep", "sub"] | None
    side: Literal["bind", "connect"] | None
    username: str
    password: str
    secret_key: str
    client_keys: list[str]
    client_names: list[str]
    server_key: str
    public_key: str
    @property
    def silence_timeout(self) -> timedelta | None: ...
    @silence_timeout.setter
    def silence_timeout(self, value: float | timedelta | None) -> None: ...
    high_water_mark: int | None
    allow_shutdown: bool
    def __init__(
        self,
        *,
        socket: Literal["router", "rep", "sub"] | None = ...,
        side: Literal["bind", "connect"] | None = ...,
        username: str = ...,
        password: str = ...,
        secret_key: str = ...,
        client_keys: list[str] = ...,
        client_names: list[str] = ...,
        server_key: str = ...,
        public_key: str = ...,
        silence_timeout: float | timedelta | None = ...,
        high_water_mark: int | None = ...,
        allow_shutdown: bool = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        socket: Literal["router", "rep", "sub"] | None = ...,
        side: Literal["bind", "connect"] | None = ...,
        username: str = ...,
        password: str = ...,
        secret_key: str = ...,
        client_keys: list[str] = ...,
        client_names: list[str] = ...,
        server_key: str = ...,
        public_key: str = ...,
        silence_timeout: float | timedelta | None = ...,
        high_water_mark: int | None = ...,
        allow_shutdown: bool = ...,
    ) -> Self: ...

class ListenerOptions:
    """Where requests come in, and what is served from there."""

    url: str
    protocol: str
    methods: list[str]
    fernet_keys: list[str]
    plaintext_secrets: Literal["refuse", "accept"]
    @property
    def fernet_ttl(self) -> timedelta | None: ...
    @fernet_ttl.setter
    def fernet_ttl(self, value: float | timedelta | None) -> None: ...
    nested_secrets: bool | None
    auth_secrets: list[str]
    auth_names: list[str]
    max_simultaneous_requests: int | None
    requests_bytes_max: int
    describe: bool | None
    strict_contracts: bool
    compress_bytes_min: int | None
    idempotency: Literal["none", "at_least_once", "at_most_once"] | None
    @property
    def queue(self) -> ListenerQueue: ...
    @queue.setter
    def queue(self, value: ListenerQueue | dict[str, Any]) -> None: ...
    @property
    def callme(self) -> ListenerCallme: ...
    @callme.setter
    def callme(self, value: ListenerCallme | dict[str, Any]) -> None: ...
    @property
    def limits(self) -> ConnectionLimits: ...
    @limits.setter
    def limits(self, value: ConnectionLimits | dict[str, Any]) -> None: ...
    @property
    def tcp(self) -> ListenerTcp: ...
    @tcp.setter
    def tcp(self, value: ListenerTcp | dict[str, Any]) -> None: ...
    @property
    def zmq(self) -> ListenerZmq: ...
    @zmq.setter
    def zmq(self, value: ListenerZmq | dict[str, Any]) -> None: ...
    def __init__(
        self,
        *,
        url: str = ...,
        protocol: str = ...,
        methods: list[str] = ...,
        fernet_keys: list[str] = ...,
        plaintext_secrets: Literal["refuse", "accept"] = ...,
        fernet_ttl: float | timedelta | None = ...,
        nested_secrets: bool | None = ...,
        auth_secrets: list[str] = ...,
        auth_names: list[str] = ...,
        max_simultaneous_requests: int | None = ...,
        requests_bytes_max: int = ...,
        describe: bool | None = ...,
        strict_contracts: bool = ...,
        compress_bytes_min: int | None = ...,
        idempotency: Literal["none", "at_least_once", "at_most_once"] | None = ...,
        queue: ListenerQueue | dict[str, Any] = ...,
        callme: ListenerCallme | dict[str, Any] = ...,
        limits: ConnectionLimits | dict[str, Any] = ...,
        tcp: ListenerTcp | dict[str, Any] = ...,
        zmq: ListenerZmq | dict[str, Any] = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        url: str = ...,
        protocol: str = ...,
        methods: list[str] = ...,
        fernet_keys: list[str] = ...,
        plaintext_secrets: Literal["refuse", "accept"] = ...,
        fernet_ttl: float | timedelta | None = ...,
        nested_secrets: bool | None = ...,
        auth_secrets: list[str] = ...,
        auth_names: list[str] = ...,
        max_simultaneous_requests: int | None = ...,
        requests_bytes_max: int = ...,
        describe: bool | None = ...,
        strict_contracts: bool = ...,
        compress_bytes_min: int | None = ...,
        idempotency: Literal["none", "at_least_once", "at_most_once"] | None = ...,
        queue: ListenerQueue | dict[str, Any] = ...,
        callme: ListenerCallme | dict[str, Any] = ...,
        limits: ConnectionLimits | dict[str, Any] = ...,
        tcp: ListenerTcp | dict[str, Any] = ...,
        zmq: ListenerZmq | dict[str, Any] = ...,
    ) -> Self: ...

class ServerOptions:
    """The settings of a server."""

    @property
    def drain_timeout(self) -> timedelta: ...
    @drain_timeout.setter
    def drain_timeout(self, value: float | timedelta) -> None: ...
    @property
    def drain_delay(self) -> timedelta: ...
    @drain_delay.setter
    def drain_delay(self, value: float | timedelta) -> None: ...
    replies: Literal["by_handlers", "mock"]
    @property
    def log(self) -> bool: ...
    @log.setter
    def log(self, value: Literal["debug", "info", "warning", "error"] | None) -> None: ...
    @property
    def spin_max(self) -> timedelta: ...
    @spin_max.setter
    def spin_max(self, value: float | timedelta) -> None: ...
    admin_address: str
    admin_socket: int | None
    admin_token: str
    arrpc_metrics: bool
    @property
    def store(self) -> StoreOptions: ...
    @store.setter
    def store(self, value: StoreOptions | dict[str, Any]) -> None: ...
    @property
    def call_log(self) -> bool: ...
    @call_log.setter
    def call_log(self, value: CallLogOptions | dict[str, Any] | None) -> None: ...
    @property
    def auth_clock_ahead_max(self) -> timedelta: ...
    @auth_clock_ahead_max.setter
    def auth_clock_ahead_max(self, value: float | timedelta) -> None: ...
    body_bytes_max: int
    nesting_depth_max: int
    value_count_max: int
    lock_waiters_max: int
    queued_calls_max: int
    def __init__(
        self,
        *,
        drain_timeout: float | timedelta = ...,
        drain_delay: float | timedelta = ...,
        replies: Literal["by_handlers", "mock"] = ...,
        log: Literal["debug", "info", "warning", "error"] | None = ...,
        spin_max: float | timedelta = ...,
        admin_address: str = ...,
        admin_socket: int | None = ...,
        admin_token: str = ...,
        arrpc_metrics: bool = ...,
        store: StoreOptions | dict[str, Any] = ...,
        call_log: CallLogOptions | dict[str, Any] | None = ...,
        auth_clock_ahead_max: float | timedelta = ...,
        body_bytes_max: int = ...,
        nesting_depth_max: int = ...,
        value_count_max: int = ...,
        lock_waiters_max: int = ...,
        queued_calls_max: int = ...,
    ) -> None: ...
    def replace(
        self,
        *,
        drain_timeout: float | timedelta = ...,
        drain_delay: float | timedelta = ...,
        replies: Literal["by_handlers", "mock"] = ...,
        log: Literal["debug", "info", "warning", "error"] | None = ...,
        spin_max: float | timedelta = ...,
        admin_address: str = ...,
        admin_socket: int | None = ...,
        admin_token: str = ...,
        arrpc_metrics: bool = ...,
        store: StoreOptions | dict[str, Any] = ...,
        call_log: CallLogOptions | dict[str, Any] | None = ...,
        auth_clock_ahead_max: float | timedelta = ...,
        body_bytes_max: int = ...,
        nesting_depth_max: int = ...,
        value_count_max: int = ...,
        lock_waiters_max: int = ...,
        queued_calls_max: int = ...,
    ) -> Self: ...

class Stop:
    """Gives a call up."""

    def request(self) -> None: ...

class Client:
    """Calls methods of servers over one connection."""

    def __init__(self, url: str, options: ClientOptions, /) -> None: ...
    def call(
        self, method: str, arguments: Any, options: CallOptions, named: Any, /
    ) -> tuple[bool, Any, str]: ...
    def notify(self, method: str, arguments: Any, options: CallOptions, named: Any, /) -> None: ...
    def start(
        self,
        number: int,
        method: str,
        arguments: Any,
        options: CallOptions,
        named: Any,
        is_one_way: bool,
        /,
    ) -> Stop: ...
    def drain(self) -> list[tuple[int, tuple[bool, Any, str]]]: ...
    def fileno(self) -> int: ...
    def metrics_text(self) -> str: ...
    def close(self) -> None: ...

class Call:
    """A call that a handler is to answer."""

    @property
    def handler(self) -> int: ...
    def arguments(self) -> Any: ...
    def respond(self, data: Any, message: str | None, success: bool, /) -> None: ...
    def fail(self, error: Any, /) -> None: ...
    def progress(self, fraction: float, text: str, data: Any, /) -> None: ...
    @property
    def method(self) -> str: ...
    @property
    def correlation_id(self) -> str: ...
    @property
    def caller(self) -> str: ...
    @property
    def idempotency_key(self) -> str: ...
    @property
    def traceparent(self) -> str: ...
    @property
    def tracestate(self) -> str: ...
    @property
    def baggage(self) -> str: ...
    @property
    def contract(self) -> str: ...
    @property
    def priority(self) -> int | None: ...
    @property
    def attempt(self) -> int: ...
    @property
    def fencing_token(self) -> int: ...
    @property
    def seconds_left(self) -> float | None: ...
    @property
    def is_stopped(self) -> bool: ...

class MethodSettings:
    """What a method says of itself."""

    lock_on: str | None
    lock: str | None
    run_alone: bool
    idempotent: bool
    deprecated: str | None
    tags: list[str]
    def __init__(self) -> None: ...

class Server:
    """Serves methods whose handlers are Python's."""

    def __init__(self, options: ServerOptions, /) -> None: ...
    def add_method(
        self,
        name: str,
        description: str,
        request: tuple[Any, ...],
        response: tuple[Any, ...],
        is_coroutine: bool,
        /,
    ) -> int: ...
    def say_of(self, name: str, settings: MethodSettings, /) -> None: ...
    def load_modules(self, directories: list[str], /) -> None: ...
    def listen(self, options: ListenerOptions, /) -> None: ...
    def start(self) -> None: ...
    def ready(self) -> bool: ...
    def addresses(self) -> list[str]: ...
    def listeners(self) -> list[str]: ...
    def admin_address(self) -> str: ...
    def unfinished(self) -> list[str]: ...
    def drain(self, timeout_s: float, /) -> bool: ...
    def stop_now(self, grace_s: float, /) -> bool: ...
    def end(self) -> None: ...
    def take(self) -> Call | None: ...
    def take_all(self) -> list[Call]: ...
    def fileno(self) -> int: ...
