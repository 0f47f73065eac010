"""What must hold for values that Helm is given: one verdict, and a render that is the list and nothing wider."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cache
from ipaddress import collapse_addresses, ip_network
from typing import Any

import yaml

from tests.standing_fuzz.case import Subject, Unmet
from tests.standing_fuzz.values import make
from tests.standing_fuzz.values_judge import Net, project, read
from tools.cluster.fuzz.dice import Dice
from tools.egress.allowlist import AllowRule, everything
from tools.egress.engines import engine
from tools.egress.envoy.decode import denied
from tools.egress.envoy.verdict import verdict
from tools.findings.model import Manifest, Severity
from tools.findings.recorder import Recorder
from tools.findings.stages import manual
from tools.render.helm_errors import RenderError
from tools.render.own import CHART
from tools.render.template import render
from tools.validate import manifests as judged
from tools.validate.rules.values import Listed

# A template that failed where it did not mean to: Helm shows the place in it instead of a sentence of the chart's.
RAW = ("template: ", "YAML parse error", "parse error", "error calling", "nil pointer", "error converting YAML")
# Findings that a render must never have, whatever the values: the API server refuses such objects.
NEVER = frozenset(
    ("names-are-legal", "labels-are-legal", "objects-are-unique", "documents-are-objects", "yaml-is-unambiguous")
)
ENVOY_SHARE = 0.15
WRONG_SHARE = 0.05
RETRIES = 8


def make_render(dice: Dice) -> Any:
    """Values, mostly such as the schema takes, and whether Envoy is asked."""
    case = make(dice)
    for _ in range(RETRIES):
        if dice.chance(WRONG_SHARE) or not read(case["values"]).rejections:
            break
        case = make(dice)
    return {**case, "envoy": dice.chance(ENVOY_SHARE)}


def judge(case: Any) -> str:
    """Ask Helm and the toolkit, and read what was rendered back."""
    values = read(case["values"])
    problems = [it for it in values.allowlist[1] if it.severity is Severity.ERROR]
    try:
        text = asyncio.run(render(CHART, case["values"]))
    except RenderError as error:
        return _refused(error, values)
    if values.rejections:
        first = values.rejections[0]
        raise Unmet("Helm takes what our reading of the schema refuses", f"{first.path}: {first.message}")
    if problems:
        raise Unmet("Helm takes what our allowlist refuses", f"{problems[0].where.path}: {problems[0].message}")
    return _rendered(case, values, text)


def _refused(error: RenderError, values: Listed) -> str:
    if error.kind == "helm":
        raise Unmet("Helm could not begin", error.message)
    if error.kind == "schema" and not values.rejections:
        raise Unmet("Helm's schema check refuses what ours takes", error.message)
    if error.kind == "template" and any(mark in error.message for mark in RAW):
        raise Unmet("a template fails without a sentence of its own", error.message)
    return f"refused by the {'schema' if error.kind == 'schema' else 'templates'}"


def _rendered(case: Any, values: Listed, text: str) -> str:
    rules = judged.RunSettings(date(2026, 1, 1), frozenset(_manual()), workloads=project().workloads)
    render = judged.read_render(text, values, (), project().name, rules)
    recorder = Recorder("fuzz")
    judged.rendered(recorder, render)
    for stage in recorder.stages:
        if stage.skipped and not stage.excused:
            raise Unmet(f"stage {stage.name} does not run", stage.skipped)
        for finding in stage.findings:
            if finding.rule in NEVER and finding.problem.severity is Severity.ERROR:
                raise Unmet(f"the render breaks {finding.rule}", finding.problem.message)
    egress = values.body.get("egress") or {}
    _as_written(values, egress, render.objects)
    _addresses(values.body, egress, render.objects)
    _same_skeleton(case, render.objects)
    if case.get("envoy"):
        for finding in asyncio.run(verdict(render.objects, "fuzz")).findings:
            raise Unmet("Envoy refuses what was rendered", finding.problem.message)
        return "rendered, and Envoy asked"
    return "rendered"


@cache
def _manual() -> dict[str, str]:
    return manual()


def _as_written(values: Listed, egress: Mapping[str, Any], objects: tuple[Manifest, ...]) -> None:
    """The list that the engine's manifests enforce is the list that was written."""
    chosen = engine(str(egress.get("engine")))
    if chosen is None or not egress.get("enabled") or (chosen.name != "proxy" and egress.get("internal")):
        return
    written = values.allowlist[0]
    audited: set[AllowRule] = set()
    if written.mode == "audit":
        audited = {everything("gateway"), *(everything(rule.workload) for rule in written.rules)}
    enforced = chosen.decode(objects)
    wider = enforced - _canonical(written.rules) - audited
    if wider:
        raise Unmet("the list is wider than written", _some(wider))
    if lost := _canonical(written.rules) - enforced:
        raise Unmet("the list is narrower than written", _some(lost))


