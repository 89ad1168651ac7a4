"""`warren` from the outside: its sub-commands, exit codes and standard streams."""

import base64
import json
import signal
import unittest

from fixture import MODULES, PATIENCE_S, PROGRAM, InteropTest, Process, eventually, run_warren
from processes import free_ports
from pika_caller import Connection, RpcClient
from tcp_fixture import TcpTest


class WithoutABroker(InteropTest):
    def check(self, configuration, name="warren.yml"):
        return run_warren("check", self.write(name, configuration))

    def listener(self, **settings):
        return {"modules": [MODULES], "listeners": [self.cyberfusion(**settings)]}

    def test_keygen_prints_a_fernet_key(self):
        keys = {run_warren("keygen").stdout.strip() for _ in range(3)}
        self.assertEqual(len(keys), 3)
        self.assertEqual({len(base64.urlsafe_b64decode(key)) for key in keys}, {32})

    def test_methods_shows_what_the_modules_offer(self):
        shown = run_warren("methods", "--modules", MODULES)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        for word in ("dx_example", "favourite_food", "onion", "fibonacci", "SimpleCommand"):
            self.assertIn(word, shown.stdout)

    def test_check_accepts_a_good_configuration(self):
        finished = self.check(self.listener())
        self.assertEqual(finished.returncode, 0, finished.stderr)

    def test_check_reports_every_mistake_with_its_line_and_path(self):
        text = "\n".join(
            [
                f"modules: [{json.dumps(MODULES)}]",
                "listeners:",
                f'  - amqp: "{self.uri}"',
                "    protocol: cyberfusion",
                "    queue: test",
                "    methods: [dx_example]",
                "    max_simultaneous_requests: many",
                "    colour: green",
                "drain_timeout: never",
                "",
            ]
        )
        finished = self.check(text)
        self.assertNotEqual(finished.returncode, 0)
        told = finished.stdout + finished.stderr
        for line, key in ((7, "max_simultaneous_requests"), (8, "colour"), (9, "drain_timeout")):
            self.assertIn(f"warren.yml:{line}", told)
            self.assertIn(key, told)

    def test_check_refuses_a_port_that_is_none(self):
        finished = self.check(self.listener(amqp="amqp://guest:guest@127.0.0.1:99999/"))
        self.assertNotEqual(finished.returncode, 0)
        # Not the value: what stands in a port's place may be the rest of a password.
        self.assertIn("a port from 0 to 65535", finished.stdout)
        self.assertIn("character 30", finished.stdout)

    def test_a_missing_file_is_named(self):
        for command in (("check",), ("serve", "--config")):
            finished = run_warren(*command, self.directory / "absent.yml")
            self.assertNotEqual(finished.returncode, 0)
            self.assertIn("absent.yml", finished.stdout + finished.stderr)

    def test_a_method_that_no_module_has_is_an_error_at_start(self):
        configuration = self.listener(methods=["dx_example", "absent"])
        with self.start_serving(configuration) as server:
            self.assertNotEqual(server.wait(), 0)
            self.assertIn("absent", server.log())

    def test_a_module_that_does_not_load_is_named(self):
        folder = self.directory / "modules"
        folder.mkdir()
        (folder / "broken.so").write_text("this is no shared object")
        configuration = self.listener() | {"modules": [MODULES, str(folder)]}
        with self.start_serving(configuration) as server:
            self.assertNotEqual(server.wait(), 0)
            self.assertIn("broken.so", server.log())

    def test_unknown_options_and_commands_are_refused(self):
        for arguments in (["serve", "--no-such-option"], ["no-such-command"], []):
            finished = run_warren(*arguments)
            self.assertNotEqual(finished.returncode, 0, arguments)
            self.assertEqual(finished.stdout, "")

    def test_a_broker_that_is_not_there_is_waited_for_and_said(self):
        (port,) = free_ports(1)
        listener = self.listener(amqp=f"amqp://guest:guest@127.0.0.1:{port}/")
        with self.start_serving(listener) as server:
            server.wait_until_log(str(port))
            self.assertIsNone(server.process.poll(), server.log())
            server.terminate()
            self.assertEqual(server.process.stdout.read(), "")


