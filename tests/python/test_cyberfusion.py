"""Handlers of cyberfusion's consumer run unchanged at a real RabbitMQ: the original's callers, with
pika, and Warren's call them."""

import json
import uuid

import cyberfusion_handlers as samples
import pika
import pytest
from cryptography.fernet import Fernet
from snippets import blocks

import warren

KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="module")
def vhost(broker):
    name = f"cyberfusion-{uuid.uuid4().hex[:8]}"
    broker.add_vhost(name)
    yield name
    broker.delete_vhost(name)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("cyberfusion")


@pytest.fixture(scope="module")
def packages(directory):
    return samples.write_packages(directory)


@pytest.fixture(scope="module")
def watch(directory):
    made = samples.Watch(directory / "watch")
    yield made
    made.close()


@pytest.fixture(scope="module")
def serving(broker, vhost, directory, packages, watch):
    config = samples.configuration(broker.uri(vhost), vhost, KEY)
    with samples.Serving(
        directory,
        config,
        "--virtual-host-name",
        vhost,
        packages=packages,
        WATCH_SOCKET=watch.path,
    ) as made:
        yield made


class Caller:
    """An RPC client as the consumer's document has it."""

    def __init__(self, uri):
        self.connection = pika.BlockingConnection(pika.URLParameters(uri))
        self.channel = self.connection.channel()
        self.replies = self.channel.queue_declare(queue="", exclusive=True).method.queue
        self.channel.basic_consume(self.replies, self._take, auto_ack=True)
        self.answers = {}

    def _take(self, _channel, _method, properties, body):
        assert properties.content_type == "application/json"
        self.answers[properties.correlation_id] = json.loads(body)

    def send(self, exchange, body, is_one_way=False):
        """Its correlation id."""
        self.channel.exchange_declare(exchange=exchange, exchange_type="direct")
        self.channel.queue_bind(exchange=exchange, queue=self.replies)
        identity = str(uuid.uuid4())
        self.channel.basic_publish(
            exchange=exchange,
            routing_key="test",
            body=json.dumps(body),
            properties=pika.BasicProperties(
                content_type="application/json",
                reply_to=None if is_one_way else self.replies,
                correlation_id=None if is_one_way else identity,
                expiration="60000",
            ),
        )
        return identity

    def wait_for(self, identity):
        while identity not in self.answers:
            self.connection.process_data_events(time_limit=None)
        return self.answers.pop(identity)

    def call(self, exchange, body):
        return self.wait_for(self.send(exchange, body))


@pytest.fixture
def caller(broker, vhost, serving):
    made = Caller(broker.uri(vhost))
    yield made
    made.connection.close()


@pytest.fixture
def client(broker, vhost, serving):
    with warren.Client(f"{broker.uri(vhost)}?queue=test", timeout=60, fernet_keys=[KEY]) as made:
        yield made


def test_a_request_is_answered_in_the_handler_s_words(caller):
    assert caller.call("dx_example", {"favourite_food": "onion"}) == {
        "success": True,
        "message": "Determined toleration",
        "data": {"tolerable": True, "password": None},
    }
    refusal = caller.call("dx_example", {"favourite_food": "onion", "chance_percentage": 100})
    assert refusal == {"success": False, "message": "Nothing is certain", "data": None}


def test_warren_calls_it_by_name(client):
    response = client.call_for_response("dx_example", favourite_food="orange")
    assert response == ({"tolerable": False, "password": None}, "Determined toleration")
    with pytest.raises(warren.InvalidRequest) as raised:
        client.call("dx_example")
    assert [(each.location, each.type) for each in raised.value.errors] == [
        (("favourite_food",), "missing")
    ]


def test_a_request_that_breaks_the_contract_is_told_every_mistake(caller):
    request = {"favourite_food": "leek", "chance_percentage": 0}
    answer = caller.call("dx_example", request)
    assert (answer["success"], answer["message"]) == (False, "Request validation failed")
    errors = answer["data"]["errors"]
    assert {tuple(each["location"]): each["type"] for each in errors} == {
        ("favourite_food",): "enum",
        ("chance_percentage",): "greater_than",
    }
    assert all(each["message"] and set(each) == {"location", "message", "type"} for each in errors)
    answer = caller.call("dx_example", {"favourite_food": "onion", "chance_percentage": "many"})
    assert answer["data"]["errors"][0]["type"] == "int_parsing"


def test_an_exception_is_for_the_log_alone(caller, serving):
    answer = caller.call("dx_example", {"favourite_food": "onion", "chance_percentage": 101})
    assert answer == {"success": False, "message": "An unexpected error occurred", "data": None}
    assert "what only the log may say" in serving.log()


def test_a_body_that_is_no_object_ends_nothing(caller):
    assert caller.call("dx_example", [1])["success"] is False
    assert caller.call("dx_example", {"favourite_food": "onion"})["success"] is True


def test_tokens_are_opened_and_secrets_in_clear_refused(caller, client):
    request = {
        "favourite_food": Fernet(KEY).encrypt(b"onion").decode(),
        "password": Fernet(KEY).encrypt("geheim".encode()).decode(),
    }
    assert caller.call("dx_example", request)["data"] == {"tolerable": True, "password": "geheim"}
    answer = caller.call("dx_example", {"favourite_food": "onion", "password": "geheim"})
    assert answer["data"]["errors"][0]["location"] == ["password"]
    called = client.call("dx_example", favourite_food="onion", password=request["password"])
    assert called["password"] == "geheim"


