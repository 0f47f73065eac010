"""The modules of clean/, and the faults that faults.yaml plants in them: for tests and for bench/terraform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
CLEAN = HERE / "clean"


@dataclass(frozen=True)
class Fault:
    """A module with one fault, what to call it, and the rule that finds it."""

    name: str
    module: str
    rule: str
    text: str


def modules() -> dict[str, str]:
    """The text of each clean module."""
    return {path.parent.name: path.read_text("utf-8") for path in sorted(CLEAN.glob("*/main.tf"))}


def faults() -> Iterator[Fault]:
    """Every fault of faults.yaml."""
    clean = modules()
    for row in yaml.safe_load((HERE / "faults.yaml").read_text("utf-8")):
        yield Fault(f"{row['module']}-{row['name']}", row["module"], row["rule"], _planted(clean[row["module"]], row))


def _planted(text: str, row: Mapping[str, Any]) -> str:
    for old, new in ((row["from"], row["to"]), *([tuple(row["also"])] if "also" in row else [])):
        assert text.count(old) == 1, f"{row['name']}: {old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text
