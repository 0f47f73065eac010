"""Reads the judge's input into objects: files, a chart's render, a live cluster."""

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
from tools.manifests.source import Source, chart_refusal, nothing_in
from tools.policies.staged import pending
from tools.reach.flows.judge import pod_cidrs_of
from tools.reach.flows.state import is_test
from tools.reach.inputs.documents import FileObjects, once, read
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
OnStep = Callable[[str], None]


class UsageError(Exception):
    """A command line that cannot be carried out as it is; the message says what to write."""


@dataclass(frozen=True, slots=True)
class InputRequest:
    """The input to read. Later sources replace objects of earlier ones: a cluster, the chart, manifests, workloads.

    Without `chart`, `env` and `values` no chart is rendered. `namespace`: "" means the release's for a chart, else
    `default`. `stand_ins`: use a chart's ci/workloads.yaml where no workloads were named. `pending`: judge staged
    policies as though they were enforced. `future`: pods that do not exist yet.
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
        """Whether the input includes a chart."""
        return bool(self.chart or self.env or self.values)

    @property
    def empty(self) -> bool:
        """Whether it names nothing to judge."""
        return not (self.rendered or self.context or self.manifests or self.workloads)


def requested(options: argparse.Namespace, env: str = "") -> InputRequest:
    """The input that a command line asks for. `env`: the environment, where the command itself chooses it."""
    return InputRequest(
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
class JudgeInput:
    """The objects that were read. `problems` are findings; `notes` say what a reader must know about the reading.

    `unread`: the files that could not be read, and why. Verdicts without them may be wrong.
    """

    manifests: tuple[Manifest, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    namespace: str = DEFAULT_NAMESPACE
    pod_cidrs: tuple[Net, ...] = POD_CIDRS
    unread: tuple[Problem, ...] = ()

    def world(self) -> World:
        """The world to judge."""
        return World(self.manifests, pod_cidrs=self.pod_cidrs, namespace=self.namespace)


@dataclass
class _InputReading:
    """Collects the layers of objects while they are read."""

    request: InputRequest
    on_step: OnStep
    layers: list[tuple[Manifest, ...]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    pod_cidrs: tuple[Net, ...] = POD_CIDRS
    unread: list[Problem] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        return self.request.namespace or (NAMESPACE if self.request.rendered else DEFAULT_NAMESPACE)

    def cluster(self) -> None:
        # Imported only here, because the client takes most of a second to load.
        from tools.reach.inputs import live

        try:
            listing = live.read(self.request.context, self.on_step)
        except live.UnknownContextError as error:
            raise UsageError(str(error)) from None
        except live.UnreachableError as error:
            raise InputError(str(error)) from None
        self.layers.append(tuple(listing.manifests))
        unread = [f"{self.request.context}: could not be read: {reason}" for reason in listing.unread]
        if unread and not self.request.allow_partial:
            hint = "verdicts without it may be wrong; --allow-partial judges the rest"
            raise InputError("\n".join((*unread, hint)))
        unread.extend(f"{self.request.context}: could not be read: {reason}" for reason in listing.unseen)
        messages = (f"{message}; it is judged as if there were none" for message in unread)
        self.notes.extend(Problem(Where(""), message, Severity.NOTE) for message in messages)

    def chart(self) -> None:
        own = chart(self.request.chart or CHART)
        files = (*environment(self.request.env, own), *self.request.values)
        override = layered(files)
        target = RenderTarget(namespace=self.namespace, kube_version=self.request.kube_version)
        text = rendered(own.path, files, target)
        self.on_step(f"rendered {own.name}")
        parsed = parse(text, RENDERED)
        self.problems.extend(parsed.problems)
        objects = in_templates(manifests(parsed, RENDERED, own.name), text, own.template, own.helpers)
        # Objects that exist only while `helm test` runs are not part of the release.
        self.layers.append(tuple(manifest for manifest in objects if not is_test(manifest)))
        self.pod_cidrs = pod_cidrs_of(merge(_own_values(own), override))
        self.stand_ins(own)

    def stand_ins(self, own: Chart) -> None:
        """Read the workloads for which the chart is made, unless other workloads were named."""
        path = own.path / "ci" / "workloads.yaml"
        named = self.request.workloads or self.request.manifests or self.request.context
        if path.is_file() and self.request.stand_ins and not named:
            self.files([str(path)])
            if not self.request.env:
                message = "these workloads of the chart's own environments are assumed; --workloads names others"
                self.notes.append(Problem(Where(shown(path)), message, Severity.NOTE))

    def files(self, paths: Sequence[str]) -> None:
        manifests: list[Manifest] = []
        for file in self._read(paths):
            manifests.extend(file.manifests)
            self.problems.extend(problem for problem in file.problems if problem.severity is not Severity.NOTE)
            self.notes.extend(problem for problem in file.problems if problem.severity is Severity.NOTE)
        self.layers.append(tuple(manifests))

    def _read(self, paths: Sequence[str]) -> Iterator[FileObjects]:
        for path in paths:
            if is_chart(path):
                raise UsageError(chart_refusal(path))
        files = []
        charts = []
        empty = True
        refused = 0
        for source in manifest_sources(paths):
            if source.is_chart:
                charts.append(Path(source.file))
                continue
            files.append(source.file)
            if objects := self._objects(source):
                empty = empty and not (objects.manifests or objects.problems)
                yield objects
            else:
                refused += 1
            self.on_step(f"read {source.file}")
        self.notes.extend(_left_out(charts))
        if files and refused == len(files):
            raise InputError("\n".join(problem.message for problem in self.unread[-refused:]))
        if empty:
            raise InputError(nothing_in(files))

    def _objects(self, source: Source) -> FileObjects | None:
        """The objects of a file; None if it cannot be read, which does not keep the other files from being judged."""
        if source.refusal:
            self.unread.append(Problem(Where(source.file), source.refusal))
            return None
        try:
            return read(source.text, source.file)
        except Exception as error:
            self.unread.append(Problem(Where(source.file), contained(error)))
            return None

    def result(self) -> JudgeInput:
        try:
            future_pods = tuple(map(pod, self.request.future))
        except FutureError as error:
            raise UsageError(f"--future: {error}") from None
        manifests, problems = stacked((*self.layers, future_pods), self.namespace)
        objects = settled(manifests, self.namespace)
        if self.request.pending:
            objects = pending(objects, self.namespace)
        notes = tuple(once(self.notes))
        cidrs = self.request.pod_cidrs or (*self.pod_cidrs, *around(objects, self.pod_cidrs, self.namespace))
        return JudgeInput(objects, (*self.problems, *problems), notes, self.namespace, cidrs, tuple(self.unread))


def gather(request: InputRequest, on_step: OnStep = lambda step: None) -> JudgeInput:
    """Read the input. `on_step` is called for each step.

    Raises UsageError for input that does not exist, and InputError, HelmError or RenderError for input that cannot be
    read.
    """
    if [*request.manifests, *request.workloads].count("-") > 1:
        raise UsageError("standard input can be read only once; write - only once")
    reading = _InputReading(request, on_step)
    if request.context:
        reading.cluster()
    if request.rendered:
        reading.chart()
    for paths in (request.manifests, request.workloads):
        if paths:
            reading.files(paths)
    return reading.result()


def environment(name: str, own: Chart) -> tuple[Path, ...]:
    """The values file of an environment of a chart; none where `name` is "". Raises UsageError."""
    if not name:
        return ()
    if name not in own.environments:
        known = ", ".join(own.environments) or "none"
        raise UsageError(f"{own.name} has no environment {name}; there are {known}")
    return (own.environments[name],)


def _left_out(charts: Sequence[Path]) -> Iterator[Problem]:
    if charts:
        others = len(charts) - 1
        more = f" (as {'is 1 more chart' if others == 1 else f'are {others} more charts'})" if others else ""
        message = f"is a chart, whose templates are not manifests, so it is left out{more}; --chart judges it"
        yield Problem(Where(str(charts[0] / "Chart.yaml")), message, Severity.NOTE)


def _own_values(own: Chart) -> Mapping[str, Any]:
    path = own.path / "values.yaml"
    return mapping(path) if path.is_file() else {}
