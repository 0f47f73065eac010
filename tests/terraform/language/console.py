"""Terraform's own verdict on expressions: `terraform console`, without a provider."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from tools.terraform.language.model import UnknownValue
from tools.terraform.modules.read import evaluate_text

TERRAFORM = shutil.which("terraform")


@dataclass(frozen=True, slots=True)
class Error:
    """Terraform refuses it, or this evaluator does."""

    message: str = ""


def theirs(expressions: Sequence[str], prelude: str, directory: Path) -> list[Any]:
    """What Terraform makes of each expression: data, or Error."""
    lines = [f'  e{at} = try(base64encode(jsonencode({text})), "!")' for at, text in enumerate(expressions)]
    (directory / "main.tf").write_text(f"{prelude}\nlocals {{\n" + "\n".join(lines) + "\n}\n")
    (directory / "rc").write_text("")
    done = subprocess.run(
        [TERRAFORM or "terraform", "console"],
        cwd=directory,
        input=f"[{', '.join(f'local.e{at}' for at, _ in enumerate(expressions))}]\n",
        env={**os.environ, "TF_CLI_CONFIG_FILE": str(directory / "rc"), "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.strip(" ,") for line in done.stdout.splitlines()[1:-1]]
    assert len(lines) == len(expressions), done.stdout
    return [_read(line) for line in lines]


def _read(line: str) -> Any:
    """One element of the console's list: base64 in quotes, which holds JSON."""
    if not line.startswith('"') or line == '"!"':
        return Error(line)
    return json.loads(base64.b64decode(line.strip('"')), parse_float=Fraction)


def ours(expressions: Sequence[str], prelude: str) -> list[Any]:
    """What this evaluator makes of each: data, Unknown, or Error."""
    lines = [f"  e{at} = {text}" for at, text in enumerate(expressions)]
    module = evaluate_text({"main.tf": f"{prelude}\nlocals {{\n" + "\n".join(lines) + "\n}\n"})
    errors = {fault.problem.where.path: fault.problem.message for fault in module.faults}
    unread = [text for path, text in errors.items() if not path.startswith("local.")]
    assert unread == []
    names = [f"e{at}" for at, _ in enumerate(expressions)]
    return [
        Error(errors[f"local.{name}"]) if f"local.{name}" in errors else module.locals[name].value.data
        for name in names
    ]


def _same_set(mine: tuple[Any, ...], real: list[Any]) -> bool:
    """A set of objects has no order that anyone knows."""
    if not all(isinstance(item, dict | list) for item in real):
        return False
    return all(any(agrees(item, other) for other in real) for item in mine)


def agrees(mine: Any, real: Any) -> bool:
    """Whether nothing that is known differs. What Terraform refuses has no value that a known one could differ from."""
    if isinstance(mine, UnknownValue) or isinstance(real, Error):
        return True
    if isinstance(mine, Error):
        return False
    if isinstance(mine, tuple):
        if not isinstance(real, list) or len(mine) != len(real):
            return False
        return all(map(agrees, mine, real)) or _same_set(mine, real)
    if isinstance(mine, dict):
        return (
            isinstance(real, dict) and mine.keys() == real.keys() and all(agrees(mine[key], real[key]) for key in mine)
        )
    if isinstance(mine, float | int) and not isinstance(mine, bool):
        return isinstance(real, int | Fraction) and not isinstance(real, bool) and float(mine) == float(real)
    return type(mine) is type(real) and bool(mine == real)
