"""Annotations of Python as types of a contract, and values that came back as their objects."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import inspect
import pathlib
import re
import types
import typing
import uuid
import weakref
from typing import Any, NamedTuple

from warren import conversions
from warren.conversions import Convert
from warren.errors import FieldError, Internal, InvalidRequest


class Described(NamedTuple):
    """A type of a contract."""

    spec: tuple[Any, ...]
    """As `_warren` takes it."""
    convert: Convert | None = None
    """Makes the annotation's object of what came; None: it is that already."""


class Field(NamedTuple):
    """A parameter, or a member of a model."""

    name: str
    type: Described
    required: bool = True
    default: Any = None
    description: str = ""
    constraints: dict[str, Any] = {}

    @property
    def spec(self) -> tuple[Any, ...]:
        """As `_warren` takes it."""
        return (
            self.name,
            self.type.spec,
            self.required,
            self.default,
            self.description,
            self.constraints,
        )


ANYTHING = Described(("dynamic",))

_PLAIN: dict[Any, Described] = {
    inspect.Parameter.empty: ANYTHING,
    Any: ANYTHING,
    object: ANYTHING,
    None: Described(("nothing",)),
    type(None): Described(("nothing",)),
    bool: Described(("boolean",)),
    int: Described(("integer",)),
    float: Described(("floating",)),
    str: Described(("text",)),
    bytes: Described(("bytes",)),
    bytearray: Described(("bytes",), bytearray),
    uuid.UUID: Described(("uuid",), uuid.UUID),
    datetime.datetime: Described(("timestamp",), conversions.to_datetime),
    datetime.timedelta: Described(("duration",), conversions.to_timedelta),
    datetime.date: Described(("text",), datetime.date.fromisoformat),
    decimal.Decimal: Described(("text",), decimal.Decimal),
    pathlib.Path: Described(("text",), pathlib.Path),
    pathlib.PurePath: Described(("text",), pathlib.PurePath),
    list: Described(("list", ("dynamic",))),
    tuple: Described(("list", ("dynamic",)), tuple),
    set: Described(("list", ("dynamic",)), set),
    dict: Described(("map", ("dynamic",))),
}

_LISTS: dict[Any, Convert | None] = {
    list: None,
    collections.abc.Sequence: None,
    collections.abc.Iterable: None,
    set: set,
    frozenset: frozenset,
    collections.abc.Set: frozenset,
}
# One description for each class, so that a contract has its model once.
_classes: weakref.WeakKeyDictionary[type, Described] = weakref.WeakKeyDictionary()
_MAPS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def describe(annotation: Any, place: str, within: tuple[Any, ...] = ()) -> Described:
    """
    annotation  of a parameter, a response or a member
    place       whose it is, for errors
    within      the models that it is a part of

    Raises Internal for what has no type in a contract.
    """
    try:
        found = _PLAIN.get(annotation)
    except TypeError:  # not hashable
        found = None
    if found is not None:
        return found
    if annotation in within:
        raise Internal(
            f"{place}: {annotation.__qualname__} is a part of itself: annotate it as Any"
        )
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Annotated:
        return describe(arguments[0], place, within)
    if origin in (typing.Union, types.UnionType):
        return _union(arguments, place, within)
    if origin is typing.Literal:
        return _literal(arguments, place)
    if origin in _LISTS:
        return _list(describe(arguments[0], place, within), _LISTS[origin])
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _list(describe(arguments[0], place, within), tuple)
    if origin in _MAPS:
        if arguments[0] is not str:
            raise Internal(f"{place}: a map's keys are texts on the wire: dict[str, ...]")
        return _map(describe(arguments[1], place, within))
    if isinstance(annotation, type):
        if annotation not in _classes:
            _classes[annotation] = _class(annotation, place, (*within, annotation))
        return _classes[annotation]
    raise Internal(f"{place}: {annotation!r} has no type in a contract: annotate it as Any")


