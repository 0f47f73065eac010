"""The short run of the standing fuzz, and that it sees what it is there to see, each by a fault."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.standing_fuzz import __main__ as command
from tests.standing_fuzz import manifests, renders, terraform, values_judge
from tests.standing_fuzz.attempt import made, outcome, reduced
from tests.standing_fuzz.case import Failure, Subject, Unmet
from tests.standing_fuzz.patterns import sample
from tests.standing_fuzz.renders import skeleton
from tests.standing_fuzz.runner import over, write
from tests.standing_fuzz.shrink import shrunk
from tests.standing_fuzz.subjects import SUBJECTS
from tools.cluster.fuzz.dice import Dice
from tools.egress.allowlist import everything
from tools.egress.engines import engine
from tools.findings.model import Finding

SEED = "short"


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_short_run_has_no_failure(name: str) -> None:
    subject = SUBJECTS[name]
    tally = over(subject, SEED, range(subject.check))
    assert {kind: failure.input for kind, failure in tally.failures.items()} == {}
    assert tally.cases == subject.check


def test_a_full_run_has_ten_thousand_cases() -> None:
    assert sum(subject.cases for subject in SUBJECTS.values()) >= 10_000


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_same_seed_makes_the_same_cases(name: str) -> None:
    cases = [[made(SUBJECTS[name], seed, index) for index in range(5)] for seed in ("a", "a", "b")]
    assert cases[0] == cases[1]
    assert cases[0] != cases[2]
    assert json.loads(json.dumps(cases[0])) == cases[0]


def _number(dice: Dice) -> Any:
    return {"number": dice.number(0, 9), "other": ["x", "y"]}


def _crashes(case: Any) -> str:
    return str(1 // max(len(case.get("other", ())), 1) // case["number"]) if "number" in case else "none"


def _hangs(case: Any) -> str:
    while True:
        pass


def _swallows(case: Any) -> str:
    try:
        _hangs(case)
    except Exception:
        return "swallowed"
    return "never"


BROKEN = Subject("broken", _number, _crashes, cases=100, check=1)


def test_a_crash_is_a_failure_with_its_place_and_a_small_input() -> None:
    tally = over(BROKEN, SEED, range(100))
    [kind] = tally.kinds
    assert kind == "crash ZeroDivisionError in test_standing_fuzz.py _crashes"
    assert reduced(BROKEN, tally.failures[kind]).input == {"number": 0}


@pytest.mark.parametrize("judge", [_hangs, _swallows])
def test_a_hang_is_a_failure(judge: Any) -> None:
    assert outcome(replace(BROKEN, judge=judge, seconds=0.2), {}) == (
        "hang",
        "no end within 0.2 s of processor time",
    )


def test_a_failure_can_be_judged_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = {"files": {"main.tf": "locals {}\n"}, "format": "text"}
    path = write(Failure("terraform", SEED, 3, "a kind", "a detail", case), 1, tmp_path)
    assert path.name == "terraform-1.json"
    assert command._again(path) == 0
    assert capsys.readouterr().out.strip() in ("clean", "findings")


@pytest.mark.parametrize(
    ("value", "shows", "smallest"),
    [
        ({"a": 1, "b": {"c": "x", "d": 2}}, lambda value: "c" in value.get("b", {}), {"b": {"c": ""}}),
        ("one\ntwo\nthree\n", lambda value: "two" in value, "two"),
        ([1, 2, 3, 4], lambda value: 3 in value, [3]),
    ],
)
def test_inputs_are_made_small(value: Any, shows: Any, smallest: Any) -> None:
    assert shrunk(value, shows) == smallest


@pytest.mark.parametrize("pattern", [r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$", r"^[^\s,]+$", r"^a|b{2,3}$", r"^\d\.x?$"])
def test_patterns_have_samples(pattern: str) -> None:
    texts = {sample(pattern, Dice(SEED, index)) for index in range(30)}
    assert all(re.search(pattern, text) for text in texts)
    assert len(texts) > 1


@pytest.mark.parametrize(
    "name", ["*.run.app", "*.compute.amazonaws.com", "*.amazonaws.com", "*.core.windows.net", "*.co.uk", "*.ck"]
)
def test_wildcards_over_suffixes_are_wide(name: str) -> None:
    assert list(values_judge.wide_names({"egress": {"domains": [name]}})) == [("egress.domains[0]", name)]


@pytest.mark.parametrize("name", ["*.openai.com", "run.app", "*.www.ck", "*.mcp.partner.example"])
def test_wildcards_under_own_names_are_not(name: str) -> None:
    assert list(values_judge.wide_names({"egress": {"domains": [name]}})) == []


@pytest.mark.parametrize(
    ("cidr", "wide"),
    [
        *((cidr, True) for cidr in ("168.0.0.0/8", "::ffff:a9fe:a9fe/128", "64:ff9b::a9fe:a9fe/128")),
        *((cidr, True) for cidr in ("fd00:ec2::/32", "::/0")),
        *((cidr, False) for cidr in ("10.0.0.0/8", "fd00:20::/64", "::ffff:10.0.0.0/104")),
    ],
)  # fmt: skip
def test_addresses_of_metadata_services_are_wide(cidr: str, wide: bool) -> None:
    values = {"egress": {"internal": [{"name": "a.example.com", "cidrs": [cidr]}]}}
    assert bool(list(values_judge.wide_addresses(values))) is wide


def test_a_list_that_is_wider_than_written_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = engine("proxy")
    assert proxy
    hole = replace(proxy, decode=lambda objects: proxy.decode(objects) | {everything("opa")})
    monkeypatch.setattr(renders, "engine", lambda name: hole)
    case = {"values": {}, "plain": {}, "envoy": False}
    assert outcome(renders.SUBJECT, case)[0] == "the list is wider than written"


def test_text_that_becomes_keys_changes_the_skeleton() -> None:
    assert skeleton({"a": "x", "data.yaml": "k: v"}) == {"a": "str", "data.yaml": {"k": "str"}}
    assert skeleton({"spec": {"p": "x"}}) != skeleton({"spec": {"p": "x", "hostNetwork": True}})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("internal error (please report): KeyError", "internal error (please report)"),
        ("a\x1b[31m", "a control character reaches a report in format text"),
        ("::stop-commands::x", "a line of the report is a workflow command"),
    ],
)
def test_reports_are_read(text: str, kind: str) -> None:
    with pytest.raises(Unmet) as unmet:
        manifests.read_report("text", text, 1)
    assert unmet.value.kind == kind


def test_an_open_rule_in_silence_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    silent: tuple[Finding, ...] = ()
    monkeypatch.setattr(terraform, "lint", lambda *_: silent)
    case = {"form": 0, "wraps": [], "format": "json"}
    assert outcome(terraform.SUBJECT, case)[0] == "an open rule passes in silence"


def test_every_open_rule_is_seen() -> None:
    for form in range(len(terraform.OPEN_FORMS)):
        for wrap in range(len(terraform.WRAPS)):
            assert outcome(terraform.SUBJECT, {"form": form, "wraps": [wrap], "format": "json"}) == "findings", form
