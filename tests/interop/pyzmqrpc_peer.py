"""Servers and clients of commands over ZeroMQ, written as pyzmqrpc's examples are, for tests."""

import base64
import contextlib
import json
import threading
import zlib

import zmq
import zmq.auth.thread
import zmq.utils.monitor

HEARTBEAT = "zmq_sub_heartbeat"
OK, UNDECODABLE, UNKNOWN, RAISED = 200, 400, 451, 463
PUBLISHER_MARK = 100_000


class Command:
    """As ICommand: a class with a default constructor, which writes and reads its own state."""

    def __init__(self, **state):
        self.state = state

    def get_command_state(self):
        return self.state

    def set_command_state(self, state):
        self.state = state


def command_class(name):
    return type(name, (Command,), {})


SimpleCommand = command_class("SimpleCommand")


def marshal(command):
    def as_json(item):
        return {"_icmd_": [type(item).__name__, item.get_command_state()]}

    document = json.dumps(command, default=as_json)
    return base64.b64encode(zlib.compress(document.encode())).decode()


def unmarshal(text, classes):
    """The command; KeyError for a class that is not registered."""

    def from_json(item):
        if "_icmd_" not in item:
            return item
        name, state = item["_icmd_"]
        command = classes[name]()
        command.set_command_state(state)
        return command

    return json.loads(zlib.decompress(base64.b64decode(text)), object_hook=from_json)


class Plain:
    """A user name and a password, at both ends of a socket."""

    def __init__(self, username="user", password="pass word"):
        self.username, self.password = username, password

    def serve(self, socket):
        socket.plain_server = True

    def connect(self, socket):
        socket.plain_username = self.username.encode()
        socket.plain_password = self.password.encode()

    def let_in(self, authenticator):
        authenticator.configure_plain(domain="*", passwords={self.username: self.password})


class Curve:
    """A server's pair of keys and a client's, each (public, secret)."""

    def __init__(self, server, client):
        self.server, self.client = server, client

    def serve(self, socket):
        socket.curve_server = True
        socket.curve_publickey, socket.curve_secretkey = self.server

    def connect(self, socket):
        socket.curve_serverkey = self.server[0]
        socket.curve_publickey, socket.curve_secretkey = self.client

    def let_in(self, authenticator):
        authenticator.configure_curve_callback(credentials_provider=self)

    def callback(self, _domain, key):
        return key == self.client[0]


@contextlib.contextmanager
def authenticating(context, security):
    """Somebody who asks everybody who comes, if there is anything to ask."""
    if security is None:
        yield
        return
    authenticator = zmq.auth.thread.ThreadAuthenticator(context)
    authenticator.start()
    security.let_in(authenticator)
    try:
        yield
    finally:
        authenticator.stop()


def bind(socket, port=0):
    """Listen at a port of this machine, or at a free one; the endpoint."""
    socket.bind(f"tcp://127.0.0.1:{port or '*'}")
    return socket.last_endpoint.decode().rstrip("\0")


class Server:
    """As ZmqRpcServerThread: commands come over one REP and any number of SUBs.

    `services` are functions of a state, by the names of their commands."""

    def __init__(self, services, security=None, port=0, publishers=(), silence_s=None):
        self.services = services
        self.classes = {name: command_class(name) for name in services}
        self.publishers = publishers
        self.silence_ms = None if silence_s is None else silence_s * 1000
        self.security = security
        self.port = port
        self.heartbeats = threading.Semaphore(0)
        self.renewed = threading.Semaphore(0)
        self.bound = threading.Event()
        self.is_over = False

    def __enter__(self):
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        self.bound.wait()
        return self

    def __exit__(self, *_):
        self.is_over = True
        with zmq.Context() as context, context.socket(zmq.REQ) as socket:
            socket.linger = 0
            if self.security:
                self.security.connect(socket)
            socket.connect(self.endpoint)
            socket.send_string("wake up")
            self.thread.join()

    def _serve(self):
        with zmq.Context() as context, authenticating(context, self.security):
            with context.socket(zmq.REP) as asked:
                asked.linger = 0
                if self.security:
                    self.security.serve(asked)
                self.endpoint = bind(asked, self.port)
                self.port = int(self.endpoint.rsplit(":", 1)[1])
                self.subscribed = [self._subscribe(context, each) for each in self.publishers]
                self.bound.set()
                while not self.is_over:
                    self._turn(context, asked)
                for socket in self.subscribed:
                    socket.close()

    def _subscribe(self, context, publisher):
        socket = context.socket(zmq.SUB)
        socket.linger = 0
        if self.security:
            self.security.connect(socket)
        socket.subscribe("")
        socket.connect(publisher)
        return socket

    def _turn(self, context, asked):
        poller = zmq.Poller()
        for socket in (asked, *self.subscribed):
            poller.register(socket, zmq.POLLIN)
        readable = dict(poller.poll(self.silence_ms))
        if not readable:
            for at, publisher in enumerate(self.publishers):
                self.subscribed[at].close()
                self.subscribed[at] = self._subscribe(context, publisher)
                self.renewed.release()
        for socket in readable:
            text = socket.recv_string()
            if text == HEARTBEAT:
                self.heartbeats.release()
            if socket is asked:
                socket.send_string(json.dumps(self.answer(text)))
            elif text != HEARTBEAT:
                self.answer(text)

    def answer(self, text):
        try:
            command = unmarshal(text, self.classes)
        except KeyError as name:
            message = f"No service on the server is registered for command {name}."
            return {"status_code": UNKNOWN, "status_message": message}
        except Exception as error:
            return {"status_code": UNDECODABLE, "status_message": f"Exception: {error}"}
        name = type(command).__name__
        try:
            response = self.services[name](command.get_command_state())
        except Exception as error:
            message = f"Exception raised when calling service {name}. Exception: {error} "
            return {"status_code": RAISED, "status_message": message}
        answer = {"status_code": OK, "status_message": "OK"}
        return answer if response is None else answer | {"response_message": response}


