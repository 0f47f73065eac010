"""The labels of objects, and those of the namespaces and service accounts that an input holds."""

from __future__ import annotations

from collections.abc import Iterable

from tools.findings.model import Manifest
from tools.manifests.node import Node, group, root

NAME_LABEL = "kubernetes.io/metadata.name"


def labels_of(metadata: Node) -> dict[str, str]:
    """The labels of an object's metadata; null is the empty text, as the API server reads it, and what else is no text
    is left out.
    """
    return {
        key: value.text()
        for key, value in metadata["labels"].fields()
        if value.value is None or isinstance(value.value, str)
    }


def namespaces(manifests: Iterable[Manifest]) -> dict[str, dict[str, str]]:
    """The labels of each namespace that has an object."""
    return {
        manifest.name: _own(manifest) for manifest in manifests if manifest.kind == "Namespace" and not group(manifest)
    }


def accounts(manifests: Iterable[Manifest], namespace: str = "") -> dict[tuple[str, str], dict[str, str]]:
    """The labels of each service account that has an object, by its namespace and name.

    `namespace`: of those that name none.
    """
    return {
        (manifest.namespace or namespace, manifest.name): _own(manifest)
        for manifest in manifests
        if manifest.kind == "ServiceAccount" and not group(manifest)
    }


def _own(manifest: Manifest) -> dict[str, str]:
    return labels_of(root(manifest)["metadata"])
