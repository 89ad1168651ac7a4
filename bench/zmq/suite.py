"""Echo of 16 bytes over ZeroMQ: Warren in both protocols, and bare libzmq.

A shape is sockets of the client x calls in flight on each; REQ has one at a time. The server has
one I/O thread beside libzmq's own, and handlers run there unless the contender says otherwise; so
has the client. CPU is that of both processes.
"""

import echo
import runs

SHAPES = "1x1,16x1,1x64,16x64"
CEILING = "bare DEALER/ROUTER"


def contenders(build):
    bare = f"{build}/bench/zmq_bare"
    warren = f"{build}/bench/warren_echo"
    return {
        CEILING: echo.Contender(bare),
        "bare REQ/REP": echo.Contender(bare, both=("req",), one_each=True),
        "Warren": echo.Contender(warren, both=("zmq",)),
        "Warren blocking": echo.Contender(warren, both=("zmq",), client=("blocking",)),
        "Warren pyzmqrpc": echo.Contender(warren, both=("pyzmqrpc",)),
        "Warren workers": echo.Contender(warren, both=("zmq",), server=("worker",)),
        "Warren TCP": echo.Contender(warren),
    }


def add_options(parser):
    echo.add_options(parser, SHAPES)


def run(options, parser):
    every = contenders(options.build)
    chosen = runs.choose(every, (CEILING,), options.only, parser)
    echo.run_shapes(options, chosen, "ZeroMQ echo", CEILING)
