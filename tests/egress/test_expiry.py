"""After `expires` an entry opens nothing: the render leaves it out, in every engine, and says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from tests.doc_runs import rendered_notes
from tests.helm import template
from tools.egress import expiry
from tools.egress.allowlist import Suffixes, parse_values
from tools.egress.engines import engine
from tools.findings.model import Severity
from tools.manifests.documents import manifests, parse
from tools.render.helm_errors import RenderError
from tools.render.merge import merge
from tools.render.own import CHART
from tools.render.template import render

KEPT = {"name": "kept.example", "expires": "2099-06-30"}
OVER = {"name": "over.example", "expires": "2026-06-30"}


def rendered(egress: dict[str, Any], **values: Any) -> str:
    return asyncio.run(render(CHART, {"egress": egress, **values}))


def names(text: str, name: str = "proxy") -> set[str]:
    known_engine = engine(name)
    assert known_engine
    return {rule.name for rule in known_engine.decode(manifests(parse(text, "r"), "r"))}


@pytest.mark.parametrize("name", ["proxy", "calico-enterprise"])
@pytest.mark.parametrize(
    ("as_of", "open_names"),
    [
        ("2026-06-30T23:59:59Z", {"kept.example", "over.example"}),
        ("2026-06-30", {"kept.example", "over.example"}),
        ("2026-07-01", {"kept.example"}),
        ("2026-07-01T00:00Z", {"kept.example"}),
        ("", {"kept.example"}),
    ],
)
def test_the_render_leaves_out_what_has_expired(name: str, as_of: str, open_names: set[str]) -> None:
    egress = {"engine": name, "domains": [OVER, KEPT], "asOf": as_of}
    assert names(rendered(egress, calico={"enabled": True}), name) == open_names


def test_a_moment_ends_at_that_second() -> None:
    egress: dict[str, Any] = {"domains": [{"name": "over.example", "expires": "2026-06-30T18:00:00Z"}]}
    assert names(rendered(egress | {"asOf": "2026-06-30T17:59:59Z"})) == {"over.example"}
    assert names(rendered(egress | {"asOf": "2026-06-30T18:00:00Z"})) == set()


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2028-02-29", datetime(2028, 3, 1, tzinfo=UTC)),
        ("2036-06-30T18:00Z", datetime(2036, 6, 30, 18, tzinfo=UTC)),
        ("2036-06-30T23:59:59Z", datetime(2036, 6, 30, 23, 59, 59, tzinfo=UTC)),
        ("2027-02-29", None),
        ("2100-02-29", None),
        ("2027-06-31", None),
        ("2027-13-01", None),
        ("2027-06-00", None),
        ("0000-01-01", None),
        ("2036-06-30T24:00:00Z", None),
        ("2036-06-30T23:60Z", None),
        ("2036-06-30T23:59:60Z", None),
        ("2036-06-30T18:00:00z", None),
        ("2036-06-30t18:00:00Z", None),
        ("2036-06-30T18:00:00+02:00", None),
        ("2036-06-30T18:00:00.5Z", None),
        ("2036-06-30T18Z", None),
        ("2036-06-30 18:00:00", None),
        ("2036-06-30\n", None),
        ("\uff12036-06-30", None),
        ("20360630", None),
        ("2036-W01-1", None),
    ],
)
def test_the_render_and_the_toolkit_read_the_same_ends(text: str, end: datetime | None) -> None:
    """What the one refuses, the other does."""
    egress: dict[str, Any] = {"domains": [{"name": "a.example", "expires": text}], "asOf": "2026-06-30"}
    if end is None:
        with pytest.raises(ValueError, match="is no day"):
            expiry.end(text)
        with pytest.raises(RenderError, match=r"egress.domains\[0\].expires"):
            rendered(egress)
        return
    assert expiry.end(text) == end
    before, at = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (end - timedelta(seconds=1), end))
    assert names(rendered(egress | {"asOf": before})) == {"a.example"}
    assert names(rendered(egress | {"asOf": at})) == set()


def test_the_calendars_last_day_has_an_end() -> None:
    assert expiry.end("9999-12-30") == datetime(9999, 12, 31, tzinfo=UTC)
    assert expiry.end("9999-12-31") == datetime(9999, 12, 31, tzinfo=UTC)


def test_it_is_so_by_the_clock() -> None:
    now = datetime.now(UTC)
    soon, past = (f"{now + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}" for minutes in (5, -5))
    egress = {"domains": [{"name": "soon.example", "expires": soon}, {"name": "past.example", "expires": past}]}
    assert names(rendered(egress)) == {"soon.example"}


def test_peers_by_address_and_internal_names_end_too() -> None:
    egress: dict[str, Any] = {
        "domains": [KEPT],
        "internal": [{"name": "in.example", "cidrs": ["10.20.0.10/32"], "expires": "2026-06-30"}],
        "external": [{"cidrs": ["10.9.0.5/32"], "ports": [636], "reason": "LDAP", "expires": "2026-06-30"}],
    }
    before = rendered(egress | {"asOf": "2026-06-30"}, calico={"enabled": True})
    after = rendered(egress | {"asOf": "2026-07-01"}, calico={"enabled": True})
    for opened in ('ipBlock: {cidr: "10.9.0.5/32"}', 'ipBlock: {cidr: "10.20.0.10/32"}', '"in.example:443"'):
        assert opened in before
        assert opened not in after


def test_the_render_says_so() -> None:
    bodies = [body for body in yaml.safe_load_all(rendered({"domains": [OVER, KEPT], "asOf": "2026-07-01"})) if body]
    annotations = [body["metadata"].get("annotations", {}).get("sark-network/expired") for body in bodies]
    assert set(annotations) == {None, "over.example (egress.domains[0], 2026-06-30)"}


def test_nothing_is_said_while_nothing_has_expired() -> None:
    assert "sark-network/expired" not in rendered({"domains": [KEPT]})


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2026-06-30", datetime(2026, 7, 1, tzinfo=UTC)),
        ("2026-06-30T18:00Z", datetime(2026, 6, 30, 18, tzinfo=UTC)),
        ("2026-06-30T18:00:01Z", datetime(2026, 6, 30, 18, 0, 1, tzinfo=UTC)),
    ],
)
def test_the_toolkit_counts_alike(text: str, end: datetime) -> None:
    assert expiry.end(text) == end
    assert expiry.over(text, end)
    assert not expiry.over(text, end - timedelta(seconds=1))


STEERED = {"enabled": True, "steering": {"enabled": True}}


def test_what_is_steered_and_ends_is_read_back() -> None:
    """It goes by the workload's own routes, and opens nothing that they do not."""
    egress: dict[str, Any] = {
        "domains": [KEPT, {"name": "*.kept.example", "expires": "2099-06-30", "ports": [8443]}],
        "internal": [
            {**KEPT, "name": "tcp.kept.example", "cidrs": ["10.2.0.0/16"], "ports": [5432], "protocol": "tcp"}
        ],
    }
    kept = {"kept.example", "*.kept.example", "tcp.kept.example"}
    assert names(rendered(egress)) == names(rendered(egress, dnsGuard=STEERED)) == kept


