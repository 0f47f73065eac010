"""docs/features.md: every command of its tables prints what stands beside it."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.markdown import table
from tools.render.helm import find

PAGE = Path("docs/features.md").read_text()
# Those that need Docker; their test is tests/cluster/test_install.py.
IN_CLUSTER = ("make cluster", "python -m tools.cluster up")


def rows() -> Iterator[tuple[str, str, str]]:
    """The feature, the command and a text that it prints."""
    for feature, _, command, prints, _ in table(PAGE, "Feature", "Here", "Command", "Prints", "Others"):
        yield feature, command, prints
    for feature, command, prints in table(PAGE, "Feature", "Command", "Prints"):
        yield feature, command, prints


ROWS = [(feature, code.strip("`").replace("\\|", "|"), prints.strip("`")) for feature, code, prints in rows()]
HERE = [row for row in ROWS if row[1] not in IN_CLUSTER]


def printed(command: str, folder: Path) -> tuple[int, str]:
    """The exit code of a command of the page, and all that it prints."""
    helm = shlex.quote(find().path)
    for word, meaning in (("DIR", shlex.quote(str(folder))), ("HELM", helm), ("helm template", f"{helm} template")):
        command = command.replace(word, meaning)
    command = command.replace("python -m", f"{shlex.quote(sys.executable)} -m")
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize(("feature", "command", "prints"), HERE, ids=[row[0] for row in HERE])
def test_the_command_shows_the_feature(feature: str, command: str, prints: str, tmp_path: Path) -> None:
    code, output = printed(command, tmp_path)
    assert prints, f"{feature}: nothing says what to look for"
    assert prints in output
    assert code in (0, 1)
    assert "Traceback" not in output


def test_every_row_has_a_command() -> None:
    assert len(ROWS) == 32
    assert [feature for feature, command, _ in ROWS if not command.startswith(("python -m tools.", *OTHERS))] == []


OTHERS = ("make cluster", "helm template", "printf", "echo")


def test_what_is_not_shown_here_says_that_it_needs_a_cluster() -> None:
    assert {command for _, command, prints in ROWS if not prints} == set(IN_CLUSTER)
