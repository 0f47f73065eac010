"""What a shell completes, asked of the shell itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.findings import cli
from tools.findings.completion import name_of
from tools.findings.report import FORMATS

ROOT = Path(__file__).resolve().parent.parent.parent
# The whole is "".
COMMANDS = ("", "validate", "reach", "egress", "render", "terraform", "cluster")
# The reply of the function that is registered for the command, for the words of a line, of which the last is completed.
ASK = """
source ./script
words=({words})
COMP_WORDS=("${{words[@]}}") COMP_CWORD=$((${{#words[@]}} - 1)) COMP_LINE="${{words[*]}}" COMP_POINT=${{#COMP_LINE}}
COMPREPLY=()
$(complete -p {name} | sed 's/.*-F \\([^ ]*\\).*/\\1/') {name} "${{words[COMP_CWORD]}}" "${{words[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def module(command: str) -> str:
    return f"tools.{command}" if command else "tools"


def printed(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module(command), "--print-completion", "bash"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for each command, with its script and a file in it."""
    made = tmp_path_factory.mktemp("completion")
    for command in COMMANDS:
        ran = printed(command)
        assert (ran.returncode, ran.stderr) == (0, "")
        (made / command).mkdir(exist_ok=True)
        (made / command / "script").write_text(ran.stdout)
        (made / command / "a-file.yaml").touch()
        (made / command / "a-folder").mkdir()
    return made


def replies(scripts: Path, command: str, *words: str) -> list[str]:
    name = name_of(f"python -m {module(command)}")
    given = " ".join(f"'{word}'" for word in (name, *words))
    ran = subprocess.run(
        ["bash", "-c", ASK.format(words=given, name=name)],
        cwd=scripts / command,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    return ran.stdout.split()


@pytest.mark.parametrize(
    ("command", "words", "expected"),
    [
        ("", ["ega"], []),
        ("", ["eg"], ["egress"]),
        ("", ["--v"], ["--version"]),
        ("", ["validate", "--form"], ["--format"]),
        ("", ["validate", "--fail-on", "n"], ["note"]),
        ("", ["egress", "bl"], ["blocked"]),
        ("", ["egress", "add", "--own"], ["--owner"]),
        ("", ["egress", "add", "--to", "a-fi"], ["a-file.yaml"]),
        ("", ["cluster", "do"], ["down"]),
        ("validate", ["--form"], ["--format"]),
        ("validate", ["--format", ""], [*FORMATS]),
        ("validate", ["--fail-on", "n"], ["note"]),
        ("validate", ["--manifests", "a-fi"], ["a-file.yaml"]),
        ("validate", ["--chart", "a-f"], ["a-folder"]),
        ("reach", ["ma"], ["matrix"]),
        ("reach", ["matrix", "--inc"], ["--incoming"]),
        ("reach", ["explain", "--expect", ""], ["allowed", "denied"]),
        ("reach", ["check", "--format", "sa"], ["sarif"]),
        ("egress", ["b"], ["blocked"]),
        ("render", ["--kube"], ["--kube-version"]),
        ("terraform", ["lint", "--no"], ["--no-cache"]),
        ("terraform", ["vars", "--cloud", ""], ["aws", "azure", "gcp"]),
        ("cluster", ["do"], ["down"]),
        ("cluster", ["all", "--re"], ["--reuse", "--record"]),
    ],
)
def test_the_shell_completes(scripts: Path, command: str, words: list[str], expected: list[str]) -> None:
    assert sorted(replies(scripts, command, *words)) == sorted(expected)


def test_the_name_is_a_command_of_the_shell(scripts: Path) -> None:
    line = "source ./script && sark-validate --version && sark-validate --nothing"
    ran = subprocess.run(
        ["bash", "-c", line],
        cwd=scripts / "validate",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout.startswith("sark-network ")) == (cli.USAGE, True)


def test_a_shell_that_is_not_known_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    for prog, says in (
        ("python -m tools.any", "argument --print-completion: invalid choice: 'ksh'"),
        # A command of a command is completed with the whole.
        ("python -m tools.any command", "unrecognized arguments: --print-completion ksh"),
    ):
        with pytest.raises(SystemExit) as raised:
            cli.Parser(prog=prog).parse_args(["--print-completion", "ksh"])
        assert raised.value.code == cli.USAGE
        assert says in capsys.readouterr().err
