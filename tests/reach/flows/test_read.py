"""The specification of flows: what it holds, and what a wrong row is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.egress.allowlist import AllowRule, Suffixes, matches, parse_values
from tools.manifests.files import mapping
from tools.reach.flows.read import STATES, Flow, FlowTarget, Specification, read
from tools.render.chart import chart, layered
from tools.render.merge import merge
from tools.render.own import CHART

FILE = Path("tests/flows.yaml")
TARGETS = "internet:NAME, address:IP, guard:PART, steering:PART, proxy, dns, apiserver, node, metadata"


@pytest.fixture(scope="module")
def spec() -> Specification:
    specification, problems = read(FILE.read_text(encoding="utf-8"), "tests/flows.yaml")
    assert problems == ()
    assert specification is not None
    return specification


def test_its_environments_are_the_charts_and_the_trial(spec: Specification) -> None:
    assert set(spec.environments) == {"trial", "shipped", *chart(CHART).environments}


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_row_that_is_answered_but_proxy_down_which_has_none(spec: Specification, state: str) -> None:
    assert bool(spec.of("trial").during(state, "allow")) is (state != "proxy-down")


@pytest.mark.parametrize("state", STATES)
def test_every_state_but_proxy_back_has_a_denied_row(spec: Specification, state: str) -> None:
    assert bool(spec.of("trial").during(state, "deny")) is (state != "proxy-back")


OPENED = {
    ("gateway", 8000), ("gateway", 9090), ("database", 5432), ("cache", 6379), ("opa", 8181),
    ("proxy", 3128), ("dns", 53), ("proxy", 9902),
}  # fmt: skip
# What an environment opens beside that, and what it does not.
ELSEWHERE: dict[str, tuple[set[tuple[str, int]], set[tuple[str, int]]]] = {
    "trial": (set(), set()),
    "production": ({("database-replica", 9187)}, set()),
    "staging": (set(), set()),
    "dev": (set(), {("gateway", 9090), ("proxy", 9902)}),
}
# Of the environments that stand apart: only what their own rows are about.
APART = {
    "full": {
        ("kong", 8000), ("kong", 8001), ("kong", 8443), ("kong", 8444), ("kong-database", 5432), ("database", 5432),
        ("timescale", 5432), ("vault", 8200), ("consul", 8500), ("tools-server", 8080), ("postgres-exporter", 9187),
        ("redis-exporter", 9121), ("database", 9187), ("ldap.internal.example", 636), ("kafka.internal.example", 9092),
    },
    "app-sark": {("app-sark", 8000), ("database", 5432)},
}  # fmt: skip


@pytest.mark.parametrize("environment", ELSEWHERE)
def test_every_policy_has_an_allow_row_and_a_deny_row_on_the_same_port(spec: Specification, environment: str) -> None:
    more, less = ELSEWHERE[environment]
    for target, port in OPENED | more:
        rows = [flow for flow in spec.of(environment).flows if target in (flow.target.name, flow.target.kind)]
        here = {flow.expect for flow in rows if flow.port == port}
        assert here == ({"deny"} if (target, port) in less else {"allow", "deny"}), (target, port)


@pytest.mark.parametrize("environment", APART)
def test_what_stands_apart_has_an_allow_row_and_a_deny_row_for_whatever_it_opens(
    spec: Specification, environment: str
) -> None:
    rows = spec.of(environment).flows
    assert all(environment in flow.environments for flow in rows)
    for target, port in APART[environment]:
        about = {flow.expect for flow in rows if flow.target.name == target and port == flow.port}
        others = {flow.expect for flow in rows if flow.target.name == target}
        assert "allow" in about, (target, port)
        assert "deny" in about | others, (target, port)


def listed(environment: str) -> Iterator[AllowRule]:
    """What the values of an environment list, as names, ports and workloads."""
    project = chart(CHART)
    files = [project.environments["production"], Path("tests/cluster/values.yaml")]
    override = layered(files if environment == "trial" else [project.environments[environment]])
    values = merge(mapping(project.path / "values.yaml"), override)
    allowlist, problems = parse_values(values, suffixes=Suffixes(frozenset()))
    assert problems == ()
    yield from sorted(allowlist.rules)


@pytest.mark.parametrize("environment", ELSEWHERE)
def test_every_listed_name_has_a_row_that_is_allowed_and_one_that_is_denied(
    spec: Specification, environment: str
) -> None:
    rows = [flow for flow in spec.of(environment).during("installed") if flow.target.kind == "internet"]
    for rule in listed(environment):
        if rule.name == "moved.internal.example":  # its address is one that its entry does not name
            continue
        about = [flow for flow in rows if matches(rule.name, flow.target.name) or rule.name[2:] == flow.target.name]
        through = {flow.expect for flow in about if flow.via == "proxy" and flow.source == rule.workload}
        others = {flow.expect for flow in about if (flow.via, flow.source) != ("proxy", rule.workload)}
        assert "allow" in through, rule
        assert "deny" in through | others or environment == "trial", rule
        assert any(flow.port == rule.port for flow in about if flow.allowed), rule


def test_an_environment_has_its_rows_and_what_they_are_about(spec: Specification) -> None:
    dev = spec.of("dev")
    names = {flow.name for flow in dev.flows}
    assert {"dev-mcp-server-beside", "gateway-to-database"} <= names
    assert not names & {"gateway-to-mcp-server", "production-exporter"}
    assert "mcp-server-beside" in dev.pods
    assert "backup" not in spec.of("trial").pods
    assert "mcp.staging.partner.example" not in dev.internet
    assert {flow.environments for flow in spec.of("").flows} == {()}


def test_sark_as_shipped_has_rows_of_its_own_and_finds_its_pods_by_their_labels(spec: Specification) -> None:
    shipped = spec.of("shipped")
    assert {flow.environments for flow in shipped.flows} == {("shipped",)}
    assert {name for name, pod in shipped.pods.items() if pod.shipped} == {
        "sark-api", "sark-frontend", "sark-postgres", "sark-valkey", "sark-opa",
    }  # fmt: skip
    assert "gateway" not in shipped.pods
    assert set(shipped.internet) == {"api.openai.com", "mcp.internal.example", "evil.test"}


def minimal(**row: Any) -> dict[str, Any]:
    """A specification with one row, changed as the test says; None takes a key away."""
    usual = {"flow": "row", "source": "one", "target": "two", "port": 80, "expect": "deny", "why": "because"}
    merged = {key: value for key, value in (usual | row).items() if value is not None}
    return {
        "environments": ["dev", "production"],
        "pods": {"one": pod(), "two": pod()},
        "internet": {"a.test": "203.0.113.1"},
        "flows": [merged],
    }


def pod(**changes: Any) -> dict[str, Any]:
    return {"namespace": "ns", "labels": {"app": "x"}, "ports": [80]} | changes


def problems_of(body: Any) -> list[str]:
    spec, problems = read(yaml.safe_dump(body), "f.yaml")
    assert (spec is None) == bool(problems)
    return [f"{problem.where.path} {problem.message}" for problem in problems]


BAD_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"flow": None}, "flows[0] has no flow; a row needs flow, source, target, port, expect, why"),
    ({"why": None}, "flows[0] has no why; a row needs flow, source, target, port, expect, why"),
    ({"why": ""}, "flows[0].why needs a reason in words"),
    ({"source": "three"}, "flows[0].source three is not in pods"),
    ({"source": 3}, "flows[0].source needs the name of a pod"),
    ({"target": "three"},
     f"flows[0].target three is not a target; write a pod, {TARGETS}"),
    ({"target": "internet:b.test"}, "flows[0].target b.test is not in internet; give it an address there"),
    ({"target": "address:203.0.113"}, "flows[0].target 203.0.113 is not an IPv4 address"),
    ({"target": "pod:two"},
     f"flows[0].target pod:two is not a target; write a pod, {TARGETS}"),
    ({"port": 0}, "flows[0].port 0 is not a port from 1 to 65535"),
    ({"port": "80"}, "flows[0].port '80' is not a port from 1 to 65535"),
    ({"port": True}, "flows[0].port True is not a port from 1 to 65535"),
    ({"port": 81}, "flows[0].port two does not answer on 81; add it to its ports"),
    ({"expect": "denied"}, "flows[0].expect 'denied' is not one of allow, deny"),
    ({"protocol": "SCTP"}, "flows[0].protocol 'SCTP' is not one of TCP, UDP"),
    ({"speak": "smtp"}, "flows[0].speak 'smtp' is not one of line, tls, http, dns, handshake, knock"),
    ({"via": "vpn"}, "flows[0].via 'vpn' is not one of direct, proxy"),
    ({"via": "proxy"}, "flows[0].via the proxy leads to internet:NAME and address:IP only"),
    ({"proxyPort": 70000}, "flows[0].proxyPort 70000 is not a port from 1 to 65535"),
    ({"SNI": "x"}, "flows[0].SNI is not a key here; the keys are during, environments, expect, flow, port, proof, "
     "protocol, proxyPort, sni, source, speak, target, twin, via, why"),
    ({"sni": 1}, 'flows[0].sni is not text; "" sends no name'),
    ({"during": []}, f"flows[0].during [] is not a list of states; the states are {', '.join(STATES)}"),
    ({"during": "installed"},
     f"flows[0].during 'installed' is not a list of states; the states are {', '.join(STATES)}"),
    ({"environments": []},
     "flows[0].environments [] is not a list of environments; leave the key out to mean all of them"),
    ({"environments": "dev"},
     "flows[0].environments 'dev' is not a list of environments; leave the key out to mean all of them"),
    ({"environments": ["dev", "live"]},
     "flows[0].environments live is not in environments, which are dev, production"),
    ({"twin": "never", "target": "internet:a.test"}, "flows[0].twin twin: never and proof belong together"),
    ({"proof": "the log"}, "flows[0].twin twin: never and proof belong together"),
    ({"twin": "never", "proof": "the log"},
     "flows[0].twin only the test internet keeps a log that could be the proof; write another twin"),
    ({"expect": "allow", "twin": "direct"}, "flows[0].twin only a deny has a twin"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "message"), BAD_ROWS, ids=[message for _, message in BAD_ROWS])
def test_a_bad_row_is_told_what_is_wrong(row: dict[str, Any], message: str) -> None:
    assert problems_of(minimal(**row)) == [message]


BAD_FILES: list[tuple[Any, str]] = [
    ([], " is not a mapping; it needs pods, internet and flows"),
    (
        minimal() | {"flow": []},
        "flow is not a key here; the keys are apart, environments, flows, internet, pods, walls",
    ),
    (minimal() | {"walls": ["fire"]}, "walls ['fire'] is not a list of walls; the walls are network-policies, envoy"),
    (minimal() | {"walls": 1}, "walls 1 is not a list of walls; the walls are network-policies, envoy"),
    (
        minimal() | {"environments": "dev"},
        "environments is not a list of distinct names; write one such as [dev, production]",
    ),
    (
        minimal() | {"environments": ["a", "a"]},
        "environments is not a list of distinct names; write one such as [dev, production]",
    ),
    (
        minimal(environments=["dev"]) | {"environments": None},
        "flows[0].environments dev is not in environments, which are none: list them beside pods",
    ),
    (
        minimal() | {"flows": []},
        "flows is missing; write one row for each flow: {flow, source, target, port, expect, why}",
    ),
    (minimal() | {"flows": ["x"]}, "flows[0] is not a row; write {flow, source, target, port, expect, why}"),
    (minimal() | {"internet": {"a.test": "::1"}}, "internet[\"a.test\"] '::1' is not an IPv4 address"),
    (minimal() | {"internet": None}, "internet is missing; write name: address"),
]


@pytest.mark.parametrize(("body", "message"), BAD_FILES, ids=[message for _, message in BAD_FILES])
def test_a_bad_file_is_told_what_is_wrong(body: Any, message: str) -> None:
    assert problems_of(body) == [message]


def test_a_pod_needs_namespace_labels_and_ports_and_no_name_of_a_service() -> None:
    body = minimal()
    body["pods"] |= {"dns": pod(), "bare": {}, "odd": pod(ports=[0]), "more": pod(port=1)}
    assert sorted(problems_of(body)) == [
        "pods.bare needs namespace and labels: {namespace: sark, labels: {app: x}, ports: [8000]}",
        "pods.dns dns is already the name of a target; give the pod another name",
        "pods.more.port is not a key here; the keys are labels, namespace, ports, ready, shipped",
        "pods.odd.ports is not a list of ports from 1 to 65535",
    ]


def test_all_bad_rows_are_named_at_once_with_their_lines_and_ids_are_unique() -> None:
    text = yaml.safe_dump(minimal())
    row = text[text.index("- expect") : text.index("internet:")]
    loaded, problems = read(text.replace(row, row + row + row.replace("port: 80", "port: 0")), "f.yaml")
    assert loaded is None
    assert [(it.where.line, it.message) for it in problems] == [
        (12, "row is also the id of flows[0]; give one another id"),
        (19, "0 is not a port from 1 to 65535"),
        (18, "row is also the id of flows[1]; give one another id"),
    ]


def test_what_is_no_yaml_is_a_problem_with_its_line() -> None:
    loaded, problems = read("pods: {\n", "f.yaml")
    assert loaded is None
    assert [it.where.line for it in problems] == [2]
    assert read("", "f.yaml")[1][0].message == "is not a single YAML document; write one with pods, internet and flows"


def test_a_row_is_read_with_what_its_target_is_usually_told() -> None:
    loaded, _ = read(yaml.safe_dump(minimal(target="internet:a.test", via="proxy", sni="")), "f.yaml")
    assert loaded is not None
    assert loaded.flows == (
        Flow(
            "row",
            "one",
            FlowTarget("internet", "a.test"),
            80,
            "deny",
            "because",
            via="proxy",
            speak="tls",
            sni="",
            line=5,
        ),
    )
