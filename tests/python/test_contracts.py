"""Annotations are contracts: what comes is held against them, and handlers get their objects."""

import dataclasses
import datetime
import enum
import json
import os
import pathlib
import subprocess
import typing
import uuid
from typing import Any, Literal, Optional, TypedDict, Union

import pydantic
import pytest

import warren


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


@dataclasses.dataclass
class Point:
    """Where something is."""

    x: int
    y: int = 7
    colour: Colour = Colour.RED


class Item(TypedDict, total=False):
    name: str
    count: int


class Order(pydantic.BaseModel):
    """What somebody wants."""

    item: str = pydantic.Field(min_length=2, max_length=10, description="What it is.")
    count: int = pydantic.Field(1, gt=0)
    note: Optional[str] = None

    @pydantic.validator("note")
    def is_polite(cls, value):  # noqa: N805
        if value is not None and "please" not in value:
            raise ValueError("say please")
        return value


SHAPES = [
    (int, 5, 5),
    (float, 1.5, 1.5),
    (bool, True, True),
    (str, "x", "x"),
    (bytes, b"x", b"x"),
    (Any, {"a": [1]}, {"a": [1]}),
    (list[int], [1, 2], [1, 2]),
    (set[str], ["b", "a"], {"a", "b"}),
    (tuple[int, ...], [1, 2], (1, 2)),
    (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
    (Optional[int], None, None),
    (Optional[int], 5, 5),
    (Union[int, str], "x", "x"),
    (int | None, 5, 5),
    (Literal["a", "b"], "b", "b"),
    (Colour, "green", Colour.GREEN),
    (list[Colour], ["red"], [Colour.RED]),
    (Point, {"x": 1}, Point(1)),
    (dict[str, Point], {"a": {"x": 1, "colour": "green"}}, {"a": Point(1, 7, Colour.GREEN)}),
    (Item, {"name": "onion"}, {"name": "onion"}),
    (Order, {"item": "onion"}, Order(item="onion")),
    (uuid.UUID, str(uuid.UUID(int=5)), uuid.UUID(int=5)),
    (datetime.timedelta, 1.5, datetime.timedelta(seconds=1.5)),
    (
        datetime.datetime,
        "2026-01-02T03:04:05Z",
        datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
    ),
    (pathlib.Path, "/a", pathlib.Path("/a")),
]


@pytest.mark.parametrize(("annotation", "sent", "expected"), SHAPES, ids=str)
def test_handlers_get_objects_of_their_annotations(server, annotation, sent, expected):
    seen = []

    def take(value):
        seen.append(value)
        return value

    take.__annotations__ = {"value": annotation, "return": annotation}
    server.method(take)
    server.start()
    with warren.Client(server.addresses[0]) as client:
        assert client.call("take", value=sent) is not Ellipsis
        back = client.call("take", value=client.call("take", value=sent))
    assert seen[0] == expected and type(seen[0]) is type(expected)
    assert seen[-1] == expected
    assert (sorted(back) if isinstance(expected, set) else back) == client_form(expected)


def client_form(value):
    """What a caller gets of an object."""
    if isinstance(value, (set, tuple)):
        return sorted(value)
    if isinstance(value, list):
        return [client_form(each) for each in value]
    if isinstance(value, dict):
        return {key: client_form(each) for key, each in value.items()} | (
            {"count": None} if value == {"name": "onion"} else {}
        )
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Point):
        return {"x": value.x, "y": value.y, "colour": value.colour.value}
    if isinstance(value, pydantic.BaseModel):
        return value.dict()
    if isinstance(value, (uuid.UUID, pathlib.Path)):
        return str(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, datetime.timedelta):
        return f"PT{value.total_seconds()}S"
    return value


def refusal(server, **arguments):
    with warren.Client(server.addresses[0]) as client, pytest.raises(warren.InvalidRequest) as got:
        client.call("place", **arguments)
    return [(error.location, error.type) for error in got.value.errors]


def test_every_error_of_a_request_is_told(server):
    @server.method
    def place(order: Order, colours: list[Colour], at: Point):
        pytest.fail("it ran")

    server.start()
    wrong = refusal(server, order={"item": "x", "count": 0}, colours=["red", "blue"], at={})
    assert {location for location, _ in wrong} == {
        ("order", "item"),
        ("order", "count"),
        ("colours", 1),
        ("at", "x"),
    }


def test_validators_of_pydantic_are_heard(server):
    @server.method
    def place(order: Order):
        pytest.fail("it ran")

    server.start()
    assert refusal(server, order={"item": "leek", "note": "now"}) == [
        (("order", "note"), "value_error")
    ]


def test_a_response_that_breaks_its_annotation_is_internal(server, caplog):
    @server.method
    def count() -> int:
        return "many"

    server.start()
    with warren.Client(server.addresses[0]) as client, pytest.raises(warren.Internal):
        client.call("count")
    assert "does not keep to its annotation" in caplog.text


def test_what_has_no_type_is_refused_at_once(server):
    class Unknown:
        pass

    def take(value: Unknown):
        pass

    with pytest.raises(warren.Internal, match="parameter 'value' of take.*has no type"):
        server.method(take)

    def give() -> dict[int, str]:
        return {}

    with pytest.raises(warren.Internal, match="a map's keys are texts"):
        server.method(give)


def test_contracts_are_those_of_the_tools(tmp_path):
    server = warren.Server("tcp://127.0.0.1:0")

    @server.method
    def place(order: Order, at: typing.Optional[Point] = None) -> list[Point]:
        """Place an order."""
        return [at or Point(1)]

    with server:
        shown = subprocess.run(
            [os.environ["WARREN_PROGRAM"], "contract", "show", "--from", server.addresses[0]],
            capture_output=True,
            text=True,
            check=True,
        )
    method = next(m for m in json.loads(shown.stdout)["methods"] if m["name"] == "place")
    assert method["description"] == "Place an order."
    for text in ("What it is.", "What somebody wants.", "Where something is."):
        assert shown.stdout.count(text) == 1


def test_a_mock_keeps_to_the_annotation():
    server = warren.Server("tcp://127.0.0.1:0", replies="mock")

    @server.method
    def look(name: str) -> Point:
        pytest.fail("it ran")

    with server, warren.Client(server.addresses[0]) as client:
        mock = client.call("look", name="x")
    assert isinstance(mock["x"], int) and mock["colour"] in ("red", "green")
