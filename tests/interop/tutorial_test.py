"""The tutorial protocol, both ways: aio-pika's and pika's programs, and Warren's."""

import asyncio
import json
import unittest

from fixture import HERE, InteropTest, Process
from fibonacci_client import FibonacciClient


class TutorialCaller(InteropTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enterClassContext(cls.serve(cls.tutorial()))

    def run_with_client(self, use):
        async def connected():
            async with await FibonacciClient().connect(self.uri) as client:
                return await use(client)

        return asyncio.run(connected())

    def test_the_tutorials_number(self):
        self.assertEqual(self.run_with_client(lambda client: client.call(30)), 832040)

    def test_the_reply_is_the_bare_number(self):
        reply = self.run_with_client(lambda client: client.send(b"10"))
        self.assertEqual(reply.body, b"55")

    def test_many_in_flight(self):
        async def many(client):
            return await asyncio.gather(*(client.call(number) for number in range(60)))

        below, at, expected = 0, 1, []
        for _ in range(60):
            expected.append(below)
            below, at = at, below + at
        self.assertEqual(self.run_with_client(many), expected)

    def test_what_is_out_of_bounds_or_no_number_is_a_failure_with_a_name(self):
        async def all_of_them(client):
            bodies = (b"-1", b"1000000", b"thirty", b"", b"\xff", b"[1, 2]", b"{", b"1.5")
            return [await client.send(body) for body in bodies]

        for reply in self.run_with_client(all_of_them):
            self.assertEqual(reply.headers["warren-code"], "invalid_request", reply.body)
            self.assertEqual(json.loads(reply.body)["error"]["code"], "invalid_request")
        self.assert_settled("rpc_queue")

    def test_warren_calls_warren(self):
        self.assert_gives(call_fibonacci(self, "30"), 832040)


def call_fibonacci(test, argument):
    return test.call("fibonacci", argument, to=f"{test.uri}?queue=rpc_queue&protocol=tutorial")


class TheTutorialsServer(InteropTest):
    def assert_served_by(self, library):
        with Process(HERE / "fibonacci_server.py", library, self.uri) as server:
            server.wait_until_ready()
            self.assert_gives(call_fibonacci(self, "30"), 832040)
            self.assert_gives(call_fibonacci(self, "0"), 0)

    def test_aio_pika(self):
        self.assert_served_by("aio")

    def test_pika(self):
        self.assert_served_by("pika")

    def test_no_server(self):
        finished = self.call("f", "1", to=f"{self.uri}?queue=nobody&protocol=tutorial")
        self.assert_fails(finished, "no_responder")


if __name__ == "__main__":
    unittest.main()
