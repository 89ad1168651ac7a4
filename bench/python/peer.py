#!/usr/bin/python3
"""An echo whose caller and handler are Python's, by different libraries, in one process each.

peer.py server KIND WHERE                         prints `ready ADDRESS`
peer.py client KIND ADDRESS IN_FLIGHT SECONDS     prints figures

KIND    warren, warren-threads (the caller's; the handler's are threads anyhow), aio-pika (its
        patterns.RPC), pyzmq (JSON over DEALER and ROUTER), streams (MessagePack over asyncio's
        streams: as little as there can be)
WHERE   where to listen: an address of Warren's, or a broker's URL; nothing of pyzmq and streams
"""

import asyncio
import contextlib
import json
import resource
import signal
import sys
import threading
import time

VALUE = "0123456789012345678901234567890123456789012345678"
WARM_UP_S = 0.5


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Warren:
    """Functions on threads, called by one event loop."""

    def serve(self, where):
        import warren

        server = warren.Server()
        server.method(lambda value: value, name="echo")
        if where.startswith("amqp"):
            server.listen(where, queue={"name": "bench_python"}, max_simultaneous_requests=256)
        else:
            server.listen(where)
        server.start()
        while not server.ready:
            pass
        print("ready", server.addresses[0], flush=True)
        signal.sigwait({signal.SIGTERM})
        server.stop(0)

    async def connect(self, address):
        import warren

        client = warren.AsyncClient(address)
        return lambda: client.call("echo", value=VALUE)


class AioPika:
    """The RPC of aio-pika's patterns."""

    def serve(self, where):
        asyncio.run(self.serve_until_told(where))

    async def serve_until_told(self, where):
        import aio_pika
        from aio_pika.patterns import RPC

        connection = await aio_pika.connect(where)
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=256)
        rpc = await RPC.create(channel)

        async def echo(*, value):
            return value

        await rpc.register("bench_aio_pika_rpc", echo, auto_delete=True)
        print("ready", where, flush=True)
        await told()

    async def connect(self, address):
        import aio_pika
        from aio_pika.patterns import RPC

        self.connection = await aio_pika.connect(address)
        rpc = await RPC.create(await self.connection.channel())
        return lambda: rpc.call("bench_aio_pika_rpc", kwargs={"value": VALUE})


class Pyzmq:
    """What a program with pyzmq does by itself."""

    def serve(self, _):
        import zmq

        socket = zmq.Context.instance().socket(zmq.ROUTER)
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        print("ready", f"tcp://127.0.0.1:{port}", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while True:
            *envelope, body = socket.recv_multipart()
            call = json.loads(body)
            reply = {"id": call["id"], "data": call["arguments"]["value"]}
            socket.send_multipart([*envelope, json.dumps(reply).encode()])

    async def connect(self, address):
        import zmq.asyncio

        socket = zmq.asyncio.Context.instance().socket(zmq.DEALER)
        socket.connect(address)
        return Multiplexed(
            lambda call: socket.send(json.dumps(call).encode()),
            lambda: socket.recv(),
            json.loads,
        )


class Streams:
    """MessagePack over asyncio's streams, with a length before each message."""

    def serve(self, _):
        asyncio.run(self.serve_until_told())

    async def serve_until_told(self):
        import msgpack

        async def serve(reader, writer):
            with contextlib.suppress(asyncio.IncompleteReadError):
                while True:
                    call = msgpack.unpackb(await receive(reader))
                    reply = {"id": call["id"], "data": call["arguments"]["value"]}
                    send(writer, msgpack.packb(reply))
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        print("ready", f"127.0.0.1:{port}", flush=True)
        await told()

    async def connect(self, address):
        import msgpack

        reader, writer = await asyncio.open_connection(*address.split(":"))

        async def send_call(call):
            send(writer, msgpack.packb(call))

        return Multiplexed(send_call, lambda: receive(reader), msgpack.unpackb)


async def receive(reader):
    size = int.from_bytes(await reader.readexactly(4), "big")
    return await reader.readexactly(size)


def send(writer, message):
    writer.write(len(message).to_bytes(4, "big") + message)


class Multiplexed:
    """Calls by number over something that sends and receives messages."""

    def __init__(self, send_call, receive_one, decode):
        self.send = send_call
        self.waiting = {}
        self.number = 0
        self.task = asyncio.ensure_future(self.take(receive_one, decode))

    async def take(self, receive_one, decode):
        while True:
            reply = decode(await receive_one())
            self.waiting.pop(reply["id"]).set_result(reply["data"])

    async def __call__(self):
        self.number += 1
        future = self.waiting[self.number] = asyncio.get_running_loop().create_future()
        await self.send({"id": self.number, "method": "echo", "arguments": {"value": VALUE}})
        return await future


async def told():
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()


class Figures:
    """Of calls that end after the warm-up."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.begin = time.perf_counter() + WARM_UP_S
        self.end = self.begin + seconds
        self.latencies = []
        self.cpu_at_begin = None

    def add(self, sent):
        received = time.perf_counter()
        if received >= self.begin:
            if self.cpu_at_begin is None:
                self.cpu_at_begin = cpu_seconds()
            self.latencies.append(received - sent)
        return received < self.end

    def print(self):
        count = len(self.latencies)
        self.latencies.sort()
        cpu = cpu_seconds() - self.cpu_at_begin
        print(
            json.dumps(
                {
                    "calls_per_s": count / self.seconds,
                    "p50_us": self.latencies[count // 2] * 1e6,
                    "p99_us": self.latencies[int(count * 0.99)] * 1e6,
                    "client_cpu_us": cpu / count * 1e6,
                }
            ),
            flush=True,
        )


async def load(kind, address, in_flight, figures):
    call = await kind.connect(address)

    async def caller():
        while True:
            sent = time.perf_counter()
            assert await call() == VALUE
            if not figures.add(sent):
                return

    await asyncio.gather(*(caller() for _ in range(in_flight)))


def load_by_threads(address, in_flight, figures):
    import warren

    client = warren.Client(address)

    def caller():
        while True:
            sent = time.perf_counter()
            assert client.call("echo", value=VALUE) == VALUE
            if not figures.add(sent):
                return

    threads = [threading.Thread(target=caller) for _ in range(in_flight)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


KINDS = {
    "warren": Warren,
    "warren-threads": Warren,
    "aio-pika": AioPika,
    "pyzmq": Pyzmq,
    "streams": Streams,
}


def main():
    role, kind, where, *load_options = sys.argv[1:]
    if role == "server":
        signal.pthread_sigmask(
            signal.SIG_BLOCK if kind.startswith("warren") else signal.SIG_UNBLOCK,
            {signal.SIGTERM},
        )
        KINDS[kind]().serve(where)
        return
    in_flight, seconds = int(load_options[0]), float(load_options[1])
    figures = Figures(seconds)
    if kind == "warren-threads":
        load_by_threads(where, in_flight, figures)
    else:
        asyncio.run(load(KINDS[kind](), where, in_flight, figures))
    figures.print()


if __name__ == "__main__":
    main()
