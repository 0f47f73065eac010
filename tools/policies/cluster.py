"""A cluster as the rules see it: policies, the workloads they are for, and the namespaces that those live in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tools.findings.model import Manifest
from tools.manifests.labels import NAME_LABEL, accounts, namespaces
from tools.manifests.node import root
from tools.manifests.pods import Pod, pods
from tools.manifests.versions import KUBE_VERSION
from tools.policies.calico_labels import CALICO_NAME_LABEL
from tools.policies.calico_settings import settings_faults
from tools.policies.faults import PolicyFault
from tools.policies.kinds import policies
from tools.policies.model import Policy
from tools.policies.network_sets import NetworkSet, network_sets


@dataclass(frozen=True)
class Cluster:
    """The objects to judge, and workloads beside them. `given`: whether somebody named the workloads; otherwise only
    those among the objects are known.

    `texts` are the files that the objects were read from, as name and text, for what YAML does not keep. `roles`: the
    namespaces of callers from elsewhere, by what they are (monitoring, say), where values name them. `definitions`:
    schemas that somebody gave, by `group/version/Kind`.
    """

    manifests: tuple[Manifest, ...]
    workloads: tuple[Manifest, ...] = ()
    given: bool = False
    kube_version: str = KUBE_VERSION
    texts: tuple[tuple[str, str], ...] = ()
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    definitions: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def objects(self) -> tuple[Manifest, ...]:
        """The objects to judge and the workloads beside them, each once."""
        return once((*self.manifests, *self.workloads))

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """Every policy among the objects to judge."""
        return policies(self.manifests)

    @cached_property
    def network_sets(self) -> tuple[NetworkSet, ...]:
        """Every network set among the objects to judge."""
        return tuple(network_sets(self.manifests))

    @cached_property
    def faults(self) -> tuple[PolicyFault, ...]:
        """What is wrong with policies and network sets by themselves, and in Calico's other objects."""
        of_policies = (fault for policy in self.policies for fault in policy.faults)
        of_sets = (fault for item in self.network_sets for fault in item.faults)
        return (*of_policies, *of_sets, *settings_faults(self.manifests))

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """The pods of all objects."""
        return tuple(pods(self.objects))

    @cached_property
    def namespaces(self) -> Mapping[str, Mapping[str, str]]:
        """The labels of each namespace that has an object."""
        return namespaces(self.objects)

    @cached_property
    def accounts(self) -> Mapping[tuple[str, str], Mapping[str, str]]:
        """The labels of each service account that has an object, by namespace and name."""
        return accounts(self.objects)

    @cached_property
    def by_label(self) -> Mapping[tuple[str, str], Sequence[Pod]]:
        """The pods by each label."""
        pods: dict[tuple[str, str], list[Pod]] = {}
        for pod in self.pods:
            for label in pod.labels.items():
                pods.setdefault(label, []).append(pod)
        return pods

    def namespace_labels(self, name: str) -> Mapping[str, str]:
        """The labels of a namespace: those that every cluster sets, and those of its manifest when there is one."""
        return {**self.namespaces.get(name, {}), NAME_LABEL: name, CALICO_NAME_LABEL: name}

    def account_labels(self, namespace: str, name: str) -> Mapping[str, str] | None:
        """The labels of a service account; None where nobody knows them. Kubernetes makes `default`, without any."""
        known = self.accounts.get((namespace, name))
        return {} if known is None and name == "default" else known


def once(manifests: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """The objects without later ones of the same identity: what is given twice is one object of the cluster."""
    kept: dict[tuple[str, str, str, str] | int, Manifest] = {}
    for number, manifest in enumerate(manifests):
        group = root(manifest)["apiVersion"].text().rpartition("/")[0]
        identity = (group, manifest.kind, manifest.namespace, manifest.name)
        kept.setdefault(identity if manifest.kind and manifest.name else number, manifest)
    return tuple(kept.values())
