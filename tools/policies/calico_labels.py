"""The labels that Calico sees on an endpoint: its own, and those that Calico derives from where it is.

Source: libcalico-go k8s/conversion (workload endpoints, profiles) and felix labelindex. A pod carries its namespace,
its service account and its orchestrator as labels, and inherits its namespace's labels behind `pcns.` and its service
account's behind `pcsa.`; a network set carries its namespace, and inherits that one's labels. Labels behind these
prefixes that are a pod's own are left out, so that no pod can pass for one of another namespace. Those of a network set
are not, and win over what it inherits.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from tools.manifests.labels import NAME_LABEL

CALICO_NAME_LABEL = "projectcalico.org/name"
NAMESPACE = "projectcalico.org/namespace"
ACCOUNT = "projectcalico.org/serviceaccount"
ORCHESTRATOR = "projectcalico.org/orchestrator"
OF_NAMESPACE, OF_ACCOUNT = "pcns.", "pcsa."


class Unknown(Enum):
    """The value of a label that nobody can know from the input."""

    UNKNOWN = "unknown"


Labels = Mapping[str, str]
Value = str | None | Unknown


def seen(
    key: str,
    labels: Labels,
    namespace: str | None,
    account: str,
    of_namespace: Labels | None,
    of_account: Labels | None,
) -> Value:
    """The value of a label on a pod, or on a network set, whose `account` is ""; None where it is not there.

    `namespace`: "" of a set that is in none, None where it is not known. `of_namespace` and `of_account`: their
    objects' labels, None where those are not known.
    """
    if not account and key != NAMESPACE and key in labels:
        return labels[key]
    if key.startswith(OF_NAMESPACE):
        key = key.removeprefix(OF_NAMESPACE)
        # Every cluster sets this one on every namespace, whether its object is at hand or not.
        return namespace if namespace and key == NAME_LABEL else _inherited(key, namespace, of_namespace)
    if key.startswith(OF_ACCOUNT):
        return _inherited(key.removeprefix(OF_ACCOUNT), account, of_account)
    if key == NAMESPACE:
        return Unknown.UNKNOWN if namespace is None else namespace or None
    if account and key == ACCOUNT:
        return account
    if account and key == ORCHESTRATOR:
        return "k8s"
    return labels.get(key)


def is_derived(key: str) -> bool:
    """Whether a label is one that Calico derives, and nobody writes on a pod."""
    return key.startswith((OF_NAMESPACE, OF_ACCOUNT, "projectcalico.org/"))


def _inherited(key: str, name: str | None, labels: Labels | None) -> Value:
    if name == "":
        return None
    if key == CALICO_NAME_LABEL and name is not None:
        return name
    return Unknown.UNKNOWN if name is None or labels is None else labels.get(key)
