"""What may be granted, and what becomes of a release's values."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.egress.live.api_server import ApiServer
from tests.programs import program
from tools.egress.__main__ import main
from tools.egress.allowlist import Suffixes, parse_values
from tools.egress.live import granting
from tools.egress.live.granting import HelmRelease
from tools.egress.live.grants import (
    Ceiling,
    CeilingError,
    Grant,
    ceiling,
    duration,
    excess,
    granted,
    names,
    standing,
    taken_back,
)
from tools.findings.errors import InputError
from tools.render.own import CHART

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
GRANT = Grant("mcp.partner.example", NOW + timedelta(hours=1), "kim", "incident 42")
ABOVE = Ceiling(("*.partner.example", "pypi.org"), timedelta(hours=4))
ENTRY = {
    "name": "mcp.partner.example",
    "expires": "2026-11-28T13:00:00Z",
    "owner": "kim",
    "reason": "incident 42",
    "ports": [443],
    "workloads": ["gateway"],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, ""),
        ({"name": "pypi.org"}, ""),
        ({"name": "*.partner.example"}, ""),
        ({"name": "*.a.partner.example"}, ""),
        ({"until": NOW + timedelta(hours=4)}, ""),
        (
            {"name": "partner.example"},
            "partner.example is not among the names that may be granted: *.partner.example, pypi.org",
        ),
        ({"name": "*.example"}, "*.example is not among the names that may be granted: *.partner.example, pypi.org"),
        ({"name": "*.pypi.org"}, "*.pypi.org is not among the names that may be granted: *.partner.example, pypi.org"),
        ({"name": "evilpartner.example"}, "evilpartner.example is not among the names that may be granted: "),
        ({"ports": (443, 8443)}, "port 8443 may not be granted; 443 may"),
        ({"workloads": ("opa",)}, "nothing may be granted to opa; to gateway it may"),
        ({"until": NOW + timedelta(hours=4, seconds=1)}, "no grant may be longer than 4h"),
    ],
)
def test_nothing_goes_beyond_the_ceiling(change: dict[str, Any], message: str) -> None:
    refusal = excess(replace(GRANT, **change), ABOVE, NOW)
    assert refusal.startswith(message)
    assert bool(refusal) == bool(message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "names: must be a list of texts, and not empty"),
        ({"names": [], "longest": "1h"}, "names: must be a list of texts, and not empty"),
        ({"names": ["*"], "longest": "1h"}, "names: `*` is no name"),
        (
            {"names": ["m\u00fcnchen.example"]},
            "names: `m\u00fcnchen.example` is no name; write xn--mnchen-3ya.example, its p",
        ),
        ({"names": ["a.example."]}, "names: `a.example.` is no name; write the name without its trailing dot"),
        (
            {"names": ["metadata.google.internal"]},
            "names: `metadata.google.internal` is no name; write no name of a meta",
        ),
        ({"names": ["a.example"]}, "longest: is missing; write a number and s, m, h or d, such as 4h"),
        ({"names": ["a.example"], "longest": None}, "longest: is missing; write a number"),
        ({"names": ["a.example"], "longest": 4}, "longest: is no text; write a number and s, m, h or d, such as 4h"),
        ({"names": ["a.example"], "longest": ["4h"]}, "longest: is no text"),
        (
            {"names": ["a.example"], "longest": "4H"},
            "longest: 4H is no duration; write a number and s, m, h or d, such",
        ),
        ({"names": ["a.example"], "longest": "1h", "ports": [0]}, "ports: 0 is no port; write numbers from 1 to 65535"),
        ({"names": ["a.example"], "longest": "1h", "ports": [443, 70000]}, "ports: 70000 is no port"),
        ({"names": ["a.example"], "longest": "1h", "ports": [True]}, "ports: must be a list of numbers"),
        (
            {"names": ["a.example"], "longest": "1h", "workloads": ["Gateway"]},
            "workloads: `Gateway` is no name of a part",
        ),
        ({"names": ["a.example"], "longest": "1h", "ports": ["443"]}, "ports: must be a list of numbers"),
        ({"names": ["a.example"], "longest": "1h", "port": [443]}, "port: unknown; a ceiling has names, ports"),
    ],
)
def test_a_ceiling_that_is_not_understood_allows_nothing(body: dict[str, Any], message: str) -> None:
    with pytest.raises(CeilingError) as error:
        ceiling(body)
    assert str(error.value).startswith(message)


def test_a_ceiling() -> None:
    assert ceiling({"names": ["*.Partner.example", "pypi.org"], "longest": "4h"}) == ABOVE


@pytest.mark.parametrize(("text", "length"), [("90s", 90), ("30m", 1800), ("4h", 14400), ("2d", 172800)])
def test_durations(text: str, length: int) -> None:
    assert duration(text) == timedelta(seconds=length)


@pytest.mark.parametrize("text", ["", "0h", "1", "h", "1.5h", "-1h", "1w"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        duration(text)


def test_a_grant_takes_the_place_of_an_earlier_one_and_leaves_the_rest() -> None:
    other = {**ENTRY, "name": "other.partner.example"}
    over = {**ENTRY, "name": "over.partner.example", "expires": "2026-11-28T12:00:00Z"}
    before = {
        "egress": {"mode": "enforce", "grants": [{**ENTRY, "reason": "earlier"}, other, over]},
        "proxy": {"replicas": 3},
    }
    after = granted(before, GRANT, NOW)
    assert after == {"egress": {"mode": "enforce", "grants": [other, ENTRY]}, "proxy": {"replicas": 3}}
    assert taken_back(after, "mcp.partner.example", NOW) == {
        "egress": {"mode": "enforce", "grants": [other]},
        "proxy": {"replicas": 3},
    }
    assert taken_back(after, "another.example", NOW) is None
    assert granted({}, GRANT, NOW) == {"egress": {"grants": [ENTRY]}}


PARTNER = "mcp.partner.example"


@pytest.mark.parametrize(
    ("domains", "grant", "place", "message"),
    [
        (["*.partner.example"], GRANT, "egress.domains[0]", ""),
        (["b.example", PARTNER], GRANT, "egress.domains[1]", ""),
        (["b.example"], GRANT, "", ""),
        ([{"name": "*.partner.example", "expires": "2026-11-28T13:00Z"}], GRANT, "egress.domains[0]", ""),
        # It ends before the grant would, so the grant is what keeps the name open.
        ([{"name": "*.partner.example", "expires": "2026-11-28T12:59Z"}], GRANT, "", ""),
        ([{"name": "*.partner.example", "expires": "2026-11-27"}], GRANT, "", ""),
        (["*.partner.example"], replace(GRANT, ports=(443, 8443)), "", ""),
        # The very name cannot be in the list twice.
        (
            [{"name": PARTNER, "expires": "2026-11-28T12:59Z"}],
            GRANT,
            "",
            "mcp.partner.example is on the list itself, at egress.domains[0], until 2026-11-28T12:59Z, and the chart "
            "refuses a name twice; give that entry a later `expires`",
        ),
        # What has ended is in no list any more.
        ([{"name": PARTNER, "expires": "2026-11-27"}], GRANT, "", ""),
        (
            [PARTNER],
            replace(GRANT, ports=(443, 8443)),
            "",
            "at egress.domains[0] in part, and the chart refuses a name twice;",
        ),
    ],
)
def test_what_the_list_allows_needs_no_grant(domains: list[Any], grant: Grant, place: str, message: str) -> None:
    listed = parse_values({"egress": {"domains": domains}}, suffixes=Suffixes(frozenset()))[0]
    if not message:
        assert standing(listed, grant, NOW) == place
        return
    with pytest.raises(ValueError, match="is on the list itself") as error:
        standing(listed, grant, NOW)
    assert message in str(error.value)


def test_the_names_that_are_granted() -> None:
    over = {**ENTRY, "name": "over.example", "expires": "2026-11-28T12:00:00Z"}
    values = {"egress": {"grants": [ENTRY, over, "x", {}]}}
    assert names(values, NOW) == ("mcp.partner.example",)
    assert taken_back({"egress": {"grants": [{**ENTRY, "name": "MCP.Partner.Example"}]}}, PARTNER, NOW) == {
        "egress": {"grants": []}
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.example", "--reason", "x"], "--for is missing: a grant has an end and a reason"),
        (["a.example", "--for", "1h"], "--reason is missing: a grant has an end and a reason"),
        (["a.example", "--for", "soon", "--reason", "x"], "soon is no duration"),
        (["*.com", "--for", "1h", "--reason", "x"], "`*.com` is refused"),
        (["a.example", "--for", "1h", "--reason", " "], "--reason: it is empty; leave it out, or write it"),
        (
            ["a.example", "--for", "1h", "--reason", "x", "--owner", ""],
            "--owner: it is empty; leave it out, or write it",
        ),
        (
            ["a.example", "--for", "1h", "--reason", "a\x07b"],
            "--reason: it has a control character, which values may not",
        ),
        (
            ["a.example", "--end", "--for", "1h"],
            "--end takes the grant of a name back as a whole, at once; leave --for out",
        ),
        (
            ["a.example", "--end", "--ports", "8443"],
            "--end takes the grant of a name back as a whole, at once; leave --p",
        ),
        (["a.example.", "--end"], "`a.example.` can have no grant: write the name without its trailing dot"),
        (["", "--end"], "`` can have no grant: write a name, such as api.example.com"),
        (
            ["a.example", "--for", "1h", "--reason", "x", "--ceiling", "no.yaml"],
            "a grant needs a file that says what may",
        ),
        (["a.example", "--for", "1h", "--reason", "x", "--ceiling", "CEILING"], "a.example is not among the names"),
    ],
)
def test_what_is_refused_before_any_cluster_is_asked(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ceiling.yaml"
    file.write_text('names: ["*.partner.example"]\nlongest: 4h\n')
    assert main(["grant", *(str(file) if word == "CEILING" else word for word in arguments)]) == 64
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("hello", "helm list: its answer is not JSON"),
        ("\\377", "helm list: its answer is not JSON"),
        ("", "helm list: its answer is not JSON"),
        ("{}", "release r is no chart that Helm installed"),
        ('{"a": 1}', "helm list: its answer lists no releases"),
        ("[3]", "helm list: its answer lists no releases"),
        ('[{"chart": "other-1.0.0"}]', "release r is other-1.0.0, and this is sark-network-"),
    ],
)
def test_a_helm_that_answers_something_else(answer: str, message: str, tmp_path: Path) -> None:
    helm = program(tmp_path / "helm", f"printf '{answer}'")
    with pytest.raises(InputError) as raised:
        HelmRelease(str(helm), "", "n", "r").has_this_chart()
    assert str(raised.value).startswith(message)


def test_a_user_without_a_name_says_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert main(["grant", "a.example", "--for", "1h", "--reason", "x"]) == 64
    assert capsys.readouterr().err == ("egress: --owner is missing, and this user has no name; write who asks for it\n")


CHART_NAME = yaml.safe_load((CHART / "Chart.yaml").read_text())
# It ends before a grant of an hour does, and not while the tests run.
SOON = f"{datetime.now(UTC) + timedelta(minutes=50):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("values", "arguments", "code", "message"),
    [
        (
            {"egress": {"grants": [{**ENTRY, "expires": "2036-01-01T00:00:00Z"}]}},
            ["a.example", "--end"],
            0,
            "a.example has no grant, and nothing was changed; these have: mcp.partner.example\n",
        ),
        ({}, ["a.example", "--end"], 0, "a.example has no grant, and nothing was changed\n"),
        (
            {"egress": {"domains": ["*.partner.example"]}},
            ["a.partner.example", "--for", "1h", "--reason", "x"],
            0,
            "a.partner.example is allowed already, by egress.domains[0]; nothing was changed\n",
        ),
        (
            {"egress": {"domains": [{"name": "a.partner.example", "expires": SOON}]}},
            ["a.partner.example", "--for", "1h", "--reason", "x"],
            64,
            f"egress: a.partner.example is on the list itself, at egress.domains[0], until {SOON}, and the "
            "chart refuses a name twice; give that entry a later `expires`\n",
        ),
    ],
)
def test_what_a_release_has_decides(
    values: dict[str, Any],
    arguments: list[str],
    code: int,
    message: str,
    server: ApiServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A helm that has the release, and ends with 9 when it is to be upgraded."""
    listing = json.dumps([{"chart": f"{CHART_NAME['name']}-{CHART_NAME['version']}"}])
    helm = program(
        tmp_path / "helm",
        f"case $1 in list) echo '{listing}' ;; get) echo '{json.dumps(values)}' ;; *) exit 9 ;; esac",
    )
    monkeypatch.setattr(granting, "located", lambda: str(helm))
    ceiling_file = tmp_path / "ceiling.yaml"
    ceiling_file.write_text('names: ["*.partner.example"]\nlongest: 4h\n')
    own = [] if "--end" in arguments else ["--ceiling", str(ceiling_file)]
    assert main(["grant", *arguments, *own]) == code
    answer = capsys.readouterr()
    assert answer.out + answer.err == message
