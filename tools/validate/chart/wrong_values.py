"""Wrong values for each place of a schema, made from the schema itself: a place that refuses none is a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tools.findings.model import Problem, Severities, Severity, Where
from tools.manifests.paths import joined
from tools.render.merge import merge
from tools.render.schema import checker, judge, shown

# A value of each type of JSON, none of which is usual.
ONE_OF_EACH: tuple[Any, ...] = (None, True, -7, 0.5, "\n{{ wrong }}: [", ["wrong", {}], {"wrong": ["value"]})
# Texts that a name, an address, a quantity or an image can hardly be.
TEXTS = ("", " ", "\n", "a\nb: c", "{{ .Values }}", "-", "%", "../..", "é", "a b", "\x07", "#", "[", "wrong" * 1000)
UNKNOWN = "aKeyThatNobodyKnows"

Pointer = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a schema speaks of: where it is in values, what the schema says, and where it says so.

    In `path`, an item of a list is 0 and a key that may have any name is `any`. `parts`: all that the schema says.
    """

    path: Pointer
    pointer: Pointer
    schema: Any
    parts: tuple[Mapping[str, Any], ...]

    @property
    def keys(self) -> frozenset[str]:
        """The keys that the schema names there."""
        return frozenset(str(key) for part in self.parts for key in part.get("properties", {}))

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns that a text has to match there."""
        return tuple(part["pattern"] for part in self.parts if isinstance(part.get("pattern"), str))


@dataclass(frozen=True)
class Schema:
    """A chart's schema: its file, its body, the line of each place in it, and the chart's own values."""

    file: str
    body: Mapping[str, Any]
    lines: Mapping[str, int]
    values: Mapping[str, Any]

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every place of values that the schema speaks of, but the values as a whole."""
        return tuple({place.path: place for place in _below(self.body, self.body, (), (), frozenset())}.values())

    @cached_property
    def accepts(self) -> Callable[[Any, Any], bool]:
        """Whether a part of the schema accepts a value."""
        return checker(self.body)

    def refuses(self, place: Place, value: Any) -> bool:
        """Whether the value is refused there: by what the schema says of the place, or by the schema as a whole."""
        if not self.accepts(place.schema, value):
            return True
        rejections = judge(self.body, merge(self.values, _nested(place.path, value)), self._about(place))
        return bool(set(rejections) - self._rejections)

    def _about(self, place: Place) -> Mapping[str, Any]:
        """The schema as a whole, but for what it says of single blocks of values that are as they were."""
        blocks = self.body.get("properties")
        if not place.path or not isinstance(blocks, Mapping):
            return self.body
        return {**self.body, "properties": {key: key != place.path[0] or block for key, block in blocks.items()}}

    @cached_property
    def _rejections(self) -> frozenset[Any]:
        return frozenset(judge(self.body, self.values))

    def where(self, place: Place) -> Where:
        """Where the schema speaks of the place."""
        pointer = place.pointer
        while pointer and joined(pointer) not in self.lines:
            pointer = pointer[:-1]
        return Where(self.file, joined(place.path), self.lines.get(joined(pointer), 0))


def every_value_can_be_wrong(schema: Schema) -> Iterator[Problem]:
    """Each place that the schema knows refuses some value: a number where a text stands, a mapping where a list does.

    A place that accepts everything is not checked at all: a typing error becomes text in a manifest, or a template
    fails far from it. `--wrong-values` tries one value of each type at each place. Write the `type`, or the choices.
    """
    for place in schema.places:
        if not any(schema.refuses(place, value) for value in ONE_OF_EACH):
            yield Problem(
                schema.where(place), "a value of any type is accepted here; write which `type` it has", Severity.WARNING
            )


def patterns_refuse_something(schema: Schema) -> Iterator[Problem]:
    """A pattern refuses something: of the test strings that are neither names nor addresses, it refuses some.

    A pattern that is not anchored at both ends is looked for anywhere in the text, and one that has `.*` around it
    matches everything. Write `^…$` around what the text may be.
    """
    for place in schema.places:
        if place.patterns and not any(schema.refuses(place, text) for text in TEXTS):
            patterns = " and ".join(map(shown, place.patterns))
            yield Problem(
                schema.where(place),
                f"every text that was tried matches {patterns}; write `^…$` around it",
                Severity.WARNING,
            )


def unknown_keys_are_refused(schema: Schema) -> Iterator[Problem]:
    """A mapping whose keys the schema names refuses a key that it does not name.

    Templates pass over a key that they do not know: `enabeld: true` switches nothing on, and nobody hears of it. Write
    `additionalProperties: false`, or say what other keys may hold.
    """
    for place in (*schema.places, Place((), (), schema.body, (schema.body,))):
        if place.keys and not schema.refuses(place, {UNKNOWN: "wrong"}) and not _names_are_free(place):
            message = "a key that the schema does not name is accepted here; write `additionalProperties: false`"
            yield Problem(schema.where(place), message, Severity.WARNING)


def _names_are_free(place: Place) -> bool:
    return any(
        isinstance(part.get("additionalProperties"), Mapping) or part.get("patternProperties") for part in place.parts
    )


def _below(
    node: Any, root: Mapping[str, Any], path: Pointer, pointer: Pointer, seen: frozenset[Pointer]
) -> Iterator[Place]:
    """The places below another, each with what every part of the schema says of it.

    `seen`: the parts of the schema on the way there, of which one that refers to itself is not followed again.
    """
    for part, at in _parts(node, root, pointer):
        children: list[tuple[str | int, Any, Pointer]] = [
            *((str(key), child, (*at, "properties", str(key))) for key, child in _items(part.get("properties"))),
            *(("any", child, (*at, "patternProperties", key)) for key, child in _items(part.get("patternProperties"))),
        ]
        if isinstance(part.get("additionalProperties"), Mapping):
            children.append(("any", part["additionalProperties"], (*at, "additionalProperties")))
        if isinstance(part.get("items"), Mapping):
            children.append((0, part["items"], (*at, "items")))
        for step, child, where in children:
            if where in seen or child is False or not isinstance(child, Mapping | bool):
                continue
            parts = tuple(each for each, _ in _parts(child, root, where))
            yield Place((*path, step), where, child, parts)
            yield from _below(child, root, (*path, step), where, seen | {where})


def _items(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _parts(
    node: Any, root: Mapping[str, Any], pointer: Pointer, seen: frozenset[str] = frozenset()
) -> Iterator[tuple[Mapping[str, Any], Pointer]]:
    """What a schema says of one place: itself, what it refers to, and what it is put together from."""
    if not isinstance(node, Mapping):
        return
    yield node, pointer
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and reference not in seen:
        steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in reference[2:].split("/"))
        target: Any = root
        for step in steps:
            target = target.get(step) if isinstance(target, Mapping) else None
        yield from _parts(target, root, steps, seen | {reference})
    for key in ("allOf", "anyOf", "oneOf"):
        for index, part in enumerate(node.get(key, ()) if isinstance(node.get(key), list) else ()):
            yield from _parts(part, root, (*pointer, key, index), seen)


def _nested(path: Pointer, value: Any) -> Mapping[str, Any]:
    nested = value
    for step in reversed(path):
        nested = [nested] if isinstance(step, int) else {step: nested}
    return nested if isinstance(nested, Mapping) else {}


CHECKS = (every_value_can_be_wrong, patterns_refuse_something, unknown_keys_are_refused)
SEVERITIES: Severities = {
    every_value_can_be_wrong: (Severity.WARNING,),
    patterns_refuse_something: (Severity.WARNING,),
    unknown_keys_are_refused: (Severity.WARNING,),
}