class RefusedByTheBroker(InteropTest):
    def assert_says(self, listener, *words):
        """`warren serve` says so, whether it then gives up or goes on trying."""
        configuration = {"modules": [MODULES], "listeners": [listener]}
        with self.start_serving(configuration) as server:
            for word in words:
                server.wait_until_log(word)
                self.assertIn(word, server.log())

    def test_wrong_password(self):
        wrong = self.broker.uri(self.vhost, password="wrong")
        self.assert_says(self.cyberfusion(amqp=wrong), "unauthenticated")

    def test_missing_virtual_host(self):
        self.assert_says(self.cyberfusion(amqp=self.broker.uri("absent")), "absent")

    def test_an_exchange_of_another_type(self):
        with Connection(self.uri) as amqp:
            amqp.channel.exchange_declare("dx_example", exchange_type="fanout")
        self.assert_says(self.cyberfusion(), "PRECONDITION_FAILED", "dx_example")

    def test_permission_refused(self):
        user = f"limited-{self.vhost}"
        self.broker.add_user(user, "limited", self.vhost, configure="^nothing$")
        limited = self.broker.uri(self.vhost, user, "limited")
        self.assert_says(self.cyberfusion(amqp=limited), "ACCESS_REFUSED")


class ACallThatASignalEnds(InteropTest, TcpTest):
    """The servers of its queue hear that nobody waits for it any more."""

    def test_at_a_broker(self):
        with Connection(self.uri) as amqp:
            amqp.channel.queue_declare("slow")
            control = amqp.channel.queue_declare("", exclusive=True).method.queue
            amqp.channel.queue_bind(control, "amq.direct", "warren.control.slow")
            received = {"slow": [], control: []}
            for queue, messages in received.items():
                keep = lambda _channel, _method, properties, _body, kept=messages: kept.append(properties)
                amqp.channel.basic_consume(queue, keep, auto_ack=True)

            def first(queue):
                step = lambda: received[queue] or amqp.connection.process_data_events(1)
                self.assertTrue(eventually(step))
                return received[queue].pop(0)

            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(number):
                    to = f"{self.uri}?protocol=tutorial&queue=slow"
                    process = self.start_calling(to, "sleep", {"seconds": 60})
                    request = first("slow")
                    process.send_signal(number)
                    said = first(control)
                    self.assertEqual(said.type, "warren.cancel")
                    self.assertEqual(said.correlation_id, request.correlation_id)
                    self.assertGreater(int(said.expiration), 0)
                    self.assertEqual(process.wait(PATIENCE_S), -number)


class TheVirtualHostsShape(InteropTest):
    def configuration(self, **more):
        server = {"host": "127.0.0.1", "username": "guest", "password": "guest", "ssl": False}
        virtual_host = {
            "queue": "test",
            "fernet_key": None,
            "max_simultaneous_requests": 5,
            "exchanges": {"dx_example": {"type": "direct"}},
        }
        virtual_hosts = {self.vhost: virtual_host, "another": virtual_host}
        server = {"server": server | {"port": self.broker.port}, "virtual_hosts": virtual_hosts}
        return self.write("rabbitmq.yml", server | more)

    def serving(self, **more):
        server = Process(
            *(PROGRAM, "serve", "--config-file-path", self.configuration(**more)),
            *("--virtual-host-name", self.vhost, "--modules", MODULES),
        )
        return server.wait_until_ready()

    def test_it_is_served_as_it_is(self):
        with self.serving(), Connection(self.uri) as amqp:
            reply = RpcClient(amqp, "test", "dx_example").call({"favourite_food": "onion"})
            self.assertIsInstance(reply["data"]["tolerable"], bool)

    def test_mock_answers_with_data_of_the_models_shape(self):
        with self.serving(mock=True), Connection(self.uri) as amqp:
            reply = RpcClient(amqp, "test", "dx_example").call({"favourite_food": "onion"})
            self.assertTrue(reply["success"])
            self.assertIsInstance(reply["data"]["tolerable"], bool)

    def test_a_virtual_host_that_it_does_not_have(self):
        finished = run_warren(
            *("serve", "--config-file-path", self.configuration()),
            *("--virtual-host-name", "no_such_host", "--modules", MODULES),
        )
        self.assertNotEqual(finished.returncode, 0)
        self.assertIn("no_such_host", finished.stderr)


if __name__ == "__main__":
    unittest.main()
