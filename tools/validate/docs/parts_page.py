"""Writes what follows from the chart's list of parts, or with `--check` says whether it is up to date.

From files/parts.yaml and values.yaml: the parts' lines of values.schema.json, the keys that must be there, what an
editor shows for each, and the table of parts in README.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tools.findings import cli
from tools.findings.errors import InputError
from tools.findings.page import between
from tools.manifests.files import mapping, read_text, shown
from tools.render import parts
from tools.render.chart import Chart, chart
from tools.validate.docs.hover_texts import with_meanings
from tools.validate.docs.values_table import Row, rows


def main(arguments: list[str] | None = None, directory: Path | None = None) -> int:
    """Write the two files, or with --check compare them; 0 when they are as they should be."""
    parser = cli.Parser(prog="python -m tools.validate.docs", description=__doc__, epilog=cli.EXIT_CODES)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is not up to date")
    options = parser.parse_args(arguments)
    try:
        source = chart(directory) if directory else chart()
        stale = [(path, text) for path, text in _written(source) if text != read_text(path)]
        for path, text in stale:
            if options.check:
                print(f"{shown(path)}: is not what {parts.FILE} and values.yaml say; run python -m tools.validate.docs")
            else:
                path.write_text(text, encoding="utf-8")
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return cli.COULD_NOT_RUN
    return cli.FINDINGS if stale and options.check else cli.CLEAN


def _written(source: Chart) -> Iterator[tuple[Path, str]]:
    """Each file and its text as it should be."""
    values = mapping(source.path / "values.yaml")
    if missing := [part.name for part in source.parts if not isinstance(values.get(part.name), dict)]:
        raise InputError(
            f"{parts.FILE}: values.yaml has no block {', '.join(missing)}; write one, or take the part out"
        )
    schema, readme = source.path / "values.schema.json", source.path / "README.md"
    lines = _in_schema(schema, parts.schema_lines(source.parts, values))
    complete = parts.with_complete(lines, parts.complete_line(values))
    yield schema, with_meanings(complete, _rows(source))
    page = between(read_text(readme), parts.BEGIN, parts.END, parts.table(source.parts, values))
    if page is None:
        raise InputError(
            f"{shown(readme)}: the table goes between two lines, each there once: `{parts.BEGIN}` and `{parts.END}`"
        )
    yield readme, page


def _rows(source: Chart) -> tuple[Row, ...]:
    [document] = source.values.documents
    return tuple(rows(document, read_text(source.path / "values.yaml")))


def _in_schema(path: Path, lines: str) -> str:
    text = parts.updated_schema(read_text(path), lines)
    if text is None:
        raise InputError(f"{shown(path)}: has no line of a part, so there is no place to write them")
    return text


if __name__ == "__main__":
    cli.run(main)
