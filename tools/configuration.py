"""Options that a project writes down once: `[tool.sark-network]` in pyproject.toml, or `.sark-network.yaml`.

Its keys are the long options without their dashes. What the command line says replaces what the file says; paths are
taken from the current directory, as those of the command line are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tools.inputs import InputError, mapping, read_text, shown

OWN = ".sark-network.yaml"
SHARED = "pyproject.toml"
TABLE = "sark-network"
# What is judged: who names one of them on the command line means no other.
SUBJECTS = ("env", "values", "manifests")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The options of a file, which is "" when there is none."""

    file: str = ""
    options: Mapping[str, Any] | None = None

    def arguments(self, given: Sequence[str], allowed: Collection[str]) -> list[str]:
        """The words that stand for it before those of a command line. Raises InputError for a key that is none."""
        found: list[str] = []
        on_line = {word.partition("=")[0].removeprefix("--") for word in given if word.startswith("--")}
        for key, value in (self.options or {}).items():
            if key not in allowed:
                near = get_close_matches(key, allowed, 1)
                advice = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(allowed))}"
                raise InputError(f"{self.file}: {key} is no option that can be written there; {advice}")
            if key in on_line or (key in SUBJECTS and on_line & set(SUBJECTS)):
                continue
            found.extend(_words(self.file, key, value))
        return found


def configuration(named: str = "") -> Configuration:
    """The file that is named, or the one of the current directory. Raises InputError."""
    if named:
        return _pyproject(Path(named)) if named.endswith(".toml") else _own(Path(named))
    shared = _pyproject(Path(SHARED)) if Path(SHARED).is_file() else Configuration()
    if not Path(OWN).is_file():
        return shared
    if shared.file:
        raise InputError(f"there are options in {OWN} and in {shared.file}; keep one of the two")
    return _own(Path(OWN))


def _own(path: Path) -> Configuration:
    return Configuration(shown(path), mapping(path))


def _pyproject(path: Path) -> Configuration:
    try:
        table = tomllib.loads(read_text(path)).get("tool", {}).get(TABLE)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError, AttributeError) as error:
        raise InputError(f"{shown(path)}: not TOML that can be read: {error}") from None
    if table is None:
        return Configuration()
    if not isinstance(table, Mapping):
        raise InputError(f"{shown(path)}: tool.{TABLE} is no table; write [tool.{TABLE}]")
    return Configuration(shown(path), table)


def _words(file: str, key: str, value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, str) for item in items):
        raise InputError(f"{file}: {key} is neither text nor a list of texts; write it as on the command line")
    return [f"--{key}", *items]
