"""How every command line ends."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tools.findings import cli
from tools.findings.faults import contained


def fails(error: BaseException) -> Callable[[], int]:
    def main() -> int:
        raise error

    return main


@pytest.mark.parametrize(
    ("main", "code", "says"),
    [
        (lambda: 0, 0, ""),
        (lambda: 1, 1, ""),
        (fails(KeyboardInterrupt()), 130, "interrupted\n"),
        (
            fails(ZeroDivisionError("by zero")),
            2,
            "internal error (please report): ZeroDivisionError: by zero (SARK_TRACEBACK=1 shows where)\n",
        ),
    ],
)
def test_ends(main: Callable[[], int], code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.run(main)
    assert raised.value.code == code
    assert capsys.readouterr().err == says


def test_a_fault_is_shown_to_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SARK_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        cli.run(fails(ZeroDivisionError()))


def contains() -> int:
    """A command that goes on after an error that nobody foresaw."""
    print(contained(ZeroDivisionError("by zero")))
    return 2


@pytest.mark.parametrize("value", [None, ""])
def test_a_contained_fault_is_a_sentence(
    value: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if value is None:
        monkeypatch.delenv("SARK_TRACEBACK", raising=False)
    else:
        monkeypatch.setenv("SARK_TRACEBACK", value)
    with pytest.raises(SystemExit):
        cli.run(contains)
    assert capsys.readouterr().out == (
        "internal error (please report): ZeroDivisionError: by zero (SARK_TRACEBACK=1 shows where)\n"
    )


def test_a_contained_fault_is_raised_for_who_asks_and_for_that_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SARK_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        cli.run(contains)
    assert contains() == 2


def test_a_pipe_that_is_closed() -> None:
    script = "from tools.findings import cli\ncli.run(lambda: [print('x' * 100000) for _ in range(100)] and 0)"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr
    errors = process.stderr.read()
    assert (process.wait(), errors) == (141, b"")
    process.stderr.close()


def test_usage_is_64_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    parser = cli.Parser(prog="python -m tools.thing")
    parser.add_argument("--number", type=int)
    with pytest.raises(SystemExit) as raised:
        parser.parse_args(["--number", "x"])
    assert raised.value.code == 64
    assert capsys.readouterr().err == (
        "python -m tools.thing: argument --number: invalid int value: 'x'; "
        "python -m tools.thing --help says what there is\n"
    )


LEAVES = """
import atexit, sys
from tools.findings import cli

class Kept:
    def __del__(self):
        print("taken apart")

kept = Kept()
kept.itself = kept

def main():
    sys.stdout.write("an answer")
    sys.stderr.write("a remark")
    return 1

cli.COMMAND = sys.argv[1] == "command"
cli.run(main, patient=sys.argv[2] == "patient")
"""


@pytest.mark.parametrize(
    ("caller", "patience", "taken_apart"),
    [("command", "impatient", ""), ("command", "patient", "taken apart\n"), ("program", "impatient", "taken apart\n")],
)
def test_a_command_ends_where_it_is_and_loses_no_output(caller: str, patience: str, taken_apart: str) -> None:
    command = [sys.executable, "-c", LEAVES, caller, patience]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, f"an answer{taken_apart}", "a remark")
