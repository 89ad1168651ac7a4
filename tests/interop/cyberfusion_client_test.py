"""`warren call` against a consumer as deployed ones are."""

import unittest

from cryptography.fernet import Fernet
from fixture import HERE, InteropTest, Process, run_warren
from pika_caller import encrypted

KEY = Fernet.generate_key().decode()


class AConsumerAsDeployed(InteropTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = Process(HERE / "pika_consumer.py", cls.uri, "test", KEY)
        cls.enterClassContext(server).wait_until_ready()

    def test_a_valid_request(self):
        finished = self.call("dx_example", {"favourite_food": "onion"})
        self.assert_gives(finished, {"tolerable": True})
        finished = self.call("dx_example", {"favourite_food": "banana", "chance_percentage": 1})
        self.assert_gives(finished, {"tolerable": False})

    def test_the_servers_validation_errors_are_named(self):
        finished = self.call("dx_example", {"favourite_food": "cake"})
        self.assert_fails(finished, "invalid_request")
        self.assertIn("favourite_food", finished.stderr)

    def test_a_defect_of_the_server_is_a_failure_without_details(self):
        finished = self.call("broken", {})
        self.assertNotEqual(finished.returncode, 0)
        self.assertIn("An unexpected error occurred", finished.stderr)

    def test_secrets_are_encrypted_for_the_server(self):
        finished = self.call("passwords", {"password": "correct horse"}, "--fernet-key", KEY)
        self.assert_gives(finished, {"characters": 13, "password": "correct horse"})

    def test_secrets_that_it_would_not_open_are_sent_as_they_are(self):
        request = {"password": "outer", "user": {"password": "inner"}, "secret_values": {"k": "v"}}
        self.assert_gives(self.call("seen", request, "--fernet-key", KEY), request)

    def test_a_token_made_by_python_is_passed_on(self):
        request = {"password": encrypted(KEY, "correct horse")}
        self.assert_gives(
            self.call("passwords", request), {"characters": 13, "password": "correct horse"}
        )

    def test_a_queue_nobody_consumes_is_no_responder_at_once(self):
        self.assert_fails(self.call("dx_example", {}, queue="nobody"), "no_responder")

    def test_a_method_that_the_server_does_not_serve_is_no_such_method_at_once(self):
        self.assert_fails(self.call("never_heard_of", {}), "error: no_such_method: ")

    def test_wrong_password(self):
        wrong = self.broker.uri(self.vhost, password="wrong") + "?queue=test"
        self.assert_fails(self.call("dx_example", {}, to=wrong), "unauthenticated")

    def test_missing_virtual_host(self):
        missing = self.broker.uri("no such host") + "?queue=test"
        finished = self.call("dx_example", {}, to=missing)
        self.assertNotEqual(finished.returncode, 0)
        self.assertIn("no such host", finished.stderr)

    def test_arguments_that_are_no_json(self):
        finished = run_warren("call", "dx_example", "{", "--to", f"{self.uri}?queue=test")
        self.assertNotEqual(finished.returncode, 0)
        self.assertEqual(finished.stdout, "")
        self.assertTrue(finished.stderr)


if __name__ == "__main__":
    unittest.main()