def _canonical(rules: Iterable[AllowRule]) -> frozenset[AllowRule]:
    """The rules with their CIDRs in the one spelling of each."""
    return frozenset(
        replace(rule, cidrs=tuple(sorted({str(ip_network(cidr, strict=False)) for cidr in rule.cidrs})))
        for rule in rules
    )


def _some(rules: Iterable[AllowRule]) -> str:
    return "; ".join(map(str, sorted(rules)[:3]))


def _addresses(values: Mapping[str, Any], egress: Mapping[str, Any], objects: tuple[Manifest, ...]) -> None:
    """Policies open addresses that values hold, and the proxy denies all those that it is told to."""
    written = set(_networks(values))
    for object_ in objects:
        if object_.kind != "NetworkPolicy":
            continue
        for block in _blocks(object_.body.get("spec")):
            net = ip_network(block["cidr"], strict=False)
            if net not in written and not (net.prefixlen == 0 and block.get("except")):
                raise Unmet("a policy opens addresses that nobody wrote", f"{object_.name}: {net}")
    if egress.get("engine") == "proxy" and egress.get("enabled"):
        closed = tuple(ip_network(cidr, strict=False) for cidr in denied(objects))
        cluster = (values.get("cluster") or {}).get("cidrs") or ()
        for cidr in (*(egress.get("deniedCidrs") or ()), *cluster):
            if closed and not _covered(ip_network(cidr, strict=False), closed):
                raise Unmet("the proxy does not deny a range that it is told to", cidr)


def _covered(net: Net, by: Iterable[Net]) -> bool:
    same: list[Any] = [each for each in by if each.version == net.version]
    return any(net.subnet_of(each) for each in collapse_addresses(same))


def _networks(value: Any) -> Iterator[Net]:
    """Every network and address in the values."""
    if isinstance(value, str):
        with suppress(ValueError):
            yield ip_network(value, strict=False)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _networks(item)


def _blocks(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if isinstance(value.get("ipBlock"), Mapping):
            yield value["ipBlock"]
        for item in value.values():
            yield from _blocks(item)
    elif isinstance(value, list):
        for item in value:
            yield from _blocks(item)


def _same_skeleton(case: Any, objects: tuple[Manifest, ...]) -> None:
    """Text in values stays text: the objects have the keys and the types that innocent text gives them."""
    if case["plain"] == case["values"] or not _only_texts_differ(case["values"], case["plain"]):
        return
    try:
        text = asyncio.run(render(CHART, case["plain"]))
    except RenderError:
        return
    innocent = [body for body in yaml.load_all(text, yaml.CSafeLoader) if body]
    ours, theirs = (
        sorted(repr(skeleton(body)) for body in bodies) for bodies in ([it.body for it in objects], innocent)
    )
    if ours != theirs:
        changed = sorted(set(ours) ^ set(theirs))
        raise Unmet("text in values changes the skeleton", f"{changed[0][:300]} and {changed[-1][:300]}")


def _only_texts_differ(left: Any, other: Any) -> bool:
    """Whether every difference is of two texts, both not empty; lists of names are sorted, and left out."""
    if isinstance(left, dict) and isinstance(other, dict):
        return left.keys() == other.keys() and all(
            key not in ("domains", "extraDomains") and _only_texts_differ(value, other[key])
            for key, value in left.items()
        )
    if isinstance(left, list) and isinstance(other, list):
        return len(left) == len(other) and all(map(_only_texts_differ, left, other))
    return left == other or (isinstance(left, str) and isinstance(other, str) and bool(left) and bool(other))


def skeleton(value: Any, key: str = "") -> Any:
    """The keys and the types of a value; text that is YAML by its key is read."""
    if isinstance(value, Mapping):
        return {name: skeleton(item, name) for name, item in sorted(value.items())}
    if isinstance(value, list):
        return [skeleton(item) for item in value]
    if isinstance(value, str) and key.endswith((".yaml", ".json")):
        return skeleton(yaml.load(value, yaml.CSafeLoader))
    return type(value).__name__


SUBJECT = Subject("renders", make_render, judge, cases=500, check=5, seconds=30)
