"""Reads a chart: its environments, its values and their schema, its templates, its list of parts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.findings.errors import InputError
from tools.findings.model import Manifest
from tools.manifests.documents import Parsed, manifests, parse
from tools.manifests.files import MANIFESTS, mapping, objects, read_text, read_yaml, shown
from tools.render import parts
from tools.render.merge import overlay
from tools.render.own import CHART
from tools.render.parts import SarkPart
from tools.render.provenance import helpers
from tools.render.pulled import pulled, reference
from tools.render.schema import fault

SUFFIX = "-values.yaml"
_TEMPLATES = (".yaml", ".yml", ".tpl", ".txt")


@dataclass(frozen=True)
class Chart:
    """A chart's directory, and what stands in it. `judge_schema` says what makes its schema unusable, or ""."""

    path: Path
    judge_schema: Callable[[Any], str] = fault

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
    def metadata(self) -> Mapping[str, Any]:
        """What is in its Chart.yaml."""
        documents = read_yaml(self.path / "Chart.yaml").documents
        body = documents[0].body if documents else None
        return body if isinstance(body, Mapping) else {}

    @property
    def title(self) -> str:
        """The name in its Chart.yaml, which a copy elsewhere has too; "" when there is none."""
        name = self.metadata.get("name")
        return name if isinstance(name, str) else ""

    @property
    def own(self) -> bool:
        """Whether it is this project's chart, or a copy of it."""
        return self.title == CHART.name

    @cached_property
    def has_list(self) -> bool:
        """Whether its values list the names that may be reached, as those of this project's chart do."""
        documents = self.values.documents
        body = documents[0].body if documents else None
        egress = body.get("egress") if isinstance(body, Mapping) else None
        return isinstance(egress, Mapping) and "domains" in egress

    @cached_property
    def workloads(self) -> tuple[Manifest, ...] | None:
        """The workloads that the policies are for, `ci/workloads.yaml`; None when the chart says nothing of them."""
        path = self.path / "ci" / "workloads.yaml"
        return objects([str(path)]) if path.is_file() else None

    @cached_property
    def definitions(self) -> Mapping[str, Any]:
        """The schemas of the custom resources that the chart brings: of its crds/, and of those of the charts below."""
        # Only now: it takes longer to load than a chart takes to read.
        from tools.manifests.schemas import crds

        files = (*self.path.glob("crds/**/*"), *self.path.glob("charts/*/**/crds/**/*"))
        paths = [path for path in sorted(files) if path.suffix in MANIFESTS and path.is_file()]
        texts = [(shown(path), read_text(path)) for path in paths]
        return crds.readable(item for name, text in texts for item in manifests(parse(text, name), name))

    @cached_property
    def parts(self) -> tuple[SarkPart, ...]:
        """The parts that the chart knows, of its files/parts.yaml; none when it has no such file."""
        text = self.text(parts.FILE)
        try:
            return parts.read(text, shown(self.path / parts.FILE)) if text else ()
        except parts.PartsError as error:
            raise InputError(str(error)) from None

    @cached_property
    def values(self) -> Parsed:
        """The chart's own values.yaml; a chart needs none."""
        path = self.path / "values.yaml"
        return read_yaml(path) if path.exists() else Parsed()

    @cached_property
    def schema(self) -> Any:
        """values.schema.json; everything is allowed where there is none."""
        path = self.path / "values.schema.json"
        if not path.exists():
            return {}
        try:
            return json.loads(read_text(path))
        except json.JSONDecodeError as error:
            raise InputError(f"{shown(path)}:{error.lineno}: not JSON: {error.msg}") from None
        except (ValueError, RecursionError) as error:
            raise InputError(f"{shown(path)}: not JSON that can be read: {error}") from None

    @cached_property
    def schema_fault(self) -> str:
        """What makes the schema itself unusable, or ""."""
        return self.judge_schema(self.schema)

    def template(self, file: str) -> tuple[str, ...]:
        """The lines of a template; none when `file` is no file of the chart."""
        path = Path(file)
        if path.is_relative_to(self.name):
            path = self.path / path.relative_to(self.name)
        return tuple(read_text(path).splitlines()) if path.is_file() else ()

    @cached_property
    def helpers(self) -> dict[str, tuple[str, ...]]:
        """The lines of each named template."""
        return helpers(read_text(path) for path in sorted((self.path / "templates").glob("*.tpl")))

    @cached_property
    def templates(self) -> tuple[str, ...]:
        """The text of each template, those of the charts below among them."""
        files = (*self.path.glob("templates/**/*"), *self.path.glob("charts/*/**/templates/**/*"))
        return tuple(read_text(path) for path in sorted(files) if path.suffix in _TEMPLATES and path.is_file())

    def text(self, file: str) -> str:
        """A file of the chart, or "" when the chart has none of that name."""
        path = self.path / file
        return read_text(path) if path.is_file() else ""


def chart(path: Path = CHART) -> Chart:
    """The chart at `path`, or that of a registry. Raises InputError when there is none."""
    if name := reference(path):
        return Chart(pulled(name))
    if not (path / "Chart.yaml").is_file():
        raise InputError(f"{shown(path)} is no chart: it has no Chart.yaml; name one with --chart DIR")
    return Chart(path)


def is_chart(name: str) -> bool:
    """Whether a directory of that name is a chart."""
    try:
        return Path(name, "Chart.yaml").is_file()
    except OSError:  # Such as a name that is too long; reading it says so.
        return False


def layered(files: Iterable[Path]) -> dict[str, Any]:
    """Values files laid over each other, the later above, as Helm does. Raises InputError."""
    merged: dict[str, Any] = {}
    for file in files:
        merged = overlay(merged, mapping(file))
    return merged
