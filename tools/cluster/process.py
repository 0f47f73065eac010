"""Other programs, run with a bound on time and an error that quotes them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.cluster.errors import CannotRunError
from tools.cluster.options import ROOT


def attempt(command: Sequence[str], *, seconds: float = 60, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run it, whatever its exit code. A missing program or one that does not end is a `CannotRunError`."""
    try:
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=seconds, check=False)
    except FileNotFoundError as error:
        raise CannotRunError(f"{command[0]} is not on PATH") from error
    except OSError as error:
        raise CannotRunError(f"{command[0]} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise CannotRunError(f"`{_shown(command)}` did not end within {seconds:.0f} s") from error


def run(command: Sequence[str], *, seconds: float = 60, stdin: str = "") -> str:
    """Its standard output; a failure is a `CannotRunError` with the last lines that it wrote."""
    done = attempt(command, seconds=seconds, stdin=stdin)
    if done.returncode:
        output = "\n  ".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise CannotRunError(f"`{_shown(command)}` failed with exit code {done.returncode}:\n  {output}")
    return done.stdout


def toolkit(kubeconfig: Path, *words: str, seconds: float) -> subprocess.CompletedProcess[str]:
    """A command of this project as a person runs it, such as `egress push`, on the cluster of the kubeconfig."""
    program, *rest = words
    command = ["env", "-C", str(ROOT), f"KUBECONFIG={kubeconfig}", sys.executable, "-m", f"tools.{program}", *rest]
    return attempt(command, seconds=seconds)


def _shown(command: Sequence[str]) -> str:
    """The command as typed, without the scripts that some arguments hold."""
    return shlex.join(word if "\n" not in word and len(word) < 200 else "…" for word in command)
