"""What RabbitMQ 4.3 refuses by default and older programs declare: `compat: "4.3"` has every protocol pass, and
without it the refusal names that remedy. A relay before the broker refuses as 4.3 does."""

import asyncio
import contextlib
import json
import os
import pathlib
import unittest

import amqp
import pika

import callme
from callme_test import METHODS
from fibonacci_client import FibonacciClient
from fixture import MODULES, PROGRAM, TEST_MODULES, InteropTest, Process, run_warren
from pika_caller import Connection, RpcClient

from rabbitmq_43 import (
    FIRST_CLASSIC_QUEUES,
    GLOBAL_QOS,
    MIRRORED_QUEUES,
    TRANSIENT_QUEUES,
    RabbitMQ43,
)

POISON_MODULES = os.environ.get(
    "WARREN_POISON_MODULES", str(pathlib.Path(PROGRAM).parent / "test_modules/poison")
)
COMPAT = {"compat": "4.3"}
REMEDY = "compat=4.3"


class Compat43(InteropTest):
    def setUp(self):
        self.newer = self.enterContext(RabbitMQ43(self.broker.port))
        self.newer_uri = self.newer.uri_of(self.uri)
        # Tests have one virtual host, and queues of other tests may have another shape.
        self.name = self.id().rpartition(".")[2]

    def listener(self, protocol, **settings):
        own = {
            "cyberfusion": {"queue": self.name, "methods": ["add", "echo"]},
            "tutorial": {"queue": self.name, "method": "fibonacci"},
            "callme": {"server_id": self.name, "methods": METHODS},
        }
        return {"amqp": self.newer_uri, "protocol": protocol} | own[protocol] | settings

    def serving(self, *listeners, modules=(MODULES, TEST_MODULES), **settings):
        """Not yet ready."""
        configuration = {"modules": list(modules), "listeners": list(listeners)} | settings
        return self.start_serving(configuration, name=f"{self.name}.yml")

    @contextlib.contextmanager
    def served(self, *listeners, **settings):
        with self.serving(*listeners, **settings) as server:
            yield server.wait_until_ready()

    def address(self, protocol, uri=None, **parameters):
        named = "server_id" if protocol == "callme" else "queue"
        given = {"protocol": protocol, named: self.name} | parameters
        query = "&".join(f"{key}={value}" for key, value in given.items())
        return f"{uri or self.newer_uri}?{query}"

    def call_as(self, protocol, **parameters):
        method, arguments, expected = {
            "cyberfusion": ("add", '{"a": 1, "b": 2}', 3),
            "tutorial": ("fibonacci", "10", 55),
            "callme": ("add", "[1, 2]", 3),
        }[protocol]
        to = self.address(protocol, **parameters)
        finished = run_warren("call", method, arguments, "--to", to, "--timeout", "20s")
        return finished, expected

    def assert_answered(self, protocol, **parameters):
        finished, expected = self.call_as(protocol, **parameters)
        self.assert_gives(finished, expected)

    def assert_taken(self):
        self.assertEqual(self.newer.refused, [])


