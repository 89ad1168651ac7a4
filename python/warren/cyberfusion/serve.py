"""Serves what a configuration says, until a signal."""

from __future__ import annotations

import datetime
import os
import socket

from warren._warren import ServerOptions
from warren.cyberfusion.config import Config
from warren.cyberfusion.document import ConfigError
from warren.cyberfusion.handlers import add_handlers
from warren.cyberfusion.provided import provide_contracts
from warren.errors import InvalidRequest
from warren.server import Server


def make_server(config: Config, file: str) -> Server:
    """A server with a listener for each virtual host.

    Raises ConfigError and HandlerError.
    """
    provide_contracts()
    options = ServerOptions(log="info")
    if config.drain_timeout_s is not None:
        options.drain_timeout = datetime.timedelta(seconds=config.drain_timeout_s)
    if config.log_server is not None:
        told = {"base_url": config.log_server.base_url, "api_token": config.log_server.api_token}
        options = options.replace(call_log=told)
    threads = sum(host.requests_max for host in config.virtual_hosts)
    server = Server(options=options, threads=threads)
    exchanges = dict.fromkeys(name for host in config.virtual_hosts for name in host.exchanges)
    add_handlers(server, list(exchanges), is_mocked=config.is_mocked)
    for host in config.virtual_hosts:
        try:
            server.listen(options=host.listener)
        except InvalidRequest as error:
            raise ConfigError(f"{file}: {host.node.path}: {error.message}") from error
    return server


def tell_ready() -> None:
    """Say it to who started this, and to systemd."""
    print("ready", flush=True)
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        if address.startswith("@"):
            address = "\0" + address[1:]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notified:
            notified.sendto(b"READY=1", address)
