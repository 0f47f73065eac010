"""Policies of other products, which are not judged here: what they may do makes a verdict conditional.

What is denied stays denied beside a kind that can only deny; beside one that can also allow, such as Cilium's and
Antrea's, nothing is certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tools.findings.model import Manifest
from tools.manifests.label_selector import OPERATORS, Selector, selector
from tools.manifests.node import Node, root
from tools.policies import unmodelled
from tools.policies.mentions import Mentions
from tools.policies.model import DIRECTIONS, Action, Direction

BOTH: tuple[Action, ...] = ("Allow", "Deny")
LESS: tuple[Action, ...] = ("Deny",)
LEAVING: tuple[Direction, ...] = ("Egress",)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a kind may do. `outside`: only to traffic with addresses outside; `everywhere`: in every namespace."""

    actions: tuple[Action, ...] = LESS
    ways: tuple[Direction, ...] = DIRECTIONS
    outside: bool = False
    everywhere: bool = False


_WIDER, _WIDER_EVERYWHERE = Doubt(BOTH), Doubt(BOTH, everywhere=True)
_OUTWARD = Doubt(LESS, LEAVING, outside=True)
DOUBTS: Mapping[tuple[str, str], Doubt] = {
    ("cilium.io", "CiliumNetworkPolicy"): _WIDER,
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): _WIDER_EVERYWHERE,
    ("crd.antrea.io", "NetworkPolicy"): _WIDER,
    ("crd.antrea.io", "ClusterNetworkPolicy"): _WIDER_EVERYWHERE,
    ("networking.gke.io", "FQDNNetworkPolicy"): Doubt(BOTH, LEAVING, outside=True),
    ("networking.k8s.aws", "ApplicationNetworkPolicy"): _WIDER,
    ("networking.k8s.aws", "ClusterNetworkPolicy"): _WIDER_EVERYWHERE,
    ("vpcresources.k8s.aws", "SecurityGroupPolicy"): Doubt(),
    ("security.istio.io", "AuthorizationPolicy"): Doubt(),
    ("security.istio.io", "PeerAuthentication"): Doubt(),
    ("networking.istio.io", "Sidecar"): Doubt(ways=LEAVING),
    ("policy.linkerd.io", "Server"): Doubt(),
    ("policy.linkerd.io", "ServerAuthorization"): Doubt(),
    ("policy.linkerd.io", "AuthorizationPolicy"): Doubt(),
    ("policy.linkerd.io", "EgressNetwork"): _OUTWARD,
    ("consul.hashicorp.com", "ServiceIntentions"): Doubt(everywhere=True),
    ("kuma.io", "MeshTrafficPermission"): Doubt(everywhere=True),
    ("kuma.io", "TrafficPermission"): Doubt(everywhere=True),
    ("network.openshift.io", "EgressNetworkPolicy"): _OUTWARD,
    ("network.openshift.io", "NetNamespace"): Doubt(everywhere=True),
    ("k8s.ovn.org", "EgressFirewall"): _OUTWARD,
}
# Where Istio's policies are for every namespace. Source: MeshConfig rootNamespace.
_ROOTS = {"security.istio.io": "istio-system", "networking.istio.io": "istio-system"}
# How a kind that nobody knows shows that it selects pods and limits traffic.
_SELECTING = frozenset(("endpointSelector", "podSelector", "appliedTo", "subject", "selector", "workloadSelector"))
_LIMITING = frozenset(("ingress", "egress", "ingressDeny", "egressDeny", "policyTypes"))
# Where a kind says which pods it is for, when it says it as Kubernetes does.
_SELECTORS = ("endpointSelector", "podSelector", "selector")
# Cilium's policies for nodes.
_OF_NODES = "nodeSelector"


@dataclass(frozen=True, slots=True)
class Unjudged:
    """An object that limits traffic in a way that is not judged."""

    manifest: Manifest
    doubt: Doubt

    @property
    def group(self) -> str:
        """The API's group."""
        return root(self.manifest)["apiVersion"].text().rpartition("/")[0]

    def space(self, namespace: str) -> str:
        """The namespace whose pods it may be for; "" for all of them."""
        own = self.manifest.namespace
        known = (self.group, self.manifest.kind) in DOUBTS
        if self.doubt.everywhere or (own and own == _ROOTS.get(self.group)):
            return ""
        return own or (namespace if known else "")

    @property
    def selector(self) -> Selector:
        """Which pods it selects; everything where it says so in a way that is not read here."""
        spec = root(self.manifest)["spec"]
        node = next((spec[key] for key in _SELECTORS if spec[key].present), spec["podSelector"])
        return selector(node) if _is_read(node) else Selector()

    @property
    def reason(self) -> str:
        """What a verdict depends on, the same for all objects of a kind."""
        api = f" of {self.group}" if self.group else ""
        return f"what {self.manifest.kind}{api} says is not judged: {_WHY[self.doubt.actions]}"


_WHY: Mapping[tuple[Action, ...], str] = {
    BOTH: "it may deny what other policies allow, and allow what they deny",
    LESS: "it may deny what other policies allow",
}


def _is_read(node: Node) -> bool:
    """Whether it is a label selector of Kubernetes, and its labels are the pods' own."""
    if not isinstance(node.value, dict) or node.value.keys() - {"matchLabels", "matchExpressions"}:
        return False
    keys = [key for key, _ in node["matchLabels"].fields()]
    for item in node["matchExpressions"].items():
        keys.append(item["key"].text() or ":")
        if item["operator"].text() not in OPERATORS:
            return False
    return not any(":" in key for key in keys)


def unjudged(manifests: Iterable[Manifest]) -> tuple[Unjudged, ...]:
    """The objects that limit traffic and are not judged."""
    return tuple(Unjudged(manifest, doubt) for manifest in manifests if (doubt := _doubt(manifest)))


def _doubt(manifest: Manifest) -> Doubt | None:
    top = root(manifest)
    group, kind = top["apiVersion"].text().rpartition("/")[0], manifest.kind
    if (group, kind) in DOUBTS:
        of_nodes = group == "cilium.io" and top["spec"][_OF_NODES].present and not top["specs"].present
        return None if of_nodes else DOUBTS[group, kind]
    if unmodelled.is_known(group, kind) or not isinstance(spec := top["spec"].value, dict):
        return None
    limiting = bool(_LIMITING & spec.keys()) or unmodelled.is_policy(kind)
    return _WIDER if limiting and _SELECTING & spec.keys() else None


def ask(asked: Mentions, doubtful: Iterable[Unjudged]) -> None:
    """Note the labels by which they select pods, so that pods which differ in one are told apart."""
    for item in doubtful:
        for part in item.selector.requirements:
            asked.ask(part.key, part.values)
