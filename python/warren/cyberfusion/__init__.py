"""Handlers of cyberfusion's RabbitMQ consumer, as they are: `python3 -m warren serve`.

Importing this makes `cyberfusion.RabbitMQConsumer.contracts` importable, where the original is not
installed. Tests of handlers get it by `pytest -p warren.cyberfusion`.
"""

from warren.cyberfusion.provided import provide_contracts

provide_contracts()
