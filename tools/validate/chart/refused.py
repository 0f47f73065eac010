"""Has Helm render the values that a chart has to refuse."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.findings.errors import InputError
from tools.findings.model import Finding, run
from tools.findings.recorder import Recorder
from tools.manifests.files import MANIFESTS, read_text, read_yaml, shown
from tools.render.helm import HelmError
from tools.render.helm_errors import RenderError
from tools.validate.chart.refusals import CHECKS, Refusal, Refused, of_table, of_values_file

STAGE = "refusals"
Render = Callable[[Mapping[str, Any], Sequence[Path]], Awaitable[str]]


def read(paths: Sequence[str]) -> tuple[Refusal, ...]:
    """The refusals of each path: a table of values, or a folder of values files. Raises InputError."""
    return tuple(refusal for name in paths for refusal in _read(Path(name)))


def _read(path: Path) -> Iterator[Refusal]:
    if not path.is_dir():
        yield from of_table(read_yaml(path), shown(path))
        return
    files = sorted(file for file in path.iterdir() if file.suffix in MANIFESTS)
    if not files:
        raise InputError(f"{shown(path)}: no values file is in the folder, so nothing was tried")
    for file in files:
        yield of_values_file(read_text(file), shown(file))


async def stage(paths: Sequence[str], render: Render, recorder: Recorder) -> None:
    """Runs the stage of the refusals; `render` gives Helm's output for values, or raises RenderError or HelmError."""
    started = time.perf_counter()
    outcomes: list[Refused] = []
    try:
        refusals = read(paths)
        turns = asyncio.Semaphore(os.cpu_count() or 1)
        outcomes.extend(await asyncio.gather(*(outcome(refusal, render, turns) for refusal in refusals)))
    except (InputError, HelmError) as error:
        recorder.skip((STAGE,), str(error), excused=False)
        return
    recorder.run(STAGE, lambda: _findings(outcomes), time.perf_counter() - started)


async def outcome(refusal: Refusal, render: Render, turns: asyncio.Semaphore) -> Refused:
    """How Helm takes the values. Raises InputError where it could not begin, and HelmError."""
    async with turns:
        try:
            await render(refusal.values, (Path(refusal.file),) if refusal.file else ())
        except RenderError as error:
            if error.kind == "helm":
                raise InputError(f"{refusal.where.file}: {refusal.where.path}: helm: {error}") from None
            return Refused(refusal, error)
    return Refused(refusal, None)


def _findings(outcomes: Sequence[Refused]) -> Iterator[Finding]:
    for result in outcomes:
        yield from run(CHECKS, result)
