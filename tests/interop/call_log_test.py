"""Servers of every kind that tell a log server of their calls, as the original's consumers tell theirs;
and log servers that are away, slow or broken, which no call notices."""

import json
import socket
import threading
import unittest
import urllib.request
import uuid

import pika
from cryptography.fernet import Fernet

from call_log_peer import TOKEN, LogServer
from fixture import InteropTest, eventually
from pika_caller import Connection
from tcp_fixture import Caller, TcpTest

KEY = Fernet.generate_key().decode()


def metric(server, name):
    admin = "; ".join(server.listeners).split("http://")[1].split()[0]
    with urllib.request.urlopen(f"http://{admin}/metrics", timeout=30) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    raise AssertionError(f"no {name}")


class Recording(TcpTest):
    def setUp(self):
        self.log = self.enterContext(LogServer())

    def serve_logged(self, *listeners, base_url=None, **settings):
        log_server = {"base_url": base_url or self.log.base_url, "api_token": TOKEN} | settings
        admin = {"address": "127.0.0.1:0"}
        return self.enterContext(self.serve(*listeners, log_server=log_server, admin=admin))

    def assert_told(self, count):
        self.assertTrue(eventually(lambda: len(self.log.responses) == count), self.log.refusals)
        self.assertEqual(self.log.refusals, [])
        self.assertEqual(len(self.log.requests), count)


class WithoutBroker(Recording):
    def assert_recorded(self, listener, scheme):
        server = self.serve_logged(listener)
        self.assert_gives(self.call(server.addresses[0], "add", {"a": 2, "b": 40}), 42)
        self.assert_told(1)
        request, response = self.log.call_of("add")
        self.assertEqual(request["request_payload"], {"a": 2, "b": 40})
        self.assertEqual(request["hostname"], socket.gethostname())
        self.assertTrue(request["virtual_host_name"].startswith(scheme), request)
        self.assertEqual((request["queue_name"], request["rabbitmq_username"]), ("", ""))
        self.assertEqual(
            response["response_payload"], {"success": True, "message": "OK", "data": 42}
        )
        self.assertIsNone(response["traceback"])

    def test_tcp(self):
        self.assert_recorded({"tcp": "127.0.0.1:0"}, "tcp://127.0.0.1:")

    def test_zeromq(self):
        self.assert_recorded({"zmq": "tcp://127.0.0.1:0"}, "zmq+tcp://127.0.0.1:")

    def test_arguments_by_position_have_their_names(self):
        server = self.serve_logged({"tcp": "127.0.0.1:0"})
        self.assert_gives(self.call(server.addresses[0], "add", [2, 40]), 42)
        self.assert_told(1)
        self.assertEqual(self.log.call_of("add")[0]["request_payload"], {"a": 2, "b": 40})

    def test_failures(self):
        server = self.serve_logged({"tcp": "127.0.0.1:0"})
        address = server.addresses[0]
        self.assert_fails(self.call(address, "fail", {"message": "no such tree"}), "failed")
        self.assert_fails(self.call(address, "add", {"a": 1}), "invalid_request")
        self.assert_fails(self.call(address, "nothing", {"a": 1}), "no_such_method")
        self.assert_told(3)
        _, failed = self.log.call_of("fail")
        self.assertEqual(
            failed["response_payload"],
            {"success": False, "message": "no such tree", "data": None, "code": "failed"},
        )
        self.assertEqual(failed["traceback"], "failed: no such tree")
        _, invalid = self.log.call_of("add")
        (error,) = invalid["response_payload"]["errors"]
        self.assertEqual((error["location"], error["type"]), (["b"], "missing"))
        self.assertEqual(invalid["response_payload"]["code"], "invalid_request")
        self.assertIn("b: Field is required", invalid["traceback"])
        request, unknown = self.log.call_of("nothing")
        self.assertEqual(request["request_payload"], {"a": 1})
        self.assertEqual(unknown["response_payload"]["code"], "no_such_method")

    def test_secrets_stand_nowhere(self):
        server = self.serve_logged({"tcp": "127.0.0.1:0", "fernet_key": KEY})
        token = lambda text: Fernet(KEY).encrypt(text.encode()).decode()
        secret, spoken, stranger = "correct-horse", "battery-staple", Fernet.generate_key()
        others = Fernet(stranger).encrypt(b"of another key").decode()
        value = {"password": token(secret), "note": f"it is {secret}!", "pass": others}
        called = self.call(server.addresses[0], "echo", {"value": value})
        self.assertEqual(called.returncode, 0, called.stderr)
        # No name makes this one a secret, but it came encrypted, and the failure speaks of it.
        failed = self.call(server.addresses[0], "fail", {"message": token(f"lost {spoken}")})
        self.assert_fails(failed, spoken)
        self.assert_told(2)
        request, response = self.log.call_of("echo")
        masked = {"password": "*****", "note": "it is *****!", "pass": "*****"}
        self.assertEqual(request["request_payload"], {"value": masked})
        self.assertEqual(response["response_payload"]["data"], masked)
        request, response = self.log.call_of("fail")
        self.assertEqual(request["request_payload"], {"message": "*****"})
        self.assertEqual(response["response_payload"]["message"], "*****")
        self.assertNotIn(spoken, json.dumps([request, response]))

    def test_large_payloads_are_not_recorded(self):
        server = self.serve_logged({"tcp": "127.0.0.1:0"}, payload_bytes_max=1000)
        large = "x" * 5000
        self.assert_gives(self.call(server.addresses[0], "echo", {"value": large}), large)
        self.assert_told(1)
        request, response = self.log.call_of("echo")
        answer = response["response_payload"]
        self.assertTrue(answer["success"])
        for payload in (request["request_payload"], answer["data"]):
            self.assertIn("of which 1000 are recorded", payload["omitted"])

    def test_a_forwarded_call(self):
        behind = self.enterContext(self.serve({"tcp": "127.0.0.1:0"}))
        proxy = {"from": {"tcp": "127.0.0.1:0"}, "to": behind.addresses[0]}
        log_server = {"base_url": self.log.base_url, "api_token": TOKEN}
        server = self.enterContext(
            self.start_serving({"proxies": [proxy], "log_server": log_server}).wait_until_ready()
        )
        given = self.call(server.addresses[0], "echo", {"value": {"password": "of-a-tree"}})
        self.assert_gives(given, {"password": "of-a-tree"})
        self.assert_told(1)
        request, response = self.log.call_of("echo")
        self.assertNotIn("of-a-tree", json.dumps([request, response]))


