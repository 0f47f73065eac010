"""The specification of flows: what it holds, and what a wrong row is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.flows import STATES, Flow, Specification, Target, read

FILE = Path(__file__).parent / "flows.yaml"


@pytest.fixture(scope="module")
def spec() -> Specification:
    found, problems = read(FILE.read_text(encoding="utf-8"), "tests/flows.yaml")
    assert problems == ()
    assert found is not None
    return found


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_row_that_is_answered_but_proxy_down_which_has_none(spec: Specification, state: str) -> None:
    assert bool(spec.during(state, "allow")) is (state != "proxy-down")


@pytest.mark.parametrize("state", STATES)
def test_every_state_but_proxy_back_has_a_denied_row(spec: Specification, state: str) -> None:
    assert bool(spec.during(state, "deny")) is (state != "proxy-back")


@pytest.mark.parametrize(
    ("target", "port"),
    [
        ("gateway", 8000),
        ("gateway", 9090),
        ("database", 5432),
        ("cache", 6379),
        ("opa", 8181),
        ("proxy", 3128),
        ("dns", 53),
    ],
)
def test_every_policy_has_an_allow_row_and_a_deny_row_on_the_same_port(
    spec: Specification, target: str, port: int
) -> None:
    here = {flow.expect for flow in spec.flows if target in (flow.target.name, flow.target.kind) and flow.port == port}
    assert here == {"allow", "deny"}


def minimal(**row: Any) -> dict[str, Any]:
    """A specification with one row, changed as the test says; None takes a key away."""
    usual = {"flow": "row", "source": "one", "target": "two", "port": 80, "expect": "deny", "why": "because"}
    merged = {key: value for key, value in (usual | row).items() if value is not None}
    return {"pods": {"one": pod(), "two": pod()}, "internet": {"a.test": "203.0.113.1"}, "flows": [merged]}


def pod(**changes: Any) -> dict[str, Any]:
    return {"namespace": "ns", "labels": {"app": "x"}, "ports": [80]} | changes


def problems_of(body: Any) -> list[str]:
    found, problems = read(yaml.safe_dump(body), "f.yaml")
    assert (found is None) == bool(problems)
    return [f"{it.where.path} {it.message}" for it in problems]


BAD_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"flow": None}, "flows[0] has no flow; a row needs flow, source, target, port, expect, why"),
    ({"why": None}, "flows[0] has no why; a row needs flow, source, target, port, expect, why"),
    ({"why": ""}, "flows[0].why needs a reason in words"),
    ({"source": "three"}, "flows[0].source three is not among pods"),
    ({"source": 3}, "flows[0].source needs the name of a pod"),
    ({"target": "three"},
     "flows[0].target three is no pod, internet:NAME, address:IP, proxy, dns, apiserver, node, metadata"),
    ({"target": "internet:b.test"}, "flows[0].target b.test is not among internet; give it an address there"),
    ({"target": "address:203.0.113"}, "flows[0].target 203.0.113 is no IPv4 address"),
    ({"target": "pod:two"},
     "flows[0].target pod:two is no pod, internet:NAME, address:IP, proxy, dns, apiserver, node, metadata"),
    ({"port": 0}, "flows[0].port 0 is no port from 1 to 65535"),
    ({"port": "80"}, "flows[0].port '80' is no port from 1 to 65535"),
    ({"port": True}, "flows[0].port True is no port from 1 to 65535"),
    ({"port": 81}, "flows[0].port two does not answer on 81; add it to its ports"),
    ({"expect": "denied"}, "flows[0].expect 'denied' is none of allow, deny"),
    ({"protocol": "SCTP"}, "flows[0].protocol 'SCTP' is none of TCP, UDP"),
    ({"speak": "smtp"}, "flows[0].speak 'smtp' is none of line, tls, http, dns, handshake"),
    ({"via": "vpn"}, "flows[0].via 'vpn' is none of direct, proxy"),
    ({"via": "proxy"}, "flows[0].via the proxy leads to internet:NAME and address:IP only"),
    ({"proxyPort": 70000}, "flows[0].proxyPort 70000 is no port from 1 to 65535"),
    ({"SNI": "x"}, "flows[0].SNI is no key here; known are during, expect, flow, port, proof, protocol, proxyPort, "
     "sni, source, speak, target, twin, via, why"),
    ({"sni": 1}, 'flows[0].sni is not text; "" sends no name'),
    ({"during": []}, f"flows[0].during [] is not a list of states; known are {', '.join(STATES)}"),
    ({"during": "installed"}, f"flows[0].during 'installed' is not a list of states; known are {', '.join(STATES)}"),
    ({"twin": "never", "target": "internet:a.test"}, "flows[0].twin twin: never and proof belong together"),
    ({"proof": "the log"}, "flows[0].twin twin: never and proof belong together"),
    ({"twin": "never", "proof": "the log"},
     "flows[0].twin only the test internet keeps a log that could prove it; a twin must answer here"),
    ({"expect": "allow", "twin": "direct"}, "flows[0].twin only a deny has a twin"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "message"), BAD_ROWS, ids=[message for _, message in BAD_ROWS])
def test_a_bad_row_is_told_what_is_wrong(row: dict[str, Any], message: str) -> None:
    assert problems_of(minimal(**row)) == [message]


BAD_FILES: list[tuple[Any, str]] = [
    ([], " is not a mapping; it needs pods, internet and flows"),
    (minimal() | {"flow": []}, "flow is no key here; known are flows, internet, pods"),
    (minimal() | {"flows": []}, "flows is missing; write one row a flow: {flow, source, target, port, expect, why}"),
    (minimal() | {"flows": ["x"]}, "flows[0] is not a row; write {flow, source, target, port, expect, why}"),
    (minimal() | {"internet": {"a.test": "::1"}}, "internet[\"a.test\"] '::1' is no IPv4 address"),
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
        "pods.dns is taken: dns is a target of its own; give the pod another name",
        "pods.more.port is no key here; known are labels, namespace, ports, ready",
        "pods.odd.ports is not a list of ports from 1 to 65535",
    ]


def test_all_bad_rows_are_named_at_once_with_their_lines_and_ids_are_unique() -> None:
    text = yaml.safe_dump(minimal())
    row = text[text.index("- ") : text.index("internet:")]
    found, problems = read(text.replace(row, row + row + row.replace("port: 80", "port: 0")), "f.yaml")
    assert found is None
    assert [(it.where.line, it.message) for it in problems] == [
        (9, "row is the id of flows[0] too; give it another"),
        (16, "0 is no port from 1 to 65535"),
        (15, "row is the id of flows[1] too; give it another"),
    ]


def test_what_is_no_yaml_is_a_problem_with_its_line() -> None:
    found, problems = read("pods: {\n", "f.yaml")
    assert found is None
    assert [it.where.line for it in problems] == [2]
    assert read("", "f.yaml")[1][0].message == "holds no YAML document; it needs pods, internet and flows"


def test_a_row_is_read_with_what_its_target_is_usually_told() -> None:
    found, _ = read(yaml.safe_dump(minimal(target="internet:a.test", via="proxy", sni="")), "f.yaml")
    assert found is not None
    assert found.flows == (
        Flow(
            "row", "one", Target("internet", "a.test"), 80, "deny", "because", via="proxy", speak="tls", sni="", line=2
        ),
    )
