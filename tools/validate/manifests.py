"""The stages that look at manifests, whether a chart gave them or a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache, partial
from typing import Any

from tools.egress import expiry
from tools.egress.rules import Egress
from tools.findings import suppress
from tools.findings.errors import InputError
from tools.findings.faults import reveal
from tools.findings.model import Finding, Manifest, Problem, Where, rule_id, run
from tools.findings.recorder import Recorder
from tools.findings.report import Gate
from tools.findings.stages import STAGES, checks
from tools.manifests import schemas
from tools.manifests.documents import Parsed, manifests, parse
from tools.manifests.rules.yaml import yaml_is_unambiguous
from tools.manifests.schemas import crds
from tools.manifests.source import Source, nothing_in
from tools.manifests.versions import KUBE_VERSION
from tools.policies.cluster import Cluster
from tools.reach.flows import read as flows
from tools.reach.flows.judge import FlowsJudgement, judge, pod_cidrs_of
from tools.reach.flows.rules import Flows
from tools.reach.needs.roles import roles
from tools.reach.world import UnknownPeerError
from tools.render.origins import RENDERED, at_template_lines
from tools.render.provenance import Helpers
from tools.validate.guarded import failure, guarded, over_objects
from tools.validate.opinions import tempered
from tools.validate.rules.values import Listed

_OF_OBJECTS = ("manifests", "policies", "egress", "flows")
_YAML = rule_id(yaml_is_unambiguous)


@dataclass(frozen=True, slots=True)
class Specified:
    """A specification of flows: its file, its text (`read` raises InputError), and the environments of the chart.

    `given`: somebody named the file, so it is for whatever is judged; else it speaks of those environments alone.
    """

    file: str
    read: Callable[[], str]
    environments: frozenset[str] = frozenset()
    given: bool = False


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The settings of a run: the day, the rules there are, a template's lines, what policies are for, and the flows
    that are to hold. `foreign`: the chart is somebody else's, and lists no names. `definitions`: the schemas of custom
    resources that somebody gave; `carried`: gives those that the chart brings, read when a kind is not known otherwise.
    """

    today: date
    known: frozenset[str]
    template: Callable[[str], Sequence[str]] = lambda file: ()
    helpers: Helpers = field(default_factory=dict)
    kube_version: str = KUBE_VERSION
    workloads: tuple[Manifest, ...] | None = None
    flows: Specified | None = None
    gate: Gate = Gate()
    definitions: Mapping[str, Any] = field(default_factory=dict)
    foreign: bool = False
    carried: Callable[[], Mapping[str, Any]] = dict

    def cluster(
        self, objects: tuple[Manifest, ...], texts: Sequence[tuple[str, str]], values: Mapping[str, Any] | None = None
    ) -> Cluster:
        """What the manifest and policy checks look at; `values` are those that the objects were rendered from."""
        given = self.workloads is not None
        callers = roles(values or {})
        known = self._definitions(objects)
        return Cluster(objects, self.workloads or (), given, self.kube_version, tuple(texts), callers, known)

    def _definitions(self, objects: tuple[Manifest, ...]) -> Mapping[str, Any]:
        """The schemas of custom resources: those that were given, before those of the chart and of the objects."""
        kinds = {(api if isinstance(api := item.body.get("apiVersion"), str) else "", item.kind) for item in objects}
        others = (kind for kind in kinds if "/".join(kind) not in self.definitions)
        if all(schemas.validator(*kind, self.kube_version) for kind in others):
            return self.definitions
        return {**self.carried(), **crds.readable(objects), **self.definitions}


def files(recorder: Recorder, sources: Sequence[Source], rules: RunSettings) -> None:
    """Judge manifest files: their YAML, objects and policies. A file that cannot be read is named and left out."""
    read = [source for source in sources if not source.refusal]
    faults = [Finding(_YAML, Problem(Where(it.file), it.refusal), fault=True) for it in sources if it.refusal]
    if not read:
        recorder.skip(("manifests", "policies"), faults[0].problem.message, excused=False)
        return
    parsed = [(source.file, _parsed(source, faults)) for source in read]
    objects = tuple(item for file, source in parsed for item in manifests(source, file))
    if not faults and not objects and not any(source.problems for _, source in parsed):
        recorder.skip(("manifests", "policies"), nothing_in(file for file, _ in parsed), excused=False)
        return
    suppressions = suppress.Suppressions(tuple(suppress.in_manifests(objects)), rules.today, rules.known)
    cluster = cache(partial(rules.cluster, objects, [(source.file, source.text) for source in read]))
    recorder.run("manifests", lambda: (*faults, *_manifests([source for _, source in parsed], cluster(), suppressions)))
    recorder.run("policies", lambda: suppress.apply(_policies(cluster()), suppressions))
    if (specified := rules.flows) and specified.given:
        recorder.run("flows", lambda: _flows(specified, "", objects, {}, rules))


def _parsed(source: Source, faults: list[Finding]) -> Parsed:
    """The documents of a text; an error in reading costs that file alone."""
    try:
        return parse(source.text, source.file)
    except Exception as error:
        reveal(error)
        faults.append(failure(_YAML, Where(source.file), error))
        return Parsed()


