"""The tables of the Terraform modules' READMEs, from their .tf files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.findings.errors import InputError
from tools.findings.home import home
from tools.manifests.files import read_text, shown
from tools.validate.docs.page_file import PageFile
from tools.validate.docs.terraform_tables import BEGIN, END, tables, updated

MODULES = home() / "terraform" / "modules"


def pages(modules: Path = MODULES) -> Iterator[PageFile]:
    """A README for each directory with .tf files. Raises InputError when its tables cannot be written."""
    for directory in sorted({file.parent for file in modules.rglob("*.tf")}):
        readme = directory / "README.md"
        yield PageFile(readme, _with_tables(readme), "its tables are not what the .tf files say")


def _with_tables(readme: Path) -> str:
    page = read_text(readme)
    try:
        written = tables(read_text(file) for file in sorted(readme.parent.glob("*.tf")))
    except ValueError as error:
        raise InputError(f"{shown(readme.parent)}: not Terraform: {error}") from None
    new = updated(page, written)
    if new is None:
        raise InputError(f"{shown(readme)}: the tables go between two lines, {BEGIN} and {END}")
    return new
