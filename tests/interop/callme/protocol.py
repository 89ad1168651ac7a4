"""What is pickled. The names of module, classes and attributes are the protocol."""

import urllib.parse


def address_of(host="localhost", port=5672, user="guest", password="guest", vhost="/"):
    """As its own programs say where the broker is, by keywords."""
    return f"amqp://{user}:{password}@{host}:{port}/{urllib.parse.quote(vhost, safe='')}"


class RpcRequest:
    def __init__(self, func_name, func_args, func_kwargs):
        self.func_name = func_name
        self.func_args = func_args
        self.func_kwargs = func_kwargs


class RpcResponse:
    def __init__(self, result):
        self.result = result
