"""The schemas in somebody's CustomResourceDefinitions, as this toolkit judges objects by them: fields that are not
known are refused, unless the definition keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from tools.findings.model import Manifest, Problem

KIND = "CustomResourceDefinition"
KEPT = ("type", "enum", "required", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength")
# The API server's own fields, which a definition does not list.
COMMON: Mapping[str, Any] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object"},
    "status": {},
}


class DefinitionError(Exception):
    """A definition that is none; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def definitions(manifests: Iterable[Manifest]) -> dict[str, dict[str, Any]]:
    """The schema of each version of each definition, by `group/version/Kind`. Raises DefinitionError."""
    schemas: dict[str, dict[str, Any]] = {}
    for manifest in manifests:
        if manifest.kind == KIND:
            try:
                schemas.update(_versions(manifest.body))
            except (KeyError, TypeError, AttributeError, SchemaError) as error:
                refusal = (
                    error.message if isinstance(error, SchemaError) else "a part of spec.versions[].schema is missing"
                )
                message = f"the definition {manifest.name} cannot be read: {refusal}"
                raise DefinitionError(Problem(manifest.where("spec"), message)) from None
    return schemas


def readable(manifests: Iterable[Manifest]) -> dict[str, dict[str, Any]]:
    """The same of those that can be read: where nobody named them as definitions, they are judged as objects."""
    schemas: dict[str, dict[str, Any]] = {}
    for manifest in manifests:
        with suppress(DefinitionError):
            schemas.update(definitions((manifest,)))
    return schemas


def _versions(body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    spec = body["spec"]
    for version in spec["versions"]:
        schema = _closed(version["schema"]["openAPIV3Schema"])
        schema["properties"] = {**COMMON, **schema.get("properties", {}), "metadata": COMMON["metadata"], "status": {}}
        Draft202012Validator.check_schema(schema)
        yield f"{spec['group']}/{version['name']}/{spec['names']['kind']}", schema


def _closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with each known object closed, and without what is the API server's to check."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    kept: dict[str, Any] = {key: schema[key] for key in KEPT if key in schema}
    if "properties" in schema:
        kept["properties"] = {name: _closed(field) for name, field in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            kept["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), Mapping):
        kept["additionalProperties"] = _closed(schema["additionalProperties"])
    if "items" in schema:
        kept["items"] = _closed(schema["items"])
    return kept
