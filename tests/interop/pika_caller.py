"""A caller of the cyberfusion protocol, in the manner of its documentation, with pika.

It declares the exchange, binds an exclusive queue of its own to it, publishes with an expiration
and a correlation id, gives up after a time, and raises when the reply says it did not succeed.
"""

import json
import uuid

import pika
from cryptography.fernet import Fernet


class CallFailed(Exception):
    def __init__(self, reply):
        super().__init__(reply["message"])
        self.reply = reply


class TimedOut(Exception):
    pass


class Connection:
    """A connection for `with`, which gives its channel."""

    def __init__(self, uri, ssl_context=None):
        parameters = pika.URLParameters(uri)
        if ssl_context is not None:
            parameters.ssl_options = pika.SSLOptions(ssl_context, parameters.host)
        self.connection = pika.BlockingConnection(parameters)
        self.channel = self.connection.channel()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.connection.is_open:
            self.connection.close()


class RpcClient:
    """Calls one method, which is one exchange."""

    def __init__(self, amqp, queue, exchange, timeout_s=20):
        self.connection = amqp.connection
        self.exchange = exchange
        self.queue = queue
        self.timeout_s = timeout_s
        self.channel = self.connection.channel()
        self.channel.exchange_declare(exchange=exchange, exchange_type="direct")
        declared = self.channel.queue_declare(queue="", exclusive=True)
        self.reply_queue = declared.method.queue
        self.channel.queue_bind(exchange=exchange, queue=self.reply_queue)
        self.channel.basic_consume(self.reply_queue, self.on_reply, auto_ack=True)
        self.correlation_id = None
        self.reply = None
        self.reply_properties = None

    def on_reply(self, channel, method, properties, body):
        if properties.correlation_id == self.correlation_id:
            self.reply = json.loads(body)
            self.reply_properties = properties

    def on_timeout(self):
        raise TimedOut(self.exchange)

    def call(self, request):
        """The reply as a dict; raises CallFailed when it says success=false."""
        self.reply = None
        self.correlation_id = str(uuid.uuid4())
        timer = self.connection.call_later(self.timeout_s, self.on_timeout)
        self.channel.basic_publish(
            exchange=self.exchange,
            routing_key=self.queue,
            body=json.dumps(request),
            properties=pika.BasicProperties(
                content_type="application/json",
                reply_to=self.reply_queue,
                correlation_id=self.correlation_id,
                expiration=str(self.timeout_s * 1000),
            ),
        )
        while self.reply is None:
            self.connection.process_data_events(time_limit=None)
        self.connection.remove_timeout(timer)
        if not self.reply["success"]:
            raise CallFailed(self.reply)
        return self.reply


def encrypted(key, text):
    return Fernet(key).encrypt(text.encode()).decode()
