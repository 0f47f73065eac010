"""Checks of `helm_release`: what Terraform gives Helm against the schema of the chart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.findings.model import Check, Problem, Severities, Severity, Where
from tools.manifests.documents import parse
from tools.render.merge import merge, overlay
from tools.render.schema import judge, shown
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.language.model import NestedBlock, ResourceInstance, UnknownValue, Value, unknowns

TYPE = "helm_release"
_STEP = re.compile(r"(?P<key>(?:\\.|[^.\[\]\\])+)|\[(?P<index>\d+)\]")
_NUMBER = re.compile(r"0|-?[1-9]\d*")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
# Where Helm would make a list of any length; no chart's list is longer.
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class ChartValues:
    """A chart's own values and the schema of all values; `missing` says why there are none to judge by."""

    values: Mapping[str, Any] = field(default_factory=dict)
    schema: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True, slots=True)
class TerraformRelease:
    """A release and its chart."""

    resource: ResourceInstance
    chart: ChartValues


@dataclass(frozen=True, slots=True)
class _ReleaseValues:
    """A piece of the values: what it sets, and where Terraform says so."""

    values: Mapping[str, Any]
    where: Where
    path: str = ""


def release_values_fit_the_chart(release: TerraformRelease) -> Iterator[Problem]:
    """The values of a `helm_release` are what the chart's values.schema.json allows.

    `terraform plan` does not read the schema: a misspelt key is refused during the apply, when the firewall around the
    cluster has changed already. `values`, `set`, `set_list`, `set_sensitive` and `set_wo` are laid over each other as
    the provider does it, and over the chart's own values. The chart is the directory that `chart` names, or this
    project's where its name is. Write what the message names.
    Source: the Helm provider's documentation of `helm_release`; Helm's `strvals` for the names of `set`.
    """
    resource, chart = release.resource, release.chart
    if chart.missing:
        yield cannot_tell(_where(resource, "chart"), UnknownValue(chart.missing), "its values are not judged")
        return
    layers: list[_ReleaseValues] = []
    doubts: list[Problem] = []
    for layer in (*_values(resource), *_settings(resource)):
        if isinstance(layer, Problem):
            doubts.append(layer)
        else:
            layers.append(layer)
    yield from doubts
    if any(doubt.severity is Severity.ERROR for doubt in doubts):
        return
    override: dict[str, Any] = {}
    for layer in layers:
        override = overlay(override, layer.values)
    for rejection in judge(chart.schema, merge(chart.values, override)):
        # What is not known may be what is missing.
        if not (doubts and rejection.message.endswith("is missing; write it")):
            place = _place(layers, rejection.path) or resource.where
            yield Problem(place, f"{rejection.path or 'values'}: {rejection.message}")


def _where(resource: ResourceInstance, name: str) -> Where:
    value = resource.body.value(name)
    return value.where if value else resource.where


def _values(resource: ResourceInstance) -> Iterator[_ReleaseValues | Problem]:
    written = resource.body.value("values")
    for item in written.items() if written else ():
        if isinstance(item.data, UnknownValue) and isinstance(item.data.encoded, dict):
            yield from _encoded(item.data.encoded, item.where)
        elif isinstance(item.data, UnknownValue):
            yield cannot_tell(item.where, item.data, "these values are not judged")
        elif isinstance(item.data, str):
            yield _document(item.data, item.where)


def _encoded(data: Mapping[str, Any], where: Where) -> Iterator[_ReleaseValues | Problem]:
    """What is given to yamlencode; what is unknown in it is left out and named."""
    for unknown in unknowns(dict(data)):
        yield cannot_tell(where, unknown, "this part of the values is not judged")
        break
    yield _ReleaseValues(_known(data), where)


def _known(data: Any) -> Any:
    """The data without what is unknown: a list with an unknown element is unknown as a whole."""
    if isinstance(data, Mapping):
        return {key: _known(item) for key, item in data.items() if not _hidden(item)}
    return [_known(item) for item in data] if isinstance(data, tuple) else data


def _hidden(item: Any) -> bool:
    return isinstance(item, UnknownValue) or (isinstance(item, tuple) and any(unknowns(item)))


def _document(text: str, where: Where) -> _ReleaseValues | Problem:
    parsed = parse(text, where.file)
    if parsed.problems:
        return Problem(where, f"the values are {parsed.problems[0].message}")
    body = parsed.documents[0].body if parsed.documents else {}
    if not isinstance(body, Mapping):
        return Problem(where, f"the values are {shown(body)}, and no mapping; write yamlencode({{…}})")
    return _ReleaseValues(body, where)


def _settings(resource: ResourceInstance) -> Iterator[_ReleaseValues | Problem]:
    for kind in ("set", "set_list", "set_sensitive", "set_wo"):
        for block in resource.body.each(kind):
            yield from _setting(block)


def _setting(block: NestedBlock) -> Iterator[_ReleaseValues | Problem]:
    name, value = block.body.value("name"), block.body.value("value")
    unknown = block.doubt or next((it.unknown for it in (name, value) if it and it.unknown), None)
    if unknown:
        yield cannot_tell(block.where, unknown, "this setting is not judged")
    elif name and value and isinstance(name.data, str):
        kind = block.body.data("type", "auto")
        path = [*_STEP.finditer(name.data)]
        data = _read(value, kind)
        for step in reversed(path):
            data = [None] * min(int(step["index"]), LONGEST) + [data] if step["index"] else {_key(step["key"]): data}
        if isinstance(data, Mapping):
            yield _ReleaseValues(data, value.where, _key(name.data))


def _key(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _read(value: Value, kind: Any) -> Any:
    """A value as Helm reads that of `--set`, in which a list may stand in braces."""
    if isinstance(value.data, tuple):
        return [_scalar(item) for item in value.data]
    if kind in ("string", "literal") or not isinstance(value.data, str):
        return _typed(value.data, kind)
    if value.data.startswith("{") and value.data.endswith("}"):
        return [_scalar(item.strip()) for item in value.data[1:-1].split(",") if item.strip()]
    return _scalar(value.data)


def _typed(data: Any, kind: Any) -> Any:
    if kind == "string" and isinstance(data, bool):
        return "true" if data else "false"
    return str(data) if kind == "string" and not isinstance(data, str) else data


def _scalar(data: Any) -> Any:
    if not isinstance(data, str):
        return data
    if data.lower() in _WORDS:
        return _WORDS[data.lower()]
    return int(data) if _NUMBER.fullmatch(data) else data


def _place(layers: list[_ReleaseValues], path: str) -> Where | None:
    """Where the path is set: by the last setting that names it or what it is in, or by the last values that have it."""
    keys = [key for key in re.split(r"[.\[\]]+", path) if key]
    for layer in reversed(layers):
        if layer.path and (path == layer.path or path.startswith((f"{layer.path}.", f"{layer.path}["))):
            return layer.where
        if not layer.path and keys and keys[0] in layer.values:
            return layer.where
    return None


CHECKS: tuple[Check[TerraformRelease], ...] = (release_values_fit_the_chart,)
SEVERITIES: Severities = {
    release_values_fit_the_chart: (Severity.ERROR, Severity.NOTE),
}
