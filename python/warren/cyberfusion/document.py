"""A YAML file whose mistakes are told with their lines, all at once."""

from __future__ import annotations

import difflib
import os
import pathlib
import re
from collections.abc import Callable
from typing import Any, TypeVar

import yaml

_NULL = "tag:yaml.org,2002:null"
_BOOLEAN = "tag:yaml.org,2002:bool"
_INTEGER = "tag:yaml.org,2002:int"
_VARIABLE = re.compile(r"\$(\$\{|\{([^}]*)\}?)")
_Read = TypeVar("_Read")


class ConfigError(Exception):
    """What is wrong with a configuration, one mistake a line."""


class Problems:
    """Mistakes of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._told: list[tuple[int, str]] = []

    def add(self, line: int, path: str, message: str) -> None:
        at = f"{self.file}:{line}" if line else self.file
        self._told.append((line, f"{at}: {path}: {message}" if path else f"{at}: {message}"))

    def raise_any(self) -> None:
        """Raises ConfigError when there are some."""
        if self._told:
            self._told.sort(key=lambda each: each[0])
            raise ConfigError("\n".join(text for _, text in self._told))


class Node:
    """A value, and where it is. What it reads is None after a mistake, which it has told."""

    def __init__(self, node: yaml.Node, path: str, problems: Problems) -> None:
        self._node = node
        self._problems = problems
        self.path = path

    def fail(self, message: str) -> None:
        """Tell a mistake here."""
        self._problems.add(self._node.start_mark.line + 1, self.path, message)

    @property
    def is_null(self) -> bool:
        return bool(self._node.tag == _NULL)

    @property
    def is_map(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    def text(self) -> str | None:
        """With variables of the environment put in."""
        if not isinstance(self._node, yaml.ScalarNode) or self.is_null:
            self.fail("must be text")
            return None
        return _VARIABLE.sub(self._variable, self._node.value)

    def _variable(self, found: re.Match[str]) -> str:
        name = found[2]
        if name is None:
            return "${"
        if name not in os.environ or not found[0].endswith("}"):
            self.fail(f"the environment has no variable {name!r}; '$${{' stands for '${{' itself")
        return os.environ.get(name, "")

    def boolean(self) -> bool | None:
        if self._node.tag != _BOOLEAN:
            self.fail("must be true or false")
            return None
        return bool(yaml.SafeLoader.bool_values[self._node.value.lower()])

    def whole_number(self, least: int, most: int) -> int | None:
        text = self._node.value if self._node.tag == _INTEGER else ""
        number = int(text) if re.fullmatch("[0-9]{1,18}", text) else least - 1
        if not least <= number <= most:
            self.fail(f"must be a whole number from {least} to {most}")
            return None
        return number

    def secret_file(self) -> str | None:
        """The path of {file: PATH}."""
        given = Map(self)
        file = given.require("file")
        given.refuse_others()
        return file.text() if file is not None else None

    def secret(self) -> str | None:
        """Text, or what is in the file of {file: PATH}."""
        if not self.is_map:
            return self.text()
        file = self.secret_file()
        try:
            return None if file is None else pathlib.Path(file).read_text("utf-8").rstrip("\n")
        except (OSError, UnicodeError) as error:
            self.fail(f"cannot be read: {error}")
            return None


class Map:
    """The members of a node, each of them asked for by its name."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._asked: list[str] = []
        self.members: dict[str, Node] = {}
        inner = node._node
        if not isinstance(inner, yaml.MappingNode):
            node.fail("must be a map")
            return
        for key, value in inner.value:
            name = str(key.value)
            path = f"{node.path}.{name}" if node.path else name
            member = Node(value, path, node._problems)
            if name in self.members:
                Node(key, path, node._problems).fail("is there twice: leave one of them out")
            self.members[name] = member

    def find(self, name: str) -> Node | None:
        """None: it is not there, or null."""
        self._asked.append(name)
        found = self.members.get(name)
        return None if found is None or found.is_null else found

    def require(self, name: str) -> Node | None:
        found = self.find(name)
        if found is None and self.node.is_map:
            self.node.fail(f"'{name}' is missing")
        return found

    def read(self, name: str, read: Callable[[Node], _Read | None], fallback: _Read) -> _Read:
        """What a member is, or what stands for one that is not there."""
        found = self.find(name)
        value = None if found is None else read(found)
        return fallback if value is None else value

    def refuse(self, name: str, message: str) -> None:
        """Say why this known key cannot be used."""
        found = self.find(name)
        if found is not None:
            found.fail(message)

    def refuse_others(self) -> None:
        """Tell every key that was not asked for."""
        for name, member in self.members.items():
            if name not in self._asked:
                near = difflib.get_close_matches(name, self._asked, 1)
                hint = f"did you mean '{near[0]}'?" if near else "known are: "
                known = "" if near else ", ".join(sorted(self._asked))
                member.fail(f"is not known: {hint}{known}")


def read_document(file: str) -> tuple[Map, Problems]:
    """Raises ConfigError."""
    problems = Problems(file)
    try:
        compose: Any = yaml.compose
        node = compose(pathlib.Path(file).read_text("utf-8"), yaml.SafeLoader)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 0 if mark is None else mark.line + 1
        problems.add(line, "", f"is no YAML: {getattr(error, 'problem', error)}")
        problems.raise_any()
    if node is None:
        raise ConfigError(f"{file}: is empty: it needs 'server' and 'virtual_hosts'")
    return Map(Node(node, "", problems)), problems
