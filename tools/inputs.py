"""Reads the files that a run is about: the chart, its environments, values files, manifests."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tools import parts
from tools.merge import overlay
from tools.model import Manifest
from tools.parts import Part
from tools.provenance import helpers
from tools.schema import fault
from tools.source import Parsed, manifests, parse

CHART = Path(__file__).resolve().parent.parent / "charts" / "sark-network"
FLOWS = CHART.parents[1] / "tests" / "flows.yaml"
SUFFIX = "-values.yaml"
MANIFESTS = (".yaml", ".yml", ".json")


class InputError(Exception):
    """Something that cannot be read; the message names it and says why."""


@dataclass(frozen=True)
class Chart:
    """A chart's directory, and what stands in it."""

    path: Path

    @property
    def name(self) -> str:
        """The directory as the user would type it from here."""
        return shown(self.path)

    @cached_property
    def environments(self) -> dict[str, Path]:
        """Each environment and its values file: `ci/NAME-values.yaml`."""
        files = sorted((self.path / "ci").glob(f"*{SUFFIX}"))
        return {file.name.removesuffix(SUFFIX): file for file in files}

    @cached_property
    def workloads(self) -> tuple[Manifest, ...] | None:
        """The workloads that the policies are for, `ci/workloads.yaml`; None when the chart says nothing of them."""
        path = self.path / "ci" / "workloads.yaml"
        return objects([str(path)]) if path.is_file() else None

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The parts that the chart knows, of its files/parts.yaml; none when it has no such file."""
        text = self.text(parts.FILE)
        try:
            return parts.read(text, shown(self.path / parts.FILE)) if text else ()
        except parts.PartsError as error:
            raise InputError(str(error)) from None

    @cached_property
    def values(self) -> Parsed:
        """The chart's own values.yaml."""
        return read_yaml(self.path / "values.yaml")

    @cached_property
    def schema(self) -> Any:
        """values.schema.json."""
        path = self.path / "values.schema.json"
        try:
            return json.loads(read_text(path))
        except json.JSONDecodeError as error:
            raise InputError(f"{shown(path)}:{error.lineno}: not JSON: {error.msg}") from None

    @cached_property
    def schema_fault(self) -> str:
        """What makes the schema itself unusable, or ""."""
        return fault(self.schema)

    def template(self, file: str) -> tuple[str, ...]:
        """The lines of a template; none when `file` is no file of the chart."""
        path = Path(file)
        return tuple(read_text(path).splitlines()) if path.is_file() else ()

    @cached_property
    def helpers(self) -> dict[str, tuple[str, ...]]:
        """The lines of each named template."""
        return helpers(read_text(path) for path in sorted((self.path / "templates").glob("*.tpl")))

    def text(self, file: str) -> str:
        """A file of the chart, or "" when the chart has none of that name."""
        path = self.path / file
        return read_text(path) if path.is_file() else ""


def chart(path: Path = CHART) -> Chart:
    """The chart at `path`. Raises InputError when there is none."""
    if not (path / "Chart.yaml").is_file():
        raise InputError(f"{shown(path)} is no chart: it has no Chart.yaml; name one with --chart DIR")
    return Chart(path)


def shown(path: Path) -> str:
    """A path as the user would type it: relative when it is below the current directory."""
    absolute, here = path.resolve(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def read_text(path: Path) -> str:
    """The text of a file, in UTF-8. Raises InputError."""
    try:
        return decoded(path.read_bytes(), shown(path))
    except OSError as error:
        reason = "it is a directory" if isinstance(error, IsADirectoryError) else (error.strerror or str(error))
        raise InputError(f"cannot read {shown(path)}: {reason}") from None


def decoded(data: bytes, name: str) -> str:
    """Bytes as UTF-8 text. Raises InputError with the line of the first byte that is none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"cannot read {name}: line {line} is not UTF-8; save it as UTF-8") from None


def read_yaml(path: Path) -> Parsed:
    """A YAML file. Raises InputError when it cannot be read; what is wrong in it is among its problems."""
    return parse(read_text(path), shown(path))


def mapping(path: Path) -> Mapping[str, Any]:
    """The mapping in a values file. Raises InputError when it holds anything else."""
    parsed = read_yaml(path)
    if parsed.problems:
        problem = parsed.problems[0]
        raise InputError(f"{problem.where.file}:{problem.where.line}: {problem.message}")
    body = parsed.documents[0].body if parsed.documents else {}
    if not isinstance(body, Mapping) or len(parsed.documents) > 1:
        raise InputError(f"{shown(path)}: values are no mapping; write `key: value` lines, in one document")
    return body


def layered(files: Iterable[Path]) -> dict[str, Any]:
    """Values files laid over each other, the later above, as Helm does. Raises InputError."""
    merged: dict[str, Any] = {}
    for file in files:
        merged = overlay(merged, mapping(file))
    return merged


def manifest_texts(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(file, text) of each manifest file: a file, each YAML or JSON file below a directory, or `-` (standard input)."""
    for name in paths:
        if name == "-":
            yield "<stdin>", decoded(sys.stdin.buffer.read(), "standard input")
        elif Path(name).is_dir():
            yield from _below(Path(name))
        else:
            yield shown(Path(name)), read_text(Path(name))


def objects(paths: Sequence[str]) -> tuple[Manifest, ...]:
    """The Kubernetes objects of manifest files. Raises InputError."""
    return tuple(found for file, text in manifest_texts(paths) for found in manifests(parse(text, file), file))


def _below(directory: Path) -> Iterator[tuple[str, str]]:
    def unreadable(error: OSError) -> None:
        raise InputError(f"cannot read {error.filename}: {error.strerror}")

    found = sorted(
        Path(folder, file)
        for folder, _, files in os.walk(directory, onerror=unreadable)
        for file in files
        if file.endswith(MANIFESTS)
    )
    if not found:
        raise InputError(f"{shown(directory)} holds no {', '.join(MANIFESTS)} file")
    for path in found:
        yield shown(path), read_text(path)
