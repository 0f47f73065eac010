"""What an explanation says: to somebody who has never seen the project."""

import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from tests.reach.samples.worlds import explained, objects, world
from tests.reach.shell import Runner
from tools.reach.world import World

SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec: {template: {metadata: {labels: {app: agent}}, spec: {hostNetwork: true, containers: [{name: c, image: i}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: web}}}]
      ports: [{port: 5432}]
"""
LOCKED = """
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: lock-down}
spec:
  order: 900
  selector: app == 'web'
  types: [Egress]
  egress:
    - {action: Log}
    - {action: Deny, destination: {notSelector: "projectcalico.org/orchestrator == 'k8s'"}}
"""


def test_an_allowed_connection_names_the_rule_and_its_line() -> None:
    explanation = explained(world(SHOP), "web", "db", 5432)
    egress, ingress = explanation.sides
    assert explanation.verdict == "allowed"
    assert egress.summary == "no policy of type Egress selects shop/web[Deployment], so leaving it is open"
    assert ingress.summary == "entering shop/db[StatefulSet]: allowed by ingress[0] of NetworkPolicy shop/db"
    assert ingress.deciding is not None
    assert ingress.deciding.where is not None
    assert (ingress.deciding.where.file, ingress.deciding.where.line) == ("policies.yaml", 24)
    assert ingress.deciding.why == "`from` includes shop/web[Deployment], and TCP 5432 is among TCP 5432"


@pytest.mark.parametrize(
    ("src", "port", "protocol", "why"),
    [
        ("web", 80, "TCP", "`from` includes shop/web[Deployment], but TCP 80 is not among TCP 5432"),
        ("web", 5432, "UDP", "`from` includes shop/web[Deployment], but UDP 5432 is not among TCP 5432"),
        ("8.8.8.8", 5432, "TCP", "`from` does not include 8.8.8.8: [{podSelector: {matchLabels: {app: web}}}]"),
    ],
)
def test_a_rule_that_does_not_match_says_why(src: str, port: int, protocol: str, why: str) -> None:
    explanation = explained(world(SHOP), src, "db", port, protocol)
    rule, end = explanation.sides[1].steps
    assert explanation.sides[1].verdict == "denied"
    assert (rule.outcome, rule.why) == ("no match", why)
    assert (end.policy, end.rule, end.outcome) == ("NetworkPolicy shop/db", "", "Deny")


def test_a_deny_of_calicos_is_what_decides_and_a_log_is_not() -> None:
    explanation = explained(world(SHOP + LOCKED), "web", "8.8.8.8", 443)
    log, deny = explanation.sides[0].steps
    assert explanation.verdict == "denied"
    assert (log.outcome, deny.outcome) == ("Log", "Deny")
    assert explanation.sides[0].deciding == deny
    assert explanation.sides[0].summary.endswith("denied by egress[1] of GlobalNetworkPolicy lock-down")


def test_what_no_policy_selects_is_open() -> None:
    explanation = explained(world(SHOP), "db", "web", 80)
    assert explanation.verdict == "allowed"
    assert [side.steps for side in explanation.sides] == [(), ()]
    (change,) = explanation.changes
    assert (change.edit, change.becomes) == ("add-object", "denied")


def test_a_pod_on_the_nodes_network_is_nobodys_subject_and_perhaps_let_in() -> None:
    explanation = explained(world(SHOP), "agent", "db", 80)
    assert explanation.verdict == "conditional"
    assert explanation.sides[0].summary.startswith("shop/agent[DaemonSet] is on its node's network")
    assert any("own node" in reason for reason in explanation.sides[1].reasons)


def test_two_pods_of_one_workload_are_told_from_one_pod() -> None:
    explanation = explained(world(SHOP), "db", "db", 5432)
    assert explanation.verdict == "denied"
    assert explanation.notes == (
        "A pod always reaches itself: this is about two different pods of shop/db[StatefulSet].",
    )


def test_an_address_may_be_rewritten_on_its_way() -> None:
    text = SHOP.replace("{podSelector: {matchLabels: {app: web}}}", "{ipBlock: {cidr: 203.0.113.0/24}}")
    explanation = explained(world(text), "203.0.113.7", "db", 5432)
    assert explanation.verdict == "conditional"
    assert "SNAT" in explanation.notes[0]
    assert explained(world(text), "203.0.113.7", "db", 80).verdict == "denied", "no address is let in there"


def test_an_unknown_address_makes_a_verdict_conditional_and_says_of_what() -> None:
    text = SHOP.replace("{podSelector: {matchLabels: {app: web}}}", "{ipBlock: {cidr: 10.0.0.0/8}}")
    explanation = explained(world(text), "web", "db", 5432)
    assert explanation.verdict == "conditional"
    assert explanation.sides[1].reasons[0].startswith("the address of shop/web[Deployment] is not in the input")
    known = text.replace("kind: Deployment", "kind: Pod").replace(
        "spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}",
        "status: {podIP: 10.1.2.3}",
    )
    assert explained(world(known), "web", "db", 5432).verdict == "allowed"


@pytest.mark.parametrize(("port", "protocol"), [(443, "XYZ"), (443, "999"), (70000, "TCP"), (-1, "TCP")])
def test_what_is_no_connection_is_refused(port: int, protocol: str) -> None:
    with pytest.raises(ValueError, match="is not a p"):
        explained(world(SHOP), "web", "db", port, protocol)


def test_a_change_on_one_side_is_not_enough_and_says_so() -> None:
    text = SHOP + LOCKED.replace(", destination: {notSelector: \"projectcalico.org/orchestrator == 'k8s'\"}", "")
    explanation = explained(world(text), "web", "db", 80)
    assert [change.becomes for change in explanation.changes] == ["denied", "allowed"]
    assert [change.where.path for change in explanation.changes if change.where] == [
        "spec.egress[1]",
        "spec.ingress[1]",
    ]
    assert explanation.changes[1].text == "add to NetworkPolicy shop/db, after ingress[0]"
    assert explanation.changes[1].yaml == (
        "- from:\n"
        "  - namespaceSelector:\n"
        "      matchLabels: {kubernetes.io/metadata.name: shop}\n"
        "    podSelector:\n"
        "      matchLabels: {app: web}\n"
        "  ports:\n"
        "  - {protocol: TCP, port: 80}\n"
    )


def test_every_rule_that_lets_it_through_must_go() -> None:
    more = SHOP.rpartition("---")[2].replace("name: db", "name: db-too")
    explanation = explained(World(objects(f"{SHOP}---{more}")), "web", "db", 5432)
    assert [(change.edit, change.becomes) for change in explanation.changes] in (
        [("add-object", "denied")],
        [("remove", "allowed"), ("remove", "denied")],
    )


def test_a_proposed_policy_is_for_the_next_pod_too() -> None:
    text = SHOP.replace("labels: {app: web}", "labels: {app: web, pod-template-hash: 5c9}", 1)
    (change,) = explained(world(text), "web", "8.8.8.8", 80).changes
    assert change.becomes == "denied"
    assert "matchLabels: {app: web}" in change.yaml
    assert "name: web-egress" in change.yaml


PARTS = """apiVersion: v1
kind: Pod
metadata: {name: a, namespace: s, labels: {app: a}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: s}
spec:
  podSelector: {}
  policyTypes: [Egress, Ingress]
  egress:
    - to: [{ipBlock: {cidr: 10.0.0.0/9, except: [10.1.0.0/16]}}]
      ports: [{protocol: UDP, port: 53}]
    - to: [{ipBlock: {cidr: 10.200.0.0/16}}]
  ingress:
    - from: [{ipBlock: {cidr: 10.0.0.0/24}}]
