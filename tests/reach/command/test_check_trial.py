"""`python -m tools.reach check` with the trial's values: as the cluster tests lay them, and the upgrade over them."""

from __future__ import annotations

import pytest

from tools.reach.__main__ import main

PRODUCTION, TRIAL = "charts/sark-network/ci/production-values.yaml", "tests/cluster/values.yaml"
VALUES = ("--values", PRODUCTION, TRIAL, "--as", "trial")


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    code = main(["check", "tests/flows.yaml", *arguments])
    return code, capsys.readouterr().out.splitlines()


def test_every_row_of_the_trial_holds(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = checked(capsys, *VALUES, "--upgraded", "tests/cluster/changed-values.yaml")
    assert (code, lines) == (0, ["no findings; 1 environment, 1 of 1 stage ran"])


def test_rows_after_the_upgrade_are_noted_where_it_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = checked(capsys, *VALUES)
    assert code == 0
    noted = [line for line in lines if "is not judged: the values of the upgrade were not given" in line]
    assert len(noted) == 3
    assert lines[-1] == "3 notes; 1 environment, 1 of 1 stage ran"


def test_an_environment_that_the_specification_does_not_have_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = checked(capsys, "--values", PRODUCTION, "--as", "trail")
    assert code == 1
    assert any("trail is not in environments, which are trial, production" in line for line in lines)
