"""Checks over any Kubernetes objects: what they are called and labelled. Their schemas are judged in `schemas.py`."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Manifest, Problem, Severities, Severity
from tools.manifests.metadata import annotation_faults, label_faults, name_faults
from tools.manifests.node import Node, root
from tools.manifests.objects import Objects
from tools.manifests.pod_templates import TEMPLATES

KUSTOMIZE = "kustomize.config.k8s.io"


def documents_are_objects(cluster: Objects) -> Iterator[Problem]:
    """Every document is a Kubernetes object.

    kubectl and Helm refuse a document that is not a mapping or lacks `apiVersion`, `kind` or `metadata.name`, and
    they refuse it late, when half of a release may have been applied.
    Write all three; a fragment that is not an object of its own belongs in a ConfigMap or out of the folder. A
    kustomization.yaml is a note: the files that it names are judged as they stand, and what it makes of them is not.
    Source: k8s.io/apimachinery TypeMeta and ObjectMeta.
    """
    for manifest in cluster.manifests:
        document = root(manifest)
        if document.empty:
            yield document.problem("this document is not an object; write apiVersion, kind and metadata.name")
            continue
        if is_kustomization(manifest):
            message = "a kustomization is not judged; give what `kubectl kustomize` prints to --manifests -"
            yield document.problem(message, Severity.NOTE)
            continue
        for node in (document["apiVersion"], document["kind"], document["metadata"]["name"]):
            generated = node.path == "metadata.name" and document["metadata"]["generateName"].text()
            if not node.text() and not generated:
                yield node.problem(f"the object has no {node.path}; write one, as a string")


def objects_are_unique(cluster: Objects) -> Iterator[Problem]:
    """No object is written twice.

    Two documents with the same kind, namespace and name are one object: the second replaces the first, and which
    comes second depends on the tool. Of two policies one is lost in silence.
    Give each its own name, or merge them.
    Source: the object's identity in the Kubernetes API: group, resource, namespace and name.
    """
    first: dict[tuple[str, str, str, str], Manifest] = {}
    for manifest in cluster.manifests:
        if not manifest.kind or not manifest.name:
            continue
        group = root(manifest)["apiVersion"].text().rpartition("/")[0]
        key = (group, manifest.kind, manifest.namespace, manifest.name)
        if key in first:
            place = first[key].where("metadata.name")
            seen = f"{place.file}:{place.line}" if place.line else place.file
            name = root(manifest)["metadata"]["name"]
            yield name.problem(f"{title(manifest)} is already written in {seen}; rename or merge one of them")
        first.setdefault(key, manifest)


def names_are_legal(cluster: Objects) -> Iterator[Problem]:
    """Names are ones that the API server takes.

    Most names are DNS subdomains (253 characters of `a-z 0-9 - .`); a Namespace's and a Tier's is a DNS label (63, no
    dots), a Service's one that starts with a letter. A Calico policy's has no dot but the one after its tier, and a
    CronJob's at most 52 characters. A name that is too long comes from a long release name, and fails only when that
    release is installed.
    Write a name within those rules; in a chart, truncate it to 63.
    Source: k8s.io/apimachinery validation; libcalico-go validator v3.
    """
    for manifest in cluster.manifests:
        for node, fault in name_faults(manifest):
            yield node.problem(fault)


def labels_are_legal(cluster: Objects) -> Iterator[Problem]:
    """Labels and annotations are ones that the API server takes.

    A label's key is `name` or `prefix/name`, its value at most 63 of letters, digits, `-`, `_` and `.`; annotations
    have the same keys, any text, and 256 KiB in all.
    Write a legal key and a legal value. Pod templates are checked too.
    Source: k8s.io/apimachinery validation.
    """
    for manifest in cluster.manifests:
        for metadata in _metadata(root(manifest)):
            for node, fault in (*label_faults(metadata["labels"]), *annotation_faults(metadata["annotations"])):
                yield node.problem(fault)


def is_kustomization(manifest: Manifest) -> bool:
    """Whether a document is what kustomize builds from: no API server knows its group."""
    return root(manifest)["apiVersion"].text().partition("/")[0] == KUSTOMIZE


def title(manifest: Manifest) -> str:
    """How messages call an object: `NetworkPolicy sark/allow-dns`."""
    name = f"{manifest.namespace}/{manifest.name}" if manifest.namespace else manifest.name
    return f"{manifest.kind} {name}"


def _metadata(document: Node) -> Iterator[Node]:
    """An object's metadata, and that of its template of pods, whatever kind makes them: a Rollout does too."""
    yield document["metadata"]
    for path in dict.fromkeys(TEMPLATES.values()):
        node = document
        for key in path:
            node = node[key]
        yield node["metadata"]


CHECKS: tuple[Check[Objects], ...] = (documents_are_objects, objects_are_unique, names_are_legal, labels_are_legal)
SEVERITIES: Severities = {
    documents_are_objects: (Severity.ERROR, Severity.NOTE),
}
