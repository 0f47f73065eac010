"""Runs fmt, init, validate and test in every directory of Terraform below some paths."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

OLDEST = (1, 11)
INIT = ("init", "-backend=false")
COMMANDS = (INIT, ("validate",), ("test",))
ADVICE = (
    "Terraform {}.{} or later is needed: install it (brew install hashicorp/tap/terraform, or the `terraform` package "
    "of HashiCorp's apt and yum repositories), or name one in SARK_TERRAFORM".format(*OLDEST)
)


class TerraformError(Exception):
    """Terraform cannot be run; the message says what was found and how to install it."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of one command in one directory; `output` is all that it printed."""

    directory: Path
    command: str
    code: int
    output: str
    seconds: float


def find(environment: Mapping[str, str]) -> str:
    """The path of the terraform to use: $SARK_TERRAFORM, or the one on PATH. Raises TerraformError."""
    named = environment.get("SARK_TERRAFORM", "")
    path = named or shutil.which("terraform", path=environment.get("PATH"))
    if not path:
        raise TerraformError(f"terraform is not on PATH. {ADVICE}")
    try:
        printed = subprocess.run(
            [path, "version", "-json"], env=environment, capture_output=True, text=True, timeout=30, check=True
        ).stdout
        version = str(json.loads(printed)["terraform_version"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        raise TerraformError(f"{path} does not say its version. {ADVICE}") from None
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
        raise TerraformError(f"{path} is Terraform {version}. {ADVICE}")
    return path


def directories(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Every directory that holds a .tf file, at or below the paths."""
    files = {file.parent for path in paths for file in path.rglob("*.tf") if ".terraform" not in file.parts}
    return tuple(sorted(files))


def checked(
    terraform: str, paths: Sequence[Path], environment: Mapping[str, str], workers: int = 2
) -> Iterator[CommandResult]:
    """The result of each command: fmt once for each path, then init, validate and test in each directory."""
    for path in paths:
        yield run(terraform, path, ("fmt", "-check", "-recursive", "-diff", "-no-color"), environment)
    with ThreadPoolExecutor(workers) as pool:
        for results in pool.map(partial(run_all, terraform, environment=environment), directories(paths)):
            yield from results


def run_all(
    terraform: str, directory: Path, environment: Mapping[str, str], commands: Sequence[Sequence[str]] = COMMANDS
) -> tuple[CommandResult, ...]:
    """The results of the commands in one directory, up to the first that fails; no file is left there."""
    ran: list[CommandResult] = []
    with tempfile.TemporaryDirectory(prefix="terraform-data-") as data:
        for command in commands:
            ran.append(run(terraform, directory, (*command, "-no-color"), {**environment, "TF_DATA_DIR": data}))
            if ran[-1].code:
                break
    return tuple(ran)


def run(terraform: str, directory: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> CommandResult:
    """One command of Terraform in one directory."""
    start = time.monotonic()
    ran = subprocess.run(
        [terraform, *arguments],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return CommandResult(directory, arguments[0], ran.returncode, ran.stdout, time.monotonic() - start)
