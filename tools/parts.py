"""The parts of SARK: the chart's files/parts.yaml, the one list that templates, schema, allowlist and pages take them from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.source import parse

FILE = "files/parts.yaml"


class PartsError(ValueError):
    """The list cannot be read; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that the chart knows. `optional`: off unless switched on. `meaning`: a phrase for the docs."""

    name: str
    labels: Mapping[str, str]
    policy: str
    meaning: str
    optional: bool = False


def read(text: str, file: str = FILE) -> tuple[Part, ...]:
    """The parts in their order. Raises PartsError where the text is not a list of them."""
    parsed = parse(text, file)
    if parsed.problems:
        problem = parsed.problems[0]
        raise PartsError(f"{file}:{problem.where.line}: {problem.message}")
    body = parsed.documents[0].body if len(parsed.documents) == 1 else None
    items = body.get("parts") if isinstance(body, Mapping) else None
    if not isinstance(items, list) or not items:
        raise PartsError(f"{file}: holds no `parts`; write a list of {{name, policy, labels, is}}")
    return tuple(_part(item, f"{file}: parts[{index}]") for index, item in enumerate(items))


def _part(item: Any, place: str) -> Part:
    fields = item if isinstance(item, Mapping) else {}
    for key in ("name", "policy", "is"):
        if not isinstance(fields.get(key), str):
            raise PartsError(f"{place}.{key}: is missing, or no text")
    labels = fields.get("labels")
    if not isinstance(labels, Mapping) or not labels:
        raise PartsError(f"{place}.labels: is missing; write the labels that SARK gives the part's pods")
    texts = {str(key): str(value) for key, value in labels.items()}
    return Part(fields["name"], texts, fields["policy"], fields["is"], fields.get("optional") is True)


def names(parts: tuple[Part, ...], values: Mapping[str, Any]) -> tuple[str, ...]:
    """Every part that an allowlist's entry may name: those of the chart, and the user's own in `extraParts`."""
    own = values.get("extraParts")
    return (*(part.name for part in parts), *(sorted(own) if isinstance(own, Mapping) else ()))


def schema_lines(parts: tuple[Part, ...], values: Mapping[str, Any]) -> str:
    """The parts' lines of values.schema.json: each a part, whose ports are those of values.yaml and no others."""
    return "\n".join(f"    {json.dumps(part.name)}: {json.dumps(_schema(values[part.name]))}," for part in parts)


def _schema(block: Mapping[str, Any]) -> dict[str, Any]:
    ports = {name: {"$ref": "#/definitions/port"} for name in block.get("ports", {})}
    closed = {"type": "object", "additionalProperties": False, "properties": ports, "required": list(ports)}
    return {"allOf": [{"$ref": "#/definitions/part"}], "properties": {"ports": closed}}
