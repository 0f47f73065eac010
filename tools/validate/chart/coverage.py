"""Has Helm render each environment until it is known which branches of the templates they reach."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, Protocol

from tools.findings.errors import InputError
from tools.findings.model import Where
from tools.manifests.files import read_text, shown
from tools.manifests.paths import joined
from tools.render.chart import Chart
from tools.render.helm_errors import RenderError
from tools.render.merge import overlay
from tools.validate.chart.branches import Reads, TemplateBranch, branches, changed, instrumented, leaves, reached

TEMPLATES = (".yaml", ".yml", ".tpl", ".txt", ".json")


class CoverageRender(Protocol):
    """Gives Helm's output for the chart in a directory, or raises RenderError or HelmError."""

    def __call__(self, chart: Path, values: Mapping[str, Any]) -> Awaitable[str]:
        """Its output."""


@dataclass
class Tried:
    """The branches of a chart's own templates, and those that were reached so far."""

    chart: Chart
    renders: Sequence[CoverageRender]
    refused: Sequence[Mapping[str, Any]] = ()
    reached: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        files = sorted(path for path in (self.chart.path / "templates").rglob("*") if path.suffix in TEMPLATES)
        self.texts = {path.relative_to(self.chart.path): read_text(path) for path in files if path.is_file()}
        self.branches: tuple[TemplateBranch, ...] = tuple(
            branch for file, text in self.texts.items() for branch in branches(text, f"{self.chart.name}/{file}")
        )
        if not self.branches:
            raise InputError(f"{self.chart.name}: no template has a branch, so there is nothing to count")

    async def run(self) -> None:
        """Try every environment, and then every refusal, until each reaches nothing that is new."""
        turns = asyncio.Semaphore(os.cpu_count() or 1)
        await asyncio.gather(*(self._environment(render, {}, turns) for render in self.renders))
        await asyncio.gather(*(self._environment(self.renders[0], values, turns) for values in self.refused))

    async def _environment(self, render: CoverageRender, values: Mapping[str, Any], turns: asyncio.Semaphore) -> None:
        async with turns:
            with tempfile.TemporaryDirectory(prefix="sark-coverage-") as folder:
                copy = copied(self.chart, Path(folder))
                written: dict[Path, frozenset[int]] = {}
                while True:
                    self._mark(copy, written)
                    try:
                        await render(copy, values)
                        return
                    except RenderError as error:
                        number = reached(error.text)
                        if number is None:
                            return
                        self.reached.add(number)

    def _mark(self, copy: Path, written: dict[Path, frozenset[int]]) -> None:
        """Have each branch that nothing has reached say so when it is; `written` is what stands in the copy."""
        for file, text in self.texts.items():
            name = f"{self.chart.name}/{file}"
            left = {
                number: branch
                for number, branch in enumerate(self.branches)
                if branch.file == name and number not in self.reached
            }
            if written.get(file) != left.keys():
                (copy / file).write_text(instrumented(text, left), "utf-8")
                written[file] = frozenset(left)


def copied(chart: Chart, folder: Path) -> Path:
    """A copy of the chart, without the schema of its values, for which some values of a trial are wrong."""
    copy = folder / "chart"
    top = str(chart.path)
    shutil.copytree(chart.path, copy, ignore=lambda place, names: {".git", "ci"} & {*names} if place == top else set())
    (copy / "values.schema.json").unlink(missing_ok=True)
    return copy


async def dead(chart: Chart, renders: Sequence[CoverageRender]) -> tuple[Where, ...]:
    """The values that no template names, and with which nothing changes that any environment renders."""
    documents = chart.values.documents
    values: Mapping[str, Any] = documents[0].body if documents and isinstance(documents[0].body, Mapping) else {}
    reads = Reads.of([*chart.templates, *_files(chart)])
    candidates = [path for path in leaves(values, _of_others(chart)) if not reads.certainly(path)]
    candidates = [path for path in candidates if not reads.perhaps(path)]
    if not candidates:
        return ()
    with tempfile.TemporaryDirectory(prefix="sark-coverage-") as folder:
        trial = _Mutations(copied(chart, Path(folder)), values, renders)
        unread = await trial.silent(candidates)
    file = shown(chart.path / "values.yaml")
    return tuple(Where(file, joined(path), documents[0].lines.get(joined(path), 0)) for path in unread)


@dataclass(frozen=True)
class _Mutations:
    chart: Path
    values: Mapping[str, Any]
    renders: Sequence[CoverageRender]

    async def silent(self, paths: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Those of the paths with which no render changes: tried together, and by halves where one does."""
        if await self._same(paths):
            return list(paths)
        if len(paths) == 1:
            return []
        half = len(paths) // 2
        return [*await self.silent(paths[:half]), *await self.silent(paths[half:])]

    async def _same(self, paths: Sequence[tuple[str, ...]]) -> bool:
        nothing: dict[str, Any] = {}
        values = reduce(overlay, map(self._mutation, paths), nothing)
        for render in self.renders:
            before, after = await self._text(render, {}), await self._text(render, values)
            if before != after:
                return False
        return True

    def _mutation(self, path: tuple[str, ...]) -> dict[str, Any]:
        value: Any = self.values
        for key in path:
            value = value[key]
        nested = changed(value)
        for key in reversed(path):
            nested = {key: nested}
        return nested if isinstance(nested, dict) else {}

    async def _text(self, render: CoverageRender, values: Mapping[str, Any]) -> str:
        try:
            return await render(self.chart, values)
        except RenderError as error:
            return error.text


def _of_others(chart: Chart) -> set[str]:
    """The keys at the top of the values that are for the charts below, or that Helm reads itself."""
    dependencies = chart.metadata.get("dependencies")
    names = {"global", "tags"}
    for entry in dependencies if isinstance(dependencies, list) else ():
        if isinstance(entry, Mapping):
            names.add(str(entry.get("alias") or entry.get("name")))
            names |= {condition.strip().partition(".")[0] for condition in str(entry.get("condition", "")).split(",")}
    return names


def _files(chart: Chart) -> Iterator[str]:
    """The text of the chart's other files, which `tpl` may read as templates."""
    for path in sorted((chart.path / "files").rglob("*")) if (chart.path / "files").is_dir() else ():
        if path.is_file():
            try:
                yield read_text(path)
            except InputError:
                continue
