"""Two packages of handlers for cyberfusion's consumer, and a process that serves them."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import urllib.parse

from processes import die_with_parent

PATIENCE_S = 60

# Nothing in here knows of Warren.
DX_EXAMPLE = '''
from enum import Enum
from typing import Optional

from pydantic import Field, PositiveInt

from cyberfusion.RabbitMQConsumer.contracts import (
    HandlerBase,
    RPCRequestBase,
    RPCResponseBase,
    RPCResponseData,
)


class FavouriteFoodEnum(str, Enum):
    ONION = "onion"
    ORANGE = "orange"


class RPCRequestExample(RPCRequestBase):
    favourite_food: FavouriteFoodEnum = Field(description="Of a human.")
    chance_percentage: PositiveInt = 20
    password: Optional[str] = None


class RPCResponseDataExample(RPCResponseData):
    tolerable: bool
    password: Optional[str]


class RPCResponseExample(RPCResponseBase):
    data: Optional[RPCResponseDataExample]


class Handler(HandlerBase):
    """Knows what can be eaten."""

    @property
    def lock_attribute(self) -> str:
        return "favourite_food"

    def __call__(self, request: RPCRequestExample) -> RPCResponseExample:
        if request.chance_percentage > 100:
            raise ValueError("what only the log may say")
        if request.chance_percentage == 100:
            return RPCResponseExample(success=False, message="Nothing is certain", data=None)
        return RPCResponseExample(
            success=True,
            message="Determined toleration",
            data=RPCResponseDataExample(
                tolerable=request.favourite_food is FavouriteFoodEnum.ONION,
                password=request.password,
            ),
        )
'''

# Each run tells a socket of its number, and goes on when it is told to.
DX_UPGRADE_SERVER = """
import os
import socket
import threading
from typing import Optional

from cyberfusion.RabbitMQConsumer.contracts import (
    HandlerBase,
    RPCRequestBase,
    RPCResponseBase,
    RPCResponseData,
)

mutex = threading.Lock()
running = {}


class RPCRequestUpgradeServer(RPCRequestBase):
    number: int


class RPCResponseDataUpgradeServer(RPCResponseData):
    together: int


class RPCResponseUpgradeServer(RPCResponseBase):
    data: Optional[RPCResponseDataUpgradeServer]


class Handler(HandlerBase):
    lock_attribute = "number"

    def __call__(self, request: RPCRequestUpgradeServer) -> RPCResponseUpgradeServer:
        number = request.number
        with mutex:
            running[number] = together = running.get(number, 0) + 1
        with socket.socket(socket.AF_UNIX) as watched:
            watched.connect(os.environ["WATCH_SOCKET"])
            watched.sendall(f"{number}\\\\n".encode())
            watched.recv(1)
        with mutex:
            running[number] -= 1
        return RPCResponseUpgradeServer(
            success=True,
            message="Upgraded",
            data=RPCResponseDataUpgradeServer(together=together),
        )
""".replace(
    "\\\\n", "\\n"
)


def write_packages(directory):
    """Each handler in a package of its own, as if installed apart; the paths of both."""
    paths = []
    for name, text in (("dx_example", DX_EXAMPLE), ("dx_upgrade_server", DX_UPGRADE_SERVER)):
        path = directory / f"package_of_{name}"
        module = path / "cyberfusion/RabbitMQHandlers/exchanges" / name
        module.mkdir(parents=True)
        (module / "__init__.py").write_text(text)
        paths.append(str(path))
    return paths


def configuration(uri, vhost, key=None, **settings):
    """The consumer's, for a broker at this address."""
    address = urllib.parse.urlsplit(uri)
    exchanges = {name: {"type": "direct"} for name in ("dx_example", "dx_upgrade_server")}
    return {
        "server": {
            "host": address.hostname,
            "port": address.port,
            "ssl": False,
            "username": address.username,
            "password": address.password,
        },
        "virtual_hosts": {
            vhost: {
                "queue": "test",
                "fernet_key": key,
                "max_simultaneous_requests": 5,
                "exchanges": exchanges,
            }
        },
        **settings,
    }


class Watch:
    """Where runs of dx_upgrade_server tell that they are there."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.bind(self.path)
        self.socket.listen()

    def wait_for_run(self):
        """The next one's number, and what lets it go on."""
        run, _ = self.socket.accept()
        return int(run.makefile().readline()), run.close

    def close(self):
        self.socket.close()


class Serving:
    """`python3 -m warren serve`, ready."""

    def __init__(self, directory, config, *arguments, packages=(), **environment):
        file = directory / "rabbitmq.yml"
        file.write_text(config if isinstance(config, str) else json.dumps(config))
        self.errors = open(directory / "errors.log", "w+", encoding="utf-8")
        path = os.pathsep.join([*packages, *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "warren", "serve", "--config", str(file), *arguments],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env={**os.environ, "PYTHONPATH": path, **environment},
            preexec_fn=die_with_parent,
        )

    def __enter__(self):
        said = self.process.stdout.readline()
        assert said == "ready\n", self.log()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def log(self):
        return pathlib.Path(self.errors.name).read_text(encoding="utf-8")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        return self.process.wait(PATIENCE_S)
