"""What manifests are read from: a file or standard input, its text, and the message where it holds none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A manifest file as it was read: its text, or the reason why there is none; `is_chart`: it is a chart's folder."""

    file: str
    text: str = ""
    refusal: str = ""
    is_chart: bool = False


def chart_refusal(name: str) -> str:
    """The message for a chart where manifests were named."""
    return f"{name} is a chart, whose templates are not manifests; write --chart {name}"


def nothing_in(files: Iterable[str]) -> str:
    """The message for files without an object."""
    names = ["standard input" if file == "<stdin>" else file for file in files]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"no Kubernetes object is in {listed}, so nothing was judged; what was to write it may have failed"
