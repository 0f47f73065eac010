"""Turns CRDs into small JSON schemas: `python -m tools.manifests.schemas.structural ORIGIN FILE… > x.json`.

Called by refresh.sh. What a check needs is kept (types, fields, required, enumerations); descriptions and what is ours
to check are dropped.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

KEPT = ("type", "enum", "required", "nullable", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength")

# Go types of Calico that marshal themselves, so that their Go fields are not what one writes.
SELF_MARSHALLED = (frozenset({"minPort", "maxPort", "portName"}), frozenset({"type", "numVal", "strVal"}))

# What Calico's API server checks in Go tags, which no CRD carries.
ENUMS: Mapping[str, list[str]] = {
    "action": ["Allow", "Deny", "Log", "Pass"],
    "stagedAction": ["Set", "Delete", "Learn", "Ignore"],
}

STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
METADATA = {
    "type": "object",
    "properties": {"labels": STRINGS, "annotations": STRINGS},
}


def structural(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with each known object closed, and without what no check here reads."""
    if frozenset(schema.get("properties", ())) in SELF_MARSHALLED or schema.get("x-kubernetes-int-or-string"):
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    kept: dict[str, Any] = {key: schema[key] for key in KEPT if key in schema}
    if "properties" in schema:
        kept["properties"] = {name: named(name, field) for name, field in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            kept["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), Mapping):
        kept["additionalProperties"] = structural(schema["additionalProperties"])
    if "items" in schema:
        kept["items"] = structural(schema["items"])
    if kept.pop("nullable", False):
        return {"anyOf": [kept, {"type": "null"}]}
    return kept


def named(name: str, field: Mapping[str, Any]) -> dict[str, Any]:
    """A field's schema, with the values that its name allows where the CRD leaves them out."""
    small = structural(field)
    if name in ENUMS and small.get("type") == "string":
        small.setdefault("enum", ENUMS[name])
    return small


def definitions(crds: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each served version as `group/version/Kind` with its schema; `status` is the controller's and stays open."""
    for crd in crds:
        for version in crd["spec"]["versions"]:
            root = structural(version["schema"]["openAPIV3Schema"])
            root["properties"].update(metadata=METADATA, status={})
            yield f"{crd['spec']['group']}/{version['name']}/{crd['spec']['names']['kind']}", root


def main(origin: str, files: list[str]) -> None:
    crds = [yaml.safe_load(Path(file).read_text("utf-8")) for file in files]
    document = {"$comment": f"Made by refresh.sh from {origin}. Apache-2.0.", "$defs": dict(sorted(definitions(crds)))}
    json.dump(document, sys.stdout, separators=(",", ":"), sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
