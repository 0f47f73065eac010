"""What the judge leaves out because no cluster takes it, a rule reports, and in the same words."""

from copy import deepcopy

import pytest

from tools.cluster.refused import RefusalCase, read
from tools.findings.model import Manifest, Problem, Severity, run
from tools.findings.stages import checks
from tools.manifests.fields import Topic
from tools.policies.cluster import Cluster
from tools.policies.faults import Effect, PolicyFault
from tools.policies.rules.syntax import CHECKS as SYNTAX
from tools.reach.world import World

KINDS = ("NetworkPolicy", "GlobalNetworkPolicy", "NetworkSet", "GlobalNetworkSet", "Tier")
POLICIES = tuple(case for case in read() if case.body["kind"].endswith(KINDS) or "Admin" in case.body["kind"])
GOOD = tuple(case for case in POLICIES if case.good)
BAD = tuple(case for case in POLICIES if not case.good)


def manifest(case: RefusalCase) -> Manifest:
    body = deepcopy(dict(case.body))
    metadata = body["metadata"]
    return Manifest("case.yaml", body["kind"], metadata.get("name", ""), metadata.get("namespace", ""), body)


def names(cases: tuple[RefusalCase, ...]) -> list[str]:
    return [case.title for case in cases]


def messages(problems: list[Problem]) -> set[tuple[str, str]]:
    return {(problem.where.path, problem.message) for problem in problems}


@pytest.mark.parametrize("case", BAD, ids=names(BAD))
def test_what_is_refused_is_an_error_of_a_rule(case: RefusalCase) -> None:
    findings = run((*checks("manifests"), *checks("policies")), Cluster((manifest(case),)))
    assert [finding for finding in findings if finding.problem.severity is Severity.ERROR]


@pytest.mark.parametrize("case", GOOD, ids=names(GOOD))
def test_what_is_taken_breaks_no_rule_of_syntax(case: RefusalCase) -> None:
    findings = run(SYNTAX, Cluster((manifest(case),)))
    assert [finding for finding in findings if finding.problem.severity is Severity.ERROR] == []


@pytest.mark.parametrize("case", BAD, ids=names(BAD))
def test_rules_and_judge_use_the_same_words(case: RefusalCase) -> None:
    """Of a fault that is not one of shape, which the schemas report."""
    cluster = Cluster((manifest(case),))
    own: list[PolicyFault] = [fault for fault in cluster.faults if fault.topic is not Topic.SHAPE]
    rules = messages([finding.problem for finding in run(SYNTAX, cluster)])
    assert rules == messages([fault.problem for fault in own if fault.effect is not Effect.DIFFERS])
    judge = messages([*World((manifest(case),)).problems])
    by_the_judge = {(fault.node.path, fault.message) for fault in own} & judge
    assert by_the_judge <= rules


def test_most_rows_are_faults_that_only_a_reader_sees() -> None:
    """So that the table above does not hold because it is empty."""
    topics = {fault.topic for case in BAD for fault in Cluster((manifest(case),)).faults}
    assert topics == set(Topic)
    assert len(BAD) > 150