def parameters(fields: list[Field]) -> tuple[Any, ...]:
    """The type of a function's parameters."""
    return ("parameters", "Parameters", "", [field.spec for field in fields], False)


def _list(element: Described, convert: Convert | None) -> Described:
    if element.convert is not None:
        convert = conversions.of_each(element.convert, convert or list)
    return Described(("list", element.spec), convert)


def _map(element: Described) -> Described:
    convert = None if element.convert is None else conversions.of_each_value(element.convert)
    return Described(("map", element.spec), convert)


def _union(alternatives: tuple[Any, ...], place: str, within: tuple[Any, ...]) -> Described:
    some = [each for each in alternatives if each is not type(None)]
    described = [describe(each, place, within) for each in some]
    if len(described) == 1:
        one = described[0]
    else:
        converts = [each.convert for each in described]
        one = Described(
            ("choice", [each.spec for each in described]),
            (lambda value: conversions.first_that_can(converts, value)) if any(converts) else None,
        )
    if len(some) == len(alternatives):
        return one
    convert = None if one.convert is None else conversions.unless_none(one.convert)
    return Described(("optional", one.spec), convert)


def _literal(values: tuple[Any, ...], place: str) -> Described:
    if not all(isinstance(value, str) for value in values):
        raise Internal(f"{place}: a Literal of anything but texts has no type in a contract")
    name = "_or_".join(re.sub(r"\W", "_", value) for value in values)[:60]
    return Described(("enumeration", name, "", list(values)))


def _class(kind: type, place: str, within: tuple[Any, ...]) -> Described:
    if issubclass(kind, enum.Enum):
        values = [member.value for member in kind]
        if all(isinstance(value, str) for value in values):
            return Described(("enumeration", kind.__name__, _text_of(kind), values), kind)
        if all(isinstance(value, int) for value in values):
            return Described(("integer",), kind)
    if hasattr(kind, "get_secret_value"):
        return Described(("secret", ("bytes" if "Bytes" in kind.__name__ else "text",)), kind)
    if hasattr(kind, "model_fields") and hasattr(kind, "model_validate"):
        return _pydantic_2(kind, within)
    if hasattr(kind, "__fields__") and hasattr(kind, "parse_obj"):
        return _pydantic_1(kind, within)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, within)
    if typing.is_typeddict(kind):
        return _typed_dict(kind, within)
    for base in (bool, int, float, str, bytes, pathlib.PurePath):
        if issubclass(kind, base):  # such as a constrained one of Pydantic 1
            convert = kind if base is pathlib.PurePath else None
            return Described(_PLAIN[base].spec, convert)
    raise Internal(f"{place}: {kind.__qualname__} has no type in a contract: annotate it as Any")


def _text_of(kind: type) -> str:
    text = kind.__doc__ or ""
    # What dataclasses and enumerations have by themselves says nothing.
    is_own = not text.startswith((f"{kind.__name__}(", "An enumeration."))
    return inspect.cleandoc(text) if is_own else ""


def _model(
    kind: type, fields: list[Field], convert: Convert | None, forbids_extra: bool = False
) -> Described:
    specs = [field.spec for field in fields]
    return Described(("model", kind.__name__, _text_of(kind), specs, forbids_extra), convert)


def _dataclass(kind: Any, within: tuple[Any, ...]) -> Described:
    hints = typing.get_type_hints(kind)
    fields = []
    for each in dataclasses.fields(kind):
        described = describe(hints[each.name], f"{kind.__qualname__}.{each.name}", within)
        default = each.default
        if each.default_factory is not dataclasses.MISSING:
            default = each.default_factory()
        is_required = default is dataclasses.MISSING
        fields.append(Field(each.name, described, is_required, None if is_required else default))

    def convert(members: dict[str, Any]) -> Any:
        return kind(**convert_members(fields, members))

    return _model(kind, fields, convert)


