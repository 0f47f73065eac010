"""Terraform's functions on JSON and YAML."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from io import StringIO
from typing import Any

from tools.terraform.language.arguments import NotEvaluatedError, listed, textual
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.numbers import number, text
from tools.terraform.language.values import EvaluationError, MapValue, Series, from_data, object_of, to_data
from tools.terraform.language.yaml_values import decoded


def jsondecode(value: Any) -> Any:
    """`jsondecode`."""
    try:
        made = json.loads(textual(value), parse_float=number, parse_int=number, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise EvaluationError(f"not JSON: {error.msg}, line {error.lineno}") from None
    except RecursionError:
        raise NotEvaluatedError from None
    return from_data(made)


def csvdecode(value: Any) -> Any:
    """`csvdecode`: a list of objects of strings, by the names in the first line."""
    written = textual(value).replace("\r\n", "\n")
    if "\r" in written:
        raise NotEvaluatedError
    try:
        head, *rows = (row for row in csv.reader(StringIO(written), strict=True) if row)
    except ValueError:
        raise EvaluationError("csvdecode needs a line with the names of the columns") from None
    except csv.Error as error:
        raise EvaluationError(f"not CSV: {error}") from None
    if any('"' in field for row in (head, *rows) for field in row):
        # Terraform refuses a quote that is not doubled inside of quotes, and Python does not.
        raise NotEvaluatedError
    if len(set(head)) < len(head) or any(len(row) != len(head) for row in rows):
        raise EvaluationError("csvdecode needs each column once, and as many fields in each line")
    kind = ("object", tuple((name, "string") for name in sorted(head)))
    return Series("list", tuple(object_of(dict(zip(head, row, strict=True))) for row in rows), kind)


def _constant(word: str) -> Any:
    raise EvaluationError(f"not JSON: {word}")


_HTML: Sequence[tuple[str, str]] = (
    ("&", "\\u0026"),
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
)


def jsonencode(value: Any) -> str:
    """`jsonencode`."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        made = json.dumps(value, ensure_ascii=False)
        if re.search(r"[\x00-\x1f\x7f]", value.replace("\n", "").replace("\t", "").replace("\r", "")):
            raise NotEvaluatedError
        for char, escape in _HTML:
            made = made.replace(char, escape)
        return made
    if isinstance(value, Series):
        return f"[{','.join(map(jsonencode, listed(value).items))}]"
    if isinstance(value, MapValue):
        return "{" + ",".join(f"{jsonencode(key)}:{jsonencode(item)}" for key, item in value.items.items()) + "}"
    return text(value)


def yamldecode(value: Any) -> Any:
    """`yamldecode`."""
    return decoded(textual(value))


def yamlencode(value: Any) -> UnknownValue:
    """`yamlencode`, whose layout is not followed here: a text that is unknown, and what is in it."""
    return UnknownValue("the text that yamlencode writes is not evaluated", type="string", encoded=to_data(value))
