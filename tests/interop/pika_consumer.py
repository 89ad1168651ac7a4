#!/usr/bin/python3
"""A consumer of the cyberfusion protocol, as deployed ones behave on the wire, with pika.

    pika_consumer.py URI QUEUE [FERNET_KEY]

Serves dx_example, `passwords` (tells how long the password is), `seen` (gives back what it got) and
`broken` (its handler raises).
Prints `ready` once it consumes.
"""

import json
import sys

import pika
from cryptography.fernet import Fernet, InvalidToken

FOODS = ("onion", "orange", "banana")


class Invalid(Exception):
    def __init__(self, *errors):
        super().__init__("invalid")
        self.errors = [
            {"location": list(location), "message": message, "type": kind}
            for location, message, kind in errors
        ]


def dx_example(request):
    if "favourite_food" not in request:
        raise Invalid((["favourite_food"], "Field required", "missing"))
    if request["favourite_food"] not in FOODS:
        raise Invalid((["favourite_food"], "Input should be a known food", "enum"))
    if request.get("chance_percentage", 20) <= 0:
        raise Invalid((["chance_percentage"], "Input should be greater than 0", "greater_than"))
    return "OK", {"tolerable": request["favourite_food"] == "onion"}


def passwords(request):
    return "OK", {"characters": len(request["password"]), "password": request["password"]}


def broken(request):
    raise RuntimeError("a defect that the caller must not read about")


def seen(request):
    return "OK", request


METHODS = {"dx_example": dx_example, "passwords": passwords, "broken": broken, "seen": seen}


class Server:
    def __init__(self, uri, queue, key):
        self.fernet = Fernet(key) if key else None
        self.connection = pika.BlockingConnection(pika.URLParameters(uri))
        self.channel = self.connection.channel()
        self.channel.queue_declare(queue, durable=True)
        for method in METHODS:
            self.channel.exchange_declare(method, exchange_type="direct")
            self.channel.queue_bind(queue, method, routing_key=queue)
        self.channel.basic_qos(prefetch_count=5)
        self.channel.basic_consume(queue, self.on_request)

    def decrypted(self, value):
        if self.fernet is not None and isinstance(value, str):
            try:
                return self.fernet.decrypt(value.encode()).decode()
            except InvalidToken:
                pass
        return value

    def answer(self, method, body):
        request = {name: self.decrypted(value) for name, value in json.loads(body).items()}
        try:
            message, data = METHODS[method](request)
            return {"success": True, "message": message, "data": data}
        except Invalid as invalid:
            data = {"errors": invalid.errors}
            return {"success": False, "message": "Request validation failed", "data": data}
        except Exception:
            return {"success": False, "message": "An unexpected error occurred", "data": None}

    def on_request(self, channel, method, properties, body):
        channel.basic_publish(
            exchange=method.exchange,
            routing_key=properties.reply_to,
            body=json.dumps(self.answer(method.exchange, body)),
            properties=pika.BasicProperties(
                content_type="application/json", correlation_id=properties.correlation_id
            ),
        )
        channel.basic_ack(method.delivery_tag)


if __name__ == "__main__":
    uri, queue, *key = sys.argv[1:]
    server = Server(uri, queue, key[0] if key else None)
    print("ready", flush=True)
    server.channel.start_consuming()
