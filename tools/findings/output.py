"""Where an answer goes: a file that was named, or standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tools.findings.errors import InputError


def put(pieces: Iterable[str], file: Path | None) -> None:
    """Write an answer, piece by piece. Raises InputError for a file that cannot be written."""
    if file is None:
        sys.stdout.writelines(pieces)
        return
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            out.writelines(pieces)
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}") from None
