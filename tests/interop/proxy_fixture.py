"""What the tests of proxies stand on."""

import re
import urllib.request

from tcp_fixture import TcpTest
from fixture import PROGRAM, Process


def metrics_of(process):
    """Of one whose `admin` is the last of its addresses."""
    with urllib.request.urlopen(f"{process.addresses[-1]}/metrics") as answer:
        return answer.read().decode()


def buffer_figure(process, name):
    """Of the buffer of its proxy named `kept`."""
    found = re.search(rf'^warren_buffer_{name}{{proxy="kept"}} (\S+)$', metrics_of(process), re.M)
    return float(found.group(1))


class ProxyTest(TcpTest):
    def start_proxy(self, *options, to, source="tcp://127.0.0.1:0"):
        """`warren proxy`; not yet ready."""
        return self.enterContext(
            Process(PROGRAM, "proxy", "--from", source, "--to", to, *options)
        )

    def proxy(self, *options, **settings):
        """`warren proxy`, ready."""
        return self.start_proxy(*options, **settings).wait_until_ready()

    def serve_proxies(self, *proxies, **settings):
        """`warren serve` with these proxies, ready."""
        process = self.start_serving({"proxies": list(proxies), **settings})
        return self.enterContext(process).wait_until_ready()

    def assert_ends_well(self, process):
        process.terminate()
        self.assertEqual(process.wait(), 0, process.log())
