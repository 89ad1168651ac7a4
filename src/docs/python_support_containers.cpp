#include "docs/python_support.hpp"

namespace warren::docs {

const std::string_view python_containers = R"py(

class Anything(Kind):
    label = "any"

    def own(self, value):
        return True

    def bind(self, run, value, at):
        """JSON, as it is."""
        if value is None or isinstance(value, (bool, float)):
            return value
        try:
            if isinstance(value, str):
                return Text().read(value)
            if isinstance(value, int):
                return to_integer(value)
        except _Problem as problem:
            return run.refuse(at, *problem.args)
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if not isinstance(value, (list, tuple, dict)):
            return run.refuse(at, "json_type", "Input should be what JSON has a form for")
        if not run.nested(at):
            return BAD
        if isinstance(value, dict):
            bound = {}
            for key, item in value.items():
                if not is_text(key):
                    bound[key] = run.refuse(at, "string_type", "The key should be text")
                else:
                    bound[key] = self.bind(run, item, (*at, key))
            found = list(bound.values())
        else:
            bound = found = [self.bind(run, item, (*at, i)) for i, item in enumerate(value)]
        run.depth -= 1
        return BAD if any(item is BAD for item in found) else bound

    def check(self, run, demand, value, at):
        if is_number(value):
            demand.number(run, value, at)
        elif isinstance(value, str):
            demand.text(run, value, at)
        elif isinstance(value, list):
            demand.length(run, value, at)
        elif isinstance(value, dict):
            demand.length(run, value, at, "Object", "member")


class Enumeration(Kind):
    def __init__(self, name):
        self.name = self.label = name

    def own(self, value):
        return isinstance(value, str)

    def bind(self, run, value, at):
        if run.is_secret and is_token(value):
            return value
        enumeration = run.names[self.name]
        if isinstance(value, enumeration):
            return value
        if is_text(value):
            for each in enumeration:
                if each.value == value:
                    return each
        names = [f"'{each.value}'" for each in enumeration]
        return run.refuse(at, "enum", "Input should be " + " or ".join(names))

    def wire(self, value):
        return value.value if isinstance(value, Enum) else value


class Optional(Kind):
    def __init__(self, element):
        self.element = element
        self.label = f"optional[{element.label}]"

    def own(self, value):
        return value is None or self.element.own(value)

    def bind(self, run, value, at):
        return None if value is None else self.element.bind(run, value, at)

    def check(self, run, demand, value, at):
        if value is not None:
            self.element.check(run, demand, value, at)

    def know(self, names):
        self.element.know(names)


class Secret(Kind):
    """Plain, or as the token that it is on the wire where a key is configured."""

    def __init__(self, element):
        self.element = element
        self.label = f"secret[{element.label}]"

    def own(self, value):
        return self.element.own(value)

    def bind(self, run, value, at):
        was, run.is_secret = run.is_secret, True
        bound = self.element.bind(run, value, at)
        run.is_secret = was
        return bound

    def check(self, run, demand, value, at):
        if not is_token(value):
            self.element.check(run, demand, value, at)

    def know(self, names):
        self.element.know(names)


class List(Kind):
    word = "list"
    words = ("list_type", "Input should be a list")
    types = (list, tuple)

    def __init__(self, element):
        self.element = element
        self.label = f"{self.word}[{element.label}]"

    def own(self, value):
        return isinstance(value, self.types)

    def bind(self, run, value, at):
        if not isinstance(value, self.types):
            return run.refuse(at, *self.words)
        if not run.nested(at):
            return BAD
        bound = self.items(run, list(value), at)
        run.depth -= 1
        return bound

    def items(self, run, items, at):
        bound = [self.element.bind(run, item, (*at, i)) for i, item in enumerate(items)]
        return BAD if any(item is BAD for item in bound) else bound

    def check(self, run, demand, value, at):
        demand.length(run, value, at, self.word.capitalize())

    def know(self, names):
        self.element.know(names)


class Array(List):
    def __init__(self, element, length):
        super().__init__(element)
        self.length = length
        self.label = f"list[{element.label},{length}]"

    def items(self, run, items, at):
        if len(items) != self.length:
            word = "too_short" if len(items) < self.length else "too_long"
            text = f"List should have exactly {self.length} items, not {len(items)}"
            return run.refuse(at, word, text)
        return super().items(run, items, at)

