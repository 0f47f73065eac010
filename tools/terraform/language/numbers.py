"""Terraform's numbers, exact: an int, or a Fraction for one that is not whole."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TypeAlias

Number: TypeAlias = int | Fraction
# Terraform computes in 512 bits; beyond them, and where a result is no sum of powers of two, it rounds.
BITS = 512
MAX_EXPONENT = 300


class InexactError(Exception):
    """A number that Terraform would round."""


def number(text: str) -> Number:
    """The number that a literal means. Raises InexactError for one that is too large or too long."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise InexactError(text) from None
    if abs(value.adjusted()) > MAX_EXPONENT or len(value.as_tuple().digits) > 150:
        raise InexactError(text)
    return simple(Fraction(value))


def simple(value: Fraction | int) -> Number:
    """An int where it is whole."""
    return value if isinstance(value, int) or value.denominator != 1 else value.numerator


def exact(*values: Number) -> bool:
    """Whether Terraform holds each of these without rounding."""
    return all(
        abs(item.numerator).bit_length() <= BITS - 64 and not item.denominator & (item.denominator - 1)
        for item in values
    )


def text(value: Number) -> str:
    """The number as Terraform writes it into a string. Raises InexactError for one with endless decimals."""
    if isinstance(value, int):
        return str(value)
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        raise InexactError(str(value))
    places = 0
    scaled = abs(value)
    while scaled.denominator != 1:
        scaled *= 10
        places += 1
    digits = str(scaled.numerator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"
