"""The recipe for a kind of policy, followed with one that does not exist: a reader, a row, and nothing else."""

from __future__ import annotations

import pytest

from tests.policies.test_matching import objects
from tests.test_recipes import row
from tools.findings.model import Manifest
from tools.manifests.node import Node, root
from tools.policies import kinds
from tools.policies.cluster import Cluster
from tools.policies.faults import Faults
from tools.policies.kubernetes import pods_of
from tools.policies.matching import subjects
from tools.policies.model import Block, Kind, Policy, PolicyRule, Port, RulePeer
from tools.policies.rules.addresses import metadata_is_unreachable
from tools.policies.rules.syntax import cidrs_are_valid
from tools.policies.unmodelled import notes
from tools.reach.model import Word
from tools.reach.world import World

FIREWALL = """
apiVersion: example.org/v1
kind: PodFirewall
metadata: {name: wall, namespace: sark}
spec:
  pods: {matchLabels: {tier: inner}}
  ingress: [{from: {matchLabels: {tier: outer}}, port: web}]
  egress: [{to: 169.254.0.0/16}]
"""
WORKLOADS = "\n---\n".join(
    f"""
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: sark, labels: {{tier: {tier}}}}}
spec: {{containers: [{{name: c, ports: [{{name: web, containerPort: {port}}}]}}]}}
"""
    for name, tier, port in (("a", "inner", 80), ("b", "inner", 81), ("c", "outer", 80), ("d", "none", 80))
)


def pod_firewall(manifest: Manifest, kind: Kind) -> Policy:
    """Pods of its namespace that it selects take calls from others on one port, and call one network."""
    faults = Faults()
    spec = faults.mapping(root(manifest)["spec"])
    faults.known(spec, ("pods", "ingress", "egress"))
    subject = pods_of(spec["namespaceSelector"], spec["pods"], faults)
    callers = (_callers(node, index, faults) for index, node in enumerate(faults.items(spec["ingress"])))
    called = (_called(node, index, faults) for index, node in enumerate(faults.items(spec["egress"])))
    rules = (*callers, *called)
    types = frozenset(rule.direction for rule in rules)
    return Policy(manifest, kind, subject, rules, types, faults=faults.all)


def _callers(node: Node, index: int, faults: Faults) -> PolicyRule:
    faults.known(node, ("from", "port"))
    peer = RulePeer(node["from"], pods_of(node["namespaceSelector"], node["from"], faults))
    port = Port(node["port"], "TCP", name=faults.text(node["port"]))
    return PolicyRule(node, f"ingress[{index}]", "Ingress", "Allow", (peer,), (port,))


def _called(node: Node, index: int, faults: Faults) -> PolicyRule:
    faults.known(node, ("to",))
    net = faults.cidr(node["to"])
    peer = RulePeer(node["to"], nets=(Block(node["to"], net),)) if net else RulePeer(node["to"], unread=True)
    return PolicyRule(node, f"egress[{index}]", "Egress", "Allow", (peer,))


@pytest.fixture(autouse=True)
def a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = Kind("example.org", "PodFirewall", ("v1",), "kubernetes", pod_firewall)
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, kind))


def test_the_recipe_names_what_is_touched_here() -> None:
    assert row("a kind of policy") == {"tools/policies/", "tools/policies/kinds.py"}


def word(world: World, src: str, dst: str, port: int) -> Word:
    return world.explain(world.peer(src), world.peer(dst), port).verdict


def test_the_rules_see_it() -> None:
    cluster = Cluster(objects(FIREWALL), objects(WORKLOADS), given=True)
    [policy] = cluster.policies
    assert [pod.manifest.name for pod in subjects(cluster, policy)] == ["a", "b"]
    assert [problem.message for problem in metadata_is_unreachable(cluster)] == [
        "169.254.0.0/16 reaches metadata services: 169.254.169.254 (AWS, GCP, Azure and others), 169.254.170.2 (AWS, "
        "credentials of containers); exclude them"
    ]


def test_the_judge_judges_it() -> None:
    """And tells pods apart by its labels, its port and its network, although nobody told it to."""
    world = World(objects(f"{FIREWALL}\n---\n{WORKLOADS}"))
    assert world.problems == ()
    assert [word(world, "c", name, port) for name, port in (("a", 80), ("a", 81), ("b", 80), ("b", 81))] == [
        *("allowed", "denied"),
        *("denied", "allowed"),
    ]
    assert word(world, "d", "a", 80) == "denied"
    assert [word(world, "a", address, 80) for address in ("169.254.1.1", "8.8.8.8")] == ["allowed", "denied"]
    assert word(World(objects(WORKLOADS)), "d", "a", 80) == "allowed"


def test_it_is_no_longer_named_as_not_modelled(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = objects(FIREWALL.replace("PodFirewall", "FirewallPolicy"))
    assert [note.message for note in notes(policy)] == [
        "FirewallPolicy sark/wall: its name suggests that it rules traffic, but nothing more is known of it "
        "(example.org/v1), so it is left out"
    ]
    kind = Kind("example.org", "FirewallPolicy", ("v1",), "kubernetes", pod_firewall)
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, kind))
    assert list(notes(policy)) == []


def test_what_is_wrong_with_it_is_told() -> None:
    world = World(objects(f"{FIREWALL.replace('port: web', 'prot: web')}\n---\n{WORKLOADS}"))
    assert [problem.message for problem in world.problems] == [
        "prot is not a field here, so the cluster drops it; write one of from, port"
    ]


def test_a_rule_of_syntax_reports_its_faults_in_the_words_of_the_judge() -> None:
    manifests = objects(f"{FIREWALL.replace('169.254.0.0/16', '169.254.0.0/33')}\n---\n{WORKLOADS}")
    message = "'169.254.0.0/33' is not a CIDR; write an address and a length, such as 10.0.0.0/8 or fd00::/8"
    assert [problem.message for problem in cidrs_are_valid(Cluster(manifests))] == [message]
    assert [problem.message for problem in World(manifests).problems] == [message]
