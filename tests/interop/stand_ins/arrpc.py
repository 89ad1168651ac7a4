"""A stand-in for the arrpc package: what its programs import and call is the same, and so is the wire."""

import socket

from arrpc_peer import Client
from arrpc_peer import Server as Peer

__all__ = ["Client", "Server"]


class Server(Peer):
    def __init__(self, host, port, handler, **options):
        super().__init__(handler, socket.create_server((host, port)), **options)
