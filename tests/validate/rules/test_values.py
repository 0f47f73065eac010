"""The checks of values: each finds its fault at the line of the file that has it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from tools.egress.allowlist import Suffixes
from tools.findings.model import Where, run
from tools.manifests.documents import parse
from tools.manifests.rules.yaml import CHECKS as SOURCE_CHECKS
from tools.render.helm_errors import classify
from tools.render.merge import merge
from tools.render.own import CHART
from tools.render.schema import Rejection, fault
from tools.render.values import Layer
from tools.validate.rules import values as checks
from tools.validate.rules.render import Rendering, chart_renders
from tools.validate.rules.values import Listed

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "live": {"type": "boolean"},
        "egress": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"domains": {"type": "array", "items": {"if": {"const": "*"}, "then": {"const": "names"}}}},
        },
    },
}
BASE = 'live: true\negress:\n  domains:\n    - "*.example.com"\n'
SUFFIXES = Suffixes(frozenset({"com", "co.uk"}))


def layer(file: str, text: str) -> Layer:
    [document] = parse(text, file).documents
    return Layer(file, document.body, document.lines)


def values(text: str, helm: tuple[Rejection, ...] | None = (), schema: Any = None) -> Listed:
    base, top = layer("values.yaml", BASE), layer("top.yaml", text)
    body = merge(base.body, top.body)
    schema = schema or SCHEMA
    return Listed("dev", body, (base, top), schema, "values.schema.json", fault(schema), helm, suffixes=SUFFIXES)


def reported(subject: Listed) -> list[tuple[str, Where, str]]:
    return [(finding.rule, finding.problem.where, finding.problem.message) for finding in run(checks.CHECKS, subject)]


def test_good_values_have_no_findings() -> None:
    assert reported(values("live: false\n")) == []


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (
            "egress:\n  domain: []\n",
            Where("top.yaml", "egress.domain", 2),
            "unknown key `domain`; did you mean `domains`?",
        ),
        ("x: 1\n", Where("top.yaml", "x", 1), "unknown key `x`; the keys here are live, egress"),
        ("egress:\n  domains: 3\n", Where("top.yaml", "egress.domains", 2), "3 is a whole number: write a list"),
        ("live: null\negress: []\n", Where("top.yaml", "egress", 2), "[] is a list: write a mapping"),
    ],
)
def test_values_match_schema(text: str, where: Where, message: str) -> None:
    refused = (Rejection(where.path, "the same"),)
    assert reported(values(text, refused)) == [("values-match-schema", where, f"{where.path}: {message}")]


def test_a_fault_of_the_charts_own_values_stands_in_them() -> None:
    base = Layer("values.yaml", {"live": "x"}, {"": 1, "live": 7})
    subject = replace(values("egress: {domains: []}\n"), layers=(base,), body={"live": "x"}, helm=None)
    assert [where for _, where, _ in reported(subject)] == [Where("values.yaml", "live", 7)]


@pytest.mark.parametrize(
    ("text", "helm", "message"),
    [
        ("live: 3\n", (), "Helm's schema check lets pass what is refused here, at live"),
        (
            "live: false\n",
            (Rejection("live", "got boolean, want string"),),
            "Helm's schema check refuses what passes here: live: got boolean, want string",
        ),
    ],
)
def test_schema_verdicts_agree(text: str, helm: tuple[Rejection, ...], message: str) -> None:
    assert [
        (where, message) for rule, where, message in reported(values(text, helm)) if rule == "schema-verdicts-agree"
    ] == [(Where("top.yaml", "live", 1), message)]


def test_helm_that_was_not_asked_does_not_disagree() -> None:
    assert [rule for rule, _, _ in reported(values("live: 3\n", None))] == ["values-match-schema"]


def test_the_allowlist_speaks_once_for_a_name_that_the_schema_refuses_too() -> None:
    [(rule, where, message)] = reported(
        values('egress:\n  domains:\n    - "*"\n', (Rejection("egress.domains[0]", "no"),))
    )
    assert (rule, where) == ("allowlist-is-sound", Where("top.yaml", "egress.domains[0]", 3))
    assert message.startswith("egress.domains[0]: `*` is refused: write the names that you mean")


def test_the_allowlist_says_what_a_schema_cannot() -> None:
    [(rule, where, message)] = reported(values('egress:\n  domains: ["*.co.uk"]\n'))
    assert (rule, where) == ("allowlist-is-sound", Where("top.yaml", "egress.domains[0]", 2))
    assert message == (
        "egress.domains[0]: `*.co.uk` would allow every name under the public suffix co.uk, where anyone can register "
        "one; list the names that you mean, such as *.example.co.uk"
    )


def test_a_faulty_schema_is_a_finding_and_judges_nothing() -> None:
    [(rule, where, message)] = reported(values("live: 3\n", schema={"type": "mapping"}))
    assert (rule, where) == ("schema-is-valid", Where("values.schema.json"))
    assert message.startswith("not a draft-07 schema: type: 'mapping' is not valid")


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("egress.domains[0]", Where("values.yaml", "egress.domains[0]", 4)),
        ("egress.domains", Where("values.yaml", "egress.domains", 3)),
        ("live", Where("top.yaml", "live", 1)),
        ("egress.none", Where("values.yaml", "egress.none", 2)),
        ("none", Where("top.yaml", "none")),
    ],
)
def test_a_path_belongs_to_the_layer_that_sets_it(path: str, where: Where) -> None:
    assert values("live: false\n").where(path) == where


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("a: 1\n", []),
        ("", []),
        ("- a\n", [(1, "values are no mapping; write `key: value` lines")]),
        ("text\n", [(1, "values are no mapping; write `key: value` lines")]),
        ("a: 1\n---\nb: 1\n", [(3, "a second document: Helm 3 drops it, Helm 4 merges it; join it to the first")]),
        (
            "a: 1\na: 2\n",
            [(2, "key 'a' is already set on line 1, and the last one wins in silence; keep one of the two")],
        ),
    ],
)
def test_values_files(text: str, messages: list[tuple[int, str]]) -> None:
    problems = [finding.problem for finding in run(SOURCE_CHECKS, parse(text, "f.yaml"))]
    assert [(problem.where.line, problem.message) for problem in problems] == messages


@pytest.mark.parametrize(
    ("stderr", "where", "message"),
    [
        (
            "Error: execution error at (sark/templates/x.yaml:5:4): egress.domains[0]: too wide; narrow it\n",
            Where("values.yaml", "egress.domains[0]", 4),
            "egress.domains[0]: too wide; narrow it",
        ),
        (
            "Error: execution error at (sark/templates/x.yaml:5:4): no such thing\n",
            Where("charts/sark/templates/x.yaml", "", 5),
            "no such thing",
        ),
        (
            "Error: template: something in a place that is not said\n",
            Where("top.yaml"),
            "template: something in a place that is not said",
        ),
    ],
)
def test_a_failed_render_stands_where_it_can_be_mended(stderr: str, where: Where, message: str) -> None:
    rendering = Rendering(values("live: true\n"), "charts/sark", classify(stderr))
    [problem] = chart_renders(rendering)
    assert (problem.where, problem.message) == (where, message)


def test_a_render_that_ended_well_or_not_for_a_template_is_no_finding() -> None:
    subject = values("live: true\n")
    assert list(chart_renders(Rendering(subject, "charts/sark", None))) == []
    schema = "Error: values don't meet the specifications of the schema(s) in\nsark:\n- at '/live': no\n"
    assert list(chart_renders(Rendering(subject, "charts/sark", classify(schema)))) == []


@pytest.mark.parametrize(
    ("text", "found_at", "message"),
    [
        (
            "cluster: {cidrs: [10.96.0.0/12]}\negress: {internal: [{cidrs: [10.0.0.0/8]}]}\n",
            ("addresses-keep-promises", 2),
            "egress.internal[0].cidrs[0]: 10.0.0.0/8 overlaps with 10.96.0.0/12 of cluster.cidrs[0], which this list "
            "must never reach; narrow one of the two",
        ),
        (
            'egress: {external: [{cidrs: ["64:ff9b::a9fe:a9fe/128"]}]}\n',
            ("addresses-keep-promises", 1),
            "egress.external[0].cidrs[0]: 64:ff9b::a9fe:a9fe/128 reaches link-local, with the metadata services, as "
            "IPv4 inside IPv6; write the servers' own addresses, without it",
        ),
        (
            "database: {externalCidrs: [168.0.0.0/8]}\n",
            ("addresses-keep-promises", 1),
            "database.externalCidrs[0]: 168.0.0.0/8 reaches 168.63.129.16/32 (a metadata service); write the servers' "
            "own addresses, without it",
        ),
        (
            "egress: {deniedCidrs: [0.0.0.0/1, 128.0.0.0/1]}\n",
            ("addresses-keep-promises", 1),
            "egress.deniedCidrs: every IPv4 address is closed by these ranges together, so no listed name is reached; "
            "write those that you mean",
        ),
        (
            'egress: {deniedCidrs: [10.0.0.0/8, "8000::/1", "4000::/2", "::/2"]}\n',
            ("addresses-keep-promises", 1),
            "egress.deniedCidrs: every IPv6 address is closed by these ranges together, so no listed name is reached; "
            "write those that you mean",
        ),
        (
            "database: {externalCidrs: [8.0.0.0/8]}\n",
            ("public-addresses-are-meant", 1),
            "database.externalCidrs[0]: 8.0.0.0/8 is not inside a private range; list names in egress.domains, or the "
            "address in egress.external with its reason",
        ),
        (
            "database: {extraEgress: [{to: [{ipBlock: {cidr: 8.0.0.0/7}}]}]}\n",
            ("public-addresses-are-meant", 1),
            "database.extraEgress[0].to[0].ipBlock.cidr: 8.0.0.0/7 lets the part out to public addresses past the "
            "allowlist; list names in egress.domains",
        ),
        (
            "proxy: {resolvers: [8.8.8.8]}\n",
            ("public-addresses-are-meant", 1),
            "proxy.resolvers[0]: 8.8.8.8 is a public DNS server, which is told every name; write one of your own, or "
            "none for cluster DNS",
        ),
    ],
)
def test_addresses_that_values_open(text: str, found_at: tuple[str, int], message: str) -> None:
    subject = replace(values(text, None, {"type": "object"}), parts=("gateway", "database"))
    [(rule, where, words)] = [finding for finding in reported(subject) if finding[0] == found_at[0]]
    assert ((rule, where.line), words) == (found_at, message)
    clean = "proxy: {resolvers: [10.0.0.10]}\ndatabase: {externalCidrs: [10.9.0.0/28]}\n"
    assert reported(replace(values(clean, None, {"type": "object"}), parts=("gateway", "database"))) == []


NEW = ("distroless-v1.40.0", "v1.39.0", "1.39", "v1.100-latest", "v2.0.0", "company-2026.11", "latest")
OLD = ("distroless-v1.38.3", "v1.9.0", "1.38", "contrib-v1.37-latest", "v0.12.0")


@pytest.mark.parametrize("tag", NEW)
def test_an_envoy_that_is_new_enough_is_taken(tag: str) -> None:
    subject = values(f"proxy:\n  image:\n    tag: {tag!r}\n", schema={"type": "object"})
    assert reported(subject) == []


@pytest.mark.parametrize("tag", OLD)
def test_an_old_envoy_is_refused(tag: str) -> None:
    assert reported(values(f"live: true\nproxy:\n  image:\n    tag: {tag!r}\n", schema={"type": "object"})) == [
        (
            "proxy-runs-no-old-envoy",
            Where("top.yaml", "proxy.image.tag", 4),
            f"proxy.image.tag: {tag} is an Envoy before 1.39, which does not know resolved_address_filter and has "
            "known vulnerabilities; write distroless-v1.40.0, or another that is 1.39 or newer",
        )
    ]


@pytest.mark.parametrize(("tag", "old"), [*((tag, False) for tag in NEW), *((tag, True) for tag in OLD)])
def test_the_schema_and_the_rule_agree_on_versions(tag: str, old: bool) -> None:
    """One is a pattern and one compares numbers."""
    tags = json.loads((CHART / "values.schema.json").read_text())["definitions"]["envoyTag"]
    assert bool(re.search(tags["if"]["pattern"], tag)) == old
    subject = values(f"proxy:\n  image:\n    tag: {tag!r}\n", schema={"type": "object"})
    assert bool(list(checks.proxy_runs_no_old_envoy(subject))) == old


def test_the_manual_names_the_vulnerabilities() -> None:
    assert len(re.findall(r"CVE-20[0-9]{2}-[0-9]{5}: .*fixed in", checks.proxy_runs_no_old_envoy.__doc__ or "")) == 3
