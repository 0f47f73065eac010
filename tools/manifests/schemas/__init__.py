"""Schemas of Kubernetes' own kinds and of the policy CRDs, read once, with no cluster and no network.

Kubernetes' come with the package kubernetes-validate; the others lie beside this file, and refresh.sh says from
where.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tools.manifests.versions import KUBE_VERSION

KIND_KEY = "x-kubernetes-group-version-kind"
# Kinds that every group has, and that nobody writes in a file.
EVERYWHERE = ("DeleteOptions", "WatchEvent")


class UnknownVersionError(ValueError):
    """No schemas are at hand for that version of Kubernetes."""


@lru_cache
def versions() -> tuple[str, ...]:
    """The Kubernetes versions whose schemas are at hand, `1.25` and up, oldest first."""
    folders = files("kubernetes_validate").joinpath("kubernetes-json-schema").iterdir()
    served = {folder.name[1:].split(".0-")[0] for folder in folders if folder.name.endswith("-strict")}
    return tuple(sorted(served, key=lambda version: [int(part) for part in version.split(".")]))


def minor(version: str) -> str:
    """`1.34` of `v1.34.2`; UnknownVersionError when no schemas are at hand for it."""
    short = ".".join(version.removeprefix("v").split(".")[:2])
    if short not in versions():
        raise UnknownVersionError(f"no schemas for Kubernetes {version}; there are: {', '.join(versions())}")
    return short


@lru_cache
def validator(api_version: str, kind: str, kube_version: str = KUBE_VERSION) -> Draft202012Validator | None:
    """What judges an object of that kind, or None when no schema of it is known."""
    vendored = _vendored().get(f"{api_version}/{kind}")
    if vendored is not None:
        return Draft202012Validator(vendored)
    names, registry = _kubernetes(minor(kube_version))
    name = names.get((api_version, kind))
    return Draft202012Validator({"$ref": f"urn:kubernetes#/$defs/{name}"}, registry=registry) if name else None


@lru_cache
def kinds(api_version: str, kube_version: str = KUBE_VERSION) -> tuple[str, ...]:
    """The kinds of an API version that schemas are at hand for."""
    served = (kind for known, kind in _known(kube_version) if known == api_version)
    return tuple(sorted(kind for kind in served if not kind.endswith("List") and kind not in EVERYWHERE))


@lru_cache
def api_versions(kind: str, kube_version: str = KUBE_VERSION) -> tuple[str, ...]:
    """The API versions that have that kind."""
    return tuple(sorted(known for known, known_kind in _known(kube_version) if known_kind == kind))


def _known(kube_version: str) -> Iterable[tuple[str, str]]:
    yield from _kubernetes(minor(kube_version))[0]
    for name in _vendored():
        api_version, _, kind = name.rpartition("/")
        yield api_version, kind


@lru_cache
def origin(group: str) -> str:
    """The module and version that the vendored schemas of `projectcalico.org` and the like were made from."""
    file = "calico.json" if group == "projectcalico.org" else "policy-api.json"
    comment: str = json.loads(files(__name__).joinpath(file).read_text("utf-8"))["$comment"]
    return comment.removeprefix("Made by refresh.sh from ").split(",")[0]


@lru_cache
def _vendored() -> dict[str, Any]:
    known: dict[str, Any] = {}
    for file in ("calico.json", "policy-api.json"):
        known.update(json.loads(files(__name__).joinpath(file).read_text("utf-8"))["$defs"])
    return known


@lru_cache
def _kubernetes(version: str) -> tuple[Mapping[tuple[str, str], str], Registry[Any]]:
    folder = files("kubernetes_validate").joinpath("kubernetes-json-schema", f"v{version}.0-local-strict")
    document = json.loads(folder.joinpath("_definitions.json").read_text("utf-8"))
    names: dict[tuple[str, str], str] = {}
    for name, schema in document["$defs"].items():
        # `oneOf` of two nullable types refuses null, which the API server takes for "not there".
        if "oneOf" in schema:
            schema["anyOf"] = schema.pop("oneOf")
        for known in schema.get(KIND_KEY, ()):
            api_version = f"{known['group']}/{known['version']}".removeprefix("/")
            names[api_version, known["kind"]] = name
    del document["$id"]
    return names, Registry().with_resource("urn:kubernetes", DRAFT202012.create_resource(document))
