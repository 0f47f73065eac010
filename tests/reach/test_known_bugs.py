"""Mistakes that other judges and engines were shipped with, one test each; each names where it was reported."""

from __future__ import annotations

import pytest

from tools.manifests.documents import manifests, parse
from tools.reach.connections import ALL, NONE, of
from tools.reach.model import Verdict
from tools.reach.world import World

TCP = 6


def made(*documents: str) -> World:
    """A world of documents, of which none is broken."""
    parsed = parse("\n---\n".join(documents), "f.yaml")
    assert parsed.problems == ()
    world = World(manifests(parsed, "f.yaml"))
    assert world.problems == ()
    return world


def pod(name: str, more: str = "", ports: str = "", status: str = "") -> str:
    """A pod in the namespace n-1 with the label pod."""
    return f"""apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: n-1, labels: {{pod: {name}}}}}
spec: {{containers: [{{name: c, image: example.com/c:1, ports: [{ports}]}}]{more}}}
status: {{{status}}}"""


def policy(spec: str, name: str = "p") -> str:
    """A NetworkPolicy in the namespace n-1."""
    return f"""apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: n-1}}
spec: {spec}"""


def verdict(world: World, src: str, dst: str) -> Verdict:
    return world.verdict(world.peer(src), world.peer(dst))


def test_two_sides_without_a_common_port_are_closed() -> None:
    """kubescape #3903: egress on TCP 80 and ingress on TCP 443 was said to be allowed, when nobody named a port."""
    world = made(
        pod("a"),
        pod("b"),
        policy("{podSelector: {matchLabels: {pod: a}}, policyTypes: [Egress], egress: [{ports: [{port: 80}]}]}"),
        policy("{podSelector: {matchLabels: {pod: b}}, ingress: [{ports: [{port: 443}]}]}", "q"),
    )
    assert verdict(world, "n-1/a", "n-1/b") == Verdict()
    assert [row for row in world.matrix().rows() if (row.src, row.dst) == ("n-1/a[Pod]", "n-1/b[Pod]")] == []


def test_a_pod_reaches_itself() -> None:
    """kubescape #3904: a pod that a policy isolates was said to be denied itself. It is not: types.go, NetworkPolicy,
    and kubernetes.io: "a Pod cannot block access to itself".
    """
    world = made(pod("a"), policy("{podSelector: {}, policyTypes: [Ingress, Egress]}"))
    itself = world.peer("n-1/a")
    explained = world.explain(itself, itself, 80)
    assert (explained.verdict, world.verdict(itself, itself).allowed) == ("allowed", ALL)


@pytest.mark.parametrize(("asked", "allowed"), [("UDP", NONE), ("SCTP", of(132, 8956, 8956)), ("TCP", NONE)])
def test_a_named_port_is_of_one_protocol(asked: str, allowed: object) -> None:
    """np-guard/netpol-analyzer #405, #412: the number of a name was taken whatever the port's protocol."""
    port = "{name: newport, containerPort: 8956, protocol: SCTP}"
    rule = f"{{podSelector: {{}}, ingress: [{{ports: [{{port: newport, protocol: {asked}}}]}}]}}"
    world = made(pod("a"), pod("b", ports=port), policy(rule))
    assert verdict(world, "n-1/a", "n-1/b") == Verdict(allowed)  # type: ignore[arg-type]


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_name_that_no_pod_has_matches_nothing(direction: str) -> None:
    """antrea #241: a named port that could not be resolved left the rule without ports, which is every port."""
    rule = f"{{podSelector: {{}}, policyTypes: [{direction.title()}], {direction}: [{{ports: [{{port: nowhere}}]}}]}}"
    world = made(pod("a"), pod("b", ports="{name: http, containerPort: 80}"), policy(rule))
    assert verdict(world, "n-1/a", "n-1/b") == Verdict()


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_name_means_each_pods_own_number(direction: str) -> None:
    """noironetworks/aci-containers #1707: the numbers that one name has in several pods were opened in all of them."""
    rule = f"{{podSelector: {{}}, policyTypes: [{direction.title()}], {direction}: [{{ports: [{{port: http}}]}}]}}"
    single, other = (
        pod(name, ports=f"{{name: http, containerPort: {number}}}") for name, number in (("b", 80), ("c", 81))
    )
    world = made(pod("a"), single, other, policy(rule))
    assert verdict(world, "n-1/a", "n-1/b") == Verdict(of(TCP, 80, 80))
    assert verdict(world, "n-1/a", "n-1/c") == Verdict(of(TCP, 81, 81))


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_finished_pod_keeps_no_policy_and_no_address(phase: str) -> None:
    """antrea #6507, kube-router #1056: what was for a pod that is done went on for whoever has its address now."""
    done = pod("done", status=f"podIP: 10.0.0.7, phase: {phase}")
    heir = pod("heir", status="podIP: 10.0.0.7, phase: Running")
    isolated = policy("{podSelector: {matchLabels: {pod: done}}, policyTypes: [Ingress, Egress]}")
    opened = policy(
        "{podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{podSelector: {matchLabels: {pod: done}}}]}]}", "q"
    )
    world = made(pod("a"), pod("b"), done, heir, isolated, opened)
    assert verdict(world, "n-1/b", "n-1/heir") == verdict(world, "n-1/heir", "n-1/b") == Verdict(ALL)
    assert verdict(world, "n-1/heir", "n-1/a") == Verdict()
    assert "n-1/done[Pod]" not in {peer.name for peer in world.peers}
    assert any("n-1/done[Pod]" in note.message for note in world.notes)


