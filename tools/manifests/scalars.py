"""What a plain YAML scalar means to Helm and Kubernetes: YAML 1.1 as Go's decoder reads it, not as PyYAML does.

Source: sigs.k8s.io/yaml, which both use. The two differ where it hurts: `1e3` is a number there, `22:22` and
`2027-06-30` are strings, `y` and `n` are booleans.
"""

from __future__ import annotations

import math
import re

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_OLD_OCTAL = re.compile(r"0[0-7]+")
_LARGEST = 2**64 - 1
_SMALLEST = -(2**63)
# The digits before the point of the largest number that a 64-bit floating point number can be.
_MOST_DIGITS = 309


class OutOfRangeError(ValueError):
    """A number that no field of Kubernetes can hold; the message says what is wrong with it, and what to write."""


def unquoted(text: str) -> str | int | float | bool | None:
    """The value of a scalar that was written without quotes and without a tag. Raises OutOfRangeError."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] in "0123456789+-.":
        return _number(text)
    return text


def _number(text: str) -> str | int | float:
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(digits):
        return _whole(digits)
    if _NUMBER.fullmatch(digits):
        return _shortest(_finite(float(digits), digits))
    if _SPECIAL.fullmatch(digits):
        return _finite(float(digits.replace(".", "", 1)), digits)
    return text


def _whole(digits: str) -> int | float:
    # Python turns only so many decimal digits into an integer, and none of those would be in range.
    if len(digits.lstrip("+-")) > _MOST_DIGITS and not digits.lstrip("+-").startswith("0"):
        raise _out_of_range(digits)
    value = _integer(digits)
    if _SMALLEST <= value <= _LARGEST:
        return value
    try:
        return float(value)
    except OverflowError:
        raise _out_of_range(digits) from None


def _finite(value: float, digits: str) -> float:
    """The value, which JSON must be able to say: everything that Kubernetes reads goes through JSON."""
    if not math.isfinite(value):
        raise _out_of_range(digits)
    return value


def _out_of_range(digits: str) -> OutOfRangeError:
    shown = digits if len(digits) <= 24 else f"{digits[:8]}… ({len(digits)} characters)"
    return OutOfRangeError(f"{shown} is beyond every number that Kubernetes can read; write a smaller one, or quote it")


def _shortest(value: float) -> int | float:
    """A whole number is an integer once it has been through JSON, and everything goes through JSON."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _integer(digits: str) -> int:
    sign, bare = (-1, digits[1:]) if digits[0] == "-" else (1, digits.lstrip("+"))
    if _OLD_OCTAL.fullmatch(bare):
        return sign * int(bare, 8)
    return sign * int(bare, 0)


def of_digits(text: str) -> int:
    """The number that decimal digits mean, with a sign or without. Of many digits only the first are read: the number
    is out of every range anyway, and Python refuses to read thousands of them.
    """
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    return sign * int(digits.lstrip("0")[:20] or "0")