def test_requests_with_the_same_value_run_one_after_the_other(caller, watch):
    same = [caller.send("dx_upgrade_server", {"number": number}) for number in (5, "5", 5)]
    other = caller.send("dx_upgrade_server", {"number": 6})
    first = dict(watch.wait_for_run() for _ in range(2))
    assert set(first) == {5, 6}
    for go_on in first.values():
        go_on()
    for _ in range(2):
        number, go_on = watch.wait_for_run()
        assert number == 5
        go_on()
    together = [caller.wait_for(identity)["data"]["together"] for identity in (*same, other)]
    assert together == [1, 1, 1, 1]


def test_a_request_that_wants_no_answer_runs(caller, client, watch, broker, vhost):
    caller.send("dx_upgrade_server", {"number": 7}, is_one_way=True)
    number, go_on = watch.wait_for_run()
    go_on()
    assert number == 7
    client.notify("dx_upgrade_server", number=8)
    number, go_on = watch.wait_for_run()
    go_on()
    assert number == 8
    depth = broker.queue_depths(vhost)["test"]
    while depth["ready"] or depth["unacknowledged"]:
        depth = broker.queue_depths(vhost)["test"]


@pytest.fixture
def own_vhost(broker):
    name = f"cyberfusion-{uuid.uuid4().hex[:8]}"
    broker.add_vhost(name)
    yield name
    broker.delete_vhost(name)


def test_a_request_that_runs_at_sigterm_is_answered(broker, own_vhost, packages, tmp_path):
    watch = samples.Watch(tmp_path / "watch")
    config = samples.configuration(broker.uri(own_vhost), own_vhost)
    with samples.Serving(tmp_path, config, packages=packages, WATCH_SOCKET=watch.path) as serving:
        caller = Caller(broker.uri(own_vhost))
        running = caller.send("dx_upgrade_server", {"number": 1})
        _, go_on = watch.wait_for_run()
        serving.terminate()
        while broker.queue_depths(own_vhost)["test"]["consumers"]:
            pass
        late = caller.send("dx_example", {"favourite_food": "onion"})
        go_on()
        assert caller.wait_for(running)["message"] == "Upgraded"
        assert serving.wait() == 0, serving.log()
        assert late not in caller.answers
        assert broker.queue_depths(own_vhost)["test"]["ready"] == 1
        caller.connection.close()
    watch.close()


def test_mocked_responses_run_no_handler(broker, own_vhost, packages, tmp_path):
    config = samples.configuration(broker.uri(own_vhost), own_vhost, mock=True)
    config["virtual_hosts"][own_vhost]["exchanges"]["dx_nobody_has"] = {"type": "direct"}
    with samples.Serving(tmp_path, config, packages=packages) as serving:
        caller = Caller(broker.uri(own_vhost))
        answer = caller.call("dx_upgrade_server", {"number": 1})
        assert answer["success"] is True
        assert isinstance(answer["data"]["together"], int)
        answer = caller.call("dx_upgrade_server", {})
        assert answer["data"]["errors"][0]["type"] == "missing"
        answer = caller.call("dx_nobody_has", {})
        assert answer["message"] == "An unexpected error occurred"
        assert "no module cyberfusion.RabbitMQHandlers.exchanges.dx_nobody_has" in serving.log()
        caller.connection.close()


def test_with_ssl_the_broker_is_verified(broker, own_vhost, packages, tmp_path):
    config = samples.configuration(broker.uri(own_vhost), own_vhost)
    config["server"].update(host="localhost", port=broker.tls_port, ssl=True)
    trusted = {"SSL_CERT_FILE": broker.certificates["ca"]}
    with samples.Serving(tmp_path, config, packages=packages, **trusted):
        caller = Caller(broker.uri(own_vhost))
        assert caller.call("dx_example", {"favourite_food": "onion"})["success"] is True
        caller.connection.close()


def test_the_guide_s_handler_runs_with_the_guide_s_file(broker, own_vhost, tmp_path):
    files = {block.title: block for block in blocks("docs/guide/python-handlers.md")}
    module = next(title for title in files if title.endswith("__init__.py"))
    (tmp_path / module).parent.mkdir(parents=True)
    (tmp_path / module).write_text("\n".join(files[module].lines))
    config = "\n".join(files["rabbitmq.yml"].lines).replace("trees", own_vhost)
    for said, here in (
        ("localhost", "127.0.0.1"),
        ("5671, ssl: true", f"{broker.port}, ssl: false"),
        ("username: user", "username: guest"),
    ):
        assert said in config
        config = config.replace(said, here)
    arguments = ("--virtual-host-name", own_vhost)
    with samples.Serving(tmp_path, config, *arguments, packages=[str(tmp_path)], PASSWORD="guest"):
        caller = Caller(broker.uri(own_vhost))
        answer = caller.call("dx_example", {"favourite_food": "banana"})
        assert answer == {"success": True, "message": "Tasted", "data": {"tolerable": False}}
        caller.connection.close()
