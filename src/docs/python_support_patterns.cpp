#include "docs/python_support.hpp"

namespace warren::docs {

const std::string_view python_patterns = R"py(

_NAMED = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\\x00-\\x7f", "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f", "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~",
    "punct": "!-/:-@\\[-`{-~", "space": "\\t\\n\\v\\f\\r ", "upper": "A-Z", "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_PERL = {"d": "0-9", "s": "\\t\\n\\f\\r ", "w": "0-9A-Za-z_"}


def _of_category(name):
    """The characters of a general category of Unicode, as the inside of a class."""
    ranges, begin = [], None
    for code in range(0x110001):
        is_in = code < 0x110000 and unicodedata.category(chr(code)).startswith(name)
        if is_in and begin is None:
            begin = code
        elif not is_in and begin is not None:
            ranges.append(f"\\U{begin:08x}-\\U{code - 1:08x}")
            begin = None
    if not ranges:
        raise LookupError(name)
    return "".join(ranges)


class _Translation:
    """An expression of RE2 as one of Python. What has none there raises LookupError."""

    def __init__(self, pattern):
        self.rest = pattern
        self.is_ascii = False
        self.groups = [["", False]]  # open ones: what closes each beside its own, is `m` set
        self.begins_group = True

    def take(self, form):
        found = re.compile(form, re.DOTALL).match(self.rest)
        self.rest = self.rest[found.end() :] if found else self.rest
        return found

    def whole(self):
        out = ""
        while self.rest:
            at_begin, self.begins_group = self.begins_group, False
            out += self.step(at_begin)
        if len(self.groups) != 1:
            raise LookupError(")")
        return re.compile(out + self.groups[0][0], re.ASCII if self.is_ascii else 0)

    def step(self, at_begin):
        if self.take(r"\["):
            return self.bracket()
        if self.rest.startswith("\\"):
            return self.escape(in_class=False)
        if found := self.take(r"\(\?([ims-]*)([:)])"):
            return self.flags(found[1], found[2], at_begin)
        if found := self.take(r"\(\?P?<(\w+)>"):
            return self.open(f"(?P<{found[1]}>", self.groups[-1][1])
        if self.take(r"\("):
            if self.rest.startswith("?"):
                raise LookupError("(?")
            return self.open("(", self.groups[-1][1])
        if self.take(r"\)"):
            closing, _ = self.groups.pop()
            return closing + ")"
        if self.take(r"\$"):
            return "$" if self.groups[-1][1] else "\\Z"
        if found := self.take(r"\{[0-9]+(,[0-9]*)?\}"):
            return found[0]
        character = self.take(".")[0]
        return "\\{" if character == "{" else character

    def open(self, text, is_multiline):
        self.groups.append(["", is_multiline])
        self.begins_group = True
        return text

    def flags(self, flags, end, at_begin):
        is_multiline = self.groups[-1][1]
        if "m" in flags:
            is_multiline = "m" not in flags.partition("-")[2]
        text = f"(?{flags}:" if flags.strip("-") else "(?:"
        if end == ":":
            return self.open(text, is_multiline)
        if not at_begin:  # they hold for what follows in the group, which Python cannot say
            raise LookupError(flags)
        self.groups[-1] = [self.groups[-1][0] + ")", is_multiline]
        self.begins_group = True
        return text

    def escape(self, in_class):
        if found := self.take(r"\\Q(.*?)(\\E|\Z)"):
            return re.escape(found[1])
        if found := self.take(r"\\x\{([0-9A-Fa-f]{1,6})\}"):
            return f"\\U{int(found[1], 16):08x}"
        if found := self.take(r"\\(0[0-7]{0,2}|[1-7][0-7]{1,2})"):
            return f"\\U{int(found[1], 8):08x}"
        if found := self.take(r"\\([pP])(?:\{(\^?)(\w+)\}|(\w))"):
            inside = _of_category(found[3] or found[4])
            is_negative = (found[1] == "P") != (found[2] == "^")
            if in_class and is_negative:
                raise LookupError(found[0])
            return inside if in_class else f"[{'^' if is_negative else ''}{inside}]"
        letter = self.take(r"\\(.)")[1]
        if letter.lower() in _PERL:
            if not in_class:
                return f"[{'^' if letter.isupper() else ''}{_PERL[letter.lower()]}]"
            if letter == "S":
                raise LookupError(letter)
            self.is_ascii = self.is_ascii or letter.isupper()
            return "\\" + letter if letter.isupper() else _PERL[letter]
        if letter in "bB" and not in_class:
            self.is_ascii = True
            return "\\" + letter
        if letter == "z" and not in_class:
            return "\\Z"
        if letter in "xaftnrv" or (letter == "A" and not in_class) or not letter.isalnum():
            return "\\" + letter
        raise LookupError(letter)

    def bracket(self):
        out = "[^" if self.take(r"\^") else "["
        if self.take(r"\]"):
            out += "\\]"
        while not self.take(r"\]"):
            if self.rest.startswith("\\"):
                out += self.escape(in_class=True)
            elif found := self.take(r"\[:(\^?)(\w+):\]"):
                if found[1]:
                    raise LookupError(found[0])
                out += _NAMED[found[2]]
            else:
                character = self.take(".")[0]
                out += "\\" + character if character in "[&|~" else character
        return out + "]"


def compiled(pattern):
    """The server's expression for Python; None: it has none, and only the server checks it."""
    try:
        return _Translation(pattern).whole()
    except (IndexError, LookupError, OverflowError, TypeError, ValueError, re.error):
        return None
)py";

}  // namespace warren::docs
