#!/usr/bin/python3
"""A fibonacci server of the tutorial protocol, in the manner of the tutorial.

    fibonacci_server.py pika|aio URI [QUEUE]

Prints `ready` once it consumes.
"""

import asyncio
import sys

import aio_pika
import pika


def fibonacci(number):
    below, at = 0, 1
    for _ in range(number):
        below, at = at, below + at
    return below


def serve_with_pika(uri, queue):
    def on_request(channel, method, properties, body):
        channel.basic_publish(
            exchange="",
            routing_key=properties.reply_to,
            properties=pika.BasicProperties(correlation_id=properties.correlation_id),
            body=str(fibonacci(int(body))),
        )
        channel.basic_ack(delivery_tag=method.delivery_tag)

    channel = pika.BlockingConnection(pika.URLParameters(uri)).channel()
    channel.queue_declare(queue)
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume(queue, on_request)
    print("ready", flush=True)
    channel.start_consuming()


async def serve_with_aio_pika(uri, queue):
    connection = await aio_pika.connect(uri)
    channel = await connection.channel()
    declared = await channel.declare_queue(queue)

    async def on_request(message):
        async with message.process():
            reply = str(fibonacci(int(message.body))).encode()
            await channel.default_exchange.publish(
                aio_pika.Message(reply, correlation_id=message.correlation_id),
                routing_key=message.reply_to,
            )

    await declared.consume(on_request)
    print("ready", flush=True)
    await asyncio.Future()


if __name__ == "__main__":
    library, uri, *queue = sys.argv[1:]
    queue = queue[0] if queue else "rpc_queue"
    if library == "pika":
        serve_with_pika(uri, queue)
    else:
        asyncio.run(serve_with_aio_pika(uri, queue))
