"""The order service as a Celery task; its worker and its caller."""

import os

from celery import Celery
from orders import place

app = Celery("orders", broker=os.environ["ORDERS_BROKER"], backend="rpc://")
# What Celery advises for tasks that must not be lost: acknowledged when they are done.
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    result_persistent=True,
    broker_connection_retry=True,
)


@app.task
def place_order(order):
    return place(os.environ["ORDERS_TABLE"], order)


def call(order):
    return place_order.apply_async((order,)).get(timeout=5)
