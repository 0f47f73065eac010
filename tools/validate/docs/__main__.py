"""Writes the pages that follow from code, values and modules: `python -m tools.validate.docs`, or `--check`s them.

They are docs/rules.md, the tables and the schema of the chart, and the tables of the Terraform modules.
"""

from __future__ import annotations

from collections.abc import Callable

from tools.findings import cli
from tools.validate.docs import chart_page, parts_page, rules_page, terraform_page

PAGES: tuple[Callable[[list[str] | None], int], ...] = (
    rules_page.main,
    chart_page.main,
    parts_page.main,
    terraform_page.main,
)


def main(arguments: list[str] | None = None) -> int:
    """Write every page, or with --check compare them; the worst exit code of all."""
    parser = cli.Parser(prog="python -m tools.validate.docs", description=__doc__, epilog=cli.EXIT_CODES)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is not up to date")
    options = parser.parse_args(arguments)
    return max(write(["--check"] if options.check else []) for write in PAGES)


if __name__ == "__main__":
    cli.run(main)
