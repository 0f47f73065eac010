"""What a domain means: the Python core, the schema and the chart's templates say the same."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tools.egress.allowlist import (
    FORMS,
    NAME,
    TOO_LONG,
    Allowlist,
    ListEntry,
    Suffixes,
    matches,
    parse_values,
    punycode,
    refusal,
)
from tools.egress.suffixes import parents
from tools.findings.model import Severity
from tools.render.helm import located

CHART = Path("charts/sark-network")
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
SUFFIXES = Suffixes.parse((CHART / "files/public-suffixes.txt").read_text())
BAD: dict[str, str] = yaml.load(Path("tests/bad-values.yaml").read_text(), yaml.CSafeLoader)["at"]["egress.domains[0]"]
GOOD = (
    "api.openai.com",
    "*.openai.com",
    "API.OpenAI.com",
    "*.eu-west-1.example.co.uk",
    "xn--mnchen-3ya.example",
    "1password.com",
    "3com.example",
    "a-b--c.example",
    f"{'a' * 63}.example.com",
    f"{'.'.join(['a' * 49] * 5)}.com"[-253:],
    "mcp.internal.example",
    "corp.internal",
    "localhost.example",
    "svc.example",
    "metadata.example.com",
)


def domain_schema() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator({**SCHEMA["definitions"]["domain"], "definitions": SCHEMA["definitions"]})


def schema_chain() -> list[tuple[str, str, str]]:
    """The schema's forms in the order in which it tries them."""
    chain, step = [], SCHEMA["definitions"]["domain"]["then"]
    while "if" in (body := SCHEMA["definitions"][step["$ref"].rpartition("/")[2]]) and "pattern" in body["if"]:
        chain.append((step["$ref"].removeprefix("#/definitions/domain-"), body["if"]["pattern"], body["then"]["const"]))
        step = body["else"]
    return chain


def test_the_schema_tries_the_same_forms_with_the_same_words() -> None:
    assert schema_chain() == list(FORMS)
    last = SCHEMA["definitions"]["domain-fits"]
    assert last["then"]["pattern"] == NAME.pattern
    assert last["else"]["const"] == TOO_LONG


def test_no_message_of_the_schema_is_itself_accepted_by_it() -> None:
    for form, _, write in FORMS:
        assert not domain_schema().is_valid(write) or form == "no-whitespace"
    assert not domain_schema().is_valid(TOO_LONG)


def test_patterns_are_re2() -> None:
    text = json.dumps(SCHEMA)
    for construct in ("(?=", "(?!", "(?<", "(?>", r"\\1"):
        assert construct not in text


@pytest.mark.parametrize("name", BAD)
def test_refused_by_both(name: str) -> None:
    under_suffix = name.startswith("*.") and SUFFIXES.opened(name[2:]) != ""
    assert domain_schema().is_valid(name) == (refusal(name) == "")
    assert refusal(name) or under_suffix
    assert parsed(name)


@pytest.mark.parametrize("name", GOOD)
def test_accepted_by_both(name: str) -> None:
    assert domain_schema().is_valid(name)
    assert refusal(name) == ""


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("*.com", "a wildcard under a name of your own, such as *.example.com"),
        ("münchen.de", "xn--mnchen-3ya.de, its punycode form"),
        ("аpi.openai.com", "xn--pi-6kc.openai.com, its punycode form"),
        ("10.0.0.1", "a name, not an address"),
        ("api.example.com.", "the name without its trailing dot"),
        ("api.example.com:8443", "the name without its port; write {name: api.example.com, ports: [8443]}"),
        ("", "a name, such as api.example.com"),
        ("api.example.com\n", "one-name-in-each-entry-without-spaces-commas-or-quotes"),
    ],
)
def test_refusal_says_what_to_write(name: str, write: str) -> None:
    assert refusal(name).startswith(write)


