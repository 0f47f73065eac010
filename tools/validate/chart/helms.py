"""One chart by several versions of Helm: what they render differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from tools.findings.model import Identity, Manifest, Problem, Where
from tools.manifests.documents import manifests, parse
from tools.manifests.paths import joined
from tools.render.helm_errors import RenderError
from tools.render.origins import RENDERED
from tools.render.schema import shown


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one Helm made of the values: its output, or why it gave none."""

    helm: str
    text: str = ""
    error: RenderError | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """One environment by several Helms, the first of which is the one that the others are held against.

    `file`: the values file on top, where a finding stands that is about no object; `chart`: the chart's directory.
    """

    file: str
    chart: str
    renders: Sequence[Rendered]


def helms_agree(subject: Compared) -> Iterator[Problem]:
    """Every Helm that is named renders the same objects from the same values, or refuses them as the others do.

    Helm 3 and Helm 4 differ in places: how they merge `null`, read a schema, order hooks. Whoever reviews a
    chart with the one and installs it with the other gets something else. `--helm` names the programs; objects are
    compared as data, whatever their order and their layout. Write the template, or the values, so that both read them
    alike.
    """
    first, *others = subject.renders
    for other in others:
        if first.error or other.error:
            yield from _verdicts(subject, first, other)
        else:
            yield from _objects(subject, first, other)


def _verdicts(subject: Compared, first: Rendered, other: Rendered) -> Iterator[Problem]:
    if first.error and other.error:
        return
    refuses, renders = (first, other) if first.error else (other, first)
    message = f"{refuses.helm} refuses the values, and {renders.helm} renders the chart with them: {refuses.error}"
    yield Problem(Where(subject.file), message)


def _objects(subject: Compared, first: Rendered, other: Rendered) -> Iterator[Problem]:
    ours, theirs = _by_name(first.text, subject.chart), _by_name(other.text, subject.chart)
    for key in dict.fromkeys((*ours, *theirs)):
        for left, right in zip_longest(ours.get(key, ()), theirs.get(key, ())):
            if left is None or right is None:
                there, missing = (first, other) if right is None else (other, first)
                yield Problem(_place(left or right), f"{there.helm} renders this object, and {missing.helm} does not")
            elif difference := _difference(left.body, right.body):
                path, here, elsewhere = difference
                yield Problem(_place(left, path), f"{first.helm} renders {here} here, and {other.helm} {elsewhere}")


def _place(item: Manifest, path: str = "") -> Where:
    """The template: lines of the rendered text mean nothing to a reader of the report."""
    return Where(item.file, path, 0, Identity(item.kind, item.namespace, item.name) if item.kind else None)


def _by_name(text: str, chart: str) -> dict[tuple[str, str, str, str], list[Manifest]]:
    """The objects of a render, by what they are called; several of one name as they come."""
    named: dict[tuple[str, str, str, str], list[Manifest]] = {}
    for item in manifests(parse(text, RENDERED), RENDERED, chart):
        named.setdefault((item.file, item.kind, item.namespace, item.name), []).append(item)
    return named


_ABSENT = object()


def _difference(left: Any, right: Any, above: tuple[str | int, ...] = ()) -> tuple[str, str, str] | None:
    """The first place where two values differ, and what stands there in each; None where they do not."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        below = ((str(key), left.get(key, _ABSENT), right.get(key, _ABSENT)) for key in dict.fromkeys((*left, *right)))
        differences = (_difference(a, b, (*above, key)) for key, a, b in below)
        return next(filter(None, differences), None)
    if isinstance(left, list) and isinstance(right, list):
        items = enumerate(zip_longest(left, right, fillvalue=_ABSENT))
        return next(filter(None, (_difference(a, b, (*above, index)) for index, (a, b) in items)), None)
    same = left is right or (type(left) is type(right) and left == right)
    return None if same else (joined(above), _shown(left), _shown(right))


def _shown(value: Any) -> str:
    return "nothing" if value is _ABSENT else shown(value)


CHECKS = (helms_agree,)
