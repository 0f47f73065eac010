"""SARK's manifests, read from a checkout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.cluster.errors import CannotRunError
from tools.cluster.sark import kustomize, shipped
from tools.findings.errors import InputError
from tools.manifests.files import read_yaml, shown

BASE = Path("base", "kustomization.yaml")
# What `k8s/base` holds beside its kustomization, and SARK needs.
BESIDE = ("opa-deployment.yaml",)


@dataclass(frozen=True, slots=True)
class Sark:
    """SARK's objects, as its kustomization and the files beside it make them. `place`: the folder of these."""

    objects: tuple[Mapping[str, Any], ...]
    place: str

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Where its objects are."""
        return tuple(dict.fromkeys(space for it in self.objects if (space := it["metadata"].get("namespace"))))


def read(given: Path) -> Sark:
    """The objects of a checkout, or of its k8s directory. Raises `CannotRunError` when that is not what is there."""
    folders = [root / BASE.parent for root in (given / "k8s", given) if (root / BASE).is_file()]
    if not folders:
        raise CannotRunError(f"{given} is no checkout of SARK: it has neither k8s/{BASE} nor {BASE}")
    folder = folders[0]
    kustomization = next(_objects(folder / BASE.name), {})
    try:
        named = kustomize.resources(kustomization)
        inside = [body for name in named for body in _objects(folder / name)]
        beside = [body for name in BESIDE if name not in named for body in _objects(folder / name)]
        objects = [*kustomize.build(kustomization, inside), *beside]
        unknown = shipped.without_stand_in(objects)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CannotRunError(f"{shown(folder)}: {error if isinstance(error, ValueError) else repr(error)}") from error
    if unknown:
        known = ", ".join(shipped.STAND_INS)
        raise CannotRunError(
            f"{shown(folder)}: there is no stand-in for the image {', '.join(unknown)}; there are some for {known}. "
            "Add it to STAND_INS of tools/cluster/sark/shipped.py"
        )
    return Sark(tuple(objects), shown(folder))


def _objects(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        parsed = read_yaml(path)
    except InputError as error:
        raise CannotRunError(str(error)) from error
    for problem in parsed.problems:
        raise CannotRunError(f"{problem.where.file}:{problem.where.line}: {problem.message}")
    for document in parsed.documents:
        if isinstance(document.body, Mapping):
            yield document.body
