"""The specification judged offline: every environment holds it, and what is broken on purpose turns rows red."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tools.cluster import plan
from tools.cluster.trial import ALLOW_ALL
from tools.findings.model import Manifest
from tools.manifests.documents import manifests, parse
from tools.reach.flows.judge import FlowsJudgement, judge, pod_cidrs_of
from tools.reach.flows.read import Specification, read
from tools.reach.flows.sentences import sentence
from tools.reach.flows.state import allow_all, is_test, stand_ins
from tools.reach.world import POD_CIDRS
from tools.render.chart import chart, layered
from tools.render.own import CHART, FLOWS
from tools.render.target import NAMESPACE, RenderTarget
from tools.render.template import render

PROJECT = chart(CHART)
TRIAL = Path("tests/cluster/values.yaml")
SARK = Path("tests/cluster/sark-values.yaml")
CHANGED = Path("tests/cluster/changed-values.yaml")
ENVIRONMENTS = ("dev", "staging", "production", "trial", "shipped")


@cache
def specification() -> Specification:
    spec, problems = read(FLOWS.read_text("utf-8"), "tests/flows.yaml")
    assert problems == ()
    assert spec is not None
    return spec


def values(environment: str, *more: Path) -> dict[str, Any]:
    if environment == "shipped":
        return layered([SARK, *more])
    files = [PROJECT.environments["production" if environment == "trial" else environment]]
    return layered([*files, *([TRIAL] if environment == "trial" else []), *more])


@cache
def rendered(environment: str, *more: Path) -> tuple[Manifest, ...]:
    text = asyncio.run(render(PROJECT.path, values(environment, *more)))
    return manifests(parse(text, environment), environment, PROJECT.name)


def judged(environment: str, objects: tuple[Manifest, ...] | None = None, **more: Any) -> FlowsJudgement:
    spec = specification().of(environment)
    cidrs = pod_cidrs_of(values(environment))
    return judge(spec, objects or rendered(environment), pod_cidrs=cidrs, **more)


def red(judgement: FlowsJudgement) -> set[tuple[str, str, str]]:
    return {(row.flow.name, row.state, row.verdict) for row in judgement.rows if not row.holds}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_row_holds(environment: str) -> None:
    upgraded = rendered("trial", CHANGED) if environment == "trial" else None
    holds = judged(environment, upgraded=upgraded)
    assert (holds.problems, [sentence(row) for row in holds.rows if not row.holds]) == ((), [])
    assert {row.flow.name for row in holds.rows} == {flow.name for flow in specification().of(environment).flows}


def test_it_is_judged_in_every_state_and_by_each_wall_alone() -> None:
    states = {row.state for row in judged("trial", upgraded=rendered("trial", CHANGED)).rows}
    assert states == {
        "installed", "allow-all", "proxy-down", "proxy-back", "upgraded", "rolled-back",
        "network-policies alone", "envoy alone",
    }  # fmt: skip
    # Without Calico's lock-down in the render there is nothing to take away.
    assert "network-policies alone" not in {row.state for row in judged("dev").rows}


def test_a_file_without_walls_is_judged_as_it_stands() -> None:
    bare = replace(specification().of("production"), walls=())
    states = {row.state for row in judge(bare, rendered("production")).rows}
    assert states == {"installed", "allow-all", "proxy-down", "proxy-back"}


def test_rows_after_an_upgrade_are_not_judged_without_its_values() -> None:
    values = judged("trial")
    unknown = {row.flow.name for row in values.rows if row.verdict == "not judged"}
    assert unknown == {flow.name for flow in specification().of("trial").during("upgraded")}
    assert not any(row.holds for row in values.rows if row.verdict == "not judged")


def test_the_explained_verdicts_are_the_same() -> None:
    spec = specification().of("production")
    some = replace(spec, flows=spec.flows[::3])
    quick, full = (judge(some, rendered("production"), explain=explain).rows for explain in (False, True))
    assert [(row.flow, row.state, row.verdict) for row in full] == [(row.flow, row.state, row.verdict) for row in quick]
    hops = [hop for row in full for hop in row.hops if " to " in hop.what and row.state != ENVOY]
    assert hops
    assert all(hop.explanation and hop.explanation.sides for hop in hops)


def test_the_widening_policy_is_the_one_of_the_trial() -> None:
    assert allow_all(NAMESPACE).body == plan.policy(ALLOW_ALL[2], NAMESPACE, {}, allow=True)


def test_the_pods_are_those_of_the_trial_and_cluster_dns() -> None:
    made = {
        (stand_in.namespace, stand_in.name): stand_in.body["metadata"]["labels"]
        for stand_in in stand_ins(specification())
    }
    pods = {(pod.namespace, pod.name): pod.labels for pod in specification().pods.values()}
    assert made == pods | {("kube-system", "kube-dns"): {"k8s-app": "kube-dns"}}


@pytest.mark.parametrize(
    ("hook", "test"),
    [("test", True), ("test-success", True), ("pre-install", False), ("test,post-install", False), ("", False)],
)
def test_what_is_there_only_while_helm_tests_is_left_out(hook: str, test: bool) -> None:
    body = {"metadata": {"annotations": {"helm.sh/hook": hook} if hook else {}}}
    assert is_test(Manifest("", "Pod", "", "", body)) is test


@pytest.mark.parametrize(
    ("body", "nets"),
    [
        ({}, POD_CIDRS),
        ({"cluster": None}, POD_CIDRS),
        ({"cluster": {"cidrs": []}}, POD_CIDRS),
        ({"cluster": {"cidrs": 3}}, POD_CIDRS),
        ({"cluster": {"cidrs": [3, "x"]}}, POD_CIDRS),
    ],
)
def test_pods_are_where_private_clusters_have_them_unless_values_say(body: Mapping[str, Any], nets: Any) -> None:
    assert pod_cidrs_of(body) == nets
    assert [str(net) for net in pod_cidrs_of({"cluster": {"cidrs": ["10.1.0.0/16"]}})] == ["10.1.0.0/16"]


# Production broken by hand: which object (the end of its name and its kind), how, and the rows that turn red.
Break = Callable[[dict[str, Any]], None]
INSTALLED, WIDENED, ALONE, ENVOY = "installed", "allow-all", "network-policies alone", "envoy alone"


def put(value: Any, *path: str | int) -> Break:
    """Write another value."""

    def apply(body: dict[str, Any]) -> None:
        at: Any = body
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return apply


def drop(*path: str | int) -> Break:
    """Take a field or an item away."""

    def apply(body: dict[str, Any]) -> None:
        at: Any = body
        for key in path[:-1]:
            at = at[key]
        del at[path[-1]]

    return apply


def instead(old: str, new: str, *path: str) -> Break:
    """Write one text for another inside a file of a ConfigMap."""

    def apply(body: dict[str, Any]) -> None:
        at: Any = body
        for key in path[:-1]:
            at = at[key]
        assert old in at[path[-1]]
        at[path[-1]] = at[path[-1]].replace(old, new)

    return apply


OUTSIDE = (
    "direct-to-listed-name", "direct-to-unlisted-name", "direct-to-private", "direct-to-internal-name",
    "direct-plain-text", "gateway-to-metadata", "gateway-to-apiserver", "gateway-to-node",
)  # fmt: skip
ROUTES = "egress-proxy-routes"
NP, GNP = "NetworkPolicy", "GlobalNetworkPolicy"

BREAKS: dict[str, tuple[str, str, Break, set[tuple[str, str, str]]]] = {
    "the gateway's lock-down without its Deny": (
        "lockdown-gateway", GNP, drop("spec", "egress", 0), {(name, WIDENED, "allowed") for name in OUTSIDE},
    ),
    "a lock-down after the NetworkPolicies": (
        "lockdown-gateway", GNP, put(1900, "spec", "order"), {(name, WIDENED, "allowed") for name in OUTSIDE},
    ),
    "the proxy's lock-down without the denial of private addresses": (
        "lockdown-proxy", GNP, drop("spec", "egress", 2),
        {
            *((name, state, "allowed") for state in (INSTALLED, WIDENED)
              for name in ("proxy-to-private", "proxy-to-internal-neighbour", "proxy-to-metadata")),
            ("proxy-to-azures-wire-server", INSTALLED, "allowed"),
        },
    ),
    "the proxy's last Deny narrowed to TCP": (
        "lockdown-proxy", GNP, put("TCP", "spec", "egress", -1, "protocol"),
        {("proxy-to-outside-dns", WIDENED, "allowed")},
    ),
    "a private range that the proxy's policy no longer leaves out": (
        "egress-proxy", NP, drop("spec", "egress", 1, "to", 0, "ipBlock", "except", 1),
        {(name, ALONE, "allowed") for name in ("proxy-to-private", "proxy-to-internal-neighbour")},
    ),
    "DNS for everyone, which the lock-down hides": (
        "gateway-egress", NP, drop("spec", "egress", 0, "to"),
        {(f"gateway-to-outside-dns-{protocol}", ALONE, "allowed") for protocol in ("udp", "tcp")},
    ),
    "DNS by UDP alone": (
        "gateway-egress", NP, drop("spec", "egress", 0, "ports", 1),
        {("gateway-to-dns-tcp", state, "denied") for state in (INSTALLED, ALONE)},
    ),
    "a peer by a label that nobody has": (
        "gateway-egress", NP,
        put("postgres", "spec", "egress", 1, "to", 0, "podSelector", "matchLabels", "app.kubernetes.io/component"),
        {("gateway-to-database", state, "denied") for state in (INSTALLED, ALONE)},
    ),
    "the database for every pod of the namespace": (
        "database-access", NP, put({}, "spec", "ingress", 0, "from", 0, "podSelector"),
        {("exempt-to-database", state, "allowed") for state in (INSTALLED, ALONE)},
    ),
    "the gateway for everyone": (
        "gateway-ingress", NP, drop("spec", "ingress", 0, "from"),
        {
            (name, state, "allowed") for state in (INSTALLED, ALONE)
            for name in ("intruder-to-gateway", "exempt-to-gateway")
        },
    ),
    "default-deny that leaves out nobody": (
        "default-deny", NP, put({}, "spec", "podSelector"),
        {
            (name, state, "denied") for state in (INSTALLED, ALONE)
            for name in ("intruder-to-exempt",)
        },
    ),
    "default-deny that is gone": (
        "default-deny", NP, put(["Ingress"], "spec", "policyTypes"),
        {
            (name, state, "allowed") for state in (INSTALLED, ALONE)
            for name in ("stranger-to-intruder", "stranger-to-dns", "stranger-to-outside")
        },
    ),
    "the proxy without DNS": (
        "egress-proxy", NP, drop("spec", "egress", 0),
        {
            ("proxy-to-dns", INSTALLED, "denied"), ("proxy-to-dns", ALONE, "denied"),
            ("listed-name-proxy-back", "proxy-back", "denied"),
            *((name, state, "denied") for state in (INSTALLED, ALONE)
              for name in ("deep-subdomain", "listed-port", "internal-name", "internal-http", "production-name",
                           "production-bundles")),
        },
    ),
    "the metrics open to the gateway's port": (
        "egress-proxy", NP, put(9902, "spec", "ingress", 0, "ports", 0, "port"),
        {
            ("gateway-to-proxy", INSTALLED, "denied"), ("gateway-to-proxy", ALONE, "denied"),
            ("listed-name-proxy-back", "proxy-back", "denied"),
            *((name, state, "denied") for state in (INSTALLED, ALONE)
              for name in ("deep-subdomain", "listed-port", "internal-name", "internal-http", "production-name")),
        },
    ),
    "a Service that leads to another port": (
        "egress-proxy", "Service", put("opa", "spec", "ports", 0, "targetPort"),
        {
            ("listed-name-proxy-back", "proxy-back", "denied"),
            *((name, state, "denied") for state in (INSTALLED, ALONE, ENVOY)
              for name in ("deep-subdomain", "listed-port", "internal-name", "internal-http", "production-name")),
            ("gateway-to-proxy", INSTALLED, "denied"), ("gateway-to-proxy", ALONE, "denied"),
            ("production-bundles-for-the-gateway", ENVOY, "allowed"),
            ("opa-to-gateways-port", INSTALLED, "allowed"), ("opa-to-gateways-port", ALONE, "allowed"),
        },
    ),
    "a Service without the proxy": (
        "egress-proxy", "Service", put({"app": "nobody"}, "spec", "selector"),
        {
            ("listed-name-proxy-back", "proxy-back", "denied"),
            *((name, state, "denied") for state in (INSTALLED, ALONE, ENVOY)
              for name in ("deep-subdomain", "listed-port", "internal-name", "internal-http", "production-name",
                           "production-bundles")),
            *((name, state, "denied") for state in (INSTALLED, ALONE)
              for name in ("gateway-to-proxy", "monitoring-to-proxy-metrics")),
        },
    ),
    "Envoy refuses private addresses no more": (
        ROUTES, "ConfigMap", instead('"10.0.0.0"', '"11.0.0.0"', "data", "clusters.yaml"),
        {("second-rebinding", ENVOY, "allowed")},
    ),
    "a server name of Envoy's widened": (
        "egress-proxy-listeners", "ConfigMap",
        instead('server_names: ["api.openai.com"]', 'server_names: ["*.openai.com"]', "data", "listeners.yaml"),
        {("production-name-beside-it", state, "allowed") for state in (INSTALLED, ALONE, ENVOY)},
    ),
    "a server name of Envoy's that is gone": (
        "egress-proxy-listeners", "ConfigMap",
        instead('server_names: ["mcp.partner.example"]', 'server_names: ["gone.example"]', "data", "listeners.yaml"),
        {("listed-port", state, "denied") for state in (INSTALLED, ALONE, ENVOY)},
    ),
    "an internal name that may lead to other addresses": (
        ROUTES, "ConfigMap", instead('"10.20.0.10"', '"10.20.0.77"', "data", "clusters.yaml"),
        {("internal-name", state, "denied") for state in (INSTALLED, ALONE, ENVOY)},
    ),
}  # fmt: skip


def broken(name: str, kind: str, apply: Break) -> tuple[Manifest, ...]:
    """Production's manifests with one of them broken."""
    objects = rendered("production")
    (victim,) = (item for item in objects if item.name.endswith(f"-{name}") and item.kind == kind)
    body: Any = deepcopy(victim.body)
    apply(body)
    return tuple(replace(item, file="broken", body=body) if item is victim else item for item in objects)


