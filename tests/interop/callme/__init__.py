"""A stand-in for the callme package, over kombu: what its programs import, and what they put on the
wire, is the same."""

from callme.proxy import Proxy, RpcTimeout
from callme.server import Server

__all__ = ["Proxy", "RpcTimeout", "Server"]