class WithCompat(Compat43):
    def test_every_protocol_in_every_reply_mode(self):
        for protocol in ("cyberfusion", "tutorial"):
            with self.subTest(protocol), self.served(self.listener(protocol, **COMPAT)):
                for reply in ("exclusive", "direct", "durable"):
                    self.assert_answered(protocol, reply=reply, **COMPAT)
                self.assert_answered(protocol, reply="durable", reply_queue="mine", **COMPAT)
                self.assert_answered(protocol, return_dropped="true", **COMPAT)
                self.assert_answered(protocol, peer="warren", **COMPAT)
                # Replies are as before there, so that clients need not say it.
                self.assert_answered(protocol)
            with Connection(self.uri) as connected:
                connected.channel.queue_delete(self.name)
        self.assert_taken()

    def test_callme_in_every_shape_of_its_reply_queue(self):
        with self.served(self.listener("callme", **COMPAT)):
            for shape in (
                {},
                {"reply_durable": "true"},
                {"reply_durable": "false"},
                {"reply_exclusive": "true"},
                {"reply_exclusive": "false"},
                {"reply_auto_delete": "false"},
                {"reply_queue_type": "quorum"},
                {"reply_queue_type": "classic", "format": "pickle"},
            ):
                with self.subTest(shape):
                    self.assert_answered("callme", **shape, **COMPAT)
        self.assert_taken()

    def test_callmes_queue_goes_with_its_last_consumer_as_before(self):
        queue = f"server_{self.name}_queue"
        with self.served(self.listener("callme", **COMPAT)) as server:
            with Connection(self.uri) as connected:
                connected.channel.queue_declare(
                    queue, durable=True, auto_delete=True, arguments={"x-expires": 1_800_000}
                )
            server.terminate()
            self.assertEqual(server.wait(), 0, server.log())
        self.assertNotIn(queue, self.broker.queue_depths(self.vhost))

    def test_queues_beside_the_servers_own(self):
        shapes = {
            "quorum": {"queue_type": "quorum", "attempts_max": 2},
            "returns": {"queue_type": "quorum", "return_dropped": True},
            "alone": {"exclusive": True, "durable": False},
            "goes": {"auto_delete": True},
            "bounded": {"arguments": {"x-max-length": 10, "x-queue-version": 2}},
        }
        listeners = [
            self.listener("cyberfusion", **COMPAT) | {"queue": name} | shape
            for name, shape in shapes.items()
        ]
        with self.served(*listeners):
            for queue in shapes:
                self.assert_answered("cyberfusion", queue=queue, return_dropped="true", **COMPAT)
        self.assert_taken()

    def test_what_is_tried_again_later(self):
        listener = self.listener("callme", **COMPAT) | {"methods": ["persist_in_coroutine"]}
        with self.served(listener, modules=[POISON_MODULES]):
            to = self.address("callme", **COMPAT)
            finished = run_warren(
                "call", "persist_in_coroutine", "[]", "--to", to, "--timeout", "20s"
            )
            self.assert_gives(finished, 2)
        self.assert_taken()

    def test_proxies_on_both_sides(self):
        for protocol in ("tutorial", "callme"):
            with self.subTest(protocol), self.served(self.listener(protocol, **COMPAT)):
                method = "fibonacci" if protocol == "tutorial" else "add"
                source = self.listener("cyberfusion", queue="front", **COMPAT) | {"methods": [method]}
                behind = self.address(protocol, **COMPAT)
                proxy = {"from": source, "to": behind}
                with self.start_serving({"proxies": [proxy]}, name="proxy.yml") as process:
                    process.wait_until_ready()
                    given = {"n": 10} if protocol == "tutorial" else {"a": 1, "b": 2}
                    to = f"{self.newer_uri}?queue=front&compat=4.3"
                    finished = run_warren(
                        "call", method, json.dumps(given), "--to", to, "--timeout", "20s"
                    )
                    self.assert_gives(finished, 55 if protocol == "tutorial" else 3)
                with Process(
                    PROGRAM, "proxy", "--from", "tcp://127.0.0.1:0", "--to", behind
                ) as process:
                    front = process.wait_until_ready().addresses[0]
                    finished = run_warren("call", method, json.dumps(given), "--to", front)
                    self.assert_gives(finished, 55 if protocol == "tutorial" else 3)
        self.assert_taken()

    def test_what_contradicts_it_is_refused_by_name(self):
        for wrong, named in (
            ({"durable": False}, ("durable: false", "compat", "exclusive: true")),
            ({"arguments": {"x-queue-mode": "lazy"}}, ("x-queue-mode", "leave it out")),
            ({"arguments": {"x-queue-version": 1}}, ("x-queue-version", "leave it out")),
            ({"arguments": {"x-ha-policy": "all"}}, ("x-ha-policy", "leave it out")),
            ({"compat": "4.2"}, ("4.2", "4.3")),
        ):
            with self.subTest(wrong):
                listeners = [self.listener("tutorial", **COMPAT) | wrong]
                path = self.write("wrong.yml", {"modules": [MODULES], "listeners": listeners})
                finished = run_warren("check", path)
                self.assertEqual(finished.returncode, 1, finished.stderr)
                for words in named:
                    self.assertIn(words, finished.stdout)
        shape = {"reply_durable": "false", "reply_exclusive": "false"}
        finished, _ = self.call_as("callme", **shape, **COMPAT)
        self.assert_fails(finished, "reply_exclusive=false")
        finished, _ = self.call_as("tutorial", compat="5")
        self.assert_fails(finished, "known are: 4.3")

    def test_a_queue_of_another_shape_is_told_with_the_remedy(self):
        with Connection(self.uri) as connected:
            connected.channel.queue_declare(self.name)
            with self.serving(self.listener("tutorial", **COMPAT)) as server:
                server.wait_until_log("'durable' is declared as 'true', but 'false' exists")
                self.assertIn("delete it there, or configure the shape that exists", server.log())

    def test_audit_warns_without_it_and_names_it(self):
        notes = []
        for settings in ({}, COMPAT):
            listener = self.listener("tutorial", **settings)
            path = self.write("audit.yml", {"modules": [MODULES], "listeners": [listener]})
            finished = run_warren("audit", path, "--json")
            notes.append(json.loads(finished.stdout.splitlines()[0]).get("notes", []))
        self.assertIn('compat: "4.3"', " ".join(notes[0]))
        self.assertIn("durable: true", " ".join(notes[0]))
        self.assertEqual(notes[1], [])