class Away(Recording):
    """What is wrong with the log server is no matter of calls."""

    def assert_unharmed(self, server, calls=200):
        with Caller(server.addresses[0]) as caller:
            for number in range(calls):
                caller.start("-", "add", [number, 1])
            given = sorted(caller.outcome()[2] for _ in range(calls))
        self.assertEqual(given, [number + 1 for number in range(calls)])

    def test_nobody_listens_and_then_somebody_does(self):
        port = self.log.server_port
        self.log.__exit__()
        server = self.serve_logged({"tcp": "127.0.0.1:0"}, queue_bytes_max=20_000)
        self.assert_unharmed(server)
        self.assertGreater(metric(server, "warren_call_log_dropped_total"), 0)
        server.wait_until_log("call log: ")
        self.log = self.enterContext(LogServer(port))
        told = lambda: metric(server, "warren_call_log_sent_total") > 0
        self.assertTrue(eventually(told))
        # All that is told from now on comes there.
        settled = lambda: (
            self.call(server.addresses[0], "echo", {"value": "again"}).returncode == 0
            and any(
                request["request_payload"] == {"value": "again"}
                and request["correlation_id"] in self.log.responses
                for request in list(self.log.requests.values())
            )
        )
        self.assertTrue(eventually(settled))

    def test_it_hangs(self):
        over = threading.Event()
        self.addCleanup(over.set)
        self.log.behaviour = lambda handler: over.wait() and False
        server = self.serve_logged({"tcp": "127.0.0.1:0"}, queue_bytes_max=20_000)
        self.assert_unharmed(server)
        self.assertGreater(metric(server, "warren_call_log_dropped_total"), 0)

    def test_it_fails(self):
        self.log.behaviour = 500
        server = self.serve_logged({"tcp": "127.0.0.1:0"})
        self.assert_unharmed(server)
        server.wait_until_log("it answers with status 500")
        self.log.behaviour = None
        again = lambda: (
            self.call(server.addresses[0], "add", {"a": 1, "b": 1}).returncode == 0
            and len(self.log.responses) > 0
        )
        self.assertTrue(eventually(again))

    def test_it_is_slow(self):
        """One that the test lets go on; all comes there in the end."""
        turn = threading.Semaphore(0)

        def slowly(_):
            turn.acquire()
            return True

        self.log.behaviour = slowly
        server = self.serve_logged({"tcp": "127.0.0.1:0"})
        self.assert_unharmed(server, calls=50)
        for _ in range(100):
            turn.release()
        self.assert_told(50)

    def test_a_wrong_token(self):
        log_server = {"base_url": self.log.base_url, "api_token": "wrong"}
        server = self.enterContext(self.serve({"tcp": "127.0.0.1:0"}, log_server=log_server))
        self.assert_unharmed(server, calls=3)
        server.wait_until_log("it answers with status 401")

    def test_what_waits_is_sent_at_the_end(self):
        turn = threading.Semaphore(0)

        def in_turn(_):
            turn.acquire()
            return True

        self.log.behaviour = in_turn
        server = self.serve_logged({"tcp": "127.0.0.1:0"})
        self.assert_unharmed(server, calls=20)
        self.assertLess(len(self.log.responses), 20)
        server.terminate()
        for _ in range(40):
            turn.release()
        self.assertEqual(server.wait(), 0)
        self.assert_told(20)

    def test_the_end_does_not_wait_for_one_that_hangs(self):
        over = threading.Event()
        self.addCleanup(over.set)
        self.log.behaviour = lambda handler: over.wait() and False
        server = self.serve_logged({"tcp": "127.0.0.1:0"}, flush_timeout="100ms")
        self.assert_unharmed(server, calls=5)
        server.terminate()
        self.assertEqual(server.wait(), 0)
        self.assertIn("call log: the end came before 10 requests and responses were sent", server.log())

    def test_it_is_checked(self):
        wrong = {"base_url": "logs.example", "api_token": TOKEN, "colour": 1}
        self.assert_refused({"listeners": [{"tcp": "127.0.0.1:0"}], "log_server": wrong},
                            "log_server.base_url: A log server's address begins with", "colour")
        self.assert_refused({"listeners": [{"tcp": "127.0.0.1:0"}],
                             "log_server": {"base_url": "http://logs.example/api/v1"}}, "api_token")

    def assert_refused(self, configuration, *words):
        server = self.enterContext(self.start_serving(configuration))
        self.assertEqual(server.wait(), 78)
        for word in words:
            self.assertIn(word, server.log())


