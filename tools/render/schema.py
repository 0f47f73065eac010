"""JSON Schema (draft-07) as Helm applies it, with refusals that say what to write instead."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from tools.manifests.paths import joined, step


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refusal: the path of the value, and what is wrong with it."""

    path: str
    message: str


def judge(schema: Mapping[str, Any], values: Any, part: Mapping[str, Any] | None = None) -> tuple[Rejection, ...]:
    """Everything that the schema refuses in the values, or a part of it, in the order of the schema."""
    whole = _validator(schema)
    errors = list((whole if part is None else whole.evolve(schema=part)).iter_errors(values))
    rejections = dict.fromkeys(rejection for error in errors for rejection in _rejections(error))
    # What is nothing is also no CIDR, and no this and no that: it is nothing.
    nothing = {rejection for error in errors for rejection in _nothing(error)}
    paths = {rejection.path for rejection in nothing}
    return tuple(rejection for rejection in rejections if rejection in nothing or rejection.path not in paths)


def checker(schema: Mapping[str, Any]) -> Callable[[Any, Any], bool]:
    """(a part of the schema, a value) -> whether that part accepts it."""
    whole = _validator(schema)
    return lambda part, value: bool(whole.evolve(schema=part).is_valid(value))


def _validator(schema: Mapping[str, Any]) -> Any:
    return _draft7()(schema)


@cache
def _draft7() -> Any:
    from jsonschema import Draft7Validator, validators

    return validators.extend(Draft7Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def fault(schema: Any) -> str:
    """What makes the schema itself unusable, or ""."""
    from jsonschema import Draft7Validator, SchemaError

    try:
        Draft7Validator.check_schema(schema)
    except SchemaError as error:
        return f"{joined(error.absolute_path) or 'the schema'}: {error.message}"
    return ""


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if validator.is_type(instance, "string") and not _compiled(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as RE2 reads it: `$` is the end of the text and never before a last newline; classes are ASCII."""
    in_class, translated = False, []
    for token in re.findall(r"\\.|.", pattern, re.DOTALL):
        translated.append(r"\Z" if token == "$" and not in_class else token)
        in_class = token == "[" or (in_class and token != "]")
    return re.compile("".join(translated), re.ASCII)


def _rejections(error: Any) -> Iterator[Rejection]:
    path = joined(error.absolute_path)
    if error.validator == "additionalProperties" and error.validator_value is False:
        known = list(error.schema.get("properties", {}))
        free = [_compiled(pattern) for pattern in error.schema.get("patternProperties", {})]
        for key in sorted(set(map(str, error.instance)) - set(known)):
            if any(pattern.search(key) for pattern in free):
                continue
            yield Rejection(step(path, key), f"unknown key `{key}`; {_instead(key, known)}")
    elif error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                yield Rejection(path, f"`{key}` is missing; write it")
    elif "propertyNames" in error.absolute_schema_path:
        yield Rejection(path, f"key {shown(error.instance)}: {_message(error)}")
    elif error.context:
        for inner in error.context:
            yield from _rejections(inner)
    else:
        yield Rejection(path, _message(error))


def _nothing(error: Any) -> Iterator[Rejection]:
    """The rejections of null where a value of some type should be."""
    if error.validator == "type" and error.instance is None:
        yield from _rejections(error)
    for inner in error.context or ():
        yield from _nothing(inner)


def _instead(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key.lower(), [name.lower() for name in known], 1)
    if close:
        return f"did you mean `{next(name for name in known if name.lower() == close[0])}`?"
    return f"the keys here are {', '.join(known)}" if known else "no key is known here"


def shown(value: Any) -> str:
    """A value in a message: as JSON, and short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


_Explain = Callable[[Any, Any], str]
_MESSAGES: Mapping[str, _Explain] = {
    "const": lambda value, constant: f"{shown(value)} is refused: write {_words(constant)}",
    "enum": lambda value, choices: f"{shown(value)} is not one of them: write {', '.join(map(_words, choices))}",
    "type": lambda value, types: f"{shown(value)} is {_kind(value)}: write {_type_names(types)}",
    "pattern": lambda value, pattern: f"{shown(value)} does not match {pattern}",
    "minimum": lambda value, limit: f"{shown(value)} is too small: write {limit} or more",
    "maximum": lambda value, limit: f"{shown(value)} is too large: write {limit} or less",
    "exclusiveMinimum": lambda value, limit: f"{shown(value)} is too small: write more than {limit}",
    "exclusiveMaximum": lambda value, limit: f"{shown(value)} is too large: write less than {limit}",
    "minLength": lambda value, limit: f"{shown(value)} is too short: write {limit} characters or more",
    "maxLength": lambda value, limit: f"{shown(value)} is too long: write {limit} characters or fewer",
    "minItems": lambda value, limit: f"{shown(value)} has too few items: write {limit} or more",
    "maxItems": lambda value, limit: f"{shown(value)} has too many items: write {limit} or fewer",
    "minProperties": lambda value, limit: f"{shown(value)} has too few keys: write {limit} or more",
    "maxProperties": lambda value, limit: f"{shown(value)} has too many keys: write {limit} or fewer",
    "uniqueItems": lambda value, _: f"{shown(value)} holds an item twice: keep one",
}


def _message(error: Any) -> str:
    explain = _MESSAGES.get(error.validator)
    if error.validator == "pattern" and isinstance(error.schema.get("description"), str):
        return f"{shown(error.instance)} is refused: write {error.schema['description']}"
    return explain(error.instance, error.validator_value) if explain else str(error.message)


def _words(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)


_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def _type_names(types: Any) -> str:
    return " or ".join(_NAMES.get(name, name) for name in ([types] if isinstance(types, str) else types))


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return _NAMES["null" if value is None else "boolean"]
    for kind, name in ((Mapping, "object"), (list, "array"), (str, "string"), (int, "integer")):
        if isinstance(value, kind):
            return _NAMES[name]
    return _NAMES["number"]
