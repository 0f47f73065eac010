"""What an editor shows for a key of a values file: the `# --` comments of values.yaml, as descriptions in the schema.

They stand in a definition of their own, which the schema's root adds to everything else: one comment a key, though the
parts share one definition of their keys. A validator reads no descriptions, so that nothing is refused by them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tools.validate.docs.values_table import ValueRow

_LINE = '    "meanings": '


def meanings(values: Iterable[ValueRow]) -> dict[str, Any]:
    """The schema of the descriptions: a property within a property for each key of a path."""
    schema: dict[str, Any] = {}
    for row in values:
        place = schema
        for key in row.path.split("."):
            place = place.setdefault("properties", {}).setdefault(key, {})
        if row.meaning:
            place["description"] = row.meaning
    return schema


def described(schema: Mapping[str, Any], path: str) -> str:
    """The description of a key in a schema that `meanings` made; "" when there is none."""
    for key in path.split("."):
        schema = schema.get("properties", {}).get(key, {})
    return str(schema.get("description", ""))


def with_meanings(schema: str, values: Iterable[ValueRow]) -> str:
    """The text of values.schema.json with the descriptions anew, where it has their line."""
    line = f"{_LINE}{json.dumps(meanings(values), ensure_ascii=False)},"
    return "\n".join(line if own.startswith(_LINE) else own for own in schema.split("\n"))
