"""What can open a lock-down of Calico's from within a namespace, and what in the input prevents it.

A lock-down is a GlobalNetworkPolicy before the NetworkPolicies that denies what does not carry the label by which
Calico marks pods. Source: felix reads network sets' labels as it reads pods'; measured with Calico 3.28.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.findings.model import Manifest
from tools.manifests.node import Node, root
from tools.policies.model import NETWORK_POLICY_ORDER, Policy
from tools.policies.network_sets import STORE

POD_LABEL = "projectcalico.org/orchestrator"
ADMISSION = "ValidatingAdmissionPolicy"


@dataclass(frozen=True, slots=True)
class LockDown:
    """A policy that locks down by the label: by its rule `deny`, and `by_networks` when a rule denies networks too."""

    policy: Policy
    deny: Node
    by_networks: bool


def lock_downs(policies: Iterable[Policy]) -> Iterator[LockDown]:
    """Every policy in force that denies whatever does not carry the pods' label."""
    for policy in policies:
        early = policy.clusterwide and not policy.staged and policy.order < NETWORK_POLICY_ORDER
        for rule in policy.towards("Egress") if early else ():
            if rule.action == "Deny" and POD_LABEL in rule.node["destination"]["notSelector"].text():
                before = policy.towards("Egress")
                networks = any(it.action == "Deny" and not it.node["destination"]["notNets"].empty for it in before)
                yield LockDown(policy, rule.node, networks)
                break


def left_open(manifests: tuple[Manifest, ...], policies: Iterable[Policy]) -> Iterator[tuple[Node, str]]:
    """The back doors that nothing in the input closes: for each, the place in the first lock-down that has it, and a
    message."""
    downs = tuple(lock_downs(policies))
    sets = [down for down in downs if not down.by_networks]
    if sets and not _refused(manifests, "networksets", POD_LABEL):
        yield (
            sets[0].deny,
            f"this tells pods from addresses by the label {POD_LABEL}, which a network set can carry too, and nothing "
            "in the input refuses such a set; also deny notNets of all pods' CIDRs, write an admission policy, or let "
            "RBAC keep everybody but the platform team from networksets and globalnetworksets, of "
            f"projectcalico.org and of {STORE}",
        )
    orders = [down for down in downs if down.policy.tier == "default"]
    if orders and not _refused(manifests, "networkpolicies", "order"):
        first = orders[0].policy
        yield (
            first.spec["order"],
            f"a Calico NetworkPolicy of a namespace with an order below {first.order:g} comes before this one, and "
            "nothing in the input refuses it; put this one into a tier of its own, write an admission policy, or let "
            f"RBAC keep everybody but the platform team from networkpolicies of projectcalico.org and of {STORE}",
        )


def _refused(manifests: Iterable[Manifest], resource: str, word: str) -> bool:
    """Whether an admission policy checks such objects in Calico's backing store for what would open the door."""
    for manifest in manifests:
        if manifest.kind == ADMISSION:
            spec = root(manifest)["spec"]
            looked_at = any(
                resource in _texts(rule["resources"]) and STORE in _texts(rule["apiGroups"])
                for rule in spec["matchConstraints"]["resourceRules"].items()
            )
            written = [*spec["validations"].items(), *spec["variables"].items()]
            if looked_at and any(word in item["expression"].text() for item in written):
                return True
    return False


def _texts(node: Node) -> set[str]:
    return {item.text() for item in node.items()}
