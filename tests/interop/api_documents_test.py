"""What is made of contracts, held against those who know it better: the official validators of
AsyncAPI and OpenRPC, JSON Schema's own, pydantic, and what is really on the wire."""

import enum
import json
import os
import subprocess
import typing
import unittest

import jsonschema
import pydantic

from fixture import MODULES, InteropTest, run_warren
from npm_packages import PACKAGES, fetch_packages
from pika_caller import CallFailed, Connection, RpcClient

SAMPLES = os.environ["WARREN_SCHEMA_SAMPLES"]
CONTRACTED = ["dx_example", "echo", "add", "fail", "sleep", "SimpleCommand"]


class FavouriteFood(str, enum.Enum):
    onion = "onion"
    orange = "orange"
    banana = "banana"


class Request(pydantic.BaseModel):
    favourite_food: FavouriteFood = pydantic.Field(
        ..., description="Human-readable favourite food.", examples=["onion"]
    )
    chance_percentage: int = pydantic.Field(
        20, gt=0, description="Chances of favourite food passing.", examples=[20]
    )


class Response(pydantic.BaseModel):
    tolerable: bool = pydantic.Field(
        ..., description="Whether the food is worth eating.", examples=[True]
    )


class DxExampleResponse(pydantic.BaseModel):
    success: bool
    message: str
    data: typing.Optional[Response]


def validate(kind, document):
    """What a validator says of it: "ok", or what is wrong."""
    path = PACKAGES / f"{kind}.{os.getpid()}.json"
    path.write_text(json.dumps(document))
    command = ["node", "validate.mjs", kind, path]
    try:
        done = subprocess.run(command, cwd=PACKAGES, capture_output=True, text=True)
    finally:
        path.unlink()
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.strip()


def reply_to(connection, method, request):
    """All of it, also of a failure."""
    try:
        return RpcClient(connection, "test", method).call(request)
    except CallFailed as failed:
        return failed.reply


def is_part(small, large):
    """Whether all that one schema says stands in the other, too."""
    if isinstance(small, dict):
        return isinstance(large, dict) and all(
            key in large and is_part(value, large[key]) for key, value in small.items()
        )
    return small == large


class Views(InteropTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        configuration = {
            "modules": [MODULES],
            "listeners": [
                cls.cyberfusion(methods=CONTRACTED),
                {"tcp": "127.0.0.1:7000"},
                {"tcp": "127.0.0.1:7001", "protocol": "arrpc", "method": "add"},
            ],
        }
        cls.site = cls.directory / "site"
        path = cls.write("warren.yml", configuration)
        built = run_warren("docs", "build", "--config", path, "--out", cls.site)
        if built.returncode != 0:
            raise AssertionError(built.stderr)

    def read(self, name):
        return json.loads((self.site / name).read_text())


class ApiDocuments(Views):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fetch_packages()

    def test_asyncapi(self):
        document = self.read("asyncapi.json")
        self.assertEqual(validate("asyncapi", document), "ok")
        self.assertEqual(len(document["servers"]), 3)
        self.assertNotIn("guest:guest", json.dumps(document))
        schemas = document["components"]["schemas"]
        schemas.pop(next(iter(schemas)))
        self.assertIn("does not exist", validate("asyncapi", document))

    def test_openrpc(self):
        document = self.read("openrpc.json")
        self.assertEqual(validate("openrpc", document), "ok")
        document["methods"][0]["params"][0].pop("name")
        self.assertIn("must have required property 'name'", validate("openrpc", document))


class Schemas(Views):
    def reference(self, method):
        return self.read(f"schemas/{method}.json")

    def validator(self, method, model):
        schema = self.reference(method)
        return jsonschema.Draft7Validator(
            {"definitions": schema["definitions"], "allOf": [schema["properties"][model]]}
        )

    def test_every_schema_is_one(self):
        paths = list((self.site / "schemas").glob("*.json"))
        self.assertIn(self.site / "schemas/head.json", paths)
        for path in paths:
            if isinstance(schema := json.loads(path.read_text()), dict):
                jsonschema.Draft7Validator.check_schema(schema)
        shown = run_warren("methods", "--modules", MODULES, "--json")
        for method in json.loads(shown.stdout):
            for model in ("request_model", "response_model"):
                jsonschema.Draft202012Validator.check_schema(method[model])

    def test_the_head_refers_to_its_neighbours(self):
        head = self.read("schemas/head.json")
        for part in head["allOf"]:
            self.assertTrue((self.site / "schemas" / part["$ref"]).exists(), part)
        self.assertEqual(len(head["allOf"]), 7)

    def test_mocks_are_accepted(self):
        done = subprocess.run([SAMPLES, MODULES, "1000"], capture_output=True, text=True, check=True)
        shown = {
            method["name"]: method
            for method in json.loads(run_warren("methods", "--modules", MODULES, "--json").stdout)
        }
        samples = json.loads(done.stdout)
        self.assertEqual(set(samples), set(shown))
        for name, made in samples.items():
            own = jsonschema.Draft202012Validator
            request = own(shown[name]["request_model"])
            response = own(shown[name]["response_model"])
            whole = self.validator(name, "response_model")
            reference = self.validator(name, "request_model")
            for sample in made["requests"]:
                request.validate(sample)
                reference.validate(sample)
            for sample in made["responses"]:
                response.validate(sample)
                whole.validate({"success": True, "message": "OK", "data": sample})

    def test_what_is_on_the_wire_is_accepted(self):
        calls = [
            ("dx_example", {"favourite_food": "onion"}, True),
            ("dx_example", {"favourite_food": "banana", "chance_percentage": 7}, True),
            ("dx_example", {"favourite_food": "potato"}, False),
            ("dx_example", {}, False),
            ("add", {"a": 1, "b": 2.5}, True),
            ("echo", {"value": [1, {"a": None}]}, True),
            ("fail", {"message": "No"}, True),
            ("sleep", {"seconds": -1}, False),
        ]
        with self.serve(self.cyberfusion(methods=CONTRACTED)), Connection(self.uri) as connection:
            for method, request, is_right in calls:
                with self.subTest(method=method, request=request):
                    self.assertEqual(
                        self.validator(method, "request_model").is_valid(request), is_right
                    )
                    reply = reply_to(connection, method, request)
                    self.validator(method, "response_model").validate(reply)
                    self.assertEqual(set(reply), {"success", "message", "data"})

    def test_it_has_the_shape_that_pydantic_gives_it(self):
        model = pydantic.create_model(
            "dx_example", request_model=(Request, ...), response_model=(DxExampleResponse, ...)
        )
        wanted = model.schema()
        made = self.reference("dx_example")
        self.assertEqual(set(made["definitions"]), set(wanted["definitions"]))
        # There null is not allowed, which is on the wire all the same.
        wanted["definitions"]["DxExampleResponse"]["properties"].pop("data")
        # Which is what Python says of every enumeration.
        self.assertEqual(wanted["definitions"]["FavouriteFood"].pop("description"), "An enumeration.")
        self.assertTrue(is_part(wanted, made), (wanted, made))


if __name__ == "__main__":
    unittest.main()
