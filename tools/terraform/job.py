"""What the Terraform stages of a run are asked for. It loads quickly: what was worked out before needs no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tools.findings.model import Stage
from tools.findings.report import Gate
from tools.render.chart import Chart
from tools.render.load import Chosen
from tools.render.own import TERRAFORM


@dataclass(frozen=True)
class TerraformRequest:
    """What to check: the chart, its environments and their files; for which day, rules and gate. `done` receives each
    stage when it has ended.
    """

    chart: Chart
    environments: Mapping[str, Chosen]
    today: date
    known: frozenset[str]
    gate: Gate
    done: Callable[[Stage], None] = lambda stage: None
    directory: Path = TERRAFORM
    # Whether files that were parsed before come from the user's cache.
    cached: bool = True
