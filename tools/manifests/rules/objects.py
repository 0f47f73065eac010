"""Checks over any Kubernetes objects: what they are called and labelled. Their schemas are judged in `schemas.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tools.findings.model import Check, Manifest, Problem
from tools.manifests.names import key_fault, label_fault, service_fault, subdomain_fault, value_fault
from tools.manifests.node import Node, root
from tools.manifests.objects import Objects

# Calico's validator takes a DNS label for these, where the CRDs' own rule would take a subdomain.
CALICO_LABELS = {"NetworkPolicy", "GlobalNetworkPolicy", "StagedNetworkPolicy", "StagedGlobalNetworkPolicy"}
# RBAC names may hold colons and more: system:node.
FREE_NAMES = {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
TEMPLATES = ("spec.template", "spec.jobTemplate.spec.template")
# The API server's limit on all annotations of an object together.
ANNOTATIONS_LIMIT = 256 * 1024


def documents_are_objects(cluster: Objects) -> Iterator[Problem]:
    """Every document is a Kubernetes object.

    kubectl and Helm refuse a document that is not a mapping or lacks `apiVersion`, `kind` or `metadata.name`, and
    they refuse it late, when half of a release may have been applied.
    Write all three; a fragment that is not an object of its own belongs in a ConfigMap or out of the folder.
    Source: k8s.io/apimachinery TypeMeta and ObjectMeta.
    """
    for manifest in cluster.manifests:
        document = root(manifest)
        if document.empty:
            yield document.problem("this document is no object; write apiVersion, kind and metadata.name")
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

    Most names are DNS subdomains (253 characters of `a-z 0-9 - .`); a Namespace's and a Calico policy's is a DNS
    label (63, no dots), a Service's one that starts with a letter. A name that is too long comes from a long
    release name, and fails only when that release is installed.
    Write a name within those rules; in a chart, truncate it to 63.
    Source: k8s.io/apimachinery validation; libcalico-go validator v3.
    """
    for manifest in cluster.manifests:
        meta = root(manifest)["metadata"]
        if manifest.name and (fault := _name_rule(manifest)(manifest.name)):
            yield meta["name"].problem(fault)
        if manifest.namespace and (fault := label_fault(manifest.namespace)):
            yield meta["namespace"].problem(fault)


def labels_are_legal(cluster: Objects) -> Iterator[Problem]:
    """Labels and annotations are ones that the API server takes.

    A label's key is `name` or `prefix/name`, its value at most 63 of letters, digits, `-`, `_` and `.`; annotations
    have the same keys, any text, and 256 KiB in all.
    Write a legal key and a legal value. Pod templates are checked too.
    Source: k8s.io/apimachinery validation.
    """
    for manifest in cluster.manifests:
        for meta in _metadata(root(manifest)):
            yield from _label_faults(meta)


def title(manifest: Manifest) -> str:
    """How messages call an object: `NetworkPolicy sark/allow-dns`."""
    name = f"{manifest.namespace}/{manifest.name}" if manifest.namespace else manifest.name
    return f"{manifest.kind} {name}"


def _name_rule(manifest: Manifest) -> Callable[[str], str]:
    if root(manifest)["apiVersion"].text() == "projectcalico.org/v3" and manifest.kind in CALICO_LABELS:
        # Calico puts the tier before the name of a policy, and lets one write it.
        tier = root(manifest)["spec"]["tier"].text() or "default"
        return lambda name: label_fault(name.removeprefix(f"{tier}."))
    if manifest.kind == "Namespace":
        return label_fault
    if manifest.kind == "Service":
        return service_fault
    return (lambda name: "") if manifest.kind in FREE_NAMES else subdomain_fault


def _metadata(document: Node) -> Iterator[Node]:
    yield document["metadata"]
    for path in TEMPLATES:
        node = document
        for key in path.split("."):
            node = node[key]
        yield node["metadata"]


def _label_faults(meta: Node) -> Iterator[Problem]:
    for key, value in meta["labels"].fields():
        if fault := key_fault(key) or value_fault(value.text()):
            yield value.problem(fault)
    size = 0
    for key, value in meta["annotations"].fields():
        size += len(key) + len(value.text().encode())
        if fault := key_fault(key.lower()):
            yield value.problem(fault)
    if size > ANNOTATIONS_LIMIT:
        yield meta["annotations"].problem(
            f"annotations are {size} bytes in all; the API server takes {ANNOTATIONS_LIMIT}"
        )


CHECKS: tuple[Check[Objects], ...] = (documents_are_objects, objects_are_unique, names_are_legal, labels_are_legal)