def test_a_pod_on_the_hosts_network_is_nobodys_subject() -> None:
    """kubernetes-sigs/kube-network-policies #380: an empty selector put the node's own address under the policy."""
    world = made(
        pod("a"), pod("host", ", hostNetwork: true"), policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")
    )
    assert verdict(world, "n-1/host", "8.8.8.8") == verdict(world, "8.8.8.8", "n-1/host") == Verdict(ALL)
    assert verdict(world, "n-1/a", "8.8.8.8") == Verdict()


NETWORK_SET = """apiVersion: projectcalico.org/v3
kind: NetworkSet
metadata: {name: friends, namespace: other, labels: {friends: "yes"}}
spec: {nets: [198.51.100.0/24]}"""
SPACES = "{apiVersion: v1, kind: Namespace, metadata: {name: other}}"


def calico(peer: str) -> str:
    """A Calico policy that lets the pods of the namespace n-1 out to one peer."""
    return f"""apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {{name: out, namespace: n-1}}
spec: {{selector: all(), types: [Egress], egress: [{{action: Allow, destination: {{{peer}}}}}]}}"""


def test_a_namespaces_network_sets_are_in_it() -> None:
    """projectcalico/calico #5102: a rule for all of a namespace lets out to the addresses of its network sets too."""
    world = made(SPACES, pod("a"), NETWORK_SET, calico("namespaceSelector: projectcalico.org/name == 'other'"))
    both = made(
        SPACES, pod("a"), NETWORK_SET, calico("namespaceSelector: projectcalico.org/name == 'other', selector: all()")
    )
    for single in (world, both):
        assert verdict(single, "n-1/a", "198.51.100.7") == Verdict(ALL)
        assert verdict(single, "n-1/a", "203.0.113.7") == Verdict()


def test_a_policy_of_a_namespace_does_not_see_anothers_network_sets() -> None:
    """The other half of it: without a namespaceSelector a policy's selectors stay in its own namespace."""
    world = made(SPACES, pod("a"), NETWORK_SET, calico("selector: friends == 'yes'"))
    assert verdict(world, "n-1/a", "198.51.100.7") == Verdict()


@pytest.mark.parametrize(
    ("egress", "ingress", "common"),
    [((100, 300), (200, 400), (200, 300)), ((200, 400), (100, 300), (200, 300)), ((1, 65535), (5, 7), (5, 7))],
)
def test_ranges_that_overlap_in_part_share_what_both_hold(
    egress: tuple[int, int], ingress: tuple[int, int], common: tuple[int, int]
) -> None:
    """np-guard/netpol-analyzer, as of 2025 (pkg/netpol/internal/common/augmented_intervalset.go, AddAugmentedInterval):
    a range that begins inside what is not in the set and ends inside what is loses the ports that both have.
    """
    single, other = (f"ports: [{{port: {first}, endPort: {last}}}]" for first, last in (egress, ingress))
    world = made(
        pod("a"),
        pod("b"),
        policy(f"{{podSelector: {{matchLabels: {{pod: a}}}}, policyTypes: [Egress], egress: [{{{single}}}]}}"),
        policy(f"{{podSelector: {{matchLabels: {{pod: b}}}}, ingress: [{{{other}}}]}}", "q"),
    )
    assert verdict(world, "n-1/a", "n-1/b") == Verdict(of(TCP, *common))
