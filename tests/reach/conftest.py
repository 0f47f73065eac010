"""What the tests of the command line share."""

from pathlib import Path

import pytest

from tests.reach.shell import Runner


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runner:
    """`python -m tools.reach`, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Runner(tmp_path, capsys)
