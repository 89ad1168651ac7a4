"""Generates responses from their models."""

from __future__ import annotations

import itertools
from typing import Any

import pydantic

from warren.cyberfusion import models
from warren.errors import Internal

_DEPTH_MAX = 8
_TEXTS = {
    "date-time": "2000-01-01T00:00:00Z",
    "date": "2000-01-01",
    "time": "00:00:00",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "somebody@example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "path": "/tmp",
}


def response(model: type[models.Model]) -> models.Model:
    """The first of the model's examples that succeeds, else the first one, else generated."""
    examples = sorted(models.examples(model), key=lambda each: not each.get("success", True))
    described = models.schema(model)
    try:
        if examples:
            return model(**{k: v for k, v in examples[0].items() if not k.startswith("_")})
        return model(**{**_generated(described, described, 0), "success": True})
    except pydantic.ValidationError as error:
        raise Internal(
            f"No mock response fits {model.__name__}: give its schema an example that does. {error}"
        ) from error


def _generated(node: dict[str, Any], root: dict[str, Any], depth: int) -> Any:
    if "$ref" in node:
        place: Any = root
        for step in node["$ref"].split("/")[1:]:
            place = place[step]
        return _generated(place, root, depth)
    for said in ("const", "default", "example"):
        if said in node:
            return node[said]
    for several in ("examples", "enum"):
        if node.get(several):
            return node[several][0]
    for choice in ("allOf", "anyOf", "oneOf"):
        if node.get(choice):
            return _generated(node[choice][0], root, depth)
    return _generated_of_type(node, root, depth)


def _generated_of_type(node: dict[str, Any], root: dict[str, Any], depth: int) -> Any:
    kind = node.get("type")
    if kind == "object":
        members = node.get("properties", {}).items() if depth < _DEPTH_MAX else []
        return {name: _generated(member, root, depth + 1) for name, member in members}
    if kind == "array":
        item = node.get("items", {})
        items = itertools.cycle(item if isinstance(item, list) else [item])
        count = node.get("minItems", 0)
        return [_generated(each, root, depth + 1) for each in itertools.islice(items, count)]
    if kind in ("integer", "number"):
        least = node.get("minimum", node.get("exclusiveMinimum", -1) + 1)
        return min(least, node.get("maximum", node.get("exclusiveMaximum", least + 1) - 1))
    if kind == "string":
        text = _TEXTS.get(node.get("format", ""), "text")
        return text.ljust(node.get("minLength", 0), "t")[: node.get("maxLength")]
    return True if kind == "boolean" else None
