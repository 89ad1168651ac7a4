"""The callme protocol, both ways: programs as its document has them, over kombu, and Warren's."""

import contextlib
import json
import pickle
import ssl
import threading
import unittest
import uuid

import kombu
import kombu.serialization

import callme
from callme.protocol import RpcRequest
from fixture import InteropTest, MODULES, PROGRAM, Process, TEST_MODULES, eventually, run_warren

from certificates import CLIENT_NAME

PICKLED = "application/x-python-serialize"
METHODS = ["add", "echo", "fail", "sleep", "dx_example", "examples.get_state_name", "SimpleCommand"]


class CallmeTest(InteropTest):
    @classmethod
    def callme(cls, server_id="fooserver", **settings):
        """A listener's configuration."""
        listener = {"amqp": cls.uri, "protocol": "callme", "server_id": server_id}
        return listener | {"methods": METHODS} | settings

    @classmethod
    def serve(cls, *listeners, **settings):
        return super().serve(*listeners, **settings, modules=[MODULES, TEST_MODULES])

    def proxy(self, server_id="fooserver", timeout=20, **settings):
        proxy = callme.Proxy(self.uri, server_id=server_id, timeout=timeout, **settings)
        return self.enterContext(proxy)

    def server(self, server_id="fooserver", **settings):
        server = callme.Server(self.uri, server_id, **settings)
        server.register_function(lambda a, b: a + b, "add")
        server.register_function(lambda *args, **kwargs: [list(args), kwargs], "echo")
        server.register_function(state_name, "examples.get_state_name")
        server.register_function(bad_value, "bad_value")
        return server

    def address(self, server_id="fooserver", **parameters):
        given = {"protocol": "callme", "server_id": server_id} | parameters
        return self.uri + "?" + "&".join(f"{key}={value}" for key, value in given.items())

    def call(self, method, arguments, *options, **address):
        command = ["call", method, json.dumps(arguments), "--to", self.address(**address)]
        return run_warren(*command, "--timeout", "20s", *options)

    def data_of(self, finished):
        """The Python type's name and arguments of a remote exception."""
        self.assert_fails(finished, "failed")
        line = next(line for line in finished.stderr.splitlines() if line.startswith("  data: "))
        data = json.loads(line.removeprefix("  data: "))
        return data["type"], data["args"]


def state_name(state):
    return ["off", "on"][state]


def bad_value(*args):
    raise ValueError("bad value", *args)


def raise_colours():
    raise ValueError("\x1b[31m\nred \\d")


def send_raw(channel, server_id, body, content_type, reply_to, correlation_id="1"):
    """A request of any bytes."""
    exchange = kombu.Exchange(f"server_{server_id}_ex")
    kombu.Producer(channel, exchange, auto_declare=False).publish(
        body,
        content_type=content_type,
        content_encoding="binary",
        reply_to=reply_to,
        correlation_id=correlation_id,
    )


class RawCaller:
    """Sends requests of any bytes, and keeps the messages that come back, not decoded."""

    def __init__(self, uri):
        self.connection = kombu.Connection(uri)
        self.channel = self.connection.channel()
        shape = {"durable": False, "auto_delete": True}
        self.name = f"client_guest_ex_{uuid.uuid4()}"
        queue = kombu.Queue(self.name, exchange=kombu.Exchange(self.name, **shape), **shape)
        self.replies = []
        self.consumer = kombu.Consumer(
            self.channel, [queue], on_message=self.replies.append, no_ack=True
        )
        self.consumer.consume()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.release()

    def send(self, server_id, body, content_type, correlation_id="1", reply_to=None):
        reply_to = self.name if reply_to is None else reply_to
        send_raw(self.channel, server_id, body, content_type, reply_to, correlation_id)

    def wait_for(self, correlation_ids):
        """Until each of these is answered; a reply may come twice."""
        missing = set(correlation_ids)
        while missing:
            self.connection.drain_events(timeout=20)
            missing -= {reply.properties["correlation_id"] for reply in self.replies}


@contextlib.contextmanager
def pickle_protocol(number):
    before = kombu.serialization.pickle_protocol
    kombu.serialization.pickle_protocol = number
    try:
        yield
    finally:
        kombu.serialization.pickle_protocol = before


