"""Writes the tables of the Terraform modules' READMEs, or with `--check` says whether they are up to date."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools.findings import cli
from tools.findings.page import PageError
from tools.validate.docs.terraform_tables import BEGIN, END, tables, updated

MODULES = Path(__file__).resolve().parent.parent.parent.parent / "terraform" / "modules"


def main(arguments: list[str] | None = None, modules: Path = MODULES) -> int:
    """Write the tables, or with --check compare them; 0 when they are as they should be."""
    parser = cli.Parser(prog="python -m tools.validate.docs", description=__doc__, epilog=cli.EXIT_CODES)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a table is not up to date")
    options = parser.parse_args(arguments)
    code = cli.CLEAN
    for directory in sorted({file.parent for file in modules.rglob("*.tf")}):
        try:
            code = max(code, _update(directory, options.check))
        except (PageError, OSError, UnicodeDecodeError) as error:
            print(f"{os.path.relpath(directory)}: {error}", file=sys.stderr)
            return cli.COULD_NOT_RUN
    return code


def _update(directory: Path, check: bool) -> int:
    readme = directory / "README.md"
    old = readme.read_text("utf-8")
    try:
        written = tables(file.read_text("utf-8") for file in sorted(directory.glob("*.tf")))
    except ValueError as error:
        raise PageError(f"not Terraform: {error}") from None
    new = updated(old, written)
    if new is None:
        raise PageError(f"README.md: the tables go between two lines, {BEGIN} and {END}")
    if new == old:
        return cli.CLEAN
    if check:
        shown = os.path.relpath(readme)
        print(f"{shown}: its tables are not what the .tf files say; run python -m tools.validate.docs")
        return cli.FINDINGS
    readme.write_text(new, encoding="utf-8")
    return cli.CLEAN


if __name__ == "__main__":
    cli.run(main)
