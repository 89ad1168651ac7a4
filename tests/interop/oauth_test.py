"""Tokens of OAuth 2 as passwords at RabbitMQ: they run out while connections last."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import signal
import time
import unittest
import urllib.parse

import pika
from fixture import ProgramTest, eventually, is_ready
from rabbitmq import Broker
from tcp_fixture import Caller

KEY = secrets.token_bytes(32)
LIFE_S = 15
ALL = [f"rabbitmq.{what}:*/*" for what in ("configure", "write", "read")]


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(life_s):
    header = {"alg": "HS256", "typ": "JWT", "kid": "key"}
    claims = {"scope": ALL, "aud": ["rabbitmq"], "exp": int(time.time()) + life_s, "sub": "app"}
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{base64url(hmac.digest(KEY, signed.encode(), hashlib.sha256))}"


class TokensThatRunOut(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.broker = cls.enterClassContext(Broker(plugins=["rabbitmq_auth_backend_oauth2"]))
        key = f'#{{<<"kty">> => <<"oct">>, <<"k">> => <<"{base64url(KEY)}">>}}'
        cls.broker.evaluate(
            "Set = fun(Name, Value) ->"
            " application:set_env(rabbitmq_auth_backend_oauth2, Name, Value) end,"
            'Set(resource_server_id, <<"rabbitmq">>),'
            'Set(key_config, [{default_key, <<"key">>},'
            f' {{signing_keys, #{{<<"key">> => {{map, {key}}}}}}}]),'
            "application:set_env(rabbit, auth_backends, [rabbit_auth_backend_oauth2])"
        )

    def put(self, text):
        """As tools do that write secrets: nobody reads half of it."""
        os.replace(self.write("token.new", text + "\n"), self.directory / "token")

    def is_refused(self, old):
        parameters = pika.ConnectionParameters(
            "127.0.0.1", self.broker.port, credentials=pika.PlainCredentials("app", old)
        )
        try:
            pika.BlockingConnection(parameters).close()
            return False
        except pika.exceptions.AMQPConnectionError:
            return True

    def test_the_next_one_is_told_on_the_connection_that_is_there(self):
        self.check_the_next_one("200ms", lambda server: None)

    def test_it_is_told_at_once_on_sighup(self):
        self.check_the_next_one("1h", lambda server: server.process.send_signal(signal.SIGHUP))

    def check_the_next_one(self, topology_check, ask):
        first = token(LIFE_S)
        self.put(first)
        path = urllib.parse.quote(str(self.directory / "token"), safe="")
        at = f"amqp://app@127.0.0.1:{self.broker.port}/?password_file={path}&topology_check="
        uri = at + topology_check
        listener = {"amqp": uri, "protocol": "cyberfusion", "queue": "q", "methods": ["add", "echo"]}
        with (
            self.serve(listener, admin={"address": "127.0.0.1:0"}) as server,
            Caller(f"{at}200ms&queue=q") as caller,
        ):
            self.assertEqual(caller.call("add", {"a": 1, "b": 2}), ("ok", 3))
            self.put(token(3600))
            ask(server)
            server.wait_until_log("is told the password")
            self.assertTrue(eventually(lambda: self.is_refused(first)))
            # The exchange of a method that was not called before needs permissions anew.
            self.assertEqual(caller.call("echo", {"value": "later"}), ("ok", "later"))
            self.assertEqual(caller.call("add", {"a": 2, "b": 2}), ("ok", 4))
            self.assertTrue(is_ready(server))
            self.assertEqual(server.log().count("Connected to"), 1, server.log())


if __name__ == "__main__":
    unittest.main()
