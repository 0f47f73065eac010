"""What follows from the chart's list of parts.

From files/parts.yaml and values.yaml: the parts' lines of values.schema.json, the keys that must be there, what an
editor shows for each, and the table of parts in README.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.findings.errors import InputError
from tools.findings.page import between
from tools.manifests.files import mapping, read_text, shown
from tools.render import parts
from tools.render.chart import Chart, chart
from tools.render.own import CHART
from tools.validate.docs.hover_texts import with_meanings
from tools.validate.docs.page_file import PageFile
from tools.validate.docs.values_table import ValueRow, rows


def pages(directory: Path = CHART) -> Iterator[PageFile]:
    """The schema and the README. Raises InputError when one of them cannot be written."""
    source = chart(directory)
    stale = f"it is not what {parts.FILE} and values.yaml say"
    values = mapping(source.path / "values.yaml")
    if missing := [part.name for part in source.parts if not isinstance(values.get(part.name), dict)]:
        raise InputError(
            f"{parts.FILE}: values.yaml has no block {', '.join(missing)}; write one, or take the part out"
        )
    schema, readme = source.path / "values.schema.json", source.path / "README.md"
    lines = _in_schema(schema, parts.schema_lines(source.parts, values))
    complete = parts.with_complete(lines, parts.complete_line(values))
    yield PageFile(schema, with_meanings(complete, _rows(source)), stale)
    page = between(read_text(readme), parts.BEGIN, parts.END, parts.table(source.parts, values))
    if page is None:
        raise InputError(
            f"{shown(readme)}: the table goes between two lines, each there once: `{parts.BEGIN}` and `{parts.END}`"
        )
    yield PageFile(readme, page, stale)


def _rows(source: Chart) -> tuple[ValueRow, ...]:
    [document] = source.values.documents
    return tuple(rows(document, read_text(source.path / "values.yaml")))


def _in_schema(path: Path, lines: str) -> str:
    text = parts.updated_schema(read_text(path), lines)
    if text is None:
        raise InputError(f"{shown(path)}: has no line of a part, so there is no place to write them")
    return text
