"""Echo of 16 bytes over TCP: Warren in its modes, gRPC, Thrift, Cap'n Proto and bare epoll.

A shape is connections x calls in flight on each. The server has one I/O thread, and handlers run
there unless the contender says otherwise; so has the client. CPU is that of both processes.
"""

import pathlib
import subprocess
import tempfile

import echo
import runs
from certificates import make_certificates

SHAPES = "1x1,64x1,1x64,16x64"
CEILING = "bare epoll"
SPIN_CEILING = "bare epoll spin"
# The library that pkg-config knows the version of.
PEERS = {"gRPC": "grpc++", "Thrift": "thrift", "Cap'n Proto": "capnp-rpc"}


def contenders(build, certificates):
    epoll = f"{build}/bench/tcp_epoll"
    warren = f"{build}/bench/warren_echo"
    server_tls = f"tls={certificates['server']}"
    client_tls = f"tls={certificates['ca']}"
    every = {
        CEILING: echo.Contender(epoll),
        SPIN_CEILING: echo.Contender(epoll, both=("spin",)),
        "Warren": echo.Contender(warren),
        "Warren blocking": echo.Contender(warren, client=("blocking",)),
        "Warren spin": echo.Contender(warren, both=("spin",)),
        "Warren blocking spin": echo.Contender(warren, both=("spin",), client=("blocking",)),
        "Warren TLS": echo.Contender(warren, server=(server_tls,), client=(client_tls,)),
        "Warren HMAC": echo.Contender(warren, both=("auth",)),
        "Warren metrics": echo.Contender(warren, server=("metrics",)),
        "Warren access log": echo.Contender(warren, server=("access_log",)),
        "Warren workers": echo.Contender(warren, server=("worker",)),
        "gRPC": echo.Contender(f"{build}/bench/tcp_grpc"),
        "Thrift": echo.Contender(f"{build}/bench/tcp_thrift"),
        "Cap'n Proto": echo.Contender(f"{build}/bench/tcp_capnp"),
    }
    # Peers whose packages are not installed were not built.
    return {name: one for name, one in every.items() if pathlib.Path(one.program).exists()}


def print_versions(built):
    for name, library in PEERS.items():
        version = "not built"
        if name in built:
            command = ["pkg-config", "--modversion", library]
            version = subprocess.run(command, capture_output=True, text=True).stdout.strip()
        print(f"{name + ':':12} {version}")


def add_options(parser):
    echo.add_options(parser, SHAPES)


def run(options, parser):
    with tempfile.TemporaryDirectory(prefix="warren-bench-") as directory:
        every = contenders(options.build, make_certificates(directory))
        chosen = runs.choose(every, (CEILING,), options.only, parser)
        print_versions(every)
        echo.run_shapes(options, chosen, "TCP echo", CEILING, PEERS)
