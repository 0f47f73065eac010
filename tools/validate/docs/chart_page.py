"""Writes the values table of the chart's README, or with `--check` says whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.findings import cli
from tools.findings.page import PageError
from tools.manifests.documents import parse
from tools.validate.docs.values_table import BEGIN, END, rows, table, updated

CHART = Path(__file__).resolve().parent.parent.parent.parent / "charts" / "sark-network"


def main(arguments: list[str] | None = None, chart: Path = CHART) -> int:
    """Write the table, or with --check compare it; 0 when it is as it should be."""
    parser = cli.Parser(prog="python -m tools.validate.docs", description=__doc__, epilog=cli.EXIT_CODES)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the table is not up to date")
    options = parser.parse_args(arguments)
    readme = chart / "README.md"
    try:
        old, new = _read(readme), _written(chart)
        if old == new:
            return cli.CLEAN
        if options.check:
            print(f"{_shown(readme)}: its table is not what values.yaml says; run python -m tools.validate.docs")
            return cli.FINDINGS
        readme.write_text(new, encoding="utf-8")
    except OSError as error:
        print(f"{_shown(readme)}: not written ({error.strerror})", file=sys.stderr)
        return cli.COULD_NOT_RUN
    except PageError as error:
        print(error, file=sys.stderr)
        return cli.COULD_NOT_RUN
    return cli.CLEAN


def _written(chart: Path) -> str:
    """The README as it should be."""
    values = chart / "values.yaml"
    text = _read(values)
    parsed = parse(text, _shown(values))
    if parsed.problems:
        problem = parsed.problems[0]
        raise PageError(f"{problem.where.file}:{problem.where.line}: {problem.message}")
    if len(parsed.documents) != 1 or not isinstance(parsed.documents[0].body, dict):
        raise PageError(f"{_shown(values)}: is no mapping of values, so there is no table to write")
    readme = chart / "README.md"
    new = updated(_read(readme), table(tuple(rows(parsed.documents[0], text))))
    if new is None:
        raise PageError(f"{_shown(readme)}: the table goes between two lines, each there once: `{BEGIN}` and `{END}`")
    return new


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise PageError(f"{_shown(path)}: is not UTF-8 text") from None
    except OSError as error:
        raise PageError(f"{_shown(path)}: cannot be read ({error.strerror})") from None


def _shown(path: Path) -> str:
    """The path as a user would type it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    cli.run(main)