@pytest.mark.parametrize(
    ("name", "host", "allowed"),
    [
        ("*.openai.com", "api.openai.com", True),
        ("*.openai.com", "a.b.c.openai.com", True),
        ("*.openai.com", "API.OpenAI.COM", True),
        ("*.openai.com", "api.openai.com.", True),
        ("*.openai.com", "openai.com", False),
        ("*.openai.com", ".openai.com", False),
        ("*.openai.com", "evilopenai.com", False),
        ("*.openai.com", "api.openai.com.evil.test", False),
        ("api.openai.com", "api.openai.com", True),
        ("api.openai.com", "v1.api.openai.com", False),
        ("api.openai.com", "openai.com", False),
        ("api.openai.com", "", False),
    ],
)
def test_matches(name: str, host: str, allowed: bool) -> None:
    assert matches(name, host) is allowed


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("com", True),
        ("co.uk", True),
        ("github.io", True),
        ("anything.ck", True),
        ("www.ck", False),
        ("example.co.uk", False),
        ("openai.com", False),
        ("unknown-tld", True),
    ],
)
def test_public_suffixes(name: str, public: bool) -> None:
    assert SUFFIXES.covers(name) is public


def parsed(*domains: Any, **more: Any) -> list[str]:
    _, problems = parse_values({"egress": {"domains": list(domains), **more}}, suffixes=SUFFIXES)
    return [f"{problem.where.path}: {problem.message}" for problem in problems]


@pytest.mark.parametrize(
    ("domains", "messages"),
    [
        (["*.openai.com", "*.anthropic.com"], []),
        (
            ["*.openai.com", "api.openai.com"],
            [
                "egress.domains[1]: `api.openai.com` is covered by egress.domains[0] already; "
                "remove it, or narrow the wildcard"
            ],
        ),
        (["*.openai.com", {"name": "api.openai.com", "ports": [443, 8443]}], []),
        (["*.openai.com", {"name": "api.openai.com", "workloads": ["opa"]}], []),
        (
            ["api.openai.com", {"name": "api.openai.com", "ports": [8443, 443]}],
            [
                "egress.domains[1]: `api.openai.com`, port 443, for gateway is in the list already, at "
                "egress.domains[0]; remove one"
            ],
        ),
        (
            ["*.co.uk"],
            [
                "egress.domains[0]: `*.co.uk` would allow every name under the public suffix co.uk, where anyone can "
                "register one; list the names that you mean, such as *.example.co.uk"
            ],
        ),
    ],
)
def test_entries_against_each_other(domains: list[Any], messages: list[str]) -> None:
    assert parsed(*domains) == messages


def test_a_name_under_a_wildcard_is_a_warning_for_it_may_carry_owner_and_reason() -> None:
    values = {"egress": {"domains": ["*.openai.com"], "extraDomains": [{"name": "api.openai.com", "owner": "ml"}]}}
    _, [problem] = parse_values(values, suffixes=SUFFIXES)
    assert (problem.severity, problem.where.path) == (Severity.WARNING, "egress.extraDomains[0]")


# What the list's text says, read by other means than Suffixes: every suffix, every name above one, every exception.
RULES = [line for line in (CHART / "files/public-suffixes.txt").read_text().splitlines() if line[0] != "#"]
EXCEPTIONS = sorted(rule[1:] for rule in RULES if rule.startswith("!"))
STARS = sorted(rule[2:] for rule in RULES if rule.startswith("*."))
ORDINARY = sorted(rule for rule in RULES if rule[0] not in "!*")
ABOVE = sorted(
    {
        parent
        for name in (*ORDINARY, *STARS)
        for parent in (".".join(name.split(".")[i:]) for i in range(1, name.count(".")))
    }
)
WIDE = sorted({*ORDINARY, *(star for star in STARS if "." in star), *(f"any.{star}" for star in STARS), *ABOVE})


def test_every_wildcard_that_holds_a_public_suffix_is_refused_and_every_exception_is_not() -> None:
    assert [name for name in WIDE if not parsed(f"*.{name}")] == []
    assert [name for name in EXCEPTIONS if parsed(f"*.{name}")] == []
    # Below these are reverse names, which are none of a server.
    refused = {name for name in ORDINARY if parsed(f"*.sark.{name}") and f"*.{name}" not in RULES}
    assert refused == {"in-addr.arpa", "ip6.arpa"}
    assert [
        name for name in {*WIDE} - refused if parsed({"name": f"*.{name}", "allowSuffixes": True, "reason": "ours"})
    ] == []


