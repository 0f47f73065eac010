"""Has several Helms render each environment, to be compared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tools.findings.model import Stage, run
from tools.findings.recorder import Recorder
from tools.manifests.files import shown
from tools.render.chart import Chart
from tools.render.helm import Helm, HelmError
from tools.render.helm_errors import RenderError
from tools.render.load import Chosen
from tools.validate.chart.helms import CHECKS, Compared, Rendered

STAGE = "helms"


class RenderByHelm(Protocol):
    """Gives the output of a helm for values files, or raises RenderError or HelmError."""

    def __call__(self, *, files: Sequence[Path], helm: str) -> Awaitable[str]:
        """Its output."""


async def stages(
    chart: Chart, environments: Mapping[str, Chosen], helms: Sequence[Helm], render: RenderByHelm, recorder: Recorder
) -> tuple[Stage, ...]:
    """The stage of each environment."""
    runs = [_environment(chart, name, chosen, helms, render, recorder) for name, chosen in environments.items()]
    return tuple(await asyncio.gather(*runs))


async def _environment(
    chart: Chart, name: str, chosen: Chosen, helms: Sequence[Helm], render: RenderByHelm, recorder: Recorder
) -> Stage:
    own = replace(recorder, environment=name, stages=[])
    started = time.perf_counter()
    try:
        renders = await asyncio.gather(*(_rendered(helm, chosen, render) for helm in helms))
    except HelmError as error:
        own.skip((STAGE,), str(error), excused=False)
        return own.stages[0]
    if lost := [f"{it.helm}: {it.error}" for it in renders if it.error and it.error.kind == "helm"]:
        own.skip((STAGE,), "; ".join(lost), excused=False)
    else:
        file = shown(chosen.files[-1]) if chosen.files else f"{chart.name}/values.yaml"
        subject = Compared(file, chart.name, renders)
        own.run(STAGE, lambda: run(CHECKS, subject), time.perf_counter() - started)
    return own.stages[0]


async def _rendered(helm: Helm, chosen: Chosen, render: RenderByHelm) -> Rendered:
    name = f"Helm {'.'.join(map(str, helm.version))}"
    try:
        return Rendered(name, await render(files=chosen.files, helm=helm.path))
    except RenderError as error:
        return Rendered(name, error=error)
