"""Three private brokers (rabbitmq.py) that are one cluster, whose nodes can be cut off from the others."""

import pathlib

from processes import free_ports
from rabbitmq import Broker, start_epmd
from rabbitmq_control import BrokerError

NODES = ("one", "two", "three")
START_ATTEMPTS = 3
COOKIE = "warren"


class Cluster:
    """For `with`; `nodes` are its brokers. A node in a minority ends its clients' connections."""

    def __init__(self):
        self.epmd = None
        self.nodes = []

    def __enter__(self):
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                self.start()
                return self
            except BrokerError:
                self.close()
                if attempt == START_ATTEMPTS:
                    raise
            except BaseException:
                self.close()
                raise

    def __exit__(self, *_):
        self.close()

    def start(self):
        (epmd_port,) = free_ports(1)
        self.epmd = start_epmd(epmd_port)
        settings = (
            "cluster_formation.peer_discovery_backend = classic_config",
            *(
                f"cluster_formation.classic_config.nodes.{at} = {node}@localhost"
                for at, node in enumerate(NODES, 1)
            ),
            "cluster_partition_handling = pause_minority",
            "net_ticktime = 5",
        )
        for node in NODES:
            broker = Broker(node=node, epmd_port=epmd_port, settings=settings)
            self.nodes.append(broker)
            broker.make_directory()
            broker.choose_ports()
            cookie = pathlib.Path(broker.directory, ".erlang.cookie")
            cookie.write_text(COOKIE)
            cookie.chmod(0o400)
            broker.launch()
        for broker in self.nodes:
            broker.await_started()

    def uri(self, first=0):
        """The address of all nodes, beginning with this one."""
        order = self.nodes[first:] + self.nodes[:first]
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in order)
        return f"amqp://guest:guest@{hosts}/"

    def cut_off(self, node):
        """Have a node and the others neither hear each other nor connect again."""
        for other in self.others(node):
            # Two cookies, as with one both would let the other in again.
            other.evaluate(f"erlang:set_cookie('{node.state['node']}', theirs)")
        for step in ("erlang:set_cookie({}, its)", "erlang:disconnect_node({})"):
            for other in self.others(node):
                node.evaluate(step.format(f"'{other.state['node']}'"))

    def heal(self, node):
        for other in self.others(node):
            for one, its_peer in ((node, other), (other, node)):
                one.evaluate(f"erlang:set_cookie('{its_peer.state['node']}', {COOKIE})")

    def others(self, node):
        return [other for other in self.nodes if other is not node]

    def running(self, asked):
        """How many nodes serve, as this one sees it."""
        return int(asked.evaluate("length(rabbit_nodes:all_running())"))

    def close(self):
        for node in self.nodes:
            node.close()
        self.nodes = []
        if self.epmd is not None:
            self.epmd.kill()
            self.epmd.wait()
