"""What Terraform says in a directory, which is asked once for the same files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.remembered import remembered
from tools.terraform.offline import server
from tools.terraform.offline.check import COMMANDS, CommandResult, run_all

PROVIDERS = tuple(sorted(Path(server.__file__).parent.glob("*.py")))


def answers(
    terraform: str,
    directory: Path,
    environment: Mapping[str, str],
    reads: Sequence[Path],
    commands: Sequence[Sequence[str]] = COMMANDS,
) -> tuple[CommandResult, ...]:
    """`run_all` in a directory below the first of what it reads, which the served providers are among."""

    def ask() -> list[Any]:
        ran = run_all(terraform, directory, environment, commands)
        return [[result.command, result.code, result.output, result.seconds] for result in ran]

    given = [str(directory.relative_to(reads[0])), commands]
    read = remembered(terraform, lambda: given, [*reads, server.SCHEMAS, *PROVIDERS], ask)
    return tuple(CommandResult(directory, *result) for result in read)
