"""What a check yields is what it declares: of rules without a folder of cases, here; of the rest, by their cases.

That no check yields anything else, in whichever test, is conftest.py's `severities_are_declared`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.conftest import UNDECLARED
from tools.egress import rules as egress
from tools.egress.allowlist import Suffixes, parse_values
from tools.egress.envoy import rules as envoy
from tools.findings import baseline, suppress
from tools.findings.model import Check, Problem, Severity, Where, rule_id, run
from tools.findings.stages import MODULES, checks, severities
from tools.manifests.documents import parse
from tools.manifests.rules import yaml
from tools.reach.flows import rules as flows
from tools.reach.flows.judge import FlowsJudgement, JudgedRow
from tools.reach.flows.model import Flow, FlowTarget, Specification
from tools.render.helm_errors import classify
from tools.render.schema import Rejection
from tools.render.values import Layer
from tools.validate.chart import coverage_rules, helms, refusals, wrong_values
from tools.validate.chart.branches import TemplateBranch
from tools.validate.chart.helms import Compared, Rendered
from tools.validate.chart.refusals import Refusal, Refused
from tools.validate.rules import render
from tools.validate.rules import values as values_rules
from tools.validate.rules.values import Listed

SUFFIXES = Suffixes(frozenset({"com"}))
# Stages whose rules have folders of cases, and those of the clouds against the chart, with tables of their own.
ELSEWHERE = ("manifests", "policies", "terraform", "layers")


def listed(body: dict[str, Any], **more: Any) -> Listed:
    layer = Layer("values.yaml", body, {})
    base = Listed("dev", body, (layer, layer), {"type": "object"}, "s.json", "", None, ("gateway",), suffixes=SUFFIXES)
    return replace(base, **more)


def written(values: dict[str, Any], engine: str = "proxy", *, strict: bool = True) -> egress.Egress:
    allowlist, _ = parse_values({"egress": values}, suffixes=SUFFIXES)
    return egress.Egress(engine, "enforce", strict, allowlist, (), datetime(2026, 1, 1, tzinfo=UTC), "v.yaml")


def suppression(**fields: Any) -> suppress.Suppressions:
    item = suppress.Suppression(Where("v.yaml", "", 1), (1, 1), **fields)
    return suppress.Suppressions((item,), date(2026, 1, 1), frozenset({"a"}))


def specified(verdict: str = "", **fields: Any) -> flows.Flows:
    flow = Flow("f", "a", FlowTarget("pod", "b"), 80, "allow", "so")
    rows = (JudgedRow(flow, "installed", verdict),) if verdict else ()  # type: ignore[arg-type]
    return replace(flows.Flows("flows.yaml", "dev", None, (), FlowsJudgement(rows)), **fields)


def of_schema(properties: dict[str, Any]) -> wrong_values.Schema:
    return wrong_values.Schema("s.json", {"type": "object", "properties": properties}, {}, {})


def covered(**fields: Any) -> coverage_rules.Coverage:
    branch = TemplateBranch("t.yaml", 1, "if .a", 0)
    return replace(coverage_rules.Coverage("chart", 1, (branch,), frozenset()), **fields)


PROBLEM = Problem(Where("flows.yaml"), "no")
# Each check with subjects of which it yields every severity that it has.
SUBJECTS: dict[Check[Any], Sequence[Any]] = {
    yaml.yaml_is_unambiguous: [parse("a: 1\na: 2\n", "f.yaml")],
    yaml.values_are_one_mapping: [parse("- a\n", "f.yaml")],
    values_rules.environments_are_there: [listed({}, environment="", layers=(Layer("values.yaml", {}, {}),))],
    values_rules.schema_is_valid: [listed({}, schema_fault="type")],
    values_rules.values_match_schema: [listed({}, schema_file=""), listed({"a": 1}, schema={"maxProperties": 0})],
    values_rules.schema_verdicts_agree: [listed({}, helm=(Rejection("a", "no"),))],
    values_rules.allowlist_is_sound: [
        listed({"egress": {"domains": ["*.com"]}}),
        listed({"egress": {"domains": ["*.a.example", "b.a.example"]}}),
    ],
    values_rules.addresses_keep_promises: [
        listed({"egress": {"external": [{"cidrs": ["169.254.0.0/16"]}]}}),
        listed({
            "cluster": {"cidrs": ["10.0.0.0/8"]},
            "gateway": {"extraEgress": [{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]}]},
        }),
    ],
    values_rules.ranges_are_networks: [listed({"cluster": {"cidrs": ["10.0.0.1/8"]}})],
    values_rules.proxy_runs_no_old_envoy: [listed({"proxy": {"image": {"tag": "v1.38.0"}}})],
    values_rules.public_addresses_are_meant: [listed({"proxy": {"resolvers": ["8.8.8.8"]}})],
    suppress.suppressions_are_well_formed: [suppression(fault="no")],
    suppress.suppressions_have_not_expired: [suppression(rule="a", until=date(2025, 1, 1))],
    render.chart_renders: [render.Rendering(listed({}), "chart", classify("Error: template: somewhere\n"))],
    egress.rendered_list_is_the_list: [written({"domains": ["a.example"]}, engine="none")],
    egress.proxy_refuses_private_addresses: [written({})],
    egress.engine_can_say_the_list: [
        written({"internal": [{"name": "a.example", "cidrs": ["10.9.0.1/32"]}]}, "calico-enterprise", strict=strict)
        for strict in (True, False)
    ],
    egress.entry_has_not_expired: [
        written({"domains": [{"name": "a.example", "expires": expires}]}) for expires in ("2025-01-01", "no")
    ],
    egress.entry_ends_by_itself: [
        written({"external": [{"cidrs": ["10.9.0.1/32"], "ports": [636], "reason": "LDAP", "expires": "2027-01-01"}]})
    ],
    egress.internal_cidrs_are_private: [written({"internal": [{"name": "a.example", "cidrs": ["8.8.8.8/32"]}]})],
    flows.specification_is_well_formed: [specified(faults=(PROBLEM,))],
    flows.environments_have_flows: [specified(spec=Specification({}, {}, (), environments=("prod",)))],
    flows.flows_hold: [specified("denied"), specified("not judged")],
    refusals.refused_values_are_refused: [Refused(Refusal(Where("r.yaml"), ("no",)), None)],
    wrong_values.every_value_can_be_wrong: [of_schema({"a": {}})],
    wrong_values.patterns_refuse_something: [of_schema({"a": {"type": "string", "pattern": ".*"}})],
    wrong_values.unknown_keys_are_refused: [of_schema({"a": {"type": "string"}})],
    helms.helms_agree: [Compared("values.yaml", "chart", (Rendered("Helm 3", "kind: A\n"), Rendered("Helm 4", "")))],
    envoy.envoy_accepts_its_configuration: [envoy.EnvoyVerdict(Where("e.yaml"), ("no",))],
    coverage_rules.branches_are_reached: [covered(least=least) for least in (0, 50)],
    coverage_rules.values_are_read: [covered(dead=(Where("values.yaml", "a", 1),))],
    baseline.baseline_findings_are_there: [(baseline.Baseline("b", {("r", "f", "p", "m"): 1}), Counter())],
}  # fmt: skip


def yielded(check: Check[Any], subjects: Iterable[Any]) -> set[Severity]:
    return {finding.problem.severity for subject in subjects for finding in run((check,), subject)}


def test_every_rule_has_subjects() -> None:
    assert {check for stage in MODULES if stage not in ELSEWHERE for check in checks(stage)} == set(SUBJECTS)


@pytest.mark.parametrize("check", SUBJECTS, ids=rule_id)
def test_what_a_check_yields_is_what_it_declares(check: Check[Any]) -> None:
    assert yielded(check, SUBJECTS[check]) == set(severities(check))


def test_a_severity_that_is_not_declared_is_seen() -> None:
    def flows_hold(subject: Where) -> Iterable[Problem]:
        yield Problem(subject, "no", Severity.WARNING)

    assert yielded(flows_hold, [Where("")]) == {Severity.WARNING}
    assert {("flows-hold", Severity.WARNING)} == UNDECLARED
    UNDECLARED.clear()
