"""Everything that the judge can be asked about, read into objects: files, a chart's render, a live cluster."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.findings.errors import InputError
from tools.findings.faults import contained
from tools.findings.model import Manifest, Problem, Severity, Where
from tools.manifests.addresses import Net
from tools.manifests.documents import manifests, parse
from tools.manifests.files import manifest_sources, mapping, shown
from tools.manifests.source import Source, nothing_in
from tools.policies.staged import pending
from tools.reach.flows.judge import pod_cidrs_of
from tools.reach.flows.state import is_test
from tools.reach.inputs.documents import Read, once, read
from tools.reach.inputs.future import FutureError, pod
from tools.reach.inputs.rendered import in_templates
from tools.reach.objects import around, stacked
from tools.reach.peers.owners import settled
from tools.reach.world import POD_CIDRS, World
from tools.render.chart import Chart, chart, is_chart, layered
from tools.render.merge import merge
from tools.render.origins import RENDERED
from tools.render.own import CHART
from tools.render.target import KUBE_VERSION, NAMESPACE, RenderTarget
from tools.render.template import rendered

DEFAULT_NAMESPACE = "default"
Told = Callable[[str], None]


class UsageError(Exception):
    """A question that names what is not there; the message says what is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to judge. Later ones replace earlier ones: a cluster, the chart, manifests, workloads.

    `chart` None and neither `env` nor `values`: no chart. `namespace` "": the release's for a chart, else default.
    `stand_ins`: take a chart's ci/workloads.yaml where nobody says which workloads there are. `pending`: staged
    policies as though they were enforced. `future`: pods that are not there yet.
    """

    context: str = ""
    chart: Path | None = None
    env: str = ""
    values: tuple[Path, ...] = ()
    manifests: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    namespace: str = ""
    pod_cidrs: tuple[Net, ...] = ()
    kube_version: str = KUBE_VERSION
    allow_partial: bool = False
    stand_ins: bool = True
    pending: bool = False
    future: tuple[str, ...] = ()

    @property
    def rendered(self) -> bool:
        """Whether a chart is part of it."""
        return bool(self.chart or self.env or self.values)

    @property
    def empty(self) -> bool:
        """Whether nothing was named to judge."""
        return not (self.rendered or self.context or self.manifests or self.workloads)


def wanted(options: argparse.Namespace, env: str = "") -> Wanted:
    """What the options of a command line ask for. `env`: the environment, where the command itself says which."""
    return Wanted(
        context=getattr(options, "context", None) or "",
        chart=options.chart,
        env=env or getattr(options, "env", None) or "",
        values=tuple(getattr(options, "values", None) or ()),
        manifests=(*(getattr(options, "paths", None) or ()), *(getattr(options, "manifests", None) or ())),
        workloads=tuple(options.workloads or ()),
        namespace=options.namespace or "",
        pod_cidrs=tuple(options.pod_cidrs or ()),
        kube_version=options.kube_version,
        allow_partial=options.allow_partial,
        pending=options.pending,
        future=tuple(options.future or ()),
    )


@dataclass(frozen=True)
class Input:
    """What was read. `problems` are findings; `notes` is what a reader must know of how it was read.

    `unread`: the files that could not be read, and why. A judgement without them may be wrong.
    """

    manifests: tuple[Manifest, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    namespace: str = DEFAULT_NAMESPACE
    pod_cidrs: tuple[Net, ...] = POD_CIDRS
    unread: tuple[Problem, ...] = ()

    def world(self) -> World:
        """The judge of it."""
        return World(self.manifests, pod_cidrs=self.pod_cidrs, namespace=self.namespace)


@dataclass
class _Reading:
    """Collects layers while they are read."""

    wanted: Wanted
    told: Told
    layers: list[tuple[Manifest, ...]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    pod_cidrs: tuple[Net, ...] = POD_CIDRS
    unread: list[Problem] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        return self.wanted.namespace or (NAMESPACE if self.wanted.rendered else DEFAULT_NAMESPACE)

    def cluster(self) -> None:
        # The client takes most of a second to load, and only this needs it.
        from tools.reach.inputs import live

        try:
            found = live.read(self.wanted.context, self.told)
        except live.UnknownContextError as error:
            raise UsageError(str(error)) from None
        except live.UnreachableError as error:
            raise InputError(str(error)) from None
        self.layers.append(tuple(found.manifests))
        unread = [f"{self.wanted.context}: could not be read: {reason}" for reason in found.unread]
        if unread and not self.wanted.allow_partial:
            hint = "a judgement without it may be wrong; --allow-partial judges the rest"
            raise InputError("\n".join((*unread, hint)))
        unread.extend(f"{self.wanted.context}: could not be read: {reason}" for reason in found.unseen)
        without = (f"{said}; it is judged as if there were none" for said in unread)
        self.notes.extend(Problem(Where(""), said, Severity.NOTE) for said in without)

    def chart(self) -> None:
        made = chart(self.wanted.chart or CHART)
        files = (*environment(self.wanted.env, made), *self.wanted.values)
        override = layered(files)
        target = RenderTarget(namespace=self.namespace, kube_version=self.wanted.kube_version)
        text = rendered(made.path, files, target)
        self.told(f"rendered {made.name}")
        parsed = parse(text, RENDERED)
        self.problems.extend(parsed.problems)
        objects = manifests(parsed, RENDERED, made.name)
        # What runs while `helm test` does is no part of the release.
        self.layers.append(
            tuple(
                manifest
                for manifest in in_templates(objects, text, made.template, made.helpers)
                if not is_test(manifest)
            )
        )
        self.pod_cidrs = pod_cidrs_of(merge(_own_values(made), override))
        self.stand_ins(made)

    def stand_ins(self, made: Chart) -> None:
        """The workloads that the chart is for, unless somebody says which they are."""
        path = made.path / "ci" / "workloads.yaml"
        named = self.wanted.workloads or self.wanted.manifests or self.wanted.context
        if path.is_file() and self.wanted.stand_ins and not named:
            self.files([str(path)])
            if not self.wanted.env:
                message = "the workloads are those of the chart's own environments; --workloads names others"
                self.notes.append(Problem(Where(shown(path)), message, Severity.NOTE))

    def files(self, paths: Sequence[str]) -> None:
        manifests: list[Manifest] = []
        for one in self._read(paths):
            manifests.extend(one.manifests)
            self.problems.extend(problem for problem in one.problems if problem.severity is not Severity.NOTE)
            self.notes.extend(problem for problem in one.problems if problem.severity is Severity.NOTE)
        self.layers.append(tuple(manifests))

    def _read(self, paths: Sequence[str]) -> Iterator[Read]:
        for path in paths:
            if is_chart(path):
                raise UsageError(f"{path} is a chart, and its templates are no manifests; write --chart {path}")
        charts = [folder for path in paths if path != "-" for folder in _charts(Path(path))]
        self.notes.extend(_left_out(charts))
        files = []
        empty = True
        refused = 0
        for source in manifest_sources(paths):
            if not source.refusal and any(Path(source.file).resolve().is_relative_to(folder) for folder in charts):
                continue
            files.append(source.file)
            if read := self._one(source):
                empty = empty and not (read.manifests or read.problems)
                yield read
            else:
                refused += 1
            self.told(f"read {source.file}")
        if files and refused == len(files):
            raise InputError("\n".join(problem.message for problem in self.unread[-refused:]))
        if empty:
            raise InputError(nothing_in(files))

    def _one(self, source: Source) -> Read | None:
        """The objects of a file. One that cannot be read costs that file, and the others are judged."""
        if source.refusal:
            self.unread.append(Problem(Where(source.file), source.refusal))
            return None
        try:
            return read(source.text, source.file)
        except Exception as error:
            self.unread.append(Problem(Where(source.file), contained(error)))
            return None

    def result(self) -> Input:
        try:
            to_come = tuple(map(pod, self.wanted.future))
        except FutureError as error:
            raise UsageError(f"--future: {error}") from None
        manifests, problems = stacked((*self.layers, to_come), self.namespace)
        objects = settled(manifests, self.namespace)
        if self.wanted.pending:
            objects = pending(objects, self.namespace)
        notes = tuple(once(self.notes))
        cidrs = self.wanted.pod_cidrs or (*self.pod_cidrs, *around(objects, self.pod_cidrs, self.namespace))
        return Input(objects, (*self.problems, *problems), notes, self.namespace, cidrs, tuple(self.unread))


def gather(expected: Wanted, notices: Told = lambda what: None) -> Input:
    """Read all of it. `notices` is called with each step.

    Raises UsageError for what is not there, and InputError, HelmError or RenderError for what cannot be read.
    """
    if [*expected.manifests, *expected.workloads].count("-") > 1:
        raise UsageError("standard input can be read once alone; name - once")
    reading = _Reading(expected, notices)
    if expected.context:
        reading.cluster()
    if expected.rendered:
        reading.chart()
    for paths in (expected.manifests, expected.workloads):
        if paths:
            reading.files(paths)
    return reading.result()


def environment(name: str, made: Chart) -> tuple[Path, ...]:
    """The values file of an environment of a chart; none when no name is given. Raises UsageError."""
    if not name:
        return ()
    if name not in made.environments:
        known = ", ".join(made.environments) or "none"
        raise UsageError(f"{made.name} has no environment {name}; there are {known}")
    return (made.environments[name],)


def _charts(path: Path) -> Iterator[Path]:
    """The charts below a folder of manifests, whole: those inside another chart are a part of it."""
    paths: list[Path] = []
    for file in sorted(path.rglob("Chart.yaml"), key=lambda file: (len(file.parts), file)) if path.is_dir() else ():
        folder = file.parent.resolve()
        if not any(folder.is_relative_to(outer) for outer in paths):
            paths.append(folder)
    yield from paths


def _left_out(charts: Sequence[Path]) -> Iterator[Problem]:
    if charts:
        more = f" (and {len(charts) - 1} more below what was named)" if len(charts) > 1 else ""
        message = f"is a chart{more}, whose templates are no manifests, and is left out; --chart judges it"
        yield Problem(Where(shown(charts[0] / "Chart.yaml")), message, Severity.NOTE)


def _own_values(made: Chart) -> Mapping[str, Any]:
    path = made.path / "values.yaml"
    return mapping(path) if path.is_file() else {}
