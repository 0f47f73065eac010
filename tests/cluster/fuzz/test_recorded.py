"""What a real cluster did under random policies, and the judge asked again.

`recorded.jsonl.xz` was written by `python -m tools.cluster fuzz --record FILE`, with Calico 3.28 and Kubernetes 1.34: a
case a line, in the form of tools/cluster/fuzz/case_file.py.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from pathlib import Path

from tools.cluster.fuzz import compare
from tools.cluster.fuzz.case_file import Recorded, read
from tools.cluster.fuzz.compare import Tally
from tools.cluster.fuzz.generate import POLICY_KINDS
from tools.cluster.fuzz.topology import host_network, key

RECORDED = Path(__file__).with_name("recorded.jsonl.xz")


def recorded() -> Iterator[Recorded]:
    with lzma.open(RECORDED, "rt", encoding="utf-8") as lines:
        yield from map(read, lines)


def test_the_judge_says_what_the_cluster_did() -> None:
    tally = Tally()
    for case in recorded():
        world = compare.world(case.objects, case.addresses)
        assert world.problems == ()
        verdicts = compare.judged(world, case.truth)
        disagreements = list(compare.disagreements(case.truth, verdicts))
        assert not disagreements, f"seed {case.seed}: {disagreements[0]} (and {len(disagreements) - 1} more)"
        policies = sum(body["kind"] in POLICY_KINDS for body in case.objects)
        hosts = {key(body) for body in case.objects if body["kind"] == "Pod" and host_network(body)}
        tally = tally.plus(policies, case.truth, verdicts, hosts)
    assert tally.policies >= 500
    assert tally.conditional < 0.01
    assert 0.3 < tally.answered / tally.attempts < 0.7
