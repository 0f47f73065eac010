"""Builds values from YAML events, and refuses what Kubernetes could not mean.

Events and not PyYAML's own composer, which recurses without a bound on hostile input and forgets whether a tag was
written.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tools.findings.model import Problem, Where
from tools.manifests.paths import step
from tools.manifests.scalars import OutOfRangeError, unquoted

DEEPEST = 100
MOST_FROM_ALIASES = 100_000

_TAG = "tag:yaml.org,2002:"
# What a scalar may be that says its type itself; Go's decoder leaves the text of a timestamp as it is.
_TAGGED: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
    "timestamp": (str,),
}


class RefusedTextError(Exception):
    """A document that is not read to its end."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class Reader:
    """Reads one text. `problems`: those after which reading goes on; a RefusedTextError ends it."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    anchors: dict[str, tuple[Any, int] | None] = field(default_factory=dict)
    nodes: int = 0
    from_aliases: int = 0

    def documents(self, events: Iterator[Any]) -> Iterator[tuple[Any, dict[str, int]]]:
        """Each document's value and the lines of its paths."""
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.lines, self.anchors = {}, {}
                yield self._value(next(events), events, "", 0), self.lines

    def _value(self, event: Any, events: Iterator[Any], path: str, depth: int) -> Any:
        self.lines.setdefault(path, event.start_mark.line + 1)
        self.nodes += 1
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        if depth > DEEPEST:
            raise self._refused(event, path, f"nested deeper than {DEEPEST} levels; no Kubernetes object is")
        before = self.nodes
        if event.anchor:
            self.anchors[event.anchor] = None
        value = self._built(event, events, path, depth)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.nodes - before + 1)
        return value

    def _built(self, event: Any, events: Iterator[Any], path: str, depth: int) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if event.tag and event.tag not in (f"{_TAG}seq", f"{_TAG}map"):
            raise self._refused(event, path, f"the tag {_shown(event.tag)} means nothing to Kubernetes; drop it")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, path, depth)
        return self._sequence(events, path, depth)

    def _sequence(self, events: Iterator[Any], path: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._value(event, events, f"{path}[{len(items)}]", depth + 1))
        return items

    def _mapping(self, events: Iterator[Any], path: str, depth: int) -> dict[str, Any]:
        body: dict[str, Any] = {}
        first: dict[str, int] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key, line = self._key(event, path), event.start_mark.line + 1
            below = step(path, key)
            if key in first:
                self._duplicate(key, below, line, first[key])
            first[key] = self.lines[below] = line
            value = self._value(next(events), events, below, depth + 1)
            if key == "<<" and event.implicit[0]:
                # Go's decoder sets what is merged where `<<` stands: it overrides the keys before it.
                body.update(self._merge(value, below, event))
            else:
                body[key] = value
        return body

    def _key(self, event: Any, path: str) -> str:
        if isinstance(event, yaml.AliasEvent):
            value = self._alias(event, path)
        elif isinstance(event, yaml.ScalarEvent):
            value = "<<" if event.value == "<<" else self._scalar(event, path)
            if event.anchor:
                self.anchors[event.anchor] = (value, 1)
        else:
            value = []
        if isinstance(value, list | dict):
            raise self._refused(event, path, "a key is a list or a mapping; write a plain word")
        if value is None:
            raise self._refused(
                event, path, "a key is empty or null, which Helm and kubectl refuse; write it in quotes"
            )
        return value if isinstance(value, str) else _word(value)

    def _duplicate(self, key: str, path: str, line: int, first: int) -> None:
        message = f"key {key!r} is already set on line {first}, and the last one wins in silence; keep one of the two"
        self.problems.append(Problem(Where(self.file, path, line), message))

    def _merge(self, value: Any, path: str, event: Any) -> dict[str, Any]:
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, dict) for part in parts):
            raise self._refused(event, path, "<< merges a mapping or a list of mappings, and this is neither")
        return {key: item for part in reversed(parts) for key, item in part.items()}

    def _alias(self, event: Any, path: str) -> Any:
        if event.anchor not in self.anchors:
            raise self._refused(
                event, path, f"alias *{event.anchor} has no anchor before it; write &{event.anchor} there"
            )
        known = self.anchors[event.anchor]
        if known is None:
            raise self._refused(event, path, f"alias *{event.anchor} stands inside its own anchor; write the value out")
        value, size = known
        self.from_aliases += size
        self.nodes += size
        if self.from_aliases > MOST_FROM_ALIASES:
            raise self._refused(event, path, f"aliases expand to more than {MOST_FROM_ALIASES} values; write them out")
        return value

    def _scalar(self, event: Any, path: str) -> Any:
        if event.tag is None:
            return self._plain_scalar(event, path) if event.implicit[0] else event.value
        name = event.tag.removeprefix(_TAG)
        if event.tag in ("!", f"{_TAG}str"):
            return event.value
        if event.tag == f"{_TAG}binary":
            return self._binary(event, path)
        if event.tag.startswith(_TAG) and name in _TAGGED:
            before = len(self.problems)
            value = self._plain_scalar(event, path)
            if type(value) not in _TAGGED[name] and len(self.problems) == before:
                raise self._refused(event, path, f"the text after {_shown(event.tag)} is no such value; drop the tag")
            return value
        raise self._refused(event, path, f"the tag {_shown(event.tag)} means nothing to Kubernetes; drop it")

    def _plain_scalar(self, event: Any, path: str) -> Any:
        """The scalar's value; a number out of range is a problem, and its text is what is read on with."""
        try:
            return unquoted(event.value)
        except OutOfRangeError as error:
            self.problems.append(Problem(Where(self.file, path, event.start_mark.line + 1), str(error)))
            return event.value

    def _binary(self, event: Any, path: str) -> str:
        try:
            return base64.b64decode(event.value).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            raise self._refused(event, path, "!!binary is not base64; write the text in quotes") from None

    def _refused(self, event: Any, path: str, message: str) -> RefusedTextError:
        return RefusedTextError(Problem(Where(self.file, path, event.start_mark.line + 1), message))


def _word(value: bool | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(tag: str) -> str:
    return f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
