import socket
import threading

from kombu import Connection, Consumer, Exchange, Producer, Queue

from callme.protocol import RpcResponse, address_of

POLL_S = 0.2


class Server:
    """Serves functions under an id. Requests are acknowledged before they are handled."""

    def __init__(
        self,
        url=None,
        server_id=None,
        threaded=False,
        ssl=False,
        durable=False,
        auto_delete=True,
        **amqp,
    ):
        keywords = {key.removeprefix("amqp_"): value for key, value in amqp.items()}
        url = url or address_of(**keywords)
        self.functions = {}
        self.pickle_protocols = []  # of the requests that came
        self.threaded = threaded
        self.stopped = threading.Event()
        self.consuming = threading.Event()
        self.sending = threading.Lock()
        self.connection = Connection(url, ssl=ssl)
        self.publishing = Connection(url, ssl=ssl)
        shape = {"durable": durable, "auto_delete": auto_delete}
        exchange = Exchange(f"server_{server_id}_ex", type="direct", **shape)
        self.queue = Queue(f"server_{server_id}_queue", exchange=exchange, **shape)
        self.thread = threading.Thread(target=self.start, daemon=True)

    def __enter__(self):
        self.thread.start()
        if not self.consuming.wait(30):
            raise AssertionError("the server does not consume")
        return self

    def __exit__(self, *_):
        self.stop()
        self.thread.join()

    def register_function(self, function, name):
        self.functions[name] = function

    def start(self):
        channel = self.connection.channel()
        consumer = Consumer(
            channel, queues=[self.queue], callbacks=[self.on_request], accept=["pickle"]
        )
        with consumer:
            self.consuming.set()
            while not self.stopped.is_set():
                try:
                    self.connection.drain_events(timeout=POLL_S)
                except socket.timeout:
                    pass
        self.connection.release()
        self.publishing.release()

    def stop(self):
        self.stopped.set()

    def on_request(self, request, message):
        message.ack()
        self.pickle_protocols.append(bytes(message.body)[1])
        if self.threaded:
            threading.Thread(target=self.answer, args=(request, message), daemon=True).start()
        else:
            self.answer(request, message)

    def answer(self, request, message):
        try:
            function = self.functions[request.func_name]
            result = function(*request.func_args, **request.func_kwargs)
        except Exception as error:
            result = error
        with self.sending:
            exchange = Exchange(message.properties["reply_to"], durable=False, auto_delete=True)
            Producer(self.publishing.default_channel, exchange, auto_declare=False).publish(
                RpcResponse(result),
                serializer="pickle",
                correlation_id=message.properties["correlation_id"],
            )
