"""What opens a back door waits until an admission policy that was removed is no longer in force."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes import dynamic

from tools.cluster import back_doors, doors
from tools.cluster.errors import CannotRunError

DOOR = next(door for door in doors.doors() if door.opens)
OURS = f"ValidatingAdmissionPolicy 'sark' denied request: {back_doors.OURS.partition(': ')[2]} tells pods by a label"


class Api:
    """An API server that refuses with each of these sentences in turn, and then takes what it is given."""

    def __init__(self, *refusals: str) -> None:
        self.refusals = list(refusals)
        self.created: list[Mapping[str, Any]] = []

    def create(self, body: Mapping[str, Any], namespace: str | None) -> None:
        if self.refusals:
            raise refusal(self.refusals.pop(0))
        self.created.append(body)


def refusal(sentence: str) -> dynamic.exceptions.ForbiddenError:
    """As the API server writes it: a Status in the body."""
    answer = SimpleNamespace(
        status=403, reason="Forbidden", body=json.dumps({"message": sentence}).encode(), headers={}
    )
    return dynamic.exceptions.ForbiddenError(answer)  # type: ignore[no-untyped-call]


def scene(api: Api) -> Any:
    return SimpleNamespace(kube=SimpleNamespace(kind=lambda version, kind: api))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def test_a_policy_that_was_just_removed_is_waited_out() -> None:
    api = Api(OURS, OURS)
    back_doors.create_without_admission(scene(api), DOOR)
    assert api.created == [DOOR.body]


def test_another_refusal_ends_the_trial_at_once() -> None:
    api = Api("quota exceeded", OURS)
    with pytest.raises(CannotRunError, match=f"{DOOR.name}: could not be tried, because it was refused: .*quota"):
        back_doors.create_without_admission(scene(api), DOOR)
    assert api.refusals == [OURS]


def test_a_policy_that_stays_ends_the_trial_after_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(back_doors, "SECONDS", -1.0)
    with pytest.raises(CannotRunError, match=r"could not be tried, because it was refused: .*SARK's lock-down"):
        back_doors.create_without_admission(scene(Api(OURS)), DOOR)


class Slow(Api):
    """An API server that takes what it is given some times, and then refuses with these sentences."""

    def __init__(self, times: int, *refusals: str) -> None:
        super().__init__(*refusals)
        self.times = times

    def create(self, body: Mapping[str, Any], namespace: str | None) -> None:
        self.times -= 1
        if self.times < 0:
            super().create(body, namespace)


@pytest.mark.parametrize(
    ("api", "wrong", "sentence"),
    [
        (Slow(0, OURS), [], OURS),
        (Slow(3, OURS), [], OURS),
        (
            Slow(0, "quota exceeded"),
            ["refused, and not by SARK's admission policy: quota exceeded"],
            "quota exceeded",
        ),
    ],
)
def test_an_object_has_to_be_refused_within_the_bound(api: Slow, wrong: list[str], sentence: str) -> None:
    deleted: list[str] = []
    kube = SimpleNamespace(kind=lambda version, kind: api, delete=lambda *names: deleted.append(names[2]))
    times = api.times
    assert back_doors._refused(SimpleNamespace(kube=kube), DOOR) == (wrong, sentence)  # type: ignore[arg-type]
    assert deleted == [DOOR.body["metadata"]["name"]] * times


def test_an_object_that_is_taken_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(back_doors, "SECONDS", -1.0)
    kube = SimpleNamespace(kind=lambda version, kind: Api(), delete=lambda *names: None)
    wrong, sentence = back_doors._refused(SimpleNamespace(kube=kube), DOOR)  # type: ignore[arg-type]
    assert (wrong, sentence) == ([f"{DOOR.body['apiVersion']} {DOOR.body['kind']} was accepted"], "")
