#!/usr/bin/python3
"""The same echo through aio-pika.

aio_pika_peer.py server PORT PREFETCH    aio_pika_peer.py client PORT IN_FLIGHT SECONDS
"""

import asyncio
import json
import resource
import signal
import sys
import time

import aio_pika

QUEUE = "bench_aio_pika"
BODY = b'{"value":"0123456789012345678901234567890123456789012345678"}'


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def serve(port, prefetch):
    connection = await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{port}/")
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=prefetch)
    queue = await channel.declare_queue(QUEUE, auto_delete=True)

    async def on_request(message):
        await channel.default_exchange.publish(
            aio_pika.Message(message.body, correlation_id=message.correlation_id),
            routing_key=message.reply_to,
        )
        await message.ack()

    await queue.consume(on_request)
    print("ready", flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    print(json.dumps({"server_cpu_s": cpu_seconds()}), flush=True)


async def call(port, in_flight, seconds):
    connection = await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{port}/")
    channel = await connection.channel(publisher_confirms=False)
    replies = await channel.declare_queue(exclusive=True)
    waiting = {}

    async def on_reply(message):
        waiting.pop(message.correlation_id).set_result(None)

    await replies.consume(on_reply, no_ack=True)
    begin = time.perf_counter() + 0.5
    end = begin + seconds
    latencies = []
    cpu_at_begin = None

    async def caller(name):
        nonlocal cpu_at_begin
        number = 0
        while time.perf_counter() < end:
            number += 1
            correlation_id = f"{name}-{number}"
            future = waiting[correlation_id] = asyncio.get_running_loop().create_future()
            sent = time.perf_counter()
            await channel.default_exchange.publish(
                aio_pika.Message(BODY, correlation_id=correlation_id, reply_to=replies.name),
                routing_key=QUEUE,
            )
            await future
            received = time.perf_counter()
            if received >= begin:
                if cpu_at_begin is None:
                    cpu_at_begin = cpu_seconds()
                latencies.append(received - sent)

    await asyncio.gather(*(caller(name) for name in range(in_flight)))
    cpu = cpu_seconds() - cpu_at_begin
    latencies.sort()
    print(
        json.dumps(
            {
                "calls": len(latencies),
                "calls_per_s": len(latencies) / seconds,
                "p50_us": latencies[len(latencies) // 2] * 1e6,
                "p99_us": latencies[int(len(latencies) * 0.99)] * 1e6,
                "client_cpu_us": cpu / len(latencies) * 1e6,
                "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            }
        ),
        flush=True,
    )


if sys.argv[1] == "server":
    asyncio.run(serve(int(sys.argv[2]), int(sys.argv[3])))
else:
    asyncio.run(call(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
