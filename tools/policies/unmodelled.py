"""What else in an input could change an answer, and is not modelled: named, so that no verdict hides it.

One note a kind, at its first object: a cluster may hold thousands of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.findings.model import Manifest, Problem, Severity
from tools.manifests.node import Node, root
from tools.manifests.pod_templates import makes_unknown_pods, template
from tools.policies import kinds
from tools.policies.network_sets import CALICO, STORE

_MESH = "a mesh of proxies enforces it beside the policies, which are judged without it"
_CILIUM = "Cilium alone enforces it, and it is not judged: it may deny what is allowed here, and allow what is denied"
_ANTREA = "Antrea alone enforces it, and it is not judged: it may deny what is allowed here, and allow what is denied"
_OVN = "OVN-Kubernetes enforces it on what leaves the cluster, and it is not judged"
_SNAT = "it changes the source address of what leaves the cluster, and that is not followed"
_GATEWAY = "what a Gateway leads to is not followed; ask for the pods behind it, or its controller's"
_INTERFACES = "a pod's second interface is behind no NetworkPolicy, and is not judged"
_STORED = (
    "crd.projectcalico.org is the store behind Calico's API, where nothing validates what is written; it is judged "
    "as if it were in projectcalico.org/v3"
)
_PODS = "it makes pods, of which only those that are in the input themselves are judged"
_RELEASE = "it installs objects that are not in the input, and so not judged; render them, and judge what comes out"
_ENDPOINT = "a pod or a virtual machine takes part by it; only Pods and what makes them are read, so it is not judged"
_STAGED = "it is staged: it enforces nothing yet, and is left out"

# What is known of kinds that are not judged: who enforces them, or what they do.
KNOWN: dict[tuple[str, str], str] = {
    (CALICO, "HostEndpoint"): "the node's own interfaces get policies by it, and traffic of nodes is not modelled",
    **{(kind.group, kind.name): _STAGED for kind in kinds.KINDS if not kind.enforced},
    (CALICO, "FelixConfiguration"): "its defaultEndpointToHostAction and failsafe ports rule traffic with the node, "
    "which is not modelled",
    (CALICO, "Profile"): "pods get their namespace's profile, which allows; another one is not read",
    (CALICO, "EgressGatewayPolicy"): _SNAT,
    ("cilium.io", "CiliumNetworkPolicy"): _CILIUM,
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): _CILIUM,
    ("cilium.io", "CiliumEgressGatewayPolicy"): _SNAT,
    ("cilium.io", "CiliumLocalRedirectPolicy"): "Cilium sends traffic elsewhere by it, and that is not followed",
    ("cilium.io", "CiliumEnvoyConfig"): _CILIUM,
    ("cilium.io", "CiliumClusterwideEnvoyConfig"): _CILIUM,
    ("networking.gke.io", "FQDNNetworkPolicy"): "GKE lets names through by it that other policies deny; names are in "
    "no manifest, and it is not judged",
    ("networking.gke.io", "EgressNATPolicy"): _SNAT,
    ("networking.k8s.aws", "ClusterNetworkPolicy"): "Amazon's VPC CNI enforces it, and it is not judged",
    ("networking.k8s.aws", "ApplicationNetworkPolicy"): "Amazon's VPC CNI enforces it, and it is not judged",
    ("vpcresources.k8s.aws", "SecurityGroupPolicy"): "AWS' security groups filter the pods' traffic by it, and are "
    "not judged",
    ("crd.antrea.io", "NetworkPolicy"): _ANTREA,
    ("crd.antrea.io", "ClusterNetworkPolicy"): _ANTREA,
    ("crd.antrea.io", "Egress"): _SNAT,
    ("crd.antrea.io", "TrafficControl"): "Antrea sends traffic elsewhere by it, and that is not followed",
    ("security.istio.io", "AuthorizationPolicy"): _MESH,
    ("security.istio.io", "PeerAuthentication"): _MESH,
    ("networking.istio.io", "Sidecar"): _MESH,
    ("networking.istio.io", "ServiceEntry"): _MESH,
    ("networking.istio.io", "EnvoyFilter"): _MESH,
    ("networking.istio.io", "VirtualService"): "a mesh of proxies sends traffic elsewhere by it, which is not followed",
    ("networking.istio.io", "Gateway"): _GATEWAY,
    ("policy.linkerd.io", "Server"): _MESH,
    ("policy.linkerd.io", "ServerAuthorization"): _MESH,
    ("policy.linkerd.io", "AuthorizationPolicy"): _MESH,
    ("policy.linkerd.io", "EgressNetwork"): _MESH,
    ("consul.hashicorp.com", "ServiceIntentions"): _MESH,
    ("kuma.io", "MeshTrafficPermission"): _MESH,
    ("kuma.io", "TrafficPermission"): _MESH,
    ("network.openshift.io", "EgressNetworkPolicy"): "OpenShift SDN enforces it on what leaves the cluster, and it is "
    "not judged",
    ("network.openshift.io", "NetNamespace"): "OpenShift SDN isolates or joins namespaces by it, and it is not judged",
    ("k8s.ovn.org", "EgressFirewall"): _OVN,
    ("k8s.ovn.org", "EgressIP"): _SNAT,
    ("k8s.ovn.org", "AdminPolicyBasedExternalRoute"): "it sends what leaves the cluster through other gateways, which "
    "are not followed",
    ("k8s.ovn.org", "UserDefinedNetwork"): "it gives pods a network of their own, which is not modelled",
    ("k8s.ovn.org", "ClusterUserDefinedNetwork"): "it gives pods a network of their own, which is not modelled",
    ("k8s.cni.cncf.io", "NetworkAttachmentDefinition"): _INTERFACES,
    ("k8s.cni.cncf.io", "MultiNetworkPolicy"): "it rules pods' second interfaces, which are not modelled",
    ("helm.toolkit.fluxcd.io", "HelmRelease"): _RELEASE,
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): _RELEASE,
    ("helm.cattle.io", "HelmChart"): _RELEASE,
    ("argoproj.io", "Application"): _RELEASE,
    ("argoproj.io", "ApplicationSet"): _RELEASE,
    ("fleet.cattle.io", "GitRepo"): _RELEASE,
    ("kro.run", "ResourceGraphDefinition"): _RELEASE,
    (CALICO, "WorkloadEndpoint"): _ENDPOINT,
    ("kubevirt.io", "VirtualMachine"): _PODS,
    ("kubevirt.io", "VirtualMachineInstance"): _PODS,
    ("kubevirt.io", "VirtualMachineInstanceReplicaSet"): _PODS,
    ("argoproj.io", "Rollout"): _PODS,
    ("apps.openshift.io", "DeploymentConfig"): _PODS,
    ("apps.kruise.io", "CloneSet"): _PODS,
    ("serving.knative.dev", "Service"): _PODS,
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"): _PODS,
    ("gateway.networking.k8s.io", "Gateway"): _GATEWAY,
    ("gateway.networking.k8s.io", "HTTPRoute"): _GATEWAY,
    ("gateway.networking.k8s.io", "GRPCRoute"): _GATEWAY,
    ("gateway.networking.k8s.io", "TCPRoute"): _GATEWAY,
    ("gateway.networking.k8s.io", "TLSRoute"): _GATEWAY,
    ("gateway.networking.k8s.io", "UDPRoute"): _GATEWAY,
    ("kyverno.io", "ClusterPolicy"): "Kyverno can make NetworkPolicies by it, and those are not foreseen",
    ("kyverno.io", "Policy"): "Kyverno can make NetworkPolicies by it, and those are not foreseen",
    ("kyverno.io", "GeneratingPolicy"): "Kyverno can make NetworkPolicies by it, and those are not foreseen",
}

# Words in a kind's name that suggest that it rules traffic; and kinds with such a word that do not.
_SPEAKING = re.compile(r"polic(y|ies)|firewall|egress", re.IGNORECASE)
_HARMLESS = re.compile(
    r"(Validating|Mutating)AdmissionPolicy(Binding)?|PodSecurityPolicy|PodSecurityPolicyReview|\w*PolicyReport|"
    r"\w*PolicyException|ImagePolicy|\w*ImageValidatingPolicy|\w*CleanupPolicy|PolicyEndpoint|BackupPolicy|"
    r"LimitPolicy|AuditPolicy|BackendTLSPolicy|\w*DisruptionPolicy|BGP\w*Polic(y|ies)"
)
SECOND_INTERFACES = "k8s.v1.cni.cncf.io/networks"
_FLAGS = {
    "doNotTrack": "a policy with doNotTrack goes before connections are tracked and for host endpoints only; "
    "it is left out",
    "preDNAT": "a policy with preDNAT goes before Services' addresses are translated and for host endpoints only; "
    "it is left out",
    "applyOnForward": "applyOnForward applies to what nodes forward for host endpoints, which is not modelled; "
    "for pods the policy is judged",
}


@dataclass(frozen=True, slots=True)
class _Remark:
    """A message about one object; `kind` is what several such objects have in common."""

    node: Node
    kind: str
    message: str

    @property
    def subject(self) -> str:
        """How messages call the object."""
        manifest = self.node.manifest
        name = f"{manifest.namespace}/{manifest.name}" if manifest.namespace else manifest.name
        return f"{manifest.kind} {name}".strip()


def notes(manifests: Iterable[Manifest]) -> Iterator[Problem]:
    """What is not modelled in those objects, each kind once, at its first place."""
    first: dict[str, _Remark] = {}
    counts: Counter[str] = Counter()
    for manifest in manifests:
        for remark in _of(manifest):
            first.setdefault(remark.kind, remark)
            counts[remark.kind] += 1
    for kind, remark in first.items():
        others = f" (and {counts[kind] - 1} more like it)" if counts[kind] > 1 else ""
        yield remark.node.problem(f"{remark.subject}{others}: {remark.message}", Severity.NOTE)


def judged() -> dict[tuple[str, str], tuple[str, ...]]:
    """What is judged, as it is written in public: not in the store behind Calico's API."""
    return {key: versions for key, versions in kinds.judged().items() if key[0] != STORE}


