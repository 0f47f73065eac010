"""YAML text as Kubernetes reads it, with the line of every value, and what a careful reader refuses.

PyYAML and Helm accept a duplicate key and keep one of the two in silence; here it is a problem. Aliases and depth are
bounded.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tools.findings.model import Manifest, Problem, Where
from tools.manifests.paths import step
from tools.manifests.yaml_reader import Reader, RefusedTextError

_SOURCE = re.compile(r"^# Source: (\S+)\s*$", re.MULTILINE)
_ITEM = re.compile(r"items\[(\d+)\]\.?")
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

__all__ = ["Document", "Parsed", "manifests", "parse", "step"]


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its value, the line (from 1) of each path, and the template that a `# Source:` line names."""

    body: Any
    lines: Mapping[str, int]
    file: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The documents of one text that could be read, and the problems met in reading it."""

    documents: tuple[Document, ...] = ()
    problems: tuple[Problem, ...] = ()


def parse(text: str, file: str) -> Parsed:
    """Read every document of a YAML text; empty ones are dropped. Never raises: what cannot be read is a problem."""
    reader = Reader(file)
    documents: list[Document] = []
    sources = _sources(text)
    starts = [line for line, _ in sources]
    try:
        # As yaml.parse does it, without a step of Python for each event.
        for body, lines in reader.documents(iter(LOADER(text).get_event, None)):
            if body is not None:
                above = bisect_right(starts, lines[""])
                documents.append(Document(body, lines, file, sources[above - 1][1] if above else ""))
    except RefusedTextError as refused:
        reader.problems.append(refused.problem)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        reader.problems.append(_syntax_problem(error, text, file))
    return Parsed(tuple(documents), tuple(reader.problems))


def _sources(text: str) -> list[tuple[int, str]]:
    """The line and the template of each `# Source:` line."""
    sources: list[tuple[int, str]] = []
    line, counted = 1, 0
    for source in _SOURCE.finditer(text):
        line += text.count("\n", counted, source.start())
        counted = source.start()
        sources.append((line, source[1]))
    return sources


def manifests(parsed: Parsed, file: str, chart: str = "") -> tuple[Manifest, ...]:
    """The Kubernetes objects of a text, with the items of each `List` as objects of their own.

    With `chart`, the chart's directory, an object's file is the template that Helm's `# Source:` line names; otherwise
    it is `file`.
    """
    objects: list[Manifest] = []
    for document in parsed.documents:
        _, _, template = document.source.partition("/")
        place = f"{chart}/{template}" if chart and template else file
        objects.extend(_objects(document.body, document.lines, place))
    return tuple(objects)


def _objects(body: Any, lines: Mapping[str, int], file: str) -> Iterator[Manifest]:
    if not isinstance(body, Mapping):
        # Not dropped: a check says that it is no object.
        yield Manifest(file, "", "", "", {}, lines)
        return
    kind, items = body.get("kind"), body.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
        below, known = _by_item(lines), _of_items(body, kind)
        for index, item in enumerate(items):
            whole = {**known, **item} if isinstance(item, Mapping) else item
            yield from _objects(whole, below.get(index, {}), file)
        return
    meta = body.get("metadata")
    meta = meta if isinstance(meta, Mapping) else {}
    yield Manifest(file, _text(kind), _text(meta.get("name")), _text(meta.get("namespace")), body, lines)


def _of_items(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What a list of one kind, such as a PodList of the API server, says once for all its items."""
    if kind == "List":
        return {}
    return {"apiVersion": body.get("apiVersion"), "kind": kind.removesuffix("List")}


def _by_item(lines: Mapping[str, int]) -> dict[int, dict[str, int]]:
    lines_by_item: dict[int, dict[str, int]] = {}
    for path, line in lines.items():
        if item := _ITEM.match(path):
            lines_by_item.setdefault(int(item[1]), {})[path[item.end() :]] = line
    return lines_by_item


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _syntax_problem(error: Exception, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        what = getattr(error, "problem", None) or str(error)
        line, column = mark.line + 1, mark.column + 1
        return Problem(Where(file, "", line), f"not YAML: {what} (line {line}, column {column})")
    position = getattr(error, "position", None)
    line = text.count("\n", 0, position) + 1 if isinstance(position, int) and position >= 0 else 0
    return Problem(Where(file, "", line), f"not YAML: {getattr(error, 'reason', None) or error}")
