"""The table of values in the chart's README, from the comments of values.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.findings.errors import InputError
from tools.manifests.documents import parse
from tools.manifests.files import read_text, shown
from tools.render.own import CHART
from tools.validate.docs.page_file import PageFile
from tools.validate.docs.values_table import BEGIN, END, rows, table, updated


def pages(chart: Path = CHART) -> Iterator[PageFile]:
    """The one README. Raises InputError when its table cannot be written."""
    readme = chart / "README.md"
    yield PageFile(readme, _with_table(readme, chart / "values.yaml"), "its table is not what values.yaml says")


def _with_table(readme: Path, values: Path) -> str:
    page, text = read_text(readme), read_text(values)
    parsed = parse(text, shown(values))
    if parsed.problems:
        problem = parsed.problems[0]
        raise InputError(f"{problem.where.file}:{problem.where.line}: {problem.message}")
    if len(parsed.documents) != 1 or not isinstance(parsed.documents[0].body, dict):
        raise InputError(f"{shown(values)}: is no mapping of values, so there is no table to write")
    new = updated(page, table(tuple(rows(parsed.documents[0], text))))
    if new is None:
        raise InputError(f"{shown(readme)}: the table goes between two lines, each there once: `{BEGIN}` and `{END}`")
    return new