"""


@pytest.mark.parametrize(
    ("src", "dst", "shares"),
    [
        (
            "a",
            "10.0.0.0/8",
            [
                (("10.0.0.0-10.0.255.255", "10.2.0.0-10.127.255.255"), "allowed", "egress[0]", "Allow"),
                (
                    ("10.1.0.0-10.1.255.255", "10.128.0.0-10.199.255.255", "10.201.0.0-10.255.255.255"),
                    "denied",
                    "",
                    "Deny",
                ),
                (("10.200.0.0-10.200.255.255",), "allowed", "egress[1]", "Allow"),
            ],
        ),
        (
            "a",
            "10.126.0.0-10.128.0.5",
            [
                (("10.126.0.0-10.127.255.255",), "allowed", "egress[0]", "Allow"),
                (("10.128.0.0-10.128.0.5",), "denied", "", "Deny"),
            ],
        ),
        (
            "10.0.0.128/24",
            "a",
            [],
        ),
        (
            "10.0.0.128-10.0.1.4",
            "a",
            [
                (("10.0.0.128-10.0.0.255",), "allowed", "ingress[0]", "Allow"),
                (("10.0.1.0-10.0.1.4",), "denied", "", "Deny"),
            ],
        ),
        ("a", "10.1.0.0/24", []),
    ],
)
def test_each_part_of_some_addresses_is_shown_by_its_rule(
    src: str, dst: str, shares: list[tuple[tuple[str, ...], str, str, str]]
) -> None:
    judge = world(PARTS)
    explanation = explained(judge, src, dst, 53, "UDP")
    side = explanation.sides[0 if src == "a" else 1]
    assert [(it.addresses, it.verdict, it.deciding.rule, it.deciding.outcome) for it in side.shares] == shares
    assert (side.deciding is None) == bool(shares)
    for share in side.shares:
        for address in share.addresses:
            single = explained(judge, *((src, address) if src == "a" else (address, dst)), 53, "UDP")
            assert single.sides[0 if src == "a" else 1].verdict == share.verdict


def test_parts_of_addresses_are_in_every_format(run: Runner) -> None:
    run.file("all.yaml", PARTS)
    asked = ("explain", "a", "10.0.0.0/8", "53/UDP", "--manifests", "all.yaml", "--format")
    text, markdown, machine = (run(*asked, form).out for form in ("text", "markdown", "json"))
    assert "depends on which of these addresses it is." in " ".join(text.split())
    assert "  10.200.0.0/16: allowed\n    decided by\n      NetworkPolicy s/p  egress[1]  Allow\n" in text
    assert "        `to` includes these addresses, and UDP 53 is among all ports\n" in text
    assert "- 10.200.0.0/16: allowed, decided by `egress[1]` of `NetworkPolicy s/p`: Allow" in markdown
    answer = json.loads(machine)
    assert [share["verdict"] for share in answer["sides"][0]["shares"]] == ["allowed", "denied", "allowed"]
    schema = json.loads(files("tools.manifests.schemas").joinpath("reach-explanation.json").read_text("utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(answer)) == []
