"""What the API server and Calico take for an object's metadata: its name, its namespace, its labels and annotations.

Sources: k8s.io/apimachinery pkg/api/validation ObjectMeta; libcalico-go validator v3; network-policy-api's CRDs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from tools.findings.model import Manifest
from tools.manifests.fields import BrokenError, mapping, text, texts_by_key
from tools.manifests.names import LABEL, SUBDOMAIN, key_fault, label_fault, service_fault, subdomain_fault, value_fault
from tools.manifests.node import Node, root
from tools.manifests.pods import TEMPLATES

ANNOTATIONS_LIMIT = 256 * 1024
# The controller adds eleven characters to a CronJob's name for each Job.
CRON_JOB_LIMIT = 52
_POLICIES = ("NetworkPolicy", "GlobalNetworkPolicy")
# Calico's own names for the policies of Kubernetes and of OpenStack; the first cannot be written.
_OF_KUBERNETES, _OF_OPENSTACK = "knp.default.", "ossg.default."
_NAMED_AS_LABELS = ("Namespace", "Tier")
# What is judged, or takes part, and where it is from; of other kinds nobody here knows the rules.
CHECKED = frozenset(
    (
        *_POLICIES,
        *("AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy", "NetworkSet", "GlobalNetworkSet"),
        *("Tier", "Namespace", "Service", "ServiceAccount", "Pod", *TEMPLATES),
    )
)
# Nothing but the API server's own rule of names holds in the store behind Calico's API.
_CALICO, _STORE = "projectcalico.org", "crd.projectcalico.org"
GROUPS = ("", "apps", "batch", "networking.k8s.io", "policy.networking.k8s.io", _CALICO, _STORE)


def check(manifest: Manifest) -> None:
    """Raises BrokenError for metadata that is refused."""
    metadata = mapping(root(manifest)["metadata"])
    for key in ("name", "namespace"):
        text(metadata[key])
    check_labels(metadata)
    if manifest.kind not in CHECKED or _group(manifest) not in GROUPS:
        return
    _named(manifest, metadata)
    if manifest.namespace and (fault := _namespace_fault(manifest.namespace)):
        raise BrokenError(metadata["namespace"], fault)
    _annotated(metadata["annotations"])


def check_labels(metadata: Node) -> None:
    """Raises BrokenError for labels that are refused. Of any object, and of a template of pods."""
    labels = metadata["labels"]
    if isinstance(labels.value, dict) and all(_is_legal(key, value) for key, value in labels.value.items()):
        return
    for key, value in texts_by_key(labels).items():
        if fault := key_fault(key) or value_fault(value):
            raise BrokenError(labels[key], fault)


def _is_legal(key: object, value: object) -> bool:
    return isinstance(key, str) and isinstance(value, str) and _pair_is_legal(key, value)


# Objects by the thousand share a few labels, and a Node for each would be most of the cost.
@lru_cache(maxsize=4096)
def _pair_is_legal(key: str, value: str) -> bool:
    return not (key_fault(key) or value_fault(value))


def _named(manifest: Manifest, metadata: Node) -> None:
    if not manifest.name:
        if not text(metadata["generateName"]):
            raise BrokenError(metadata["name"], "the object has no name; write one")
        return
    if fault := _rule(manifest)(manifest.name):
        raise BrokenError(metadata["name"], fault)


def _group(manifest: Manifest) -> str:
    return root(manifest)["apiVersion"].text().rpartition("/")[0]


def _rule(manifest: Manifest) -> Callable[[str], str]:
    if _group(manifest) == _CALICO and manifest.kind in _POLICIES:
        tier = root(manifest)["spec"]["tier"].text() or "default"
        fault = _clusterwide_fault if manifest.kind == "GlobalNetworkPolicy" else _namespaced_fault
        # Only newer releases take a dot for anything but the tier that stands before the name.
        return lambda name: fault(name.removeprefix(f"{tier}."), name)
    if manifest.kind in _NAMED_AS_LABELS:
        return label_fault
    if manifest.kind == "CronJob":
        return _cron_job_fault
    return service_fault if manifest.kind == "Service" else subdomain_fault


def _clusterwide_fault(own: str, name: str) -> str:
    if len(name) <= 253 and LABEL.fullmatch(own):
        return ""
    advice = "lower-case letters, digits and '-', with a '.' after the policy's tier alone, at most 253"
    return f"{name[:80]!r} is no name of a Calico policy; write {advice}"


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


def _annotated(node: Node) -> None:
    if node.empty:
        return
    size = 0
    for key, value in texts_by_key(node).items():
        size += len(key.encode()) + len(value.encode())
        if fault := key_fault(key.lower()):
            raise BrokenError(node[key], fault)
    if size > ANNOTATIONS_LIMIT:
        raise BrokenError(node, f"annotations are {size} bytes in all; the API server takes {ANNOTATIONS_LIMIT}")
