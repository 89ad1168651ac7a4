#include "docs/python_support.hpp"

namespace warren::docs {

const std::string_view python_scalars =
    R"py("""What the models beside this file stand on: they take and refuse what the server does.

Made by `warren models`; the same for every contract.
"""

import base64
import json
import math
import re
import struct
import unicodedata
from datetime import datetime, timedelta, timezone
from enum import Enum
from time import monotonic
from typing import Annotated, ClassVar
from uuid import UUID, uuid4

import pydantic

DEPTH_MAX = 128
BAD = object()  # what could not be bound: its errors are in the run
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECOND_NS = 1_000_000_000
_RANGE_NS = 999_999_999 * 86_400 * _SECOND_NS


class Run:
    """One attempt to bind a value: where its errors are collected."""

    def __init__(self, names):
        self.names = names  # of the module whose models these are
        self.errors = []  # (location, type, message)
        self.depth = 0
        self.is_secret = False

    def refuse(self, at, kind, message):
        self.errors.append((at, kind, message))
        return BAD

    def nested(self, at):
        self.depth += 1
        if self.depth > DEPTH_MAX:
            self.depth -= 1
            self.refuse(at, "recursion_limit", "Input should not be nested this deep")
            return False
        return True


class _Problem(Exception):
    """Why a value is none of a type: type and message of a field error."""


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, (bool, Enum))


def is_text(value):
    return isinstance(value, str) and not isinstance(value, Enum)


def _encoded(text):
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise _Problem("string_unicode", "Input should be text without lone surrogates") from None


_WHITE = " \t\r\n\v\f"
_INTEGER = re.compile(r"([+-]?)([0-9]+)(\.0+)?")
_FLOATING = re.compile(r"([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)


def to_integer(value):
    """A number of 64 bits, of a number without a fraction or of decimal text."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _Problem("finite_number", "Input should be a finite number")
        if value != math.trunc(value):
            raise _Problem("int_from_float", "Input should be an integer, not one with a fraction")
        value = int(value)
    elif is_text(value):
        found = _INTEGER.fullmatch(value.strip(_WHITE))
        if not found or len(value) > 4000:
            raise _Problem("int_parsing", "Input should be an integer; this text is not one")
        value = int(found[1] + found[2])
    elif not is_number(value):
        raise _Problem("int_type", "Input should be an integer")
    if not -(2**63) <= value < 2**64:
        raise _Problem("int_out_of_range", "Input should be an integer of 64 bits")
    return value


def to_floating(value):
    if isinstance(value, float):
        return value
    if is_text(value):
        found = _FLOATING.fullmatch(value.strip(_WHITE))
        if not found and not _NOT_FINITE.fullmatch(value.strip(_WHITE)):
            raise _Problem("float_parsing", "Input should be a number; this text is not one")
        if not found:
            raise _Problem("finite_number", "Input should be a finite number where it is text")
        number = float(found[0])
        lost = number == 0 and found[2].strip("0.") != ""
        if lost or not math.isfinite(number):
            raise _Problem("finite_number", "Input should be a finite number where it is text")
        return number
    if not is_number(value):
        raise _Problem("float_type", "Input should be a number")
    return float(to_integer(value))


class Kind:
    """A type of the contract. Each says which values are its own, so that none is converted."""

    def bind(self, run, value, at):
        if run.is_secret and is_token(value):
            return value
        try:
            return self.read(value)
        except _Problem as problem:
            return run.refuse(at, *problem.args)

    def check(self, run, demand, value, at):
        """Hold a bound value against what its field demands."""

    def wire(self, value):
        return value

    def know(self, names):
        """The module whose models those inside are."""


class Nothing(Kind):
    label = "none"

    def own(self, value):
        return value is None

    def read(self, value):
        if value is not None:
            raise _Problem("none_required", "Input should be null")
        return None


class Boolean(Kind):
    label = "bool"
    words = {word: True for word in ("true", "1", "yes", "y", "on", "t")}
    words |= {word: False for word in ("false", "0", "no", "n", "off", "f")}

    def own(self, value):
        return isinstance(value, bool)

    def read(self, value):
        if isinstance(value, bool):
            return value
        if is_number(value):
            if value in (0, 1):
                return value == 1
        elif is_text(value):
            if value.isascii() and value.lower() in self.words:
                return self.words[value.lower()]
        else:
            raise _Problem("bool_type", "Input should be true or false")
        raise _Problem("bool_parsing", "Input should be true or false, or a word or number for it")


class _Number(Kind):
    def check(self, run, demand, value, at):
        demand.number(run, value, at)


class Integer(_Number):
    label = "int"

    def __init__(self, bits, is_signed=True):
        self.least = -(2 ** (bits - 1)) if is_signed else 0
        self.greatest = 2 ** (bits - 1) - 1 if is_signed else 2**bits - 1

    def own(self, value):
        return isinstance(value, int) and is_number(value)