class Sender:
    """As ZmqSender: a REQ for each endpoint, each made anew when no response comes in time."""

    def __init__(self, *endpoints, security=None, time_out_s=30):
        self.context = zmq.Context()
        self.security = security
        self.time_out_ms = int(time_out_s * 1000)
        self.endpoints = endpoints
        self.sockets = [self._connect(endpoint) for endpoint in endpoints]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for socket in self.sockets:
            socket.close()
        self.context.term()

    def _connect(self, endpoint):
        socket = self.context.socket(zmq.REQ)
        socket.linger = 0
        socket.rcvtimeo = self.time_out_ms
        if self.security:
            self.security.connect(socket)
        socket.connect(endpoint)
        return socket

    def send_text(self, text):
        """Send to every endpoint; each one's answer as text, None where none came in time."""
        for socket in self.sockets:
            socket.send_string(text)
        return [self._receive(at) for at in range(len(self.sockets))]

    def _receive(self, at):
        try:
            return self.sockets[at].recv_string()
        except zmq.Again:
            self.sockets[at].close()
            self.sockets[at] = self._connect(self.endpoints[at])
            return None

    def execute(self, command):
        """The first endpoint's answer to a command."""
        answer = self.send_text(marshal(command))[0]
        return answer and json.loads(answer)


class Publisher:
    """As a ZmqSender with a PUB: one-way, to whoever listens."""

    def __init__(self, security=None, port=0):
        self.context = zmq.Context()
        self.stack = contextlib.ExitStack()
        self.stack.enter_context(authenticating(self.context, security))
        # XPUB is PUB that also tells who subscribes.
        self.socket = self.context.socket(zmq.XPUB)
        self.socket.linger = 0
        self.socket.sndhwm = PUBLISHER_MARK
        self.socket.xpub_verboser = 1
        if security:
            security.serve(self.socket)
        self.endpoint = bind(self.socket, port)
        self.port = int(self.endpoint.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.stack.close()
        self.context.term()

    def wait_for_subscriber(self, time_out_s=30):
        """Until somebody subscribes, which is a 1; others may leave meanwhile."""
        while self.socket.poll(time_out_s * 1000):
            if self.socket.recv()[0] == 1:
                return
        raise AssertionError("nobody subscribed")

    def publish_text(self, text):
        self.socket.send_string(text)

    def publish(self, command):
        self.publish_text(marshal(command))


def handshake_event(endpoint, security, time_out_s=30):
    """What becomes of a connection: an event of the monitor's, such as
    zmq.EVENT_HANDSHAKE_SUCCEEDED."""
    ends = (
        zmq.EVENT_HANDSHAKE_SUCCEEDED,
        zmq.EVENT_HANDSHAKE_FAILED_AUTH,
        zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
        zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
    )
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = 0
        if security:
            security.connect(socket)
        with socket.get_monitor_socket() as monitor:
            socket.connect(endpoint)
            while monitor.poll(time_out_s * 1000):
                event = zmq.utils.monitor.recv_monitor_message(monitor)["event"]
                if event in ends:
                    socket.disable_monitor()
                    return zmq.Event(event)
    raise AssertionError("no handshake")
