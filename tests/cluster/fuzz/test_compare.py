"""What the judge says beside what a cluster did."""

from __future__ import annotations

import pytest

from tests.cluster.fuzz.cases import addresses, random_case
from tools.cluster.fuzz import compare
from tools.cluster.fuzz.case_file import Recorded, read, written
from tools.cluster.fuzz.compare import Attempt, Disagreement, Tally
from tools.cluster.fuzz.topology import Object
from tools.cluster.fuzz_run import attempts
from tools.reach.connections import Conns, of
from tools.reach.model import Verdict, Word

A = Attempt("n/a", "n/b", "TCP", 80)
B = Attempt("n/b", "203.0.113.10", "UDP", 53)


@pytest.mark.parametrize(
    ("answered", "verdict", "disagrees"),
    [
        (True, "allowed", False),
        (True, "denied", True),
        (True, "conditional", False),
        (False, "allowed", True),
        (False, "denied", False),
        (False, "conditional", False),
    ],
)
def test_only_the_contrary_is_a_disagreement(answered: bool, verdict: Word, disagrees: bool) -> None:
    assert bool(list(compare.disagreements({A: answered}, {A: verdict}))) is disagrees


def test_a_disagreement_says_who_said_what() -> None:
    assert str(Disagreement(A, True, "denied")) == "n/a → n/b TCP 80: the cluster answered, the judge says denied"
    assert str(Disagreement(B, False, "allowed")) == (
        "n/b → 203.0.113.10 UDP 53: the cluster was silent, the judge says allowed"
    )


TCP, UDP = 6, 17


@pytest.mark.parametrize(
    ("allowed", "conditional", "word"),
    [
        (of(TCP, 80, 80), (), "allowed"),
        (of(TCP, 81, 90), of(TCP), "conditional"),
        (of(UDP, 80, 80), (), "denied"),
        ((), (), "denied"),
    ],
)
def test_a_verdict_on_a_pair_is_read_at_one_connection(allowed: Conns, conditional: Conns, word: Word) -> None:
    assert compare.word(Verdict(allowed, conditional), A) == word


def test_the_judge_knows_where_pods_are() -> None:
    """By address alone: the one block holds the pod that connects, and the other does not."""
    pods: list[Object] = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "n"}, "spec": {"containers": []}}
        for name in ("a", "b")
    ]
    block = {"ipBlock": {"cidr": "192.168.0.0/24"}}
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "n"},
        "spec": {"podSelector": {}, "ingress": [{"from": [block]}]},
    }
    for where, word in (("192.168.0.7", "allowed"), ("192.168.1.7", "denied")):
        verdicts = compare.judge([*pods, policy], {"n/a": where, "n/b": "192.168.2.1"}, [A])
        assert verdicts == {A: word}


def test_a_tally_leaves_the_doubt_about_host_pods_aside() -> None:
    verdicts: dict[Attempt, Word] = {A: "conditional", B: "allowed"}
    tally = Tally().plus(3, {A: True, B: False}, verdicts, {"n/a"})
    two = tally.plus(2, {A: True, B: False}, verdicts, ())
    assert (two.cases, two.policies, two.attempts, two.answered) == (2, 5, 4, 2)
    assert (tally.conditional, two.conditional) == (0, 0.25)
    assert str(two) == "5 policies in 2 cases, 4 connections tried: 2 allowed, 0 denied, 2 conditional"


def test_a_recorded_case_is_read_as_it_was_written() -> None:
    case = random_case(5)
    truth = {attempt: bool(index % 3) for index, attempt in enumerate(attempts(case.topology))}
    recorded = Recorded(case.seed, case.objects, addresses(case.topology), truth)
    line = written(recorded)
    assert "\n" not in line
    assert read(line) == recorded