class WithoutCompat(Compat43):
    def test_servers_are_refused_with_the_remedy(self):
        for protocol in ("tutorial", "callme"):
            with self.subTest(protocol), self.serving(self.listener(protocol)) as server:
                server.wait_until_log(REMEDY)
                self.assertIn('compat: "4.3"', server.log())
                self.assertIn(TRANSIENT_QUEUES, self.newer.refused)

    def test_callmes_callers_are_refused_and_do_not_hang(self):
        with self.served(self.listener("callme", **COMPAT)):
            finished, _ = self.call_as("callme")
            self.assert_fails(finished, "contract_mismatch")
            self.assertIn(REMEDY, finished.stderr)
            self.assertEqual(set(self.newer.refused), {TRANSIENT_QUEUES})

    def test_a_queue_that_is_durable_anyway_passes(self):
        with self.served(self.listener("cyberfusion")):
            for reply in ("exclusive", "direct", "durable"):
                self.assert_answered("cyberfusion", reply=reply)
        self.assert_taken()

    def test_other_features_are_told_by_name(self):
        for arguments, feature in (
            ({"x-queue-mode": "lazy"}, FIRST_CLASSIC_QUEUES),
            ({"x-ha-policy": "all"}, MIRRORED_QUEUES),
        ):
            listener = self.listener("cyberfusion", arguments=arguments)
            with self.subTest(feature), self.serving(listener) as server:
                server.wait_until_log(f"'{feature}'")
                self.assertIn("leave out the 'arguments'", server.log())


class UnmodifiedPeers(Compat43):
    """Warren says `compat`; they are as they always were."""

    def fibonacci(self, uri):
        async def call():
            async with await FibonacciClient().connect(uri, queue=self.name) as client:
                return await client.call(10)

        return asyncio.run(call())

    def test_who_declares_nothing_but_an_exclusive_queue_passes(self):
        with self.served(self.listener("tutorial", **COMPAT)):
            self.assertEqual(self.fibonacci(self.newer_uri), 55)
            self.assertEqual(self.fibonacci(self.uri), 55)
        self.assert_taken()

    def test_so_does_a_caller_of_cyberfusion(self):
        with self.served(self.listener("cyberfusion", **COMPAT)):
            with Connection(self.newer_uri) as connected:
                self.assertEqual(RpcClient(connected, self.name, "add").call({"a": 1, "b": 2})["data"], 3)
        self.assert_taken()

    def test_callmes_own_proxy_works_where_its_queue_is_taken(self):
        with self.served(self.listener("callme", **COMPAT)):
            with callme.Proxy(self.uri, server_id=self.name, timeout=20) as proxy:
                self.assertEqual(proxy.add(1, 2), 3)
            self.assert_taken()
            with self.assertRaises(amqp.exceptions.InternalError):
                with callme.Proxy(self.newer_uri, server_id=self.name, timeout=20) as proxy:
                    proxy.add(1, 2)
            self.assertIn(TRANSIENT_QUEUES, self.newer.refused)

    def test_the_relay_refuses_what_4_3_does_and_nothing_else(self):
        refused = (
            (lambda channel: channel.queue_declare(self.name), TRANSIENT_QUEUES),
            (lambda channel: channel.basic_qos(prefetch_count=1, global_qos=True), GLOBAL_QOS),
            (
                lambda channel: channel.queue_declare(
                    self.name, durable=True, arguments={"other": [1], "x-queue-version": 1}
                ),
                FIRST_CLASSIC_QUEUES,
            ),
        )
        for ask, feature in refused:
            with Connection(self.newer_uri) as connected:
                with self.assertRaises(pika.exceptions.ConnectionClosedByBroker) as closed:
                    ask(connected.channel)
                self.assertEqual(closed.exception.reply_code, 541)
                self.assertIn(f"Feature `{feature}` is deprecated", closed.exception.reply_text)
        self.newer.refused.clear()
        with Connection(self.newer_uri) as connected:
            connected.channel.basic_qos(prefetch_count=1)
            connected.channel.queue_declare("", exclusive=True)
            connected.channel.queue_declare(self.name, durable=True, arguments={"x-max-length": 1})
            connected.channel.basic_publish("", self.name, b"x" * 300_000)
            connected.channel.queue_declare(self.name, passive=True)
        self.assert_taken()


if __name__ == "__main__":
    unittest.main()