@dataclass(frozen=True, slots=True)
class Render:
    """What a chart rendered from some values: Helm's text, its objects, and every suppression that covers them."""

    text: str
    parsed: Parsed
    objects: tuple[Manifest, ...]
    suppressions: suppress.Suppressions
    values: Listed
    chart: str
    rules: RunSettings

    def settled(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings that no suppression covers, each with a line of its template where that is known."""
        return self.placed(suppress.apply(findings, self.suppressions))

    def placed(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings, each with a line of its template where that is known."""
        return at_template_lines(findings, self.text, self.chart, self.rules.template, self.rules.helpers)

    def place(self, where: Where) -> Where:
        """The place in a template, where that is known, of one in rendered text."""
        return next(self.placed([Finding("", Problem(where, ""))])).problem.where


def read_render(
    text: str, values: Listed, in_values: Sequence[suppress.Suppression], chart: str, rules: RunSettings
) -> Render:
    """Read Helm's output. `chart` is the chart's directory, `in_values` are the suppressions of the values files."""
    parsed = parse(text, RENDERED)
    objects = manifests(parsed, RENDERED, chart)
    every = suppress.Suppressions((*in_values, *suppress.in_manifests(objects)), rules.today, rules.known)
    return Render(text, parsed, objects, every, values, chart, rules)


def rendered(recorder: Recorder, render: Render, stages: Collection[str] = STAGES) -> None:
    """Judge what a chart rendered: the same, and that its egress is what the values list, where it lists any.

    `stages`: those that there are for the chart.
    """
    if not render.objects and not render.parsed.problems:
        reason = "the chart renders no object with these values, so there is nothing to judge"
        recorder.skip((stage for stage in stages if stage in _OF_OBJECTS), reason, excused=False)
        return
    own = replace(render.suppressions, items=tuple(suppress.in_manifests(render.objects)))
    cluster = cache(partial(render.rules.cluster, render.objects, ((RENDERED, render.text),), render.values.body))
    recorder.run("manifests", lambda: render.placed(_manifests([render.parsed], cluster(), own)))
    judged = tempered if render.rules.foreign else iter
    recorder.run("policies", lambda: judged(render.settled(_policies(cluster()))))
    egress = render.values.body.get("egress")
    if "egress" not in stages:
        pass
    elif not isinstance(egress, dict) or not egress.get("enabled"):
        recorder.skip(("egress",), "egress.enabled is false: there is no list to compare with", excused=True)
    else:
        subject = _egress(egress, render.values, render.objects)
        recorder.run("egress", lambda: render.settled(_egress_findings(subject, render.values)))
    if "flows" in stages:
        _judge_flows(recorder, render)


def _judge_flows(recorder: Recorder, render: Render) -> None:
    specified, name = render.rules.flows, render.values.environment
    if specified is None or not (specified.given or name in specified.environments):
        recorder.skip(("flows",), "no specification of flows is for these values; --flows FILE names one", excused=True)
        return
    environment = name if name in specified.environments else ""
    values, place = render.values.body, render.place
    recorder.run("flows", lambda: _flows(specified, environment, render.objects, values, render.rules, place))


def _flows(
    specified: Specified,
    environment: str,
    objects: tuple[Manifest, ...],
    values: Mapping[str, Any],
    rules: RunSettings,
    place: Callable[[Where], Where] = lambda where: where,
) -> Iterator[Finding]:
    text = specified.read()
    spec, faults = flows.read(text, specified.file)
    here = spec and spec.of(environment)
    try:
        judged = judge(here, objects, pod_cidrs=pod_cidrs_of(values)) if here else FlowsJudgement(())
    except UnknownPeerError as error:
        raise InputError(str(error)) from None
    suppressions = suppress.Suppressions(tuple(suppress.in_text(text, specified.file)), rules.today, rules.known)
    subject = Flows(specified.file, environment, here, faults, judged, place)
    yield from suppress.apply(guarded(checks("flows"), subject, Where(specified.file)), suppressions)
    yield from suppress.judge(suppressions)


def _manifests(parsed: Sequence[Parsed], cluster: Cluster, suppressions: suppress.Suppressions) -> tuple[Finding, ...]:
    findings = [finding for source in parsed for finding in run((yaml_is_unambiguous,), source)]
    findings.extend(over_objects(checks("manifests"), cluster))
    return (*suppress.apply(_named(findings, cluster.manifests), suppressions), *suppress.judge(suppressions))


def _policies(cluster: Cluster) -> Iterator[Finding]:
    return _named(over_objects(checks("policies"), cluster), cluster.manifests)


def _named(findings: Iterable[Finding], objects: Sequence[Manifest]) -> Iterator[Finding]:
    """Findings in the text of files, each with the object that stands there."""
    starts = sorted(
        (item.lines.get("", min(item.lines.values(), default=0)), number) for number, item in enumerate(objects)
    )
    by_file: dict[str, list[tuple[int, int]]] = {}
    for line, number in starts:
        by_file.setdefault(objects[number].file, []).append((line, number))
    for finding in findings:
        where = finding.problem.where
        if where.identity or not where.line:
            yield finding
            continue
        known = starts if where.file == RENDERED else by_file.get(where.file, [])
        above = bisect_right(known, (where.line, len(objects)))
        identity = objects[known[above - 1][1]].where().identity if above else None
        place = replace(where, identity=identity)
        yield replace(finding, problem=replace(finding.problem, where=place))


def _egress(egress: dict[str, Any], values: Listed, objects: tuple[Manifest, ...]) -> Egress:
    return Egress(
        engine=str(egress.get("engine", "")),
        mode=str(egress.get("mode", "")),
        strict=bool(egress.get("strict")),
        listed=values.allowlist[0],
        manifests=objects,
        now=expiry.as_of(egress, datetime.now(UTC)),
        file=values.file,
    )


def _egress_findings(subject: Egress, values: Listed) -> Iterator[Finding]:
    return (_in_values(finding, values) for finding in guarded(checks("egress"), subject))


def _in_values(finding: Finding, values: Listed) -> Finding:
    where = finding.problem.where
    if where.line or not where.path.startswith("egress"):
        return finding
    return replace(finding, problem=replace(finding.problem, where=values.where(where.path)))