def is_policy(kind: str) -> bool:
    """Whether a kind is called as one that is judged, of whatever group."""
    return any(kind == name for _, name in judged())


def notable(group: str, kind: str) -> bool:
    """Whether to read objects of a kind from a cluster, although they are not judged."""
    return (group, kind) in KNOWN or ((group, kind) not in judged() and _speaks(kind))


def is_known(group: str, kind: str) -> bool:
    """Whether anybody here knows what a kind does, and so whether it limits traffic."""
    public = CALICO if group == STORE else group
    return (public, kind) in judged() or (public, kind) in KNOWN or bool(_HARMLESS.fullmatch(kind))


def _of(manifest: Manifest) -> Iterator[_Remark]:
    top = root(manifest)
    group, _, version = top["apiVersion"].text().rpartition("/")
    if message := _kind(manifest, group, version):
        yield _Remark(top["kind"], f"{group}/{version} {manifest.kind}", message)
    if group in (CALICO, STORE):
        for key, message in _FLAGS.items():
            if top["spec"][key].value is True:
                yield _Remark(top["spec"][key], key, message)
    annotation = template(top)["metadata"]["annotations"][SECOND_INTERFACES]
    if annotation.text():
        yield _Remark(annotation, SECOND_INTERFACES, _INTERFACES)


def _kind(manifest: Manifest, group: str, version: str) -> str:
    """What to report of an object's kind; "" when it is judged, or changes no answer."""
    kind = manifest.kind
    if group == STORE and (CALICO, kind) in judged():
        return _STORED
    if versions := judged().get((group, kind)):
        expected = " or ".join(f"{group}/{version}" for version in versions)
        fate = "is left out; write" if group == CALICO else "is judged as if it were of"
        unknown = f"it is of {group}/{version}, a version that is not known, and {fate} {expected}"
        return "" if version in versions else unknown
    if message := KNOWN.get((CALICO if group == STORE else group, kind)):
        return message
    api = f"{group}/{version}" if group else version or "no API"
    if is_policy(kind):
        return f"a kind of that name in {api} is not known, and it is left out"
    if makes_unknown_pods(manifest):
        return _PODS
    suggestion = f"its name suggests that it rules traffic, but nothing more is known of it ({api}), so it is left out"
    return suggestion if _speaks(kind) else ""


def _speaks(kind: str) -> bool:
    return bool(_SPEAKING.search(kind)) and not _HARMLESS.fullmatch(kind)
