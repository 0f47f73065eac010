"""What a shell completes, asked of the shell itself, where it is installed."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tools import SHELLS
from tools.findings import cli
from tools.findings.completion import name_of
from tools.findings.report import FORMATS

ROOT = Path(__file__).resolve().parent.parent.parent
# The whole is "".
COMMANDS = ("", "validate", "reach", "egress", "render", "terraform", "cluster")
# Each shell's own answer for a line, of which the last word is completed: a candidate a line. In bash it is the reply
# of the function that is registered for the command.
BASH = """
source ./script
words=({words})
COMP_WORDS=("${{words[@]}}") COMP_CWORD=$((${{#words[@]}} - 1)) COMP_LINE="${{words[*]}}" COMP_POINT=${{#COMP_LINE}}
COMPREPLY=()
$(complete -p {name} | sed 's/.*-F \\([^ ]*\\).*/\\1/') {name} "${{words[COMP_CWORD]}}" "${{words[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
FISH = "source ./script; complete -C {line} | string replace -r '\\t.*' ''"
# Zsh completes only for somebody who types: what it offers is written to a file beside.
ZSH = """
PS1=; autoload -U compinit; compinit -u -D; eval "$(<./script)"
compadd() {
  local -a offered
  (( ${@[(I)-[OAD]*]} )) && { builtin compadd "$@"; return; }
  builtin compadd -O offered "$@"; print -l -- $offered >> offered
  builtin compadd "$@"
}
offer() { zle complete-word; print -n '\\e]DONE' > $TTY }
zle -N offer; bindkey '^I' offer
: > offered; print REA''DY
"""
SECONDS = 30
Ask = Callable[..., list[str]]


def module(command: str) -> str:
    return f"tools.{command}" if command else "tools"


def printed(command: str, shell: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", module(command), "--print-completion", shell],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


@pytest.fixture(scope="module", params=SHELLS)
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """A command and the words after it -> what a shell offers for the last, where there are a file and a folder."""
    shell, made = request.param, tmp_path_factory.mktemp("completion")
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    for command in COMMANDS:
        (made / command).mkdir(exist_ok=True)
        (made / command / "script").write_text(printed(command, shell))
        (made / command / "a-file.yaml").touch()
        (made / command / "a-folder").mkdir()

    def ask(command: str, *words: str) -> list[str]:
        line = (name_of(f"python -m {module(command)}"), *words)
        offered = {"bash": bash, "fish": fish, "zsh": zsh}[shell](made / command, line)
        # Fish tells a folder by its slash.
        return sorted({word.removesuffix("/") for word in offered})

    return ask


def bash(folder: Path, line: Sequence[str]) -> list[str]:
    return candidates(folder, "bash", "-c", BASH.format(words=" ".join(map(shlex.quote, line)), name=line[0]))


def fish(folder: Path, line: Sequence[str]) -> list[str]:
    return candidates(folder, "fish", "--no-config", "-c", FISH.format(line=shlex.quote(" ".join(line))))


def candidates(folder: Path, *command: str) -> list[str]:
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    return ran.stdout.split()


def zsh(folder: Path, line: Sequence[str]) -> list[str]:
    """Type it to a zsh at a terminal of its own."""
    process, terminal = pty.fork()
    if not process:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb"})
    try:
        for typed, awaited in ((ZSH, b"READY"), (" ".join(line) + "\t", b"]DONE")):
            os.write(terminal, typed.encode())
            wait_for(terminal, awaited)
    finally:
        os.close(terminal)
        os.waitpid(process, 0)
    return (folder / "offered").read_text().split()


def wait_for(terminal: int, word: bytes) -> None:
    shown, end = b"", time.monotonic() + SECONDS
    while word not in shown:
        assert select.select([terminal], [], [], max(0, end - time.monotonic()))[0], shown
        shown += os.read(terminal, 65536)


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
def test_the_shell_completes(asked: Ask, command: str, words: list[str], expected: list[str]) -> None:
    assert asked(command, *words) == sorted(expected)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_name_is_a_command_of_the_shell(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(printed("validate", shell))
    # Zsh has what completes once somebody types.
    line = (
        "compdef() { :; }; " * (shell == "zsh") + "source ./script; sark-validate --version && sark-validate --nothing"
    )
    ran = subprocess.run(
        [shell, "-c", line],
        cwd=tmp_path,
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