    def check(self, run, demand, value, at):
        """Its length is its type's."""


class Set(List):
    """A list of different items: they may be such as Python's sets cannot hold."""

    word = "set"
    words = ("set_type", "Input should be a list of different items")
    types = (list, tuple, set, frozenset)

    def items(self, run, items, at):
        bound = super().items(run, items, at)
        if bound is BAD:
            return BAD
        seen, others = set(), []
        for index, item in enumerate(bound):
            try:
                is_new = item not in seen
                seen.add(item)
            except TypeError:
                is_new = item not in others
                others.append(item)
            if not is_new:
                text = "Item should not be there twice"
                return run.refuse((*at, index), "set_duplicate", text)
        return bound


class Map(Kind):
    def __init__(self, element):
        self.element = element
        self.label = f"dict[str,{element.label}]"

    def own(self, value):
        return isinstance(value, dict)

    def bind(self, run, value, at):
        if not isinstance(value, dict):
            return run.refuse(at, "dict_type", "Input should be an object")
        if not run.nested(at):
            return BAD
        bound = {}
        for key, item in value.items():
            if is_text(key) and Text().bind(run, key, at) is not BAD:
                bound[key] = self.element.bind(run, item, (*at, key))
            else:
                bound[key] = run.refuse(at, "string_type", "The key of a member should be text")
        run.depth -= 1
        return BAD if any(item is BAD for item in bound.values()) else bound

    def check(self, run, demand, value, at):
        demand.length(run, value, at, "Object", "member")

    def know(self, names):
        self.element.know(names)


class Choice(Kind):
    """The first alternative that the value is of the own kind of, else the first that takes it."""

    def __init__(self, *alternatives):
        self.alternatives = alternatives
        self.label = f"union[{','.join(each.label for each in alternatives)}]"

    def own(self, value):
        return any(each.own(value) for each in self.alternatives)

    def pick(self, run, value):
        for is_own in (True, False):
            for each in self.alternatives:
                if each.own(value) != is_own:
                    continue
                attempt = Run(run.names)
                attempt.depth, attempt.is_secret = run.depth, run.is_secret
                bound = each.bind(attempt, value, ())
                if bound is not BAD:
                    return each, bound
        return None, BAD

    def bind(self, run, value, at):
        chosen, bound = self.pick(run, value)
        if chosen is None:
            for each in self.alternatives:
                each.bind(run, value, (*at, each.label))
        return bound

    def check(self, run, demand, value, at):
        chosen, _ = self.pick(run, value)
        if chosen is not None:
            chosen.check(run, demand, value, at)

    def know(self, names):
        self.names = names
        for each in self.alternatives:
            each.know(names)


class Demand:
    """What a field demands of its value beyond its type."""

    def __init__(self, more_than=None, at_least=None, less_than=None, at_most=None,  # fmt: skip
                 min_length=None, max_length=None, pattern=None):
        self.bounds = [
            (more_than, lambda held: held > more_than, "greater_than", "greater than"),
            (at_least, lambda held: held >= at_least, "greater_than_equal", "greater than or equal to"),
            (less_than, lambda held: held < less_than, "less_than", "less than"),
            (at_most, lambda held: held <= at_most, "less_than_equal", "less than or equal to"),
        ]
        self.min_length, self.max_length = min_length, max_length
        self.pattern = pattern
        self.expression = None if pattern is None else compiled(pattern)

    def number(self, run, held, at):
        for limit, holds, word, text in self.bounds:
            if limit is not None and not holds(held):
                run.refuse(at, word, f"Input should be {text} {limit}")

    def length(self, run, held, at, subject="List", noun="item"):
        count, begin = len(held), {"Text": "string_", "Bytes": "bytes_"}.get(subject, "")
        for limit, is_wrong, word, text in (
            (self.min_length, lambda limit: count < limit, "too_short", "least"),
            (self.max_length, lambda limit: count > limit, "too_long", "most"),
        ):
            if limit is not None and is_wrong(limit):
                items = f"{limit} {noun}{'' if limit == 1 else 's'}"
                run.refuse(at, begin + word, f"{subject} should have at {text} {items}, not {count}")

    def text(self, run, held, at):
        self.length(run, held, at, "Text", "character")
        if self.expression is not None and not self.expression.search(held):
            run.refuse(at, "string_pattern_mismatch", f"Text should match {self.pattern!r}")

)py";

}  // namespace warren::docs
