"""Suppressions: where they may stand, what they cover, and when they end."""

from datetime import date

import pytest

from tools.findings.model import Finding, Manifest, Problem, Where
from tools.findings.suppress import Suppression, Suppressions, apply, in_manifests, in_text, judge
from tools.manifests.documents import manifests, parse

TODAY = date(2026, 11, 24)
RULES = frozenset({"some-rule", "other-rule"})
GOOD = "some-rule until 2026-12-31: the partner moves in December"


def finding(line: int, rule: str = "some-rule", file: str = "values.yaml") -> Finding:
    return Finding(rule, Problem(Where(file, "a", line), "message"))


def run(text: str, *findings: Finding) -> tuple[list[int], list[str]]:
    """The lines of the findings that are left, and what is said of the suppressions."""
    suppressions = Suppressions(tuple(in_text(text, "values.yaml")), TODAY, RULES)
    reports = [
        f"{finding.rule} {finding.problem.where.line} {finding.problem.message}" for finding in judge(suppressions)
    ]
    return [finding.problem.where.line for finding in apply(findings, suppressions)], reports


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"a: 1  # sark:ignore {GOOD}\nb: 2\n", [2]),
        (f"# sark:ignore {GOOD}\na: 1\n", [1]),
        (f"  #sark:ignore {GOOD}\na: 1\n", [1]),
        ("a: 1  # sark:ignore other-rule until 2026-12-31: reason\n", [1, 2]),
        ("a: 1  # sark:ignore some-rule until 2026-11-24: its last day\n", [2]),
        ("a: 1\n", [1, 2]),
    ],
)
def test_what_a_comment_covers(text: str, left: list[int]) -> None:
    assert run(text, finding(1), finding(2)) == (left, [])


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        (
            "some-rule until 2026-11-23: reason",
            "suppressions-have-not-expired 1 the suppression of some-rule ended on 2026-11-23; mend it or renew it",
        ),
        (
            "some-rule: reason",
            "suppressions-are-well-formed 1 `some-rule: reason` is no suppression; "
            "write `RULE until YYYY-MM-DD: REASON`",
        ),
        (
            "some-rule until 2026-12-31:",
            "suppressions-are-well-formed 1 `some-rule until 2026-12-31:` is no suppression; "
            "write `RULE until YYYY-MM-DD: REASON`",
        ),
        ("", "suppressions-are-well-formed 1 `` is no suppression; write `RULE until YYYY-MM-DD: REASON`"),
        (
            "some-rule until 2026-02-30: reason",
            "suppressions-are-well-formed 1 2026-02-30 is no day; write `RULE until YYYY-MM-DD: REASON`",
        ),
        (
            "no-such-rule until 2026-12-31: reason",
            "suppressions-are-well-formed 1 there is no rule no-such-rule; `python -m tools.validate --list-rules` "
            "lists them",
        ),
    ],
)
def test_a_suppression_that_is_none_hides_nothing(comment: str, message: str) -> None:
    assert run(f"a: 1  # sark:ignore {comment}\n", finding(1)) == ([1], [message])


def test_another_file_is_not_covered() -> None:
    assert run(f"a: 1  # sark:ignore {GOOD}\n", finding(1, file="other.yaml")) == ([1], [])


OBJECTS = f"""\
kind: NetworkPolicy
metadata:
  name: a
  annotations:
    sark-network/ignore: |
      {GOOD}
      other-rule until 2026-12-31: because
spec:
  x: 1
---
kind: NetworkPolicy
metadata: {{name: b}}
spec:
  x: 1
"""


def test_an_annotation_covers_its_object_alone() -> None:
    objects = manifests(parse(OBJECTS, "f.yaml"), "f.yaml")
    suppressions = Suppressions(tuple(in_manifests(objects)), TODAY, RULES)
    places = [finding(line, rule, "f.yaml") for rule in ("some-rule", "other-rule") for line in (1, 9, 11, 14)]
    left = apply(places, suppressions)
    assert [(finding.rule, finding.problem.where.line) for finding in left] == [
        ("some-rule", 11),
        ("some-rule", 14),
        ("other-rule", 11),
        ("other-rule", 14),
    ]
    assert judge(suppressions) == ()


@pytest.mark.parametrize("annotation", [3, "", "nonsense"])
def test_an_annotation_that_is_no_suppression(annotation: object) -> None:
    body = {"metadata": {"annotations": {"sark-network/ignore": annotation}}}
    [item] = in_manifests([Manifest("f", "Pod", "a", "", body)])
    assert item.fault == f"`{annotation}` is no suppression; write `RULE until YYYY-MM-DD: REASON`"


@pytest.mark.parametrize("metadata", [None, 3, [], {"annotations": 3}, {"annotations": None}])
def test_objects_without_annotations_have_none(metadata: object) -> None:
    assert list(in_manifests([Manifest("f", "Pod", "a", "", {"metadata": metadata})])) == []


def test_suppressions_are_values() -> None:
    assert Suppression(Where("f"), (1, 1), "a") == Suppression(Where("f"), (1, 1), "a")
