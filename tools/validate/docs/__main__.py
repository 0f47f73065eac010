"""Writes the pages that follow from code, values and modules: `python -m tools.validate.docs`, or `--check`s them.

They are docs/rules.md, the tables and the schema of the chart, and the tables of the Terraform modules.
"""

from __future__ import annotations

import importlib

from tools.findings import cli

# The modules that write the pages, by name: --help loads none of them.
PAGES = ("rules_page", "chart_page", "parts_page", "terraform_page")


def main(arguments: list[str] | None = None) -> int:
    """Write every page, or with --check compare them; the worst exit code of all."""
    parser = cli.Parser(prog="python -m tools.validate.docs", description=__doc__, epilog=cli.EXIT_CODES)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is not up to date")
    options = parser.parse_args(arguments)
    from tools.validate.docs.page_file import keep

    modules = (importlib.import_module(f"tools.validate.docs.{name}") for name in PAGES)
    return max(keep(module.pages(), check=options.check) for module in modules)


if __name__ == "__main__":
    cli.run(main)
