"""What may be granted, and what becomes of a release's values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.programs import program
from tools.egress.__main__ import main
from tools.egress.live.granting import HelmRelease
from tools.egress.live.grants import Ceiling, CeilingError, Grant, ceiling, duration, excess, granted, taken_back
from tools.findings.errors import InputError

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
        ({"names": ["a.example"]}, "longest:  is no duration; write a number and s, m, h or d, such as 1h"),
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.example", "--reason", "x"], "--for is missing: a grant has an end and a reason"),
        (["a.example", "--for", "1h"], "--reason is missing: a grant has an end and a reason"),
        (["a.example", "--for", "soon", "--reason", "x"], "soon is no duration"),
        (["*.com", "--for", "1h", "--reason", "x"], "`*.com` is refused"),
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
