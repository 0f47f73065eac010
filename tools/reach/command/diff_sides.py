"""The two sides of a diff, each a single word: decides what kind of input a word names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from tools.manifests.documents import parse
from tools.manifests.files import read_text, shown
from tools.reach.inputs.sources import InputRequest, UsageError
from tools.render.chart import Chart, chart
from tools.render.own import CHART


def side(word: str, common: InputRequest) -> InputRequest:
    """The input that a word names. `common`: the options for both sides. Raises UsageError and InputError."""
    kind, colon, rest = word.partition(":")
    if colon and kind in _READERS and rest:
        return _READERS[kind](rest, common)
    if colon and (Path(kind) / "Chart.yaml").is_file():
        return _of_chart(Path(kind), rest, common)
    if word == "-":
        return replace(common, chart=None, manifests=("-",))
    if "/" not in word and word in chart(common.chart or CHART).environments:
        return _environment(word, common)
    paths = _paths(word)
    if len(paths) == 1 and (paths[0] / "Chart.yaml").is_file():
        return replace(common, chart=paths[0])
    values = [path for path in paths if not _holds_objects(path)]
    if values and len(values) < len(paths):
        raise UsageError(f"{word}: {shown(values[0])} has values and the others have manifests; name only one kind")
    return _values(word, common) if values else _manifests(word, common)


def _environment(word: str, common: InputRequest) -> InputRequest:
    return replace(common, env=word)


def _values(word: str, common: InputRequest) -> InputRequest:
    return replace(common, values=_paths(word))


def _manifests(word: str, common: InputRequest) -> InputRequest:
    return replace(common, chart=None, manifests=tuple(map(str, _paths(word))))


def _chart(word: str, common: InputRequest) -> InputRequest:
    return replace(common, chart=Path(word))


def _context(word: str, common: InputRequest) -> InputRequest:
    return replace(common, chart=None, context=word)


_READERS: Mapping[str, Callable[[str, InputRequest], InputRequest]] = {
    "env": _environment,
    "values": _values,
    "manifests": _manifests,
    "chart": _chart,
    "context": _context,
}


def _of_chart(folder: Path, values: str, common: InputRequest) -> InputRequest:
    own, names = chart(folder), [name for name in values.split(",") if name]
    if len(names) == 1 and names[0] in own.environments:
        return replace(common, chart=folder, env=names[0])
    return replace(common, chart=folder, values=tuple(_values_file(name, own) for name in names))


def _values_file(name: str, own: Chart) -> Path:
    return own.environments.get(name) or _paths(name)[0]


def _paths(word: str) -> tuple[Path, ...]:
    paths = tuple(Path(part) for part in word.split(",") if part)
    missing = next((path for path in paths if not path.exists()), None)
    if missing or not paths:
        raise UsageError(f"{missing or word} is neither an environment of the chart nor a file nor a directory")
    return paths


def _holds_objects(path: Path) -> bool:
    """Whether a file has Kubernetes objects rather than values. A directory counts as having objects."""
    if path.is_dir():
        return True
    bodies = [document.body for document in parse(read_text(path), shown(path)).documents]
    return any(isinstance(body, Mapping) and "kind" in body and "apiVersion" in body for body in bodies)
