"""A caller of the tutorial protocol, in the manner of the tutorial, with aio-pika."""

import asyncio
import uuid

import aio_pika


class FibonacciClient:
    """One exclusive callback queue, and one future for each call in flight."""

    def __init__(self):
        self.futures = {}

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.connection.close()

    async def connect(self, uri, queue="rpc_queue"):
        self.queue = queue
        self.connection = await aio_pika.connect(uri)
        self.channel = await self.connection.channel()
        self.callback_queue = await self.channel.declare_queue(exclusive=True)
        await self.callback_queue.consume(self.on_reply, no_ack=True)
        return self

    async def on_reply(self, message):
        future = self.futures.pop(message.correlation_id, None)
        if future is not None:
            future.set_result(message)

    async def send(self, body, timeout_s=20):
        """The reply message to a request of these bytes."""
        correlation_id = str(uuid.uuid4())
        future = asyncio.get_running_loop().create_future()
        self.futures[correlation_id] = future
        await self.channel.default_exchange.publish(
            aio_pika.Message(
                body, correlation_id=correlation_id, reply_to=self.callback_queue.name
            ),
            routing_key=self.queue,
        )
        return await asyncio.wait_for(future, timeout_s)

    async def call(self, number):
        return int((await self.send(str(number).encode())).body)
