"""Warren serves; a client class of its documentation's manner calls."""

import ssl
import time
import unittest

import pika
from cryptography.fernet import Fernet
from fixture import InteropTest
from pika_caller import CallFailed, Connection, RpcClient, encrypted

OLD_KEY = Fernet.generate_key().decode()
NEW_KEY = Fernet.generate_key().decode()


class CyberfusionCaller(InteropTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        listener = cls.cyberfusion(fernet_keys=[NEW_KEY, OLD_KEY], nested_secrets=True)
        cls.enterClassContext(cls.serve(listener))

    def setUp(self):
        self.amqp = self.enterContext(Connection(self.uri))

    def client(self, method):
        return RpcClient(self.amqp, "test", method)

    def refusal(self, method, request):
        with self.assertRaises(CallFailed) as caught:
            self.client(method).call(request)
        return caught.exception.reply

    def invalid(self, method, request):
        """The errors of a refused request, as {location: type}."""
        reply = self.refusal(method, request)
        self.assertEqual(reply["message"], "Request validation failed")
        self.assertEqual(set(reply), {"success", "message", "data"})
        for error in reply["data"]["errors"]:
            self.assertEqual(set(error), {"location", "message", "type"})
            self.assertTrue(error["message"])
        return {tuple(error["location"]): error["type"] for error in reply["data"]["errors"]}

    def test_a_valid_request_is_answered_in_the_protocols_form(self):
        client = self.client("dx_example")
        reply = client.call({"favourite_food": "onion"})
        self.assertEqual(set(reply), {"success", "message", "data"})
        self.assertIs(reply["success"], True)
        self.assertIsInstance(reply["message"], str)
        self.assertIsInstance(reply["data"]["tolerable"], bool)
        self.assertEqual(client.reply_properties.content_type, "application/json")
        self.assertEqual(client.reply_properties.correlation_id, client.correlation_id)

    def test_unknown_fields_are_ignored(self):
        reply = self.client("dx_example").call({"favourite_food": "banana", "unknown": [1]})
        self.assertTrue(reply["success"])

    def test_every_error_of_a_request_is_named_at_once(self):
        errors = self.invalid("dx_example", {"favourite_food": "cake", "chance_percentage": 0})
        self.assertEqual(
            errors, {("favourite_food",): "enum", ("chance_percentage",): "greater_than"}
        )
        self.assertEqual(self.invalid("dx_example", {}), {("favourite_food",): "missing"})

    def test_a_text_that_is_no_number_is_an_error_of_its_field(self):
        # The protocol's own documentation sends the token of a text in this field.
        request = {"favourite_food": "onion", "chance_percentage": encrypted(NEW_KEY, "secret")}
        self.assertEqual(list(self.invalid("dx_example", request)), [("chance_percentage",)])

    def test_tokens_of_every_key_are_opened(self):
        for key in (NEW_KEY, OLD_KEY):
            reply = self.client("echo").call({"value": encrypted(key, "plain text")})
            self.assertEqual(reply["data"], "plain text")
            token = encrypted(key, "onion")
            self.assertTrue(self.client("dx_example").call({"favourite_food": token})["success"])

    def test_a_token_of_another_key_in_an_ordinary_field_stays_as_it_is(self):
        token = encrypted(Fernet.generate_key(), "plain text")
        self.assertEqual(self.client("echo").call({"value": token})["data"], token)

    def test_what_must_be_encrypted_is_refused_in_clear(self):
        names = ["passphrase", "password", "admin_password", "database_user_password"]
        for name in names:
            errors = self.invalid("echo", {"value": {name: "in clear"}})
            self.assertEqual(errors, {("value", name): "secret_not_encrypted"})
        errors = self.invalid("echo", {"value": {"secret_values": {"a": "in clear"}}})
        self.assertEqual(set(errors.values()), {"secret_not_encrypted"})

    def test_what_must_be_encrypted_is_taken_encrypted(self):
        request = {"value": {"password": encrypted(NEW_KEY, "in clear")}}
        self.assertEqual(self.client("echo").call(request)["data"], {"password": "in clear"})

    def test_a_secret_of_another_key_or_cut_is_refused_without_its_content(self):
        stranger = encrypted(Fernet.generate_key(), "hidden")
        errors = self.invalid("echo", {"value": {"password": stranger}})
        self.assertEqual(errors, {("value", "password"): "secret_wrong_key"})
        cut = encrypted(NEW_KEY, "hidden")[:-20]
        reply = self.refusal("echo", {"value": {"password": cut}})
        self.assertEqual(reply["data"]["errors"][0]["location"], ["value", "password"])
        self.assertNotIn(cut, str(reply))

    def test_a_failure_of_the_handlers_own_reaches_the_caller(self):
        self.assertEqual(self.refusal("fail", {"message": "out of onions"})["message"], "out of onions")

    def test_any_value_comes_back_as_it_is(self):
        values = [None, True, -1, 2**63 - 1, 2**64 - 1, 1.5, "ü\u0000", [], {}, [{"a": [1]}]]
        client = self.client("echo")
        for value in values:
            self.assertEqual(client.call({"value": value})["data"], value)

    def test_a_slow_request_does_not_hold_up_another(self):
        with Connection(self.uri) as slow_amqp:
            slow = RpcClient(slow_amqp, "test", "sleep")
            slow.channel.basic_publish(
                "sleep",
                "test",
                b'{"seconds": 2}',
                properties=self.properties(slow.reply_queue, "slow"),
            )
            slow.correlation_id = "slow"
            self.assertTrue(self.client("echo").call({"value": 1})["success"])
            slow_amqp.connection.process_data_events()
            self.assertIsNone(slow.reply)
            while slow.reply is None:
                slow_amqp.connection.process_data_events(time_limit=None)
            self.assertTrue(slow.reply["success"])

    def properties(self, reply_to, correlation_id):
        import pika

        return pika.BasicProperties(
            content_type="application/json", reply_to=reply_to, correlation_id=correlation_id
        )

    def test_the_queue_is_empty_afterwards(self):
        self.client("dx_example").call({"favourite_food": "onion"})
        self.assert_settled("test")


class WithATimeToLive(InteropTest):
    def test_a_secret_older_than_that_is_refused(self):
        listener = self.cyberfusion(fernet_keys=[NEW_KEY], fernet_ttl="1h", nested_secrets=True)
        with self.serve(listener), Connection(self.uri) as amqp:
            client = RpcClient(amqp, "test", "echo")
            fresh = encrypted(NEW_KEY, "in clear")
            reply = client.call({"value": {"password": fresh}})
            self.assertEqual(reply["data"], {"password": "in clear"})
            two_hours_ago = int(time.time()) - 2 * 3600
            old = Fernet(NEW_KEY).encrypt_at_time(b"in clear", two_hours_ago).decode()
            with self.assertRaises(CallFailed) as caught:
                client.call({"value": {"password": old}})
            error = caught.exception.reply["data"]["errors"][0]
            self.assertEqual(error["type"], "secret_expired")


class SecretsAsTheOriginalHasThem(InteropTest):
    """Directly in the request alone; what is a token inside of other values is opened, too."""

    def test_what_is_inside_of_other_values_may_be_in_clear(self):
        listener = self.cyberfusion(fernet_keys=[NEW_KEY])
        with self.serve(listener), Connection(self.uri) as amqp:
            client = RpcClient(amqp, "test", "echo")
            stranger = encrypted(Fernet.generate_key(), "hidden")
            value = {"password": "in clear", "passphrase": stranger}
            self.assertEqual(client.call({"value": value})["data"], value)
            value = {"password": encrypted(NEW_KEY, "in clear")}
            self.assertEqual(client.call({"value": value})["data"], {"password": "in clear"})
            with self.assertRaises(CallFailed) as caught:
                client.call({"value": 1, "password": "in clear"})
            error = caught.exception.reply["data"]["errors"][0]
            self.assertEqual(error["type"], "secret_not_encrypted")


class WithoutAKey(InteropTest):
    def test_without_a_key_nothing_needs_to_be_encrypted(self):
        with self.serve(self.cyberfusion()), Connection(self.uri) as amqp:
            reply = RpcClient(amqp, "test", "echo").call({"value": {"password": "in clear"}})
            self.assertEqual(reply["data"], {"password": "in clear"})


class OverTls(InteropTest):
    def test_warren_serves_over_tls_with_a_verified_broker(self):
        authority = self.broker.certificates["ca"]
        listener = self.cyberfusion(
            amqp=self.broker.tls_uri(self.vhost) + f"?cacertfile={authority}"
        )
        context = ssl.create_default_context(cafile=authority)
        with self.serve(listener), Connection(self.broker.tls_uri(self.vhost), context) as amqp:
            self.assertTrue(RpcClient(amqp, "test", "echo").call({"value": 1})["success"])


if __name__ == "__main__":
    unittest.main()