@pytest.mark.parametrize("what", BREAKS)
def test_a_break_turns_rows_red(what: str) -> None:
    name, kind, apply, rows = BREAKS[what]
    assert red(judged("production", broken(name, kind, apply))) == rows


def row_message(name: str, state: str, objects: tuple[Manifest, ...]) -> str:
    """What is said of one row."""
    (row,) = (row for row in judged("production", objects).rows if (row.flow.name, row.state) == (name, state))
    return sentence(row)


PROXY = "sark/sark-sark-network-egress-proxy[Deployment]"
SENTENCES: dict[str, tuple[str, str, str, str]] = {
    "denied, by the step that did it": (
        "a peer by a label that nobody has", "gateway-to-database", INSTALLED,
        "gateway-to-database should be allowed, but it is denied: sark/gateway[Pod] to sark/database[Pod], TCP 5432: "
        "leaving sark/gateway[Pod]: denied at the end of GlobalNetworkPolicy "
        "sark-sark-sark-network-37a5ff-lockdown-gateway, NetworkPolicy sark/sark-sark-network-default-deny, "
        "NetworkPolicy sark/sark-sark-network-gateway-egress at charts/sark-network/templates/egress-allow-list.yaml:",
    ),
    "allowed, by both sides": (
        "the database for every pod of the namespace", "exempt-to-database", INSTALLED,
        "exempt-to-database should be denied, but it is allowed: sark/exempt[Pod] to sark/database[Pod], TCP 5432: "
        "no policy of type Egress selects sark/exempt[Pod], so leaving it is open, "
        "entering sark/database[Pod]: allowed by ingress[0] of NetworkPolicy sark/sark-sark-network-database-access "
        "at broken:",
    ),
    "denied by Envoy": (
        "a server name of Envoy's that is gone", "listed-port", INSTALLED,
        "listed-port should be allowed, but it is denied: the proxy: mcp.partner.example:8443 is not in the list of "
        "gateway at charts/sark-network/templates/egress-proxy.yaml:",
    ),
    "allowed by Envoy alone": (
        "Envoy refuses private addresses no more", "second-rebinding", ENVOY,
        "second-rebinding (envoy alone) should be denied, but it is allowed: "
        f"sark/gateway[Pod] to {PROXY}, TCP 3128: without policies; "
        "the proxy: rebind.anthropic.com:443 is listed as *.anthropic.com at broken:",
    ),
    "no way to the proxy": (
        "a Service without the proxy", "deep-subdomain", ENVOY,
        "deep-subdomain (envoy alone) should be allowed, but it is denied: "
        "the proxy's Service: no Service leads to port 3128 of the proxy",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SENTENCES)
def test_a_row_that_does_not_hold_says_why_in_one_sentence(case: str) -> None:
    what, row, state, words = SENTENCES[case]
    name, kind, apply, _ = BREAKS[what]
    text = row_message(row, state, broken(name, kind, apply))
    assert text.startswith(words)
    assert "\n" not in text


def test_without_the_proxys_deployment_nothing_goes_through() -> None:
    objects = tuple(manifest for manifest in rendered("production") if manifest.kind != "Deployment")
    text = row_message("deep-subdomain", INSTALLED, objects)
    assert text == "deep-subdomain should be allowed, but it is denied: the proxy: no pod of the proxy runs"


SMALL = """\
pods:
  one: {namespace: sark, labels: {app: one}, ports: [80]}
  two: {namespace: sark, labels: {app: two}, ports: [80]}
internet: {}
flows:
  - {flow: in-range, source: one, target: two, port: 80, expect: EXPECT, why: a test}
  - {flow: to-node, source: one, target: node, port: 80, expect: EXPECT, why: a test}
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: one, namespace: sark}
spec:
  podSelector: {matchLabels: {app: one}}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 10.1.0.0/16}}]}]
"""


@pytest.mark.parametrize("expect", ["allow", "deny"])
def test_what_depends_is_never_a_pass_until_an_input_settles_it(expect: str) -> None:
    spec, _ = read(SMALL.replace("EXPECT", expect), "f.yaml")
    assert spec is not None
    objects = manifests(parse(POLICY, "p.yaml"), "p.yaml")
    unsettled = judge(spec, objects).rows
    assert [(row.verdict, row.holds) for row in unsettled] == [("conditional", False)] * 2
    assert ", but it depends: sark/one[Pod] to sark/two[Pod], TCP 80: " in sentence(unsettled[0])
    assert "the address of sark/two[Pod] is not in the input" in sentence(unsettled[0])
    settled = judge(spec, objects, pod_cidrs=pod_cidrs_of({"cluster": {"cidrs": ["10.1.0.0/17"]}})).rows
    assert (settled[0].verdict, settled[0].holds) == ("allowed", expect == "allow")
    elsewhere = judge(spec, objects, pod_cidrs=pod_cidrs_of({"cluster": {"cidrs": ["10.2.0.0/16"]}})).rows
    assert (elsewhere[0].verdict, elsewhere[0].holds) == ("denied", expect == "deny")


def test_a_proxy_that_the_api_server_refuses_is_not_there() -> None:
    """Its namespace is no name: rows through it fail, each with a sentence, and nothing else is lost."""
    text = asyncio.run(render(PROJECT.path, values("dev"), target=RenderTarget(namespace=".")))
    objects = manifests(parse(text, "dev"), "dev", PROJECT.name)
    judgement = judge(specification().of("dev"), objects, pod_cidrs=pod_cidrs_of(values("dev")))
    through = [row for row in judgement.rows if row.flow.via == "proxy" and row.flow.expect == "allow"]
    assert through
    assert {row.verdict for row in through} == {"denied"}