class ProxyCallsWarren(CallmeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        listeners = [
            cls.callme(threaded=True),
            cls.callme("barserver", methods=["echo"]),
            cls.callme("jsonserver", methods=["echo", "fail"], format="json"),
            cls.callme("earlyserver", methods=["add", "sleep"], acknowledge="before"),
        ]
        cls.enterClassContext(cls.serve(*listeners))

    def test_the_documents_program(self):
        self.assertEqual(self.proxy().use_server("fooserver").add(1, 1), 2)

    def test_by_position_by_name_and_both(self):
        proxy = self.proxy()
        self.assertEqual(proxy.add(2, 40), 42)
        self.assertEqual(proxy.add(a=2, b=40), 42)
        self.assertEqual(proxy.add(2, b=40), 42)
        self.assertEqual(proxy.dx_example("onion", chance_percentage=19), {"tolerable": False})
        self.assertEqual(proxy.SimpleCommand(), "SimpleCommand got '' and ''")

    def test_a_proxy_sends_arguments_on_as_they_came(self):
        front = self.callme("front", threaded=True)
        plain = self.callme("plainfront", methods=["add"])
        proxies = [
            {"from": front, "to": self.address()},
            {"from": plain, "to": f"{self.uri}?queue=plain"},
        ]
        with self.serve(self.cyberfusion(queue="plain", methods=["add"]), proxies=proxies):
            proxy = self.proxy("front")
            self.assertEqual(proxy.add(2, 40), 42)
            self.assertEqual(proxy.add(a=2, b=40), 42)
            self.assertEqual(proxy.add(2, b=40), 42)
            self.assertEqual(proxy.examples.get_state_name(2), "on")
            proxy = self.proxy("plainfront")
            self.assertEqual(proxy.add(a=2, b=40), 42)
            with self.assertRaisesRegex(ValueError, "give all by name"):
                proxy.add(2, b=40)

    def test_nested_names(self):
        self.assertEqual(self.proxy().examples.get_state_name(2), "on")

    def test_every_pickle_protocol_is_answered_in_itself(self):
        values = [None, True, -5, 2**40, 1.5, "é", b"\x00\xff", [1, [2]], {"k": {"v": None}}]
        for number in (2, 3, 4, 5):
            with self.subTest(protocol=number), pickle_protocol(number):
                proxy = self.proxy()
                self.assertEqual(proxy.echo(values), values)
                self.assertEqual(proxy.echo(value=(1, 2)), [1, 2])
                with self.assertRaisesRegex(RuntimeError, "as told"):
                    proxy.fail("as told")

    def test_failures_are_the_exceptions_that_python_has_for_them(self):
        proxy = self.proxy()
        with self.assertRaises(KeyError) as unknown:
            proxy.no.such.function()
        self.assertEqual(unknown.exception.args, ("no.such.function",))
        self.assertEqual(proxy.properties["headers"]["warren-code"], "no_such_method")
        for args, kwargs in [((1,), {}), ((1, 2, 3), {}), ((1, 2), {"a": 3}), ((1, 2), {"c": 3})]:
            with self.subTest(args=args, kwargs=kwargs), self.assertRaises(TypeError):
                proxy.add(*args, **kwargs)
        with self.assertRaisesRegex(ValueError, r"\[0\].int: Input should be an integer"):
            proxy.add([], 2)
        with self.assertRaisesRegex(ValueError, "favourite_food: Input should be"):
            proxy.dx_example(favourite_food="potato")
        with self.assertRaises(ValueError):
            proxy.echo(2**80)
        with self.assertRaises(RuntimeError) as told:
            proxy.fail("as told")
        self.assertEqual(told.exception.args, ("as told",))

    def test_the_reply_is_as_callmes_own(self):
        proxy = self.proxy()
        proxy.add(1, 1)
        properties = proxy.properties
        self.assertEqual(properties["delivery_mode"], 2)
        self.assertEqual(properties["priority"], 0)
        self.assertEqual(properties["headers"], {})
        self.assertEqual(properties["correlation_id"], proxy.correlation_id)

    def test_several_servers(self):
        proxy = self.proxy()
        self.assertEqual(proxy.use_server("barserver").echo(1), 1)
        with self.assertRaises(KeyError):
            proxy.use_server("barserver").add(1, 1)
        self.assertEqual(proxy.use_server("fooserver").add(1, 1), 2)

    def test_what_is_acknowledged_first_is_answered_all_the_same(self):
        proxies = [self.proxy("earlyserver") for _ in range(4)]
        sums = {}

        def call(index):
            sums[index] = [proxies[index].add(index, number) for number in range(10)]

        run_all([lambda index=index: call(index) for index in range(4)])
        self.assertEqual(sums, {i: [i + number for number in range(10)] for i in range(4)})
        self.assert_settled("server_earlyserver_queue")

    def test_an_exceptions_type_passes_proxies(self):
        inner = {"from": {"tcp": "127.0.0.1:0"}, "to": self.address("pythonserver")}
        proxying = lambda proxy: self.start_serving({"proxies": [proxy]}).wait_until_ready()
        with self.server("pythonserver"), proxying(inner) as tcp:
            listener = self.callme("middle", threaded=True, methods=["missing", "bad_value"])
            middle = {"from": listener, "to": tcp.addresses[0]}
            self.enterContext(proxying(middle))
            proxy = self.proxy("middle")
            with self.assertRaises(KeyError) as raised:
                proxy.missing()
            self.assertEqual(raised.exception.args, ("missing",))
            with self.assertRaises(ValueError) as raised:
                proxy.bad_value(7)
            self.assertEqual(raised.exception.args, ("bad value", 7))
            outer = self.callme("outer", methods=["add"])
            self.enterContext(proxying({"from": outer, "to": self.address("fooserver")}))
            front = {"from": self.callme("front", methods=["add"]), "to": self.address("outer")}
            self.enterContext(proxying(front))
            for server_id in ("fooserver", "outer", "front"):
                with self.assertRaisesRegex(TypeError, "b: Field is required"):
                    self.proxy(server_id).add(1)
                with self.assertRaisesRegex(ValueError, "should be an integer"):
                    self.proxy(server_id).add("x", 1)

    def test_the_released_proxies(self):
        for number in (2, 4):
            with self.subTest(protocol=number), pickle_protocol(number):
                request = RpcRequest("add", (1, 2), {})
                del request.func_kwargs
                reply = pickle.loads(self.publish("fooserver", pickle.dumps(request), PICKLED).body)
                self.assertEqual((reply.result, reply.exception_raised), (3, False))
                request.func_name = "missing"
                reply = pickle.loads(self.publish("fooserver", pickle.dumps(request), PICKLED).body)
                self.assertIsInstance(reply.result, KeyError)
                self.assertTrue(reply.exception_raised)

    def test_parallel_callers(self):
        sums = {}

        def call(index):
            with callme.Proxy(self.uri, server_id="fooserver", timeout=20) as proxy:
                sums[index] = [proxy.add(index, number) for number in range(20)]

        run_all([lambda index=index: call(index) for index in range(8)])
        self.assertEqual(sums, {i: [i + number for number in range(20)] for i in range(8)})
        self.assert_settled("server_fooserver_queue")

    def test_a_caller_that_has_left_costs_the_others_nothing(self):
        proxy = self.proxy()
        for _ in range(5):
            with callme.Proxy(self.uri, server_id="fooserver", timeout=0.05) as leaving:
                with self.assertRaises(callme.RpcTimeout):
                    leaving.sleep(0.3)
            self.assertEqual(proxy.add(1, 1), 2)
        self.assert_settled("server_fooserver_queue")
        self.assertEqual(proxy.add(1, 1), 2)

    def test_a_caller_that_is_killed_leaves_nothing_behind(self):
        proxy = self.proxy()
        clients = lambda consumers=0: {
            name
            for name, depth in self.broker.queue_depths(self.vhost).items()
            if name.startswith("client_") and depth["consumers"] >= consumers
        }
        before = clients()
        command = ("call", "sleep", "[0.2]", "--to", self.address(), "--timeout", "20s")
        with Process(PROGRAM, *command) as caller:
            # A queue that never had a consumer stays until it expires.
            self.assertTrue(eventually(lambda: clients(consumers=1) - before))
            caller.kill()
        self.assertTrue(eventually(lambda: not clients() - before))
        self.assert_settled("server_fooserver_queue")
        self.assertEqual(proxy.add(1, 1), 2)

    def test_no_pickle_is_read_where_another_format_is(self):
        reply = self.publish("jsonserver", b"\x80\x04N.", PICKLED)
        self.assertEqual(reply.content_type, "application/json")
        error = json.loads(reply.body)["error"]
        self.assertEqual(error["code"], "invalid_request")
        self.assertEqual(error["errors"][0]["type"], "content_type")

    def test_json_and_msgpack_in_the_same_exchanges(self):
        request = {"func_name": "echo", "func_args": ["é"], "func_kwargs": {}}
        reply = self.publish("jsonserver", json.dumps(request).encode(), "application/json")
        self.assertEqual(json.loads(reply.body), {"result": "é"})
        finished = self.call("echo", {"value": [1]}, server_id="jsonserver", format="msgpack")
        self.assert_gives(finished, [1])
        finished = self.call("echo", [[1]], server_id="jsonserver", format="json")
        self.assert_gives(finished, [1])
        finished = self.call("echo", [[1]], server_id="jsonserver")
        self.assert_fails(finished, "invalid_request")

    def publish(self, server_id, body, content_type):
        """A request of any bytes; the reply's message, not decoded."""
        with RawCaller(self.uri) as caller:
            caller.send(server_id, body, content_type)
            caller.wait_for(["1"])
        return caller.replies[0]

    def test_a_name_that_is_too_long_is_refused(self):
        for size, code in ((255, "no_such_method"), (256, "invalid_request")):
            request = pickle.dumps(RpcRequest("m" * size, (), {}))
            reply = self.publish("fooserver", request, PICKLED)
            self.assertEqual(reply.headers["warren-code"], code)

    def test_many_callers_that_are_gone_keep_no_reply_from_the_others(self):
        # The broker cuts its words over a long name, and a name may hold quotes.
        gone = ["client_gone_ex_{}", "client_" + "y" * 230 + "_ex_{}", "client' in vhost '{}"]
        request = pickle.dumps(RpcRequest("add", (1, 2), {}))
        with RawCaller(self.uri) as caller:
            expected = [str(number) for number in range(100)]
            for number in expected:
                caller.send("fooserver", request, PICKLED, number)
                for name in gone:
                    caller.send("fooserver", request, PICKLED, number, name.format(number))
            caller.wait_for(expected)
        self.assertEqual(self.proxy().add(1, 1), 2)

    def test_a_request_that_may_not_wait_and_is_delivered_runs(self):
        proxy = self.proxy()
        proxy.expiration = 0  # the broker gives it to who consumes at once, and to nobody else
        self.assertEqual(proxy.add(1, 1), 2)

    def test_a_server_that_is_full_refuses_the_connection(self):
        one = {"workers": 1, "limits": {"queued_calls_max": 1}}
        request = pickle.dumps(RpcRequest("sleep", (0.05,), {}))
        expected = [str(number) for number in range(20)]
        with self.serve(self.callme("small", threaded=True), **one), RawCaller(self.uri) as caller:
            for number in expected:
                caller.send("small", request, PICKLED, number)
            caller.wait_for(expected)
            results = [pickle.loads(reply.body).result for reply in caller.replies]
        refused = [result for result in results if isinstance(result, ConnectionRefusedError)]
        self.assertGreater(len(refused), 0)
        self.assertIn("queued_calls_max", str(refused[0]))

    def test_hostile_bodies_are_refused_and_the_server_stays(self):
        run = b"cposix\nsystem\n(S'echo pwned'\ntR."
        for body in (run, b"", b"\x80", b"\x80\x04", b"(" * 100_000, b"\x80\x04N."):
            reply = self.publish("fooserver", body, PICKLED)
            self.assertEqual(reply.headers["warren-code"], "invalid_request", body[:20])
        self.assertEqual(self.proxy().add(1, 1), 2)

    def test_warren_calls_warren(self):
        self.assert_gives(self.call("add", [1, 2]), 3)
        self.assert_gives(self.call("add", {"a": 1, "b": 2}), 3)
        self.assert_gives(self.call("add", [1], "--named", '{"b": 2}'), 3)
        finished = self.call("add", [1, 2], "--named", '{"b": 2}')
        self.assert_fails(finished, "invalid_request")
        self.assertIn("by position, too", finished.stderr)
        for given, named in (({"a": 1}, '{"b": 2}'), ([1], "[2]"), ([1], "{")):
            self.assertEqual(self.call("add", given, "--named", named).returncode, 2)
        self.assert_fails(self.call("none", []), "no_such_method")
        self.assert_fails(self.call("add", [1]), "invalid_request")
        finished = self.call("fail", ["as told"])
        self.assertEqual(self.data_of(finished), ("RuntimeError", ["as told"]))

    def test_a_serial_server_works_off_one_request_after_the_other(self):
        proxies = [self.proxy("earlyserver") for _ in range(3)]
        run_all([lambda proxy=proxy: proxy.sleep(0.01) for proxy in proxies])


def run_all(functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class OverTls(CallmeTest):
    def test_a_certificate_is_the_login_and_its_name_is_the_users(self):
        name, files = CLIENT_NAME, self.broker.certificates
        patterns = (f"client_{name}_.*", f"client_{name}_.*|server_fooserver_ex", f"client_{name}_.*")
        self.broker.add_user(name, "unused", self.vhost, *patterns)
        with self.serve(self.callme()):
            to = (
                f"amqps://localhost:{self.broker.tls_port}/{self.vhost}?cacertfile={files['ca']}"
                f"&certfile={files['client']}&keyfile={files['client_key']}"
                "&auth_mechanism=external&protocol=callme&server_id=fooserver"
            )
            self.assert_gives(run_warren("call", "add", "[1, 2]", "--to", to), 3)
            as_said = f"{to}&amqp_user={name}"
            self.assert_gives(run_warren("call", "add", "[1, 2]", "--to", as_said), 3)
            finished = run_warren("call", "add", "[1, 2]", "--to", f"{to}&amqp_user=peter")
            self.assert_fails(finished, "unauthenticated")
            self.assertIn("client_peter_ex_", finished.stderr)

    def test_both_ways(self):
        authority = self.broker.certificates["ca"]
        uri = self.broker.tls_uri(self.vhost)
        tls = {"ca_certs": authority, "cert_reqs": ssl.CERT_REQUIRED}
        secure = f"{uri}?cacertfile={authority}"
        with self.serve(self.callme(amqp=secure)):
            plain = uri.replace("amqps", "amqp")
            with callme.Proxy(plain, server_id="fooserver", timeout=20, ssl=tls) as proxy:
                self.assertEqual(proxy.add(1, 1), 2)
            to = f"{secure}&protocol=callme&server_id=fooserver"
            self.assert_gives(run_warren("call", "add", "[1, 2]", "--to", to), 3)


class WarrenCallsServer(CallmeTest):
    def test_what_a_server_does(self):
        with self.server(threaded=True):
            self.assert_gives(self.call("add", [1, 2]), 3)
            self.assert_gives(self.call("add", {"a": 1, "b": 2}), 3)
            self.assert_gives(self.call("echo", []), [[], {}])
            self.assert_gives(self.call("echo", [1], "--named", '{"k": [2]}'), [[1], {"k": [2]}])
            values = [[1, [2.5]], None, True]
            self.assert_gives(self.call("echo", values), [values, {}])
            self.assert_gives(self.call("examples.get_state_name", [1]), "on")

    def test_remote_exceptions(self):
        with self.server():
            for given in ([], [7]):
                raised = self.data_of(self.call("bad_value", given))
                self.assertEqual(raised, ("ValueError", ["bad value", *given]))
            self.assertEqual(self.data_of(self.call("missing", [])), ("KeyError", ["missing"]))
            kind, args = self.data_of(self.call("add", [1]))
            self.assertEqual(kind, "TypeError")
            self.assertIn("missing 1 required positional argument", args[0])

    def test_a_server_that_declares_other_shapes(self):
        with self.server("lasting", durable=True, auto_delete=False):
            self.assert_gives(self.call("add", [1, 2], server_id="lasting"), 3)

    def test_what_replies_come_to_may_have_another_shape(self):
        with self.server():
            shape = {"reply_durable": "true", "reply_auto_delete": "false"}
            self.assert_gives(self.call("add", [1, 2], **shape), 3)
            self.assert_gives(self.call("add", [1, 2], reply_queue_type="quorum"), 3)
            self.assert_gives(self.call("add", [1, 2], reply_exclusive="true"), 3)

    def test_what_an_exception_says_is_one_line(self):
        with self.server() as server:
            server.register_function(raise_colours, "colours")
            finished = self.call("colours", [])
            self.assertEqual(self.data_of(finished), ("ValueError", ["\x1b[31m\nred \\d"]))
            self.assertIn("failed: ValueError: \\x1b[31m\\nred", finished.stderr)
            self.assertNotIn("\x1b", finished.stderr)

    def test_no_server(self):
        finished = run_warren("call", "add", "[1, 2]", "--to", self.uri + "?protocol=callme")
        self.assertEqual(finished.returncode, 2, finished.stderr)
        self.assertIn("server_id=ID", finished.stderr)
        self.assert_fails(self.call("add", [1, 2], server_id="nobody"), "no_responder")

    def test_a_server_that_reads_protocol_2_at_most(self):
        with self.server("old") as server:
            self.assert_gives(self.call("add", [1, 2], server_id="old", pickle_protocol=2), 3)
            self.assertEqual(server.pickle_protocols, [2])

    def test_a_server_in_another_protocol(self):
        for number in (2, 3, 4, 5):
            with self.subTest(protocol=number), pickle_protocol(number), self.server("some"):
                self.assert_gives(self.call("add", [1, 2], server_id="some"), 3)
                kind, args = self.data_of(self.call("bad_value", [], server_id="some"))
                self.assertEqual((kind, args), ("ValueError", ["bad value"]))


class Permissions(CallmeTest):
    """The settings of callme's document, as they stand there."""

    CARL = ("server_fooserver_.*", "server_fooserver_.*|client_.*_ex_.*", "server_fooserver_.*")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.carl = cls.user("carl", *cls.CARL)

    @classmethod
    def user(cls, name, configure, write, read):
        unique = f"{name}{uuid.uuid4().hex[:8]}"
        patterns = (pattern.replace(name, unique) for pattern in (configure, write, read))
        cls.broker.add_user(unique, "secret", cls.vhost, *patterns)
        return cls.broker.uri(cls.vhost, unique, "secret")

    def olivia(self, servers):
        return self.user(
            "olivia", "client_olivia_.*", f"client_olivia_.*|{servers}", "client_olivia_.*"
        )

    def call_as(self, uri, server_id):
        to = f"{uri}?protocol=callme&server_id={server_id}"
        return run_warren("call", "add", "[1, 2]", "--to", to, "--timeout", "20s")

    def assert_allowed(self, uri, *server_ids):
        for server_id in server_ids:
            self.assert_gives(self.call_as(uri, server_id), 3)

    def assert_refused(self, uri, server_id):
        finished = self.call_as(uri, server_id)
        self.assert_fails(finished, "unauthenticated")
        self.assertIn(f"server_{server_id}_ex", finished.stderr)
        self.assertIn("lacks the permission", finished.stderr)

    def test_the_four_settings(self):
        others = [self.callme(name, methods=["add"]) for name in ("barserver", "bazserver")]
        with self.serve(self.callme(amqp=self.carl), *others):
            one = self.olivia("server_fooserver_ex")
            self.assert_allowed(one, "fooserver")
            self.assert_refused(one, "barserver")
            two = self.olivia("server_fooserver_ex|server_barserver_ex")
            self.assert_allowed(two, "fooserver", "barserver")
            self.assert_refused(two, "bazserver")
            every = self.olivia("server_.*_ex")
            self.assert_allowed(every, "fooserver", "barserver", "bazserver")

    def test_a_server_may_be_no_other(self):
        listener = self.callme("barserver", amqp=self.carl)
        configuration = {"modules": [MODULES, TEST_MODULES], "listeners": [listener]}
        with self.start_serving(configuration) as server:
            server.wait_until_log("server_barserver_ex")
            server.wait_until_log("lacks the permission")
            server.wait_until_log("unauthenticated")

    def test_a_client_may_be_nobody_else(self):
        uri = self.olivia("server_fooserver_ex")
        to = f"{uri}?protocol=callme&server_id=fooserver&amqp_user=peter"
        finished = run_warren("call", "add", "[1, 2]", "--to", to, "--timeout", "20s")
        self.assert_fails(finished, "unauthenticated")
        self.assertIn("client_peter_ex_", finished.stderr)

    def test_callers_that_left_and_callers_that_lie_cost_a_server_nothing(self):
        with self.serve(self.callme(amqp=self.carl, threaded=True)) as server:
            with kombu.Connection(self.uri) as connection:
                for reply_to in ("amq.topic", "client_gone_ex_1", "server_barserver_ex", "a" * 255):
                    send_raw(connection.default_channel, "fooserver", b"", PICKLED, reply_to)
            for _ in range(3):
                self.assert_allowed(self.olivia("server_fooserver_ex"), "fooserver")
            self.assertTrue(eventually(lambda: "client_gone_ex_1" in server.log()))
            self.assertNotIn("not consuming", server.log())


if __name__ == "__main__":
    unittest.main()
