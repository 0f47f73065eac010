"""What could change an answer and is not modelled is said, once a kind, with its place."""

import pytest

from tools.findings.model import Severity
from tools.manifests.documents import manifests, parse
from tools.policies.unmodelled import KNOWN, judged, notable, notes


def noted(text: str) -> list[tuple[int, str]]:
    problems = list(notes(manifests(parse(text, "x.yaml"), "x.yaml")))
    assert {note.severity for note in problems} <= {Severity.NOTE}
    return [(note.where.line, note.message) for note in problems]


def written(api: str, kind: str, more: str = "") -> str:
    return f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: a, namespace: sark}}\n{more}---\n"


@pytest.mark.parametrize(
    ("api", "kind", "part"),
    [
        ("projectcalico.org/v3", "HostEndpoint", "traffic of nodes is not modelled"),
        ("projectcalico.org/v3", "StagedNetworkPolicy", "enforces nothing yet, and is left out"),
        ("projectcalico.org/v3", "StagedKubernetesNetworkPolicy", "enforces nothing yet, and is left out"),
        ("projectcalico.org/v3", "StagedGlobalNetworkPolicy", "enforces nothing yet, and is left out"),
        ("crd.projectcalico.org/v1", "HostEndpoint", "traffic of nodes is not modelled"),
        ("crd.projectcalico.org/v1", "GlobalNetworkPolicy", "as if it were in projectcalico.org/v3"),
        ("cilium.io/v2", "CiliumNetworkPolicy", "Cilium alone enforces it"),
        ("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "Cilium alone enforces it"),
        ("networking.gke.io/v1alpha1", "FQDNNetworkPolicy", "names are in no manifest"),
        ("crd.antrea.io/v1beta1", "ClusterNetworkPolicy", "Antrea alone enforces it"),
        ("crd.antrea.io/v1beta1", "NetworkPolicy", "Antrea alone enforces it"),
        ("security.istio.io/v1", "AuthorizationPolicy", "a mesh of proxies enforces it"),
        ("security.istio.io/v1", "PeerAuthentication", "a mesh of proxies enforces it"),
        ("networking.istio.io/v1", "Sidecar", "a mesh of proxies enforces it"),
        ("networking.istio.io/v1", "ServiceEntry", "a mesh of proxies enforces it"),
        ("policy.linkerd.io/v1beta3", "Server", "a mesh of proxies enforces it"),
        ("policy.linkerd.io/v1beta1", "ServerAuthorization", "a mesh of proxies enforces it"),
        ("policy.linkerd.io/v1alpha1", "AuthorizationPolicy", "a mesh of proxies enforces it"),
        ("k8s.ovn.org/v1", "EgressFirewall", "OVN-Kubernetes enforces it"),
        ("k8s.ovn.org/v1", "AdminPolicyBasedExternalRoute", "through other gateways"),
        ("network.openshift.io/v1", "EgressNetworkPolicy", "OpenShift SDN enforces it"),
        ("vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy", "security groups"),
        ("networking.k8s.aws/v1alpha1", "ClusterNetworkPolicy", "VPC CNI enforces it"),
        ("k8s.cni.cncf.io/v1beta1", "MultiNetworkPolicy", "second interfaces"),
        ("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", "second interface"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", "is not followed"),
        ("kubevirt.io/v1", "VirtualMachine", "it makes pods"),
        ("argoproj.io/v1alpha1", "Rollout", "it makes pods"),
        ("apps.openshift.io/v1", "DeploymentConfig", "it makes pods"),
        ("gateway.networking.k8s.io/v1", "Gateway", "is not followed"),
        ("extensions/v1beta1", "NetworkPolicy", "a kind of that name in extensions/v1beta1 is not known"),
        ("networking.k8s.io/v1beta1", "NetworkPolicy", "is judged as if it were of networking.k8s.io/v1"),
        ("projectcalico.org/v2", "GlobalNetworkPolicy", "left out; write projectcalico.org/v3"),
        ("policy.networking.k8s.io/v1", "AdminNetworkPolicy", "as if it were of policy.networking.k8s.io/v1alpha1"),
        ("v1", "NetworkPolicy", "a kind of that name in v1 is not known"),
        ("example.com/v1", "TrafficPolicy", "its name suggests that it rules traffic"),
        ("example.com/v1", "CloudFirewallRule", "its name suggests that it rules traffic"),
        ("example.com/v1", "EgressGateway", "its name suggests that it rules traffic"),
    ],
)
def test_each_kind_is_named(api: str, kind: str, part: str) -> None:
    (note,) = noted(written(api, kind))
    assert note[0] == 2
    assert note[1].startswith(f"{kind} sark/a: ")
    assert part in note[1]


@pytest.mark.parametrize(
    ("api", "kind"),
    [
        *((f"{group}/{version}", kind) for (group, kind), versions in judged().items() for version in versions),
        ("apps/v1", "Deployment"),
        ("v1", "Service"),
        ("networking.k8s.io/v1", "Ingress"),
        ("policy/v1", "PodDisruptionBudget"),
        ("policy/v1beta1", "PodSecurityPolicy"),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"),
        ("wgpolicyk8s.io/v1alpha2", "ClusterPolicyReport"),
        ("networking.k8s.aws/v1alpha1", "PolicyEndpoint"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ],
)
def test_what_is_judged_or_changes_nothing_is_no_note(api: str, kind: str) -> None:
    assert noted(written(api, kind)) == []


def test_a_kind_is_named_once() -> None:
    many = written("cilium.io/v2", "CiliumNetworkPolicy") * 3 + written("security.istio.io/v1", "PeerAuthentication")
    assert [message.partition(":")[0] for _, message in noted(many)] == [
        "CiliumNetworkPolicy sark/a (and 2 more like it)",
        "PeerAuthentication sark/a",
    ]


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("doNotTrack", "is left out"),
        ("preDNAT", "is left out"),
        ("applyOnForward", "for pods the policy is judged"),
    ],
)
def test_flags_of_calicos_policies(key: str, part: str) -> None:
    ((line, message),) = noted(written("projectcalico.org/v3", "GlobalNetworkPolicy", f"spec:\n  {key}: true\n"))
    assert line == 5
    assert part in message
    assert noted(written("projectcalico.org/v3", "GlobalNetworkPolicy", f"spec: {{{key}: false}}\n")) == []


def test_a_second_interface_of_a_pod() -> None:
    annotated = "metadata: {annotations: {k8s.v1.cni.cncf.io/networks: macvlan}}"
    deployment = written("apps/v1", "Deployment", f"spec:\n  template:\n    {annotated}\n")
    ((line, message),) = noted(deployment)
    assert (line, "second interface" in message) == (6, True)


@pytest.mark.parametrize(
    "text", ["[]", "3", "kind: [x]", "kind: X\napiVersion: {a: b}", "spec: 3\nkind: Pod", "kind: 7"]
)
def test_any_shape_is_read(text: str) -> None:
    assert noted(text) == []


def test_what_is_worth_reading_from_a_cluster() -> None:
    assert all(notable(*known) for known in KNOWN)
    assert notable("example.com", "TrafficPolicy")
    assert not any(notable(*kind) for kind in judged())
    assert not notable("apps", "Deployment")
