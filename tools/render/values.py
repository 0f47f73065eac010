"""The values of an environment, and the files that they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tools.findings.model import Where
from tools.findings.paths import nearest
from tools.render.schema import Rejection, judge


@dataclass(frozen=True, slots=True)
class Layer:
    """One values file: the chart's own, or one that is laid over it."""

    file: str
    body: Mapping[str, Any]
    lines: Mapping[str, int]


@dataclass(frozen=True)
class Values:
    """The values of one environment, as its chart sees them, and the layers that they come from (the chart's first).

    `environment`: that of the chart which they are or are laid over, or "". `schema_file`: "" when the chart has none.
    `schema_fault`: what makes the schema itself unusable, or "". `helm`: what Helm's own schema check refused; None
    when Helm was not asked. `parts`: the names that an entry of the allowlist may have among its workloads.
    """

    environment: str
    body: Mapping[str, Any]
    layers: tuple[Layer, ...]
    schema: Mapping[str, Any]
    schema_file: str
    schema_fault: str
    helm: tuple[Rejection, ...] | None = None
    parts: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The file on top, to which the user looks first."""
        return self.layers[-1].file if self.layers else ""

    def where(self, path: str) -> Where:
        """The file and line that set `path`: the layer that knows it most deeply, and of equals the topmost."""
        best, deepest = Where(self.file, path), -1
        for layer in self.layers:
            known = nearest(path, layer.lines)
            if known and len(known) >= deepest:
                best, deepest = Where(layer.file, path, layer.lines[known]), len(known)
        return best

    @cached_property
    def rejections(self) -> tuple[Rejection, ...]:
        """What the schema refuses, by this toolkit's own reading; nothing where it is no schema."""
        return () if self.schema_fault else judge(self.schema, self.body)
