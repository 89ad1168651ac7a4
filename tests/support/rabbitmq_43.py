"""RabbitMQ 4.3 as far as it refuses what older ones take: a relay before a broker of another version.

It reads the frames that clients send. For what 4.3 has given up it closes the connection as that does, with
541 and the feature's name; everything else passes as it is, both ways.

    with RabbitMQ43(broker.port) as newer:
        connect(newer.uri_of(broker.uri("/")))
        newer.refused       names of the features that were asked for

Which arguments of queues 4.3 refuses with which words is this relay's own guess; that it refuses them is not.
"""

import asyncio
import struct
import threading
import urllib.parse

PROTOCOL_HEADER_BYTES = 8
METHOD_FRAME = 1
FRAME_END = b"\xce"
CONNECTION_CLOSE = (10, 50)
CONNECTION_CLOSE_OK = (10, 51)
QUEUE_DECLARE = (50, 10)
BASIC_QOS = (60, 10)
INTERNAL_ERROR = 541
SHORT_STRING_BYTES_MAX = 255

TRANSIENT_QUEUES = "transient_nonexcl_queues"
GLOBAL_QOS = "global_qos"
MIRRORED_QUEUES = "classic_queue_mirroring"
FIRST_CLASSIC_QUEUES = "classic_queue_v1"
NUMBERS = {
    "b": ">b",
    "B": ">B",
    "s": ">h",
    "U": ">h",
    "u": ">H",
    "I": ">i",
    "i": ">I",
    "l": ">q",
    "L": ">q",
    "T": ">Q",
    "f": ">f",
    "d": ">d",
}


class Reader:
    """The arguments of a method, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def short_string(self):
        return self.take(self.number(">B")).decode()

    def table(self):
        inner, found = Reader(self.take(self.number(">I"))), {}
        while inner.at < len(inner.data):
            name = inner.short_string()
            found[name] = inner.value()
        return found

    def value(self):
        kind = chr(self.number(">B"))
        if kind in NUMBERS:
            return self.number(NUMBERS[kind])
        if kind == "t":
            return self.number(">B") != 0
        if kind in "SxA":
            return self.take(self.number(">I"))
        if kind == "D":
            return self.take(5)
        return self.table() if kind == "F" else None


def refused_feature(payload):
    """What a client asks for in this method that 4.3 refuses by default; None: nothing."""
    reader = Reader(payload)
    method = reader.number(">H"), reader.number(">H")
    if method == BASIC_QOS:
        reader.take(6)
        return GLOBAL_QOS if reader.number(">B") & 1 else None
    if method != QUEUE_DECLARE:
        return None
    reader.take(2)
    reader.short_string()
    bits = reader.number(">B")
    passive, durable, exclusive = bits & 1, bits & 2, bits & 4
    if passive:
        return None
    arguments = reader.table()
    if any(name.startswith("x-ha-") for name in arguments):
        return MIRRORED_QUEUES
    if "x-queue-mode" in arguments or arguments.get("x-queue-version") == 1:
        return FIRST_CLASSIC_QUEUES
    return None if durable or exclusive else TRANSIENT_QUEUES


def closing_frame(feature, payload):
    text = (
        f"INTERNAL_ERROR - Feature `{feature}` is deprecated.\n"
        "By default, this feature is not permitted anymore.\n"
        "The feature will be removed from a future RabbitMQ version, regardless of the configuration."
    ).encode()[:SHORT_STRING_BYTES_MAX]
    method = struct.pack(">HHHB", *CONNECTION_CLOSE, INTERNAL_ERROR, len(text)) + text + payload[:4]
    return struct.pack(">BHI", METHOD_FRAME, 0, len(method)) + method + FRAME_END


async def read_frame(reader):
    head = await reader.readexactly(7)
    kind, _, size = struct.unpack(">BHI", head)
    rest = await reader.readexactly(size + 1)
    return kind, rest[:-1], head + rest


class Session:
    """One client's connection, and the one to the broker behind it."""

    def __init__(self, client, broker, refused):
        self.from_client, self.to_client = client
        self.from_broker, self.to_broker = broker
        self.refused = refused
        self.is_refusing = False

    async def run(self):
        up, down = asyncio.create_task(self.upwards()), asyncio.create_task(self.downwards())
        try:
            await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
            if self.is_refusing:
                await asyncio.wait([up])
        finally:
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            self.to_client.close()
            self.to_broker.close()

    async def downwards(self):
        while True:
            *_, frame = await read_frame(self.from_broker)
            if self.is_refusing:
                return
            self.to_client.write(frame)
            await self.to_client.drain()

    async def upwards(self):
        self.to_broker.write(await self.from_client.readexactly(PROTOCOL_HEADER_BYTES))
        while True:
            kind, payload, frame = await read_frame(self.from_client)
            feature = refused_feature(payload) if kind == METHOD_FRAME else None
            if feature is not None:
                return await self.close(feature, payload)
            self.to_broker.write(frame)
            await self.to_broker.drain()

    async def close(self, feature, payload):
        """End it as a broker does: nothing else comes, and what the client still sends is passed over."""
        self.is_refusing = True
        self.refused.append(feature)
        self.to_broker.close()
        self.to_client.write(closing_frame(feature, payload))
        await self.to_client.drain()
        while True:
            kind, answer, _ = await read_frame(self.from_client)
            if kind == METHOD_FRAME and struct.unpack(">HH", answer[:4]) == CONNECTION_CLOSE_OK:
                return


class RabbitMQ43:
    """The relay, on a thread of its own, at a free port."""

    def __init__(self, broker_port):
        self.broker_port = broker_port
        self.refused = []
        self.sessions = set()

    def __enter__(self):
        started = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, args=(started,), daemon=True)
        self.thread.start()
        started.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.ending.set)
        self.thread.join()

    def uri_of(self, uri):
        """The address of the broker as one of this relay."""
        parts = urllib.parse.urlsplit(uri)
        login, _, host = parts.netloc.rpartition("@")
        host = host.rpartition(":")[0]
        return parts._replace(netloc=f"{login}@{host}:{self.port}").geturl()

    def run(self, started):
        self.loop.run_until_complete(self.serve(started))
        self.loop.close()

    async def serve(self, started):
        self.ending = asyncio.Event()
        server = await asyncio.start_server(self.relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self.ending.wait()
        server.close()
        for session in self.sessions:
            session.cancel()
        await asyncio.gather(*self.sessions, return_exceptions=True)

    async def relay(self, *client):
        self.sessions.add(asyncio.current_task())
        try:
            broker = await asyncio.open_connection("127.0.0.1", self.broker_port)
            await Session(client, broker, self.refused).run()
        except OSError:
            client[1].close()
        finally:
            self.sessions.discard(asyncio.current_task())
