import socket
import time
import uuid

from kombu import Connection, Consumer, Exchange, Producer, Queue

from callme.protocol import RpcRequest, RpcResponse, address_of


class RpcTimeout(Exception):
    pass


class Method:
    """A name that may be called, or be the beginning of a longer one."""

    def __init__(self, proxy, name):
        self.proxy = proxy
        self.name = name

    def __getattr__(self, name):
        return Method(self.proxy, f"{self.name}.{name}")

    def __call__(self, *args, **kwargs):
        return self.proxy.request(self.name, args, kwargs)


class Proxy:
    """Calls the functions of servers, one after the other; each thread needs its own."""

    def __init__(
        self, url=None, amqp_user="guest", server_id=None, timeout=0, ssl=False, **amqp
    ):
        keywords = {key.removeprefix("amqp_"): value for key, value in amqp.items()}
        url = url or address_of(user=amqp_user, **keywords)
        self.server_id = server_id
        self.timeout = timeout
        self.expiration = None  # of requests, in seconds
        unique = uuid.uuid4()
        self.connection = Connection(url, ssl=ssl)
        self.channel = self.connection.channel()
        shape = {"durable": False, "auto_delete": True}
        self.exchange = Exchange(f"client_{amqp_user}_ex_{unique}", type="direct", **shape)
        queue = Queue(f"client_{amqp_user}_queue_{unique}", exchange=self.exchange, **shape)
        self.consumer = Consumer(
            self.channel, queues=[queue], callbacks=[self.on_response], accept=["pickle"]
        )
        self.consumer.consume()
        self.correlation_id = None
        self.response = None
        self.properties = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.release()

    def __getattr__(self, name):
        return Method(self, name)

    def use_server(self, server_id, timeout=None):
        self.server_id = server_id
        self.timeout = self.timeout if timeout is None else timeout
        return self

    def on_response(self, response, message):
        message.ack()
        mine = message.properties["correlation_id"] == self.correlation_id
        if mine and isinstance(response, RpcResponse):
            self.response = response
            self.properties = message.properties | {"headers": message.headers}

    def request(self, name, args, kwargs):
        self.response = None
        self.correlation_id = str(uuid.uuid4())
        exchange = Exchange(f"server_{self.server_id}_ex", durable=False, auto_delete=True)
        Producer(self.channel, exchange, auto_declare=False).publish(
            RpcRequest(name, args, kwargs),
            serializer="pickle",
            reply_to=self.exchange.name,
            correlation_id=self.correlation_id,
            expiration=self.expiration,
        )
        self.wait_for_response()
        if isinstance(self.response.result, Exception):
            raise self.response.result
        return self.response.result

    def wait_for_response(self):
        end = time.monotonic() + self.timeout if self.timeout else None
        while self.response is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise RpcTimeout(self.server_id)
            try:
                self.connection.drain_events(timeout=left)
            except socket.timeout:
                pass
