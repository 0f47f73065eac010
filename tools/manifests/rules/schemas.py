"""Checks of every object against its schema, offline: Kubernetes' own kinds, Calico's, and the policy API's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from tools.findings.model import Check, Manifest, Problem, Severities, Severity
from tools.manifests import schemas
from tools.manifests.node import Node, join, root
from tools.manifests.objects import Objects
from tools.manifests.rules.calico_api import DOMAIN_FIELDS, is_calico
from tools.manifests.rules.objects import is_kustomization

# Calico's kinds that decide who may talk to whom. The others are settings, which newer releases extend.
POLICY_KINDS = ("Policy", "NetworkSet", "Tier", "HostEndpoint")
TYPES = {
    "object": "a map",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def objects_fit_their_schema(cluster: Objects) -> Iterator[Problem]:
    """Every object fits the schema of its kind.

    An unknown field is refused by clients that validate, and **dropped in silence** by those that do not (Helm
    3, server-side apply with validation off): a policy whose `from` is spelt `form` then lets everyone in. So
    unknown fields are errors here, whatever the client would do, as are wrong types, missing fields and values
    out of an enumeration. All faults of an object are reported, not only the first.
    Correct the field; a near spelling is suggested.
    Source: Kubernetes' OpenAPI schemas (package kubernetes-validate), the CRDs of Calico and of the policy API.
    """
    for manifest in cluster.manifests:
        validator = _validator(cluster, manifest)
        if validator is not None:
            errors = validator.iter_errors(_without_nulls(manifest.body))
            for error in sorted(errors, key=lambda error: [str(key) for key in error.absolute_path]):
                yield from _explained(manifest, error)


def schemas_are_known(cluster: Objects) -> Iterator[Problem]:
    """An object whose kind has no schema here is reported.

    It was not checked, which does not mean that it is right: a kind of some other CRD, or an API version that this
    Kubernetes version no longer serves. A served group with an unknown version or kind is an error, an unknown
    group a note.
    Correct `apiVersion` and `kind`, or give the kind's CustomResourceDefinition with `--schemas PATH`; those in the
    chart's `crds/`, and among the objects themselves, are read without being named.
    Source: the kinds in Kubernetes' OpenAPI of the version asked for.
    """
    for manifest in cluster.manifests:
        api_version, kind = _identity(manifest)
        if api_version and kind and not is_kustomization(manifest) and _validator(cluster, manifest) is None:
            yield from _unknown(manifest, cluster.kube_version)


def _validator(cluster: Objects, manifest: Manifest) -> Draft202012Validator | None:
    """What judges the object: the definition that somebody gave of its kind, or the schema that is at hand."""
    api_version, kind = _identity(manifest)
    given = cluster.definitions.get(f"{api_version}/{kind}")
    return Draft202012Validator(given) if given else schemas.validator(api_version, kind, cluster.kube_version)


def _identity(manifest: Manifest) -> tuple[str, str]:
    return root(manifest)["apiVersion"].text(), manifest.kind


def _without_nulls(value: Any) -> Any:
    """The value as the API server reads it: a field that is null is a field that is not there."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _explained(manifest: Manifest, error: ValidationError) -> Iterator[Problem]:
    path = ""
    for key in error.absolute_path:
        path = join(path, key)
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        yield from _unknown_fields(Node(manifest, path, error.instance), schema)
    elif error.validator == "required":
        # jsonschema yields one error a missing field, and names it only in its message.
        field = next(name for name in schema["required"] if error.message.startswith(repr(name)))
        yield Problem(manifest.where(path), f"{field} is missing; write it")
    else:
        yield Problem(manifest.where(path), _wrong_value(error))


def _unknown_fields(node: Node, schema: Mapping[str, Any]) -> Iterator[Problem]:
    calico = is_calico(node.manifest)
    setting = calico and not any(part in node.manifest.kind for part in POLICY_KINDS)
    for name, field in node.fields():
        if name in schema.get("properties", ()) or (calico and name in DOMAIN_FIELDS):
            continue
        advice = _advice(name, schema)
        if setting:
            module = schemas.origin("projectcalico.org")
            message = f"{name} is not a field in {module}, and dropped silently unless a newer Calico has it; {advice}"
            yield field.problem(message, Severity.WARNING)
        else:
            dropped = "refused, or dropped in silence by a client that does not validate"
            yield field.problem(f"unknown field {name}: {dropped}; {advice}")


def _advice(field: str, schema: Mapping[str, Any]) -> str:
    fields = schema.get("properties", {})
    lowered = {name.lower(): name for name in fields}
    near = get_close_matches(field.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"did you mean {lowered[near[0]]}?"
    below = sorted(name for name, inner in fields.items() if field in inner.get("properties", ()))
    return f"it belongs inside {' or '.join(below)}" if below else f"there are: {_listed(sorted(fields))}"


def _listed(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _wrong_value(error: ValidationError) -> str:
    shown = _shown(error.instance)
    allowed: Any = error.validator_value
    match error.validator:
        case "type":
            return f"{shown} is not {_type_names(allowed)}"
        case "enum":
            return f"{shown} is not one of {', '.join(str(value) for value in allowed)}"
        case "anyOf":
            type_names = [_type_names(choice["type"]) for choice in allowed if "type" in choice]
            return f"{shown} is not {' or '.join(type_names)}" if type_names else f"{shown} has the wrong shape"
    return f"{shown}: {error.message}"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return TYPES["object" if isinstance(value, dict) else "array"]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value is None else repr(value)


def _type_names(types: str | list[str]) -> str:
    names = [types] if isinstance(types, str) else [name for name in types if name != "null"]
    return " or ".join(TYPES[name] for name in names)


def _unknown(manifest: Manifest, version: str) -> Iterator[Problem]:
    api_version, kind = _identity(manifest)
    if api_version == "crd.projectcalico.org/v1":
        return
    place = manifest.where("apiVersion")
    elsewhere = schemas.api_versions(kind, version)
    siblings = schemas.kinds(api_version, version)
    if elsewhere:
        yield Problem(place, f"{api_version} has no {kind} in Kubernetes {version}; write {' or '.join(elsewhere)}")
    elif siblings:
        near = get_close_matches(kind, siblings, n=1)
        advice = f"did you mean {near[0]}?" if near else f"there are: {_listed(siblings)}"
        yield Problem(manifest.where("kind"), f"{api_version} has no kind {kind}; {advice}")
    else:
        message = (
            f"no schema of {kind} ({api_version}) is known here, so it was not checked; name its CRD with --schemas"
        )
        yield Problem(place, message, Severity.NOTE)


CHECKS: tuple[Check[Objects], ...] = (
    objects_fit_their_schema,
    schemas_are_known,
)
SEVERITIES: Severities = {
    objects_fit_their_schema: (Severity.ERROR, Severity.WARNING),
    schemas_are_known: (Severity.ERROR, Severity.NOTE),
}
