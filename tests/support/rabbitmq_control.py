"""What one can ask of a running private RabbitMQ, whoever started it."""

import json
import os
import pathlib
import socket
import struct
import urllib.parse

ACTING = '<<"warren">>'  # the user that the broker's log names for what is asked here


def binary(text):
    """An Erlang binary of this text."""
    return "<<" + ",".join(str(byte) for byte in text.encode()) + ">>"


class BrokerError(Exception):
    pass


class Control:
    """A running broker, whoever started it: its addresses, and what one can ask of it."""

    def __init__(self, state):
        self.state = state

    @property
    def port(self):
        return self.state["port"]

    @property
    def tls_port(self):
        return self.state["tls_port"]

    @property
    def certificates(self):
        return self.state["certificates"]

    def uri(self, vhost="/", user="guest", password="guest"):
        quote = lambda text: urllib.parse.quote(text, safe="")
        return f"amqp://{quote(user)}:{quote(password)}@127.0.0.1:{self.port}/{quote(vhost)}"

    def tls_uri(self, vhost="/", user="guest", password="guest"):
        quote = lambda text: urllib.parse.quote(text, safe="")
        return f"amqps://{quote(user)}:{quote(password)}@localhost:{self.tls_port}/{quote(vhost)}"

    def evaluate(self, expression):
        """Evaluate Erlang expressions inside the broker; the last one's value as text."""
        text = expression.strip().rstrip(".").encode() + b"."
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(self.state["control"])
            control.sendall(struct.pack(">I", len(text)) + text)
            with control.makefile("rb") as answers:
                header = answers.read(4)
                if len(header) < 4:
                    raise BrokerError(f"the broker went away while evaluating {expression}")
                answer = answers.read(struct.unpack(">I", header)[0]).decode()
        if answer[0] != "k":
            raise BrokerError(f"{expression}: {answer[1:]}")
        return answer[1:]

    def add_vhost(self, name):
        """Make a virtual host, with everything permitted to guest."""
        vhost = binary(name)
        self.evaluate(
            f"ok = rabbit_vhost:add({vhost}, {ACTING}),"
            f"ok = rabbit_auth_backend_internal:set_permissions(<<\"guest\">>, {vhost},"
            f' <<".*">>, <<".*">>, <<".*">>, {ACTING})'
        )

    def delete_vhost(self, name):
        self.evaluate(f"rabbit_vhost:delete({binary(name)}, {ACTING})")

    def add_user(self, user, password, vhost="/", configure=".*", write=".*", read=".*"):
        """Make a user, or give one that another test made these permissions, too."""
        name = binary(user)
        patterns = ", ".join(binary(pattern) for pattern in (configure, write, read))
        self.evaluate(
            f"catch rabbit_auth_backend_internal:add_user({name}, {binary(password)}, {ACTING}),"
            f"ok = rabbit_auth_backend_internal:set_permissions({name}, {binary(vhost)},"
            f" {patterns}, {ACTING})"
        )

    def change_password(self, user, password):
        self.evaluate(
            f"ok = rabbit_auth_backend_internal:change_password({binary(user)},"
            f" {binary(password)}, {ACTING})"
        )

    def close_all_connections(self, reason, vhost=None):
        """Have the broker close its clients' connections (320); how many there were."""
        chosen = "" if vhost is None else f", V =:= {binary(vhost)}"
        return int(
            self.evaluate(
                "length([rabbit_networking:close_connection(P, " + json.dumps(reason) + ")"
                f" || [{{pid, P}}, {{vhost, V}}] <- rabbit_networking:connection_info_all("
                f"[pid, vhost]){chosen}])"
            )
        )

    def block(self):
        """Raise the memory alarm: publishing connections are blocked and told so."""
        self.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0)")

    def unblock(self):
        self.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.4)")

    def queue_depths(self, vhost="/"):
        """Messages (ready and unacknowledged) and consumers of each queue of a virtual host."""
        rows = self.evaluate(
            'lists:flatten([io_lib:format("~s ~b ~b ~b~n", [N, R, U, C]) ||'
            " [{name, {resource, _, _, N}}, {messages_ready, R},"
            " {messages_unacknowledged, U}, {consumers, C}] <-"
            f" rabbit_amqqueue:info_all({binary(vhost)},"
            " [name, messages_ready, messages_unacknowledged, consumers]),"
            " is_integer(R), is_integer(U), is_integer(C)])",
        )
        depths = {}
        # An Erlang string prints as JSON prints it, but for the empty one.
        for row in json.loads(rows).splitlines() if rows != "[]" else []:
            name, ready, unacknowledged, consumers = row.rsplit(" ", 3)
            depths[name] = {
                "ready": int(ready),
                "unacknowledged": int(unacknowledged),
                "consumers": int(consumers),
            }
        return depths


def shared_broker():
    """The broker of this ctest run, as WARREN_RABBITMQ names it; None outside of one."""
    path = os.environ.get("WARREN_RABBITMQ", "")
    if not os.path.exists(path):
        return None
    control = Control(json.loads(pathlib.Path(path).read_text()))
    try:
        control.evaluate("ok")
    except OSError:
        return None
    return control