def test_the_second_file_is_what_the_first_says() -> None:
    assert (CHART / "files/public-suffix-parents.txt").read_text() == parents(SUFFIXES)


def helm(templates: Path, values: dict[str, Any]) -> str:
    command = [located(), "template", "sark", str(templates), "--values", "-"]
    ran = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_helm_says_the_same_of_the_whole_list(tmp_path: Path) -> None:
    """The chart's own helper, asked for every name in one render: `fail` is made to print instead."""
    shutil.copytree(CHART / "files", tmp_path / "files")
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: asked, version: 0.0.1}")
    (tmp_path / "templates").mkdir()
    text = (CHART / "templates/_allowlist.tpl").read_text()
    assert text.count("{{- fail (") == 7
    (tmp_path / "templates/_allowlist.tpl").write_text(text.replace("{{- fail (", "{{- print ("))
    (tmp_path / "templates/asked.yaml").write_text(
        """{{- $suffixes := .Files.Get "files/public-suffixes.txt" }}
{{- $parents := .Files.Get "files/public-suffix-parents.txt" }}
refused:
{{- range .Values.names }}
{{- $entry := dict "name" (printf "*.%s" .) "path" "p" }}
{{- $asked := dict "entry" $entry "suffixes" $suffixes "parents" $parents }}
  {{ . }}: {{ include "sark-network.refuseSuffix" $asked | quote }}
{{- end }}"""
    )
    asked = sorted({*WIDE, *EXCEPTIONS, *(f"sark.{name}" for name in ORDINARY)})
    refusals: dict[str, str] = yaml.load(helm(tmp_path, {"names": asked}), yaml.CSafeLoader)["refused"]
    assert len(asked) > 15_000
    assert {name: text.split(": *.", 1)[-1].removeprefix(name) for name, text in refusals.items() if text} == {
        name: f" {excess}" for name in asked if (excess := SUFFIXES.opened(name))
    }


def test_an_internal_name_is_narrower_than_the_wildcard_above_it() -> None:
    internal = [{"name": "mcp.partner.example", "cidrs": ["10.0.0.1/32"]}]
    assert parsed("*.partner.example", internal=internal) == []


@pytest.mark.parametrize(
    "values",
    [{}, {"egress": None}, {"egress": []}, {"egress": {"domains": "x"}}, {"egress": {"domains": [5, None, {}]}}],
)
def test_what_the_schema_refuses_is_no_crash_here(values: dict[str, Any]) -> None:
    assert parse_values(values, suffixes=SUFFIXES) == (Allowlist(), ())


def test_find_prefers_the_narrower_entry() -> None:
    listed = Allowlist(
        (
            ListEntry("*.d.example", "w"),
            ListEntry("*.b.d.example", "longer"),
            ListEntry("a.b.d.example", "exact", ports=(443,)),
        )
    )
    assert [
        entry.path if (entry := listed.find(host, 443)) else None
        for host in ("a.b.d.example", "x.b.d.example", "x.d.example", "d.example")
    ] == [
        "exact",
        "longer",
        "w",
        None,
    ]
    assert listed.find("a.b.d.example", 8443) is None
    assert listed.find("a.b.d.example", 443, "opa") is None


def test_punycode_of_what_has_none_is_empty() -> None:
    assert punycode("ü" * 70 + ".example") == ""


def test_the_suffix_file_names_its_licence_and_is_sorted() -> None:
    text = (CHART / "files/public-suffixes.txt").read_text()
    rules = [line for line in text.splitlines() if not line.startswith("#")]
    assert "Mozilla Public" in text
    assert rules == sorted(rules)
    assert all(re.fullmatch(r"[!*a-z0-9.-]+", rule) for rule in rules)
