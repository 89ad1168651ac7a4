"""Handlers: the types of their contracts, and how they take what has come."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Any, Literal, Optional

from warren import _warren, types
from warren.context import Context, Reply
from warren.errors import Internal, InvalidRequest

_NOT_GIVEN = b"\0not given"  # no JSON and nobody's value has this


class Method:
    """A handler, the types of its contract, and how it takes what has come."""

    def __init__(self, name: str, handler: Callable[..., Any]) -> None:
        self.handler = handler
        self.context_name: str | None = None
        self.fields: list[types.Field] = []
        self.by_position: list[str] = []
        takes_any = False
        signature = inspect.signature(handler)
        hints = _hints(handler)
        for parameter in signature.parameters.values():
            hint = hints.get(parameter.name, parameter.annotation)
            if hint is Context:
                self.context_name = parameter.name
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD and not self.fields:
                takes_any = True
            else:
                self._add(name, parameter, hint)
        returned = hints.get("return", inspect.Signature.empty)
        self.response = (
            types.ANYTHING
            if returned in (inspect.Signature.empty, Reply)
            else types.describe(returned, f"what {name} returns")
        )
        self.request = types.ANYTHING.spec if takes_any else types.parameters(self.fields)
        self.takes_any = takes_any
        self.converts = any(field.type.convert for field in self.fields)

    def _add(self, name: str, parameter: inspect.Parameter, hint: Any) -> None:
        if parameter.kind in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL):
            raise Internal(
                f"Method {name!r}: {parameter} takes any number of arguments: name them, or take "
                "**arguments alone"
            )
        described = types.describe(hint, f"parameter {parameter.name!r} of {name}")
        is_required = parameter.default is inspect.Parameter.empty
        default = None if is_required else parameter.default
        if not is_required and default is None and described.spec[0] not in ("optional", "dynamic"):
            described = types.describe(Optional[hint], name)
        self.fields.append(types.Field(parameter.name, described, is_required, default))
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            self.by_position.append(parameter.name)

    def run(self, call: _warren.Call) -> Any:
        """Have the handler answer a call.

        Raises what it raises, and InvalidRequest where there is no object of an annotation.
        """
        arguments = call.arguments()
        if self.converts:
            arguments = types.convert_members(self.fields, arguments)
        elif self.takes_any and not isinstance(arguments, dict):
            raise InvalidRequest("Expected arguments by name")
        if self.context_name is not None:
            arguments[self.context_name] = Context(call)
        if self.by_position:
            first = [arguments.pop(name) for name in self.by_position]
            return self.handler(*first, **arguments)
        return self.handler(**arguments)


def _hints(handler: Callable[..., Any]) -> dict[str, Any]:
    """The annotations, where they are texts resolved."""
    function = handler if inspect.isroutine(handler) else type(handler).__call__
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        return {}


class DictMethod(Method):
    """A handler that takes a request as one dict, and perhaps a context."""

    def __init__(
        self, name: str, handler: Callable[..., Any], takes: Sequence[str] | Literal["any"]
    ) -> None:
        super().__init__(name, handler)
        if isinstance(takes, str) and takes != "any":
            raise Internal(f'Method {name!r}: takes={takes!r}: give a list of members, or "any"')
        self.takes_any = takes == "any"
        self.fields = (
            []
            if self.takes_any
            else [types.Field(member, types.ANYTHING, False, _NOT_GIVEN) for member in takes]
        )
        self.request = types.ANYTHING.spec if self.takes_any else types.parameters(self.fields)
        self.response = types.ANYTHING

    def run(self, call: _warren.Call) -> Any:
        """As `Method.run`, with what came and nothing else."""
        request = call.arguments()
        if not isinstance(request, dict):
            raise InvalidRequest("Expected arguments by name")
        if not self.takes_any:
            request = {name: value for name, value in request.items() if value != _NOT_GIVEN}
        context = {} if self.context_name is None else {self.context_name: Context(call)}
        return self.handler(request, **context)
