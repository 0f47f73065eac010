"""NetworkPolicies beside network-config-analyzer 2.1: random clusters, every pair, every port.

What it takes otherwise, and where the API's text or Calico is with us, is not made here, each for a reason that is
said where it is left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from copy import deepcopy
from itertools import product
from pathlib import Path

import pytest

from tests.reach.oracle import analyzer
from tests.reach.oracle.random_worlds import key
from tests.reach.oracle.test_judges_agree import verdicts
from tools.cluster.fuzz.compare import manifest
from tools.cluster.fuzz.dice import Dice
from tools.cluster.fuzz.kubernetes import network_policy
from tools.cluster.fuzz.places import Places
from tools.cluster.fuzz.shrink import text
from tools.cluster.fuzz.topology import Object, topology
from tools.policies.model import WITH_PORTS
from tools.reach.connections import Conns, common, of, shown, union
from tools.reach.world import World

CLUSTERS = int(os.environ.get("SARK_REACH_WORLDS", "0")) or 60
OUTSIDE = ("8.8.8.8", "203.0.113.7", "9.255.255.255")
PODS = "10.0.0.0/8"


def cluster(seed: int) -> list[Object]:
    """Namespaces, pods and NetworkPolicies. No pod is on the host's network: nobody defines what that one may."""
    dice = Dice("analyzer", seed)
    given = topology(("analyzer", seed), pods=6, spaces=3)
    places = Places({name: name for name in OUTSIDE}, OUTSIDE)
    pods = [deepcopy(pod) for pod in given.pods if not pod["spec"].get("hostNetwork")]
    for index, pod in enumerate(pods):
        # Names that no other cluster has: in one run it keeps what a port's name means by the name of the pod.
        pod["metadata"]["name"] += f"-of-{seed}"
        pod["status"] = {"podIP": f"10.0.0.{index + 1}", "hostIP": "192.168.0.1"}
    policies = [network_policy(f"p{index}", dice, given, places) for index in dice.times(1, 5)]
    for policy in policies:
        _without_pods(policy)
        _without_idle(policy["spec"])
        _without_existence(policy["spec"])
    return [*map(deepcopy, given.namespaces), *pods, *policies]


def _without_pods(policy: Object) -> None:
    """No pod's address in any ipBlock: the other takes blocks as outside only, where Calico, and the API's "cluster
    egress … ipBlock" leave it to the plugin, looks at pods' addresses as well.
    """
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for rule in policy["spec"].get(direction) or ():
            for peer in rule.get(side) or ():
                block = peer.get("ipBlock", {})
                if block.get("cidr") in ("0.0.0.0/0", "0.0.0.0/1"):
                    block["except"] = [PODS, *(hole for hole in block.get("except", ()) if not hole.startswith("10."))]


def _without_idle(spec: Object) -> None:
    """No rules of a direction that policyTypes does not name: the API takes them, and the other refuses the file.

    And no empty list of egress rules without policyTypes: pkg/apis/networking/v1/defaults.go of Kubernetes makes the
    policy one of Ingress alone, and the other one of Egress too.
    """
    for direction in ("ingress", "egress"):
        if "policyTypes" in spec and direction.capitalize() not in spec["policyTypes"]:
            spec.pop(direction, None)
    if "policyTypes" not in spec and spec.get("egress") == []:
        spec.pop("egress")


def _without_existence(spec: Object) -> None:
    """No Exists or DoesNotExist in a podSelector beside a namespaceSelector: the other looks for the label in the
    policy's own namespace, where types.go says "the Pods matching podSelector in the Namespaces selected".
    """
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for peer in (*(rule.get("from") or ()), *(rule.get("to") or ())):
            if "namespaceSelector" in peer and "matchExpressions" in peer.get("podSelector", {}):
                given = peer["podSelector"].pop("matchExpressions")
                kept = [expression for expression in given if expression["operator"] in ("In", "NotIn")]
                peer["podSelector"] |= {"matchExpressions": kept} if kept else {}


def of_ports(conns: Conns) -> Conns:
    """The connections that have ports: of others the other says nothing apart."""
    with_ports: Conns = ()
    for name in WITH_PORTS:
        with_ports = union(with_ports, of(analyzer.NUMBERS[name]))
    return common(conns, with_ports)


def differences(objects: list[Object], answer: analyzer.Answer) -> Iterator[str]:
    judge = World(manifest(body) for body in objects)
    assert not judge.problems
    verdict = verdicts(judge)
    pods = [key(body) for body in objects if body["kind"] == "Pod"]
    addresses = sorted({*OUTSIDE, *(edge for edge in answer.edges if not edge.startswith("10."))})
    for source, destination in (*product(pods, pods), *product(pods, addresses), *product(addresses, pods)):
        if source != destination and ":" not in source + destination:
            ours, theirs = of_ports(verdict(source, destination).allowed), answer.between(source, destination)
            if ours != theirs:
                yield f"{source} → {destination}: we say {shown(ours)}; network-config-analyzer {shown(theirs)}"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, list[Object], analyzer.Answer]]:
    """Seeds, clusters and answers, from one run."""
    try:
        analyzer.installed()
    except (analyzer.AnalyzerError, OSError) as error:
        pytest.skip(f"network-config-analyzer cannot be had: {error}")
    clusters = [cluster(seed) for seed in range(CLUSTERS)]
    folder: Path = tmp_path_factory.mktemp("analyzer")
    return list(zip(range(CLUSTERS), clusters, analyzer.asked(clusters, folder), strict=True))


def test_network_config_analyzer_says_the_same(answers: list[tuple[int, list[Object], analyzer.Answer]]) -> None:
    for seed, objects, answer in answers:
        different = list(differences(objects, answer))
        assert not different, f"seed {seed}: {different[0]}, and {len(different) - 1} more\n{text(objects)}"


def test_a_difference_would_be_seen(answers: list[tuple[int, list[Object], analyzer.Answer]]) -> None:
    seen = sum(
        any(differences([body for body in objects if body["kind"] != "NetworkPolicy"], answer))
        for _, objects, answer in answers
    )
    assert seen > len(answers) / 2


def test_what_the_analyzer_writes_is_read(tmp_path: Path) -> None:
    output = tmp_path / "a.txt"
    output.write_text("a/b => 1.0.0.0-1.0.0.9 : All connections\na/b => a/c : {protocols:TCP,dst_ports:80,90-95}\n")
    with output.open("a") as file:
        file.write("a/b => a/c : {protocols:UDP, SCTP}")
    answer = analyzer.Answer(dict(analyzer.read(output)))
    assert shown(answer.between("a/b", "1.0.0.9")) == "TCP, UDP and SCTP"
    assert shown(answer.between("a/b", "1.0.0.10")) == "nothing"
    assert shown(answer.between("a/b", "a/c")) == "TCP 80, 90-95; UDP all; SCTP all"
    assert answer.edges == {"1.0.0.0", "1.0.0.9"}
    output.write_text("a/b => a/c : {protocols:NONE")
    with pytest.raises(analyzer.AnalyzerError, match="what does it mean"):
        dict(analyzer.read(output))
