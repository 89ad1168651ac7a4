"""Both roles at a real RabbitMQ, with a program of pika on the other side."""

import json
import uuid

import pika
import pytest

import warren


def test_a_handler_serves_an_exchange_for_pika_and_warren(broker):
    url = broker.uri()
    queue = f"python-{uuid.uuid4()}"
    server = warren.Server()

    @server.method
    def order(item, count=1):
        if item == "stone":
            raise warren.Error("nobody eats stones", {"item": item})
        return {"item": item, "count": count}

    server.listen(url, queue={"name": queue, "auto_delete": True})
    with server, warren.Client(f"{url}?queue={queue}", timeout=30) as client:
        while not server.ready:
            pass
        assert client.call("order", item="onion") == {"item": "onion", "count": 1}
        with pytest.raises(warren.Failed, match="nobody eats stones"):
            client.call("order", item="stone")
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            channel = connection.channel()
            replies = channel.queue_declare("", exclusive=True).method.queue
            channel.queue_bind(replies, "order")
            channel.basic_publish(
                exchange="order",
                routing_key=queue,
                body=json.dumps({"item": "leek", "count": 2}).encode(),
                properties=pika.BasicProperties(
                    reply_to=replies,
                    correlation_id=str(uuid.uuid4()),
                    content_type="application/json",
                ),
            )
            _, _, body = next(channel.consume(replies, auto_ack=True, inactivity_timeout=30))
    answer = json.loads(body)
    assert answer["success"] is True
    assert answer["data"] == {"item": "leek", "count": 2}
