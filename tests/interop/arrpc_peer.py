"""arrpc's server and client as its own programs are on the wire, with threads for greenlets: both
read in blocks of 4096 bytes until one comes short, and take what is falsy for nothing."""

import contextlib
import hashlib
import hmac
import socket
import ssl
import threading

import msgpack

BLOCK_BYTES = 4096
AUTH_ERROR = "arrpc.error.AuthException: "
RPC_ERROR = "arrpc.error.RpcException: "
UNSIGNED = "Invalid or missing message signature, make sure 'auth_secret' is set/correct"


class ConnectException(Exception):
    pass


class AuthException(Exception):
    pass


class RpcTimeoutException(Exception):
    pass


class RpcException(Exception):
    pass


def receive(connection):
    """A message: all that comes until a block is short. Empty when the connection has ended."""
    message = b""
    while True:
        block = connection.recv(BLOCK_BYTES)
        message += block
        if len(block) < BLOCK_BYTES:
            return message


def sign(secret, packed):
    return hmac.new(secret.encode(), packed, hashlib.sha256).hexdigest()


def pack_signed(message, secret):
    packed = msgpack.packb(message)
    if secret is None:
        return packed
    return msgpack.packb({"arrpc.sign": sign(secret, packed), "data": packed})


def unpack_signed(packed, secret):
    message = msgpack.unpackb(packed, strict_map_key=False)
    if secret is None:
        return message
    signed = isinstance(message, dict) and "arrpc.sign" in message and "data" in message
    if not signed or not hmac.compare_digest(sign(secret, message["data"]), message["arrpc.sign"]):
        raise AuthException(UNSIGNED)
    return msgpack.unpackb(message["data"], strict_map_key=False)


class Server:
    """in  listener: a socket that is bound already, which `start` lets listen"""

    def __init__(
        self,
        handler,
        listener=None,
        auth_secret=None,
        tls_certfile=None,
        tls_keyfile=None,
    ):
        self.handler = handler
        self.auth_secret = auth_secret
        self.listener = listener or socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.tls = None
        if tls_certfile is not None:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(tls_certfile, tls_keyfile)
        self.connections = []

    def __enter__(self):
        self.start(background=True)
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, background=False):
        self.listener.listen()
        if background:
            threading.Thread(target=self._accept, daemon=True).start()
        else:
            self._accept()

    def stop(self):
        self.listener.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if self.tls is not None:
                connection = stack.enter_context(self.tls.wrap_socket(connection, server_side=True))
            while packed := receive(connection):
                try:
                    message = unpack_signed(packed, self.auth_secret)
                    if not message:
                        continue
                    response = self.handler(message)
                except AuthException as error:
                    response = AUTH_ERROR + str(error)
                except RpcException as error:
                    response = RPC_ERROR + str(error)
                connection.sendall(msgpack.packb(response))


class Client:
    """in  on_retry: called after each attempt to connect that failed and is repeated"""

    def __init__(
        self,
        host,
        port,
        timeout=None,
        con_max_retries=5,
        tls_cafile=None,
        tls_self_signed=False,
        auth_secret=None,
        back_off_s=1.0,
        on_retry=lambda: None,
    ):
        self.address = (host, port)
        self.timeout = timeout
        self.con_max_retries = con_max_retries
        self.auth_secret = auth_secret
        self.back_off_s = back_off_s
        self.on_retry = on_retry
        self.connection = None
        self.given_up = threading.Event()
        self.tls = None
        if tls_cafile is not None:
            self.tls = ssl.create_default_context(cafile=tls_cafile)
            if tls_self_signed:
                self.tls.check_hostname = False
                self.tls.verify_mode = ssl.CERT_NONE

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.given_up.set()
        self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def send(self, message):
        packed = pack_signed(message, self.auth_secret)
        try:
            response = self._exchange(packed)
        except socket.timeout as error:
            self.close()
            raise RpcTimeoutException(f"no response within {self.timeout} s") from error
        return self._result(msgpack.unpackb(response, strict_map_key=False))

    def _exchange(self, packed):
        """Over a connection that is there, and if that turns out to be broken over another."""
        if self.connection is not None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.connection.sendall(packed)
                if response := receive(self.connection):
                    return response
            self.close()
        self._connect()
        self.connection.sendall(packed)
        response = receive(self.connection)
        if not response:
            self.close()
            raise ConnectException("the server has closed the connection")
        return response

    def _connect(self):
        for attempt in range(1, self.con_max_retries + 1):
            try:
                plain = socket.create_connection(self.address, self.timeout)
                break
            except ConnectionRefusedError as error:
                if attempt == self.con_max_retries:
                    raise ConnectException(f"not connected to {self.address}") from error
                self.on_retry()
                self.given_up.wait(attempt * self.back_off_s)
        host = self.address[0]
        try:
            self.connection = plain
            if self.tls is not None:
                self.connection = self.tls.wrap_socket(plain, server_hostname=host)
        except ssl.SSLError as error:
            self.close()
            raise ConnectException(str(error)) from error

    @staticmethod
    def _result(response):
        for prefix, kind in ((AUTH_ERROR, AuthException), (RPC_ERROR, RpcException)):
            if isinstance(response, str) and response.startswith(prefix):
                raise kind(response.removeprefix(prefix))
        return response