    def read(self, value):
        number = to_integer(value)
        if not self.least <= number <= self.greatest:
            text = f"Input should be from {self.least} to {self.greatest}"
            raise _Problem("int_out_of_range", text)
        return number


class Floating(_Number):
    label = "float"

    def __init__(self, bits):
        self.bits = bits

    def own(self, value):
        return isinstance(value, float)

    def read(self, value):
        number = to_floating(value)
        if self.bits == 32 and math.isfinite(number):
            if abs(number) > 3.4028234663852886e38:
                raise _Problem("finite_number", "Input should be within the range of 32 bits")
            return struct.unpack("f", struct.pack("f", number))[0]
        return number

    def wire(self, value):
        """With as few digits as there can be, as the server writes it."""
        if self.bits == 32 and math.isfinite(value):
            for digits in range(1, 9):
                text = f"{value:.{digits - 1}e}"
                shorter, exponent = float(text), int(text.partition("e")[2])
                if abs(shorter) < 3.4e38 and struct.pack("f", shorter) == struct.pack("f", value):
                    is_whole = digits <= exponent + 1 <= digits + 4 + (digits > 1)
                    return value if is_whole else shorter
        return value


class Text(Kind):
    label = "str"

    def own(self, value):
        return is_text(value)

    def read(self, value):
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError:
                text = "Input should be text, or bytes that are UTF-8"
                raise _Problem("string_unicode", text) from None
        if not isinstance(value, str):
            raise _Problem("string_type", "Input should be text")
        text = value.value if isinstance(value, Enum) else value
        _encoded(text)
        return text

    def check(self, run, demand, value, at):
        demand.text(run, value, at)


class Path(Text):
    """Normalized, below 4096 bytes, each element below 255."""

    def __init__(self, is_absolute):
        self.is_absolute = is_absolute
        self.label = "absolute_path" if is_absolute else "relative_path"

    def read(self, value):
        if not is_text(value):
            raise _Problem("string_type", "Input should be text")
        path = _encoded(value)
        if not path:
            raise _Problem("path_empty", "Path should not be empty")
        if len(path) > 4095:
            raise _Problem("path_too_long", "Path should have fewer than 4096 bytes")
        if b"\0" in path:
            raise _Problem("path_null_byte", "Path should not contain a null byte")
        if path.startswith(b"/") != self.is_absolute:
            word = "absolute" if self.is_absolute else "relative"
            raise _Problem(f"path_not_{word}", f"Path should be {word}")
        for element in path[self.is_absolute :].split(b"/") if path != b"/" else ():
            if element in (b"", b".", b".."):
                raise _Problem("path_not_normalized", "Path should be normalized")
            if len(element) > 254:
                text = "Each element of the path should have fewer than 255 bytes"
                raise _Problem("path_element_too_long", text)
        return value


_BASE64 = re.compile(r"[A-Za-z0-9+/]*")


def from_base64(text):
    """Octets; None of what is none. Both alphabets, with its padding or without."""
    digits = text
    while digits.endswith("=") and len(text) - len(digits) < 2:
        digits = digits[:-1]
    has_padding = len(digits) != len(text)
    standard = digits.replace("-", "+").replace("_", "/")
    if len(digits) % 4 == 1 or (has_padding and len(text) % 4) or not _BASE64.fullmatch(standard):
        return None
    octets = base64.b64decode(standard + "=" * (-len(digits) % 4))
    is_whole = base64.b64encode(octets).decode().rstrip("=") == standard
    return octets if is_whole else None


def is_token(value):
    """Whether it may be a Fernet token: what is inside, only a holder of the key can tell."""
    if not is_text(value) or not value.startswith("gAAAAA"):
        return False
    octets = from_base64(value)
    return octets is not None and len(octets) >= 73 and (len(octets) - 57) % 16 == 0


class Binary(Kind):
    label = "bytes"

    def own(self, value):
        return isinstance(value, bytes)

    def read(self, value):
        if isinstance(value, bytes):
            return value
        if not is_text(value):
            raise _Problem("bytes_type", "Input should be bytes, or base64 text")
        octets = from_base64(value)
        if octets is None:
            raise _Problem("bytes_invalid_encoding", "Input should be base64 text")
        return octets

    def check(self, run, demand, value, at):
        demand.length(run, value, at, "Bytes", "byte")

    def wire(self, value):
        return base64.b64encode(value).decode()


class Uuid(Kind):
    label = "uuid"
    form = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

    def own(self, value):
        return is_text(value) or isinstance(value, UUID)

    def read(self, value):
        if isinstance(value, UUID):
            return value
        if isinstance(value, bytes) and len(value) == 16:
            return UUID(bytes=value)
        if not is_text(value):
            raise _Problem("uuid_type", "Input should be a UUID as text")
        if not self.form.fullmatch(value):
            text = "Input should be a UUID such as 67e55044-10b1-426f-9247-bb680e5fe0c8"
            raise _Problem("uuid_parsing", text)
        return UUID(value)

    def wire(self, value):
        return str(value)


)py";

}  // namespace warren::docs
