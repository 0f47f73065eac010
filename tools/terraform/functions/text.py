"""Terraform's functions on strings, and on the formats that a string may hold."""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
import re
from fractions import Fraction
from typing import Any

from tools.terraform.language.arguments import NotEvaluatedError, listed, textual, whole
from tools.terraform.language.conversion import to_string
from tools.terraform.language.equality import series
from tools.terraform.language.values import EvaluationError, Series, is_number

MAX_TEXT = 1_000_000


def _ascii(value: Any) -> str:
    """A string in which bytes, characters and what a reader sees as one are the same."""
    string = textual(value)
    if not string.isascii() or "\r" in string:
        raise NotEvaluatedError
    return string


def lower(value: Any) -> str:
    """`lower`."""
    return _ascii(value).lower()


def upper(value: Any) -> str:
    """`upper`."""
    return _ascii(value).upper()


def title(value: Any) -> str:
    """`title`."""
    string = _ascii(value)
    if not re.fullmatch(r"[A-Za-z0-9 ]*", string):
        raise NotEvaluatedError
    return re.sub(r"(?:^|(?<= ))[a-z]", lambda match: match.group().upper(), string)


def chomp(value: Any) -> str:
    """`chomp`."""
    return textual(value).rstrip("\r\n")


def trimspace(value: Any) -> str:
    """`trimspace`."""
    return _ascii(value).strip(" \t\n\v\f\r")


def trim(value: Any, characters: Any) -> str:
    """`trim`."""
    return textual(value).strip(_ascii(characters)) if textual(characters) else textual(value)


def trimprefix(value: Any, prefix: Any) -> str:
    """`trimprefix`."""
    return textual(value).removeprefix(textual(prefix))


def trimsuffix(value: Any, suffix: Any) -> str:
    """`trimsuffix`."""
    return textual(value).removesuffix(textual(suffix))


def startswith(value: Any, prefix: Any) -> bool:
    """`startswith`."""
    return textual(value).startswith(textual(prefix))


def endswith(value: Any, suffix: Any) -> bool:
    """`endswith`."""
    return textual(value).endswith(textual(suffix))


def strcontains(value: Any, part: Any) -> bool:
    """`strcontains`."""
    return textual(part) in textual(value)


def strrev(value: Any) -> str:
    """`strrev`."""
    return _ascii(value)[::-1]


def substr(value: Any, offset: Any, length: Any) -> str:
    """`substr`: a negative offset counts from the end, the length -1 is the rest."""
    string, start, size = _ascii(value), whole(offset), whole(length)
    if start < 0:
        start += len(string)
    if start < 0 or size < -1:
        raise NotEvaluatedError
    return string[start:] if size == -1 else string[start : start + size]


def indent(spaces: Any, value: Any) -> str:
    """`indent`: every line but the first."""
    count = whole(spaces)
    if count < 0 or count * textual(value).count("\n") > MAX_TEXT:
        raise NotEvaluatedError
    return textual(value).replace("\n", "\n" + " " * count)


def split(separator: Any, value: Any) -> Any:
    """`split`."""
    mark, subject = textual(separator), textual(value)
    if not mark:
        return series("list", list(_ascii(subject)), "string")
    return series("list", subject.split(mark), "string")


def join(separator: Any, *values: Any) -> str:
    """`join`."""
    if len(textual(separator)) * sum(len(listed(value).items) for value in values) > MAX_TEXT:
        raise NotEvaluatedError
    parts: list[str] = []
    for value in values:
        for item in listed(value).items:
            if item is None:
                raise EvaluationError("join does not accept null")
            parts.append(textual(item))
    return textual(separator).join(parts)


def base64encode(value: Any) -> str:
    """`base64encode`."""
    return base64.b64encode(textual(value).encode()).decode()


def base64decode(value: Any) -> str:
    """`base64decode`."""
    encoded = textual(value)
    if not re.fullmatch(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", encoded):
        raise NotEvaluatedError
    made = base64.b64decode(encoded).decode("utf-8")
    if not made.isascii():
        raise NotEvaluatedError
    return made


def md5(value: Any) -> str:
    """`md5`."""
    return hashlib.md5(textual(value).encode(), usedforsecurity=False).hexdigest()


def sha256(value: Any) -> str:
    """`sha256`."""
    return hashlib.sha256(textual(value).encode()).hexdigest()


def basename(value: Any) -> str:
    """`basename`."""
    path = textual(value)
    if not path or path.endswith("/"):
        raise NotEvaluatedError
    return posixpath.basename(path)


def dirname(value: Any) -> str:
    """`dirname`."""
    path = textual(value)
    if not path or path.startswith("//"):
        raise NotEvaluatedError
    return posixpath.normpath(posixpath.dirname(path) or ".")


def parseint(value: Any, base: Any) -> int:
    """`parseint`."""
    digits, radix = textual(value), whole(base)
    if not isinstance(value, str) or digits.startswith("-0"):
        raise NotEvaluatedError
    if not 2 <= radix <= 36 or not re.fullmatch(r"-?[0-9a-zA-Z]+", digits):
        raise NotEvaluatedError
    try:
        return int(digits, radix)
    except ValueError:
        raise EvaluationError(f"`{digits}` is not a number in base {radix}") from None


def _verb(verb: str, flags: str, value: Any) -> str:
    # Terraform writes numbers in %v with an exponent when they are large or small.
    if value is None or (verb == "v" and is_number(value) and value and not 0.001 <= abs(value) < 100_000):
        raise NotEvaluatedError
    if verb == "t":
        if not isinstance(value, bool):
            raise NotEvaluatedError
        return "true" if value else "false"
    if verb == "d":
        if not is_number(value) or isinstance(value, Fraction):
            raise NotEvaluatedError
        return f"{value:{flags}d}"
    if not isinstance(value, str) and not is_number(value) and not isinstance(value, bool):
        raise NotEvaluatedError
    if verb == "q":
        return json.dumps(_ascii(value)) if re.fullmatch(r"[ -~]*", _ascii(value)) else _refuse()
    return str(to_string(value))


def _refuse() -> str:
    raise NotEvaluatedError


_VERB = re.compile(r"%(?P<flags>0?\d{0,2})(?P<verb>.)?", re.DOTALL)


def format_(pattern: Any, *values: Any) -> str:
    """`format`, with %s, %d, %v, %q, %t and %%."""
    template = textual(pattern)
    waiting = list(values)

    def formatted(match: re.Match[str]) -> str:
        flags, verb = match["flags"], match["verb"] or ""
        if verb == "%" and not flags:
            return "%"
        if verb not in ("s", "d", "v", "q", "t") or (flags and verb != "d"):
            raise NotEvaluatedError
        if not waiting:
            raise EvaluationError("format has fewer arguments than verbs")
        return _verb(verb, flags, waiting.pop(0))

    made = _VERB.sub(formatted, template)
    if waiting:
        raise EvaluationError("format has more arguments than verbs")
    return made


def formatlist(pattern: Any, *values: Any) -> Any:
    """`formatlist`: arguments that are lists are taken element by element, the others are repeated."""
    lists = [listed(item) for item in values if isinstance(item, Series)]
    sizes = {len(item.items) for item in lists}
    if not lists or len(textual(pattern)) * max(sizes) > MAX_TEXT:
        raise NotEvaluatedError
    if len(sizes) > 1:
        raise EvaluationError("the lists of formatlist must have one length; these do not")
    rows = [
        format_(pattern, *(item.items[at] if isinstance(item, Series) else item for item in values))
        for at in range(sizes.pop())
    ]
    return series("list", rows, "string")
