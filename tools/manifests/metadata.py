"""What the API server and Calico take for an object's metadata: its name, its namespace, its labels and annotations.

Sources: k8s.io/apimachinery pkg/api/validation ObjectMeta; libcalico-go validator v3; network-policy-api's CRDs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache

from tools.findings.model import Manifest
from tools.manifests.fields import BrokenError, mapping, text, texts_by_key
from tools.manifests.names import LABEL, SUBDOMAIN, key_fault, label_fault, service_fault, subdomain_fault, value_fault
from tools.manifests.node import Node, group, root
from tools.manifests.pod_templates import KUBERNETES, TEMPLATES

# The API server's limit on all annotations of an object together.
ANNOTATIONS_LIMIT = 256 * 1024
# The controller adds eleven characters to a CronJob's name for each Job.
CRON_JOB_LIMIT = 52
# The kinds that Calico's validator gives a rule of its own, because their names may begin with their tier. It is not
# the table of kinds that are read (tools/policies/kinds.py): names are checked of objects that nobody reads, too.
_NAMESPACED = ("NetworkPolicy", "StagedNetworkPolicy")
_CLUSTERWIDE = ("GlobalNetworkPolicy", "StagedGlobalNetworkPolicy")
# Calico's own names for the policies of Kubernetes and of OpenStack; the first cannot be written.
_OF_KUBERNETES, _OF_OPENSTACK = "knp.default.", "ossg.default."
# RBAC names may hold colons and more: system:node.
_FREE_NAMES = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
# The kinds of Kubernetes' own that take part in a judgement.
_TAKING_PART = frozenset(("Namespace", "Service", "ServiceAccount", "Pod", *TEMPLATES))
# Nothing but the API server's own rule of names holds in the store behind Calico's API.
_CALICO = "projectcalico.org"


def check(manifest: Manifest, judged: Collection[tuple[str, str]] = ()) -> None:
    """Raises BrokenError for metadata that is refused.

    Names are checked of what takes part: workloads and what belongs to them, and `judged`, by group and kind.
    """
    metadata = mapping(root(manifest)["metadata"])
    for key in ("name", "namespace"):
        text(metadata[key])
    check_labels(metadata)
    api = group(manifest)
    if (api, manifest.kind) not in judged and not (api in KUBERNETES and manifest.kind in _TAKING_PART):
        return
    if not manifest.name and not text(metadata["generateName"]):
        raise BrokenError(metadata["name"], "the object has no name; write one")
    for node, fault in (*name_faults(manifest), *annotation_faults(metadata["annotations"], texts_by_key)):
        raise BrokenError(node, fault)


def check_labels(metadata: Node) -> None:
    """Raises BrokenError for labels that are refused. Of any object, and of a template of pods."""
    labels = metadata["labels"]
    if isinstance(labels.value, dict) and all(_is_legal(key, value) for key, value in labels.value.items()):
        return
    texts_by_key(labels)
    for node, fault in label_faults(labels):
        raise BrokenError(node, fault)


def label_faults(labels: Node) -> Iterator[tuple[Node, str]]:
    """What the API server refuses in labels, each with its place."""
    for key, value in labels.fields():
        if fault := key_fault(key) or value_fault(value.text()):
            yield value, fault


def annotation_faults(
    annotations: Node, read: Callable[[Node], dict[str, str]] | None = None
) -> Iterator[tuple[Node, str]]:
    """What the API server refuses in annotations. `read` raises BrokenError where one is no text."""
    if annotations.empty:
        return
    texts = read(annotations) if read else {key: value.text() for key, value in annotations.fields()}
    for key in texts:
        # An annotation's key may have capitals in its prefix.
        if fault := key_fault(key.lower()):
            yield annotations[key], fault
    size = sum(len(key.encode()) + len(value.encode()) for key, value in texts.items())
    if size > ANNOTATIONS_LIMIT:
        yield annotations, f"annotations are {size} bytes in all; the API server takes {ANNOTATIONS_LIMIT}"


def name_faults(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    """What the API server or Calico refuses in an object's name and namespace; none where they are not written."""
    metadata = root(manifest)["metadata"]
    if manifest.name and (fault := _rule(manifest)(manifest.name)):
        yield metadata["name"], fault
    if manifest.namespace and (fault := _namespace_fault(manifest.namespace)):
        yield metadata["namespace"], fault


def _is_legal(key: object, value: object) -> bool:
    return isinstance(key, str) and isinstance(value, str) and _pair_is_legal(key, value)


# Objects by the thousand share a few labels, and a Node for each would be most of the cost.
@lru_cache(maxsize=4096)
def _pair_is_legal(key: str, value: str) -> bool:
    return not (key_fault(key) or value_fault(value))


def _rule(manifest: Manifest) -> Callable[[str], str]:
    calico = group(manifest) == _CALICO
    if calico and manifest.kind in (*_NAMESPACED, *_CLUSTERWIDE):
        tier = root(manifest)["spec"]["tier"].text() or "default"
        fault = _clusterwide_fault if manifest.kind in _CLUSTERWIDE else _namespaced_fault
        # Only newer releases take a dot for anything but the tier that stands before the name.
        return lambda name: fault(name.removeprefix(f"{tier}."), name)
    if manifest.kind == "Namespace" or (manifest.kind == "Tier" and "projectcalico.org" in group(manifest)):
        return label_fault
    if manifest.kind == "CronJob":
        return _cron_job_fault
    if manifest.kind in _FREE_NAMES:
        return lambda name: ""
    return service_fault if manifest.kind == "Service" else subdomain_fault


def _clusterwide_fault(own: str, name: str) -> str:
    if len(name) <= 253 and LABEL.fullmatch(own):
        return ""
    advice = "lower-case letters, digits and '-', with a '.' after the policy's tier alone, at most 253"
    return f"{name[:80]!r} is not a valid name of a Calico policy; write {advice}"


def _namespaced_fault(own: str, name: str) -> str:
    if name.startswith(_OF_KUBERNETES):
        return f"names that start with {_OF_KUBERNETES} are Calico's own for Kubernetes' policies; write another"
    if name.startswith(_OF_OPENSTACK) and SUBDOMAIN.fullmatch(name.removeprefix(_OF_OPENSTACK)):
        return ""
    return _clusterwide_fault(own, name)


def _cron_job_fault(name: str) -> str:
    too_long = f"the name of a CronJob is {len(name)} characters long; write at most {CRON_JOB_LIMIT}"
    return subdomain_fault(name) or (too_long if len(name) > CRON_JOB_LIMIT else "")


_namespace_fault = lru_cache(maxsize=4096)(label_fault)
