"""Finds a helm that this chart can be judged with: `python -m tools.render.helm` prints its path."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.findings import cli

# The first whose schema validator is the one that Helm 4 has too.
OLDEST = (3, 18, 5)
ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bin" / "helm"

_VERSION = re.compile(r"v([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class Helm:
    """A helm that was run: its path and its version."""

    path: str
    version: tuple[int, int, int]


class HelmError(Exception):
    """No usable helm; the message says what was found and what to do."""


def find(environment: Mapping[str, str] | None = None, cache: Path = CACHE) -> Helm:
    """The first usable helm of $SARK_HELM (and then no other), PATH and .cache/bin."""
    environment = os.environ if environment is None else environment
    if program := environment.get("SARK_HELM", ""):
        return named(program, "SARK_HELM")
    refusals: list[str] = []
    for candidate in _candidates(environment, cache):
        try:
            return _usable(candidate, "")
        except HelmError as error:
            refusals.append(str(error))
    raise HelmError(refusals[0] if refusals else f"helm is not on PATH; {advice()}")


def named(path: str, by: str) -> Helm:
    """The helm that somebody names, `by` an option say. Raises HelmError."""
    return _usable(path, f"{by} names ")


def likely(environment: Mapping[str, str] | None = None, cache: Path = CACHE) -> str:
    """The path of the helm that `find` tries first, "" when there is none. It has not been run."""
    environment = os.environ if environment is None else environment
    return environment.get("SARK_HELM", "") or next(_candidates(environment, cache), "")


@cache
def located() -> str:
    """The path of the helm to use, looked for once in a process. Raises HelmError."""
    return find().path


def _candidates(environment: Mapping[str, str], cache: Path) -> Iterator[str]:
    if on_path := shutil.which("helm", path=environment.get("PATH", os.defpath)):
        yield on_path
    if cache.is_file():
        yield str(cache)


def _usable(path: str, named: str) -> Helm:
    try:
        ran = subprocess.run([path, "version", "--template={{.Version}}"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = error.strerror if isinstance(error, OSError) else "it did not answer within 30 s"
        raise HelmError(f"{named}{path}, which does not run ({reason}); {advice()}") from None
    match = _VERSION.search(ran.stdout.decode("ascii", "replace"))
    if ran.returncode or not match:
        raise HelmError(f"{named}{path}, which does not say its version; {advice()}")
    version = (int(match[1]), int(match[2]), int(match[3] or 0))
    if version < OLDEST:
        raise HelmError(f"{named}{path}, which is {match[0]} and too old; {advice()}")
    return Helm(path, version)


def advice(root: Path = ROOT) -> str:
    """What to do without a helm. Only a checkout has a Makefile, which can build one."""
    oldest = ".".join(map(str, OLDEST))
    make = ", run `make helm` to build one," if (root / "Makefile").is_file() else ""
    return f"install Helm {oldest} or later{make or ','} or name one in SARK_HELM"


def main() -> int:
    """Print the path of the helm that the tools use."""
    try:
        print(located())
    except HelmError as error:
        cli.complain("helm", error)
        return 2
    return 0


if __name__ == "__main__":
    cli.run(main)
