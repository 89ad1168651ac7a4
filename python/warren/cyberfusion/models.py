"""Pydantic's models, of its releases 1 and 2 alike."""

from __future__ import annotations

import json
from typing import Any, Union

import pydantic

from warren.errors import FieldError, InvalidRequest

Model = pydantic.BaseModel
IS_FIRST = pydantic.VERSION.startswith("1.")
MEMBERS_MAX = 64  # more are taken as they come

# What release 2 calls what release 1 finds; callers know these words.
_TYPES = {
    "value_error.missing": "missing",
    "value_error.extra": "extra_forbidden",
    "value_error.const": "literal_error",
    "value_error.number.not_gt": "greater_than",
    "value_error.number.not_ge": "greater_than_equal",
    "value_error.number.not_lt": "less_than",
    "value_error.number.not_le": "less_than_equal",
    "value_error.number.not_multiple": "multiple_of",
    "value_error.any_str.min_length": "string_too_short",
    "value_error.any_str.max_length": "string_too_long",
    "value_error.str.regex": "string_pattern_mismatch",
    "value_error.list.min_items": "too_short",
    "value_error.list.max_items": "too_long",
    "value_error.date": "date_from_datetime_parsing",
    "value_error.datetime": "datetime_from_date_parsing",
    "value_error.time": "time_parsing",
    "value_error.duration": "time_delta_parsing",
    "value_error.jsondecode": "json_invalid",
    "type_error.enum": "enum",
    "type_error.integer": "int_parsing",
    "type_error.float": "float_parsing",
    "value_error.strictbool": "bool_type",
    "type_error.bool": "bool_parsing",
    "type_error.str": "string_type",
    "type_error.list": "list_type",
    "type_error.set": "set_type",
    "type_error.tuple": "tuple_type",
    "type_error.dict": "dict_type",
    "type_error.uuid": "uuid_parsing",
    "type_error.decimal": "decimal_parsing",
    "value_error.decimal.not_finite": "finite_number",
    "type_error.none.not_allowed": "none_not_allowed",
}


def _word(kind: str) -> str:
    if not IS_FIRST:
        return kind
    if kind.startswith("value_error.url"):
        return "url_parsing"
    return _TYPES.get(kind, kind)


def _location(steps: Any) -> tuple[Union[str, int], ...]:
    return tuple(
        step if isinstance(step, int) and step >= 0 else str(step)
        for step in steps
        if step != "__root__"
    )


def validated(model: type[Model], request: dict[str, Any]) -> Model:
    """The request as an object of its model.

    Raises InvalidRequest with every error.
    """
    try:
        return model(**request)
    except pydantic.ValidationError as invalid:
        errors = [
            FieldError(_location(each["loc"]), each["msg"], _word(each["type"]))
            for each in invalid.errors()
        ]
        raise InvalidRequest("Request validation failed", errors=errors) from None


def as_json(value: Model) -> dict[str, Any]:
    """What it is on the wire."""
    inner: Any = value
    whole = json.loads(inner.json()) if IS_FIRST else inner.model_dump(mode="json")
    assert isinstance(whole, dict)
    return whole


def schema(model: type[Model]) -> dict[str, Any]:
    """Its JSON Schema."""
    inner: Any = model
    described = inner.schema() if IS_FIRST else inner.model_json_schema()
    assert isinstance(described, dict)
    return described


def examples(model: type[Model]) -> list[dict[str, Any]]:
    """Those of its schema, in whichever release's words."""
    told = schema(model).get("examples")
    if told is None and IS_FIRST:
        inner: Any = model
        extra = getattr(inner.__config__, "json_schema_extra", {})
        told = extra.get("examples") if isinstance(extra, dict) else None
    return [each for each in told or [] if isinstance(each, dict)]


def fields(model: type[Model]) -> dict[str, list[str]]:
    """The names of its fields, and how each is called on the wire; [] when that is not simple."""
    inner: Any = model
    if IS_FIRST:
        by_name = bool(inner.__config__.allow_population_by_field_name)
        aliases = {name: field.alias for name, field in inner.__fields__.items()}
    else:
        config = inner.model_config
        by_name = bool(config.get("populate_by_name") or config.get("validate_by_name"))
        aliases = {
            name: field.validation_alias or name
            for name, field in inner.model_fields.items()
        }
    return {
        name: [] if not isinstance(alias, str) else list({alias, name} if by_name else {alias})
        for name, alias in aliases.items()
    }


def only_members(model: type[Model]) -> list[str] | None:
    """All that it looks at of a request; None: it may look at anything."""
    inner: Any = model
    if IS_FIRST:
        ignores = inner.__config__.extra == "ignore"
        looks = bool(inner.__pre_root_validators__) or inner.__custom_root_type__
    else:
        ignores = inner.model_config.get("extra", "ignore") == "ignore"
        validators = inner.__pydantic_decorators__.model_validators
        looks = any(each.info.mode != "after" for each in validators.values())
    wire = fields(model)
    members = sorted({name for names in wire.values() for name in names})
    if not ignores or looks or model.__init__ is not Model.__init__ or not all(wire.values()):
        return None
    return members if 0 < len(members) <= MEMBERS_MAX else None
