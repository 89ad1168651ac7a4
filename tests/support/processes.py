"""Starting other programs so that nothing stays behind, and finding ports for them."""

import ctypes
import os
import signal
import socket

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_parent():
    """For preexec_fn: the child is killed when its parent ends, even when that crashes."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        os._exit(1)


def free_ports(count):
    """Loopback ports that nobody has now; all are held at once, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for holder in sockets:
            holder.bind(("127.0.0.1", 0))
        return [holder.getsockname()[1] for holder in sockets]
    finally:
        for holder in sockets:
            holder.close()
