"""Work in a process of its own gives what it would give here, and what it cannot give is done here."""

import os
from collections.abc import Callable

import pytest

from tools.findings.model import Stage
from tools.validate import forked

STAGE = Stage("terraform", skipped="a reason", seconds=1.5)


def work() -> tuple[Stage, int]:
    return STAGE, os.getpid()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked, "COMMAND", True)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.mark.usefixtures("command")
def test_the_result_comes_from_another_process() -> None:
    stage, process = forked.begun(work)()
    assert stage == STAGE
    assert process != os.getpid()


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize("fault", [RuntimeError("a fault"), KeyboardInterrupt()])
def test_a_process_that_fails_leaves_the_work_to_this_one(fault: BaseException) -> None:
    here = os.getpid()

    def fails_elsewhere() -> int:
        if os.getpid() != here:
            raise fault
        return here

    assert forked.begun(fails_elsewhere)() == here


@pytest.mark.usefixtures("command")
def test_what_cannot_be_sent_is_done_here() -> None:
    result: Callable[[], int] = forked.begun(lambda: lambda: 3)()
    assert result() == 3


def test_a_program_that_asks_is_not_copied() -> None:
    assert forked.begun(work) is work
    assert forked.begun(work)() == (STAGE, os.getpid())