class AtTheBroker(InteropTest):
    def setUp(self):
        self.log = self.enterContext(LogServer())

    def test_cyberfusion(self):
        log_server = {"base_url": self.log.base_url, "api_token": TOKEN}
        with self.serve(self.cyberfusion(), log_server=log_server) as server:
            given = self.call("dx_example", {"favourite_food": "banana"})
            self.assert_gives(given, {"tolerable": False})
            self.assert_fails(self.call("dx_example", {"favourite_food": "tree"}), "invalid_request")
            self.assertTrue(eventually(lambda: len(self.log.responses) == 2), self.log.refusals)
            server.terminate()
            self.assertEqual(server.wait(), 0)
        self.assertEqual(self.log.refusals, [])
        for request in self.log.requests.values():
            uuid.UUID(request["correlation_id"])
            self.assertEqual(request["virtual_host_name"], self.vhost)
            self.assertEqual(request["queue_name"], "test")
            self.assertEqual(request["rabbitmq_username"], "guest")
            self.assertEqual(request["exchange_name"], "dx_example")
        payloads = [request["request_payload"]["favourite_food"] for request in self.log.requests.values()]
        self.assertEqual(sorted(payloads), ["banana", "tree"])
        successes = [each["response_payload"]["success"] for each in self.log.responses.values()]
        self.assertEqual(sorted(successes), [False, True])

    def test_other_correlation_ids_and_what_cannot_be_read(self):
        log_server = {"base_url": self.log.base_url, "api_token": TOKEN}
        server = self.enterContext(self.serve(self.cyberfusion(), log_server=log_server))
        of_no_uuid = pika.BasicProperties(
            content_type="application/json", correlation_id="the 17th", reply_to="nobody"
        )
        with Connection(self.uri) as amqp:
            amqp.channel.basic_publish("echo", "test", b'{"value": 1}', of_no_uuid)
            self.assertTrue(eventually(lambda: len(self.log.responses) == 1), server.log())
            amqp.channel.basic_publish("echo", "test", b"{no JSON", of_no_uuid)
            self.assertTrue(eventually(lambda: len(self.log.responses) == 2), server.log())
        space = uuid.UUID("2f6b1d5c-8e41-4b7a-930d-c15e77a29b34")
        read = self.log.requests.pop(str(uuid.uuid5(space, "the 17th")))
        self.assertEqual(read["request_payload"], {"value": 1})
        ((unread_id, unread),) = self.log.requests.items()
        self.assertEqual(unread["request_payload"], {})
        answer = self.log.responses[unread_id]["response_payload"]
        self.assertEqual(answer["code"], "invalid_request")
        self.assertEqual(self.log.refusals, [])


if __name__ == "__main__":
    unittest.main()