ENDING = {
    "Envoy ends names, and no peer by address": ({}, {"10.9.0.6/32  egress.external[0], on 2099-06-30"}),
    "mode audit": (
        {"egress": {"mode": "audit"}},
        {"a.corp.example  egress.internal[0], on 2099-06-30", "10.9.0.6/32  egress.external[0], on 2099-06-30"},
    ),
    "another engine": (
        {"egress": {"engine": "calico-enterprise", "internal": []}, "calico": {"enabled": True}},
        {"kept.example  egress.domains[1], on 2099-06-30", "10.9.0.6/32  egress.external[0], on 2099-06-30"},
    ),
}


@pytest.mark.parametrize(("values", "lines"), ENDING.values(), ids=ENDING)
def test_the_notes_say_what_ends_at_the_next_upgrade(values: dict[str, Any], lines: set[str]) -> None:
    peer = {"cidrs": ["10.9.0.6/32"], "ports": [88], "reason": "Kerberos", "expires": "2099-06-30"}
    inside = {"name": "a.corp.example", "cidrs": ["10.2.0.0/16"], "expires": "2099-06-30"}
    listed = {"domains": ["forever.example", KEPT], "internal": [inside], "external": [peer]}
    notes = rendered_notes(merge({"egress": listed}, values))
    section = notes.partition("ENDS WITH THE NEXT UPGRADE, and not by itself")[2].partition("\n\n")[0]
    assert {line.strip() for line in section.splitlines()[1:]} == lines


def test_the_notes_say_nothing_where_nothing_does() -> None:
    assert "ENDS WITH" not in rendered_notes({"egress": {"domains": [KEPT]}})


AGAIN: dict[str, dict[str, Any]] = {
    "granted": {
        "domains": [{"name": "a.example.com", "expires": "2020-01-01"}],
        "grants": [{"name": "a.example.com", "expires": "2099-01-01", "owner": "us", "reason": "incident 42"}],
    },
    "listed anew": {"domains": [{"name": "a.example.com", "expires": "2020-01-01"}, "a.example.com"]},
    "under a wildcard that has ended": {
        "domains": [{"name": "*.example.com", "expires": "2020-01-01"}, "a.example.com"]
    },
    "by address": {
        "external": [
            {"cidrs": ["10.9.0.5/32"], "ports": [636], "reason": "LDAP", "expires": "2020-01-01"},
            {"cidrs": ["10.9.0.5/32"], "ports": [636], "reason": "LDAP again"},
        ]
    },
}


@pytest.mark.parametrize("name", AGAIN)
def test_what_has_ended_may_be_opened_again(name: str) -> None:
    """Or a grant in an incident would fail on an entry that opens nothing any more."""
    values = {"egress": AGAIN[name]}
    ran = template(values, "charts/sark-network")
    assert ran.returncode == 0, ran.stderr
    suffixes = Suffixes(frozenset())
    assert parse_values(values, suffixes=suffixes, now=datetime(2026, 1, 1, tzinfo=UTC))[1] == ()
    before = template({"egress": {**AGAIN[name], "asOf": "2019-06-01"}}, "charts/sark-network")
    repeated = [problem for problem in parse_values(values, suffixes=suffixes)[1] if "already" in problem.message]
    assert len(repeated) == 1
    # A name below a wildcard may stand for its owner.
    assert bool(before.returncode) == (repeated[0].severity is Severity.ERROR)
