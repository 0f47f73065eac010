"""The end of the rollout is tried until it is in force, and no longer."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence

import pytest

from tools.cluster.rollout import until_right
from tools.cluster.steered import Fetch

LISTED = Fetch("socket", "https://api.openai.com:443", "203.0.113.10:443")
EVIL = Fetch("socket", "https://evil.test")
LATE, EARLY = "refused: timed out", "answer: and it arrived"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes with every look at the clock."""
    monkeypatch.setattr(time, "monotonic", itertools.count().__next__)


@pytest.mark.parametrize(
    ("answers", "last", "seconds"),
    [
        ([{LISTED: "", EVIL: ""}], {LISTED: "", EVIL: ""}, 1),
        ([{LISTED: LATE, EVIL: ""}, {LISTED: "", EVIL: EARLY}, {LISTED: "", EVIL: ""}], {LISTED: "", EVIL: ""}, 3),
        ([{LISTED: LATE, EVIL: ""}] * 9, {LISTED: LATE, EVIL: ""}, 6),
        ([{LISTED: "", EVIL: EARLY}] * 9, {LISTED: "", EVIL: EARLY}, 6),
    ],
    ids=["at once", "after a while", "never allowed", "never denied"],
)
def test_what_is_late_is_asked_again_and_what_never_comes_is_a_fault(
    answers: Sequence[Mapping[Fetch, str]], last: Mapping[Fetch, str], seconds: float
) -> None:
    assert until_right(iter(answers).__next__, 5) == (last, seconds)
