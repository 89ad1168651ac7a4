"""What goes over the wire comes back as it was, and what cannot go says where it is."""

import dataclasses
import datetime
import enum
import pathlib
import uuid

import pytest

import warren


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**63),
        2**64 - 1,
        0.1,
        float("inf"),
        "",
        "Zwiebel \u0000 \U0001f9c5",
        "x" * 100_000,
        b"",
        b"\x00\xff" * 1000,
        [],
        [[], {}, [None]],
        {},
        {"a": {"b": [1, 2, {"c": None}]}},
    ],
    ids=repr,
)
def test_is_the_same(client, value):
    assert client.call("echo", value=value) == value


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    colour: Colour


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, 2), [1, 2]),
        ({3}, [3]),
        (Colour.RED, "red"),
        (Point(1, Colour.RED), {"x": 1, "colour": "red"}),
        (bytearray(b"x"), b"x"),
        (memoryview(b"xyz")[1:], b"yz"),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        (
            datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc),
            "2026-01-02T00:00:00Z",
        ),
        (datetime.timedelta(milliseconds=1500), 1.5),
        (range(3), [0, 1, 2]),
    ],
    ids=repr,
)
def test_other_objects_are_made_plain(client, value, plain):
    assert client.call("echo", value=value) == plain


class Endless:
    """Becomes itself."""

    def model_dump(self):
        return self


def _nested_in_itself():
    items = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (
            2**64,
            OverflowError,
            r"arguments\['value'\]\['a'\]\[1\]: is an integer of more than 64",
        ),
        (object(), TypeError, r"\['a'\]\[1\]: a object has no form on the wire"),
        ("\ud800", ValueError, r"\['a'\]\[1\]: is a text with half of a surrogate pair"),
        (_nested_in_itself(), ValueError, "nested too deeply, or in itself"),
        (Endless(), ValueError, "nested too deeply, or in itself"),
        (datetime.datetime(2026, 1, 2), TypeError, "without a time zone"),
    ],
    ids=["integer", "object", "surrogate", "itself", "endless", "naive"],
)
def test_what_cannot_go_says_where_it_is(client, value, kind, message):
    with pytest.raises(kind, match=message):
        client.call("echo", value={"a": [0, value]})


def test_a_response_that_cannot_go_is_internal(server, caplog):
    server.method(object, name="make")
    server.start()
    with warren.Client(server.addresses[0]) as client, pytest.raises(warren.Internal):
        client.call("make")
    assert "response: a object has no form on the wire" in caplog.text


def test_a_failure_that_cannot_go_is_internal(server, caplog):
    def refuse():
        raise warren.Error("no", object())

    server.method(refuse)
    server.start()
    with warren.Client(server.addresses[0]) as client:
        for _ in range(3):  # more than there are threads
            with pytest.raises(warren.Internal):
                client.call("refuse")
    assert "data of the failure: a object has no form on the wire" in caplog.text
