"""An answer is taken from the last run only where nothing that it depends on has changed."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests import remembered as module
from tests.helm import helm, passed
from tests.remembered import FOLDER, KEPT_SECONDS, digest, remembered, tidy


class Program:
    """A program and its folder, and how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.binary, self.chart, self.asked = folder / "program", folder / "chart", 0
        self.binary.write_text("1")
        (self.chart / "templates").mkdir(parents=True)
        (self.chart / "templates" / "a.yaml").write_text("a")

    def answer(self, *given: object) -> object:
        return remembered(str(self.binary), lambda: given, [self.chart], self._ask)

    def _ask(self) -> int:
        self.asked += 1
        return self.asked


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr(module, "FOLDER", tmp_path / "answers")
    monkeypatch.delenv("SARK_ANEW", raising=False)
    return Program(tmp_path)


def test_the_same_is_asked_once(program: Program) -> None:
    assert [program.answer("-f", {"a": 1}), program.answer("-f", {"a": 1}), program.asked] == [1, 1, 1]


CHANGES: dict[str, Callable[[Program], object]] = {
    "a file's content": lambda it: (it.chart / "templates" / "a.yaml").write_text("b"),
    "a file's name": lambda it: (it.chart / "templates" / "a.yaml").rename(it.chart / "templates" / "b.yaml"),
    "a file more": lambda it: (it.chart / "new.yaml").write_text(""),
    "a file less": lambda it: (it.chart / "templates" / "a.yaml").unlink(),
    "another program": lambda it: it.binary.write_text("10"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_asked_anew(program: Program, change: str) -> None:
    assert program.answer("x") == 1
    CHANGES[change](program)
    assert program.answer("x") == 2


def test_what_python_compiled_beside_a_file_is_no_change(program: Program) -> None:
    program.answer()
    (program.chart / "__pycache__").mkdir()
    (program.chart / "__pycache__" / "a.cpython-311.pyc").write_text("")
    assert program.answer() == 1


def test_other_words_are_another_question(program: Program) -> None:
    assert [program.answer("a"), program.answer("b"), program.answer("a", "b"), program.answer("a")] == [1, 2, 3, 1]


@pytest.mark.parametrize("written", [b"", b"x", b'["cut'])
def test_what_cannot_be_read_is_asked_anew(program: Program, written: bytes) -> None:
    program.answer()
    [place] = module.FOLDER.iterdir()
    place.write_bytes(written)
    assert [program.answer(), program.answer()] == [2, 2]


def test_what_changes_while_it_is_read_is_not_kept(program: Program) -> None:
    def ask() -> int:
        (program.chart / "templates" / "a.yaml").write_text("meanwhile")
        return 1

    before = digest(str(program.binary), (), [program.chart])
    assert remembered(str(program.binary), tuple, [program.chart], ask) == 1
    assert not (module.FOLDER / before).exists()


@pytest.mark.parametrize(
    ("written", "moment", "expected"),
    [
        ("expires: 2027-06-30", "2027-06-30T23:59:59", [False]),
        ("expires: 2027-06-30", "2027-07-01T00:00:00", [True]),
        ('{"expires": "2027-06-30T18:00:00Z"}', "2027-06-30T17:59:59", [False]),
        ('{"expires": "2027-06-30T18:00:00Z"}', "2027-06-30T18:00:00", [True]),
        ("[2027-06-30T18:00Z, 2020-01-01]", "2027-06-30T18:00:00", [True, True]),
        ("2027-02-31, 1.34.0", "2030-01-01T00:00:00", []),
    ],
)
def test_what_a_moment_passes_is_asked_anew(written: str, moment: str, expected: list[bool]) -> None:
    """What the chart leaves out depends on the clock, and by this alone."""
    assert passed(written, datetime.fromisoformat(f"{moment}+00:00")) == expected


def test_nothing_is_taken_where_all_is_to_be_asked_anew(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program.answer()
    monkeypatch.setenv("SARK_ANEW", "1")
    assert program.answer() == 2


def test_what_nobody_asked_for_in_a_while_goes(program: Program) -> None:
    program.answer()
    [place] = module.FOLDER.iterdir()
    tidy(place.stat().st_mtime + KEPT_SECONDS - 1)
    assert place.exists()
    tidy(place.stat().st_mtime + KEPT_SECONDS + 1)
    assert not place.exists()


def test_helm_reads_what_its_words_name(program: Program, tmp_path: Path) -> None:
    """The chart and each values file."""
    file = tmp_path / "values.yaml"
    words = ["template", "sark", "charts/sark-network", "-f", str(file)]
    texts = []
    for name in ("a.example.com", "b.example.com"):
        file.write_text(f"egress: {{domains: [{name}]}}")
        ran = helm(words)
        assert (ran.returncode, ran.stderr) == (0, "")
        texts.append(ran.stdout)
        assert helm(words).stdout == ran.stdout
    assert ["a.example.com" in text for text in texts] == [True, False]
    refused = helm([*words, "--set", "proxy.replica=3"])
    assert refused.returncode == 1
    assert "additional properties 'replica' not allowed" in refused.stderr
    assert helm([*words, "--set", "proxy.replica=3"]).stderr == refused.stderr
    assert module.FOLDER != FOLDER
    assert len(list(module.FOLDER.iterdir())) == 3
