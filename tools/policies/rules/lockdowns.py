"""A check of Calico's lock-downs: what somebody who may write Calico's objects in a namespace could open them with."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.policies.cluster import Cluster
from tools.policies.lockdowns import left_open


def lock_downs_have_no_back_door(cluster: Cluster) -> Iterator[Problem]:
    """What could open a lock-down from within a namespace is refused, or harmless.

    A GlobalNetworkPolicy that denies whatever does not carry `projectcalico.org/orchestrator: k8s` is opened by a
    NetworkSet, in any namespace, or a GlobalNetworkSet with that label: its addresses count as pods then, and an
    allow-all NetworkPolicy beside it lets them through. And a Calico NetworkPolicy with a lower order comes first.
    Write a Deny with `notNets` of all the pods' CIDRs for each family, a tier of its own, or admission policies
    (ValidatingAdmissionPolicy) on `crd.projectcalico.org`, in which Calico's API server stores everything; Calico reads
    labels from the annotation `projectcalico.org/metadata` there too. Without those, RBAC must keep everybody but the
    platform team from these resources, in both API groups.
    Source: felix reads the labels of network sets as it reads those of pods; measured with Calico 3.28.
    """
    for node, message in left_open(cluster.manifests, cluster.policies):
        yield node.problem(message, Severity.WARNING)


CHECKS: tuple[Check[Cluster], ...] = (lock_downs_have_no_back_door,)
SEVERITIES: Severities = {
    lock_downs_have_no_back_door: (Severity.WARNING,),
}
