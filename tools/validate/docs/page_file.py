"""A file of the docs that follows from others: it is written, or compared with what it should be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.findings import cli
from tools.findings.errors import InputError
from tools.findings.output import put
from tools.manifests.files import read_text, shown


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file, its text as it should be, and what is said of it when it is not: "its table is not what … says"."""

    path: Path
    text: str
    stale: str


def keep(pages: Iterable[PageFile], *, check: bool) -> int:
    """Write the files that are not as they should be, or with `check` name them; gives the exit code."""
    code = cli.CLEAN
    try:
        for page in pages:
            if page.path.exists() and read_text(page.path) == page.text:
                continue
            if check:
                print(f"{shown(page.path)}: {page.stale}; run python -m tools.validate.docs")
                code = cli.FINDINGS
            else:
                put((page.text,), page.path)
    except InputError as error:
        cli.complain("validate.docs", error)
        return cli.COULD_NOT_RUN
    return code
