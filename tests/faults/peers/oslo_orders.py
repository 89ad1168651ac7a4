"""The order service as an Oslo.messaging RPC server; its worker and its caller."""

import os

import oslo_messaging
from oslo_config import cfg
from orders import place

TARGET = oslo_messaging.Target(topic="orders", server="shop")


def transport():
    cfg.CONF([], default_config_files=[], default_config_dirs=[])
    url = os.environ["ORDERS_BROKER"].replace("amqp://", "rabbit://")
    return oslo_messaging.get_rpc_transport(cfg.CONF, url=url)


class Orders:
    def place_order(self, context, order):
        return place(os.environ["ORDERS_TABLE"], order)


def serve():
    server = oslo_messaging.get_rpc_server(transport(), TARGET, [Orders()], executor="threading")
    server.start()
    print("ready", flush=True)
    server.wait()


class Caller:
    def __init__(self):
        self.client = oslo_messaging.get_rpc_client(
            transport(), oslo_messaging.Target(topic="orders"), timeout=5
        )

    def __call__(self, order):
        return self.client.call({}, "place_order", order=order)


if __name__ == "__main__":
    serve()