def _typed_dict(kind: Any, within: tuple[Any, ...]) -> Described:
    hints = typing.get_type_hints(kind)
    fields = []
    for name, hint in hints.items():
        is_required = name in kind.__required_keys__
        if not is_required:
            hint = typing.Optional[hint]
        described = describe(hint, f"{kind.__qualname__}.{name}", within)
        fields.append(Field(name, described, is_required))

    def convert(members: dict[str, Any]) -> Any:
        given = convert_members(fields, members)
        return {
            name: value
            for name, value in given.items()
            if value is not None or name in kind.__required_keys__
        }

    return _model(kind, fields, convert)


_PYDANTIC_BOUNDS = {"gt": "greater_than", "ge": "at_least", "lt": "less_than", "le": "at_most"}
_PYDANTIC_LENGTHS = {
    "min_length": "min_length",
    "max_length": "max_length",
    "min_items": "min_length",
    "max_items": "max_length",
    "regex": "pattern",
    "pattern": "pattern",
}


def _constraints(*sources: Any) -> dict[str, Any]:
    """Those that objects of Pydantic have as attributes of its names."""
    found: dict[str, Any] = {}
    for source in sources:
        for name, ours in {**_PYDANTIC_BOUNDS, **_PYDANTIC_LENGTHS}.items():
            value = getattr(source, name, None)
            if isinstance(value, re.Pattern):
                value = value.pattern
            if isinstance(value, (int, float, str)) and not callable(value):
                found[ours] = value
    return found


def _pydantic_1(kind: Any, within: tuple[Any, ...]) -> Described:
    hints = typing.get_type_hints(kind)
    fields = []
    for name, each in kind.__fields__.items():
        described = describe(hints[name], f"{kind.__qualname__}.{name}", within)
        has_default = not each.required
        default = each.get_default() if has_default else None
        if has_default and default is None and described.spec[0] != "optional":
            described = Described(("optional", described.spec), described.convert)
        info = each.field_info
        fields.append(
            Field(
                each.alias,
                described,
                not has_default,
                default,
                info.description or "",
                _constraints(each.type_, info),
            )
        )
    forbids = getattr(kind.Config, "extra", None)
    return _model(kind, fields, _validated(kind, kind.parse_obj), str(forbids).endswith("forbid"))


def _pydantic_2(kind: Any, within: tuple[Any, ...]) -> Described:
    fields = []
    for name, each in kind.model_fields.items():
        described = describe(each.annotation, f"{kind.__qualname__}.{name}", within)
        is_required = each.is_required()
        default = None if is_required else each.get_default(call_default_factory=True)
        fields.append(
            Field(
                each.alias or name,
                described,
                is_required,
                default,
                each.description or "",
                _constraints(*each.metadata),
            )
        )
    forbids = kind.model_config.get("extra") == "forbid"
    return _model(kind, fields, _validated(kind, kind.model_validate), forbids)


def _validated(kind: Any, validate: Convert) -> Convert:
    """What a model's own validators refuse is wrong with the request."""

    def convert(members: dict[str, Any]) -> Any:
        try:
            return validate(members)
        except ValueError as error:
            if not hasattr(error, "errors"):
                raise
            raise InvalidRequest(
                "Request validation failed",
                errors=[
                    FieldError(tuple(each["loc"]), each["msg"], each["type"])
                    for each in error.errors()
                ],
            ) from None

    return convert


def convert_members(fields: list[Field], members: dict[str, Any]) -> dict[str, Any]:
    """The objects of the fields' annotations.

    Raises InvalidRequest, naming the member that has none.
    """
    objects = dict(members)
    for field in fields:
        convert = field.type.convert
        if convert is None or field.name not in objects:
            continue
        try:
            objects[field.name] = convert(objects[field.name])
        except InvalidRequest as error:
            error.errors = [
                each._replace(location=(field.name, *each.location)) for each in error.errors
            ]
            raise
        except (TypeError, ValueError, ArithmeticError) as error:
            raise InvalidRequest(
                "Request validation failed",
                errors=[FieldError((field.name,), str(error), "value_error")],
            ) from None
    return objects
