"""Where an answer goes: a file that was named, or standard output."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tools import TEMPORARY
from tools.findings.errors import InputError

# Files there are this process's streams and devices, whatever they lead to.
_DEVICES = ("/dev/", "/proc/")


def put(pieces: Iterable[str], file: Path | None) -> None:
    """Write an answer, piece by piece. Raises InputError for a file that cannot be written; it stays as it was."""
    if file is None:
        sys.stdout.writelines(pieces)
        return
    try:
        before = file.stat() if file.exists() else None
        real = Path(os.path.realpath(file))
        in_place = str(file.absolute()).startswith(_DEVICES) or not _ours(before, real)
        if not in_place and os.access(real.parent, os.W_OK):
            _replace(pieces, real, before)
        else:
            _write(pieces, file)
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}") from None


def _ours(before: os.stat_result | None, real: Path) -> bool:
    """Whether another file may take the place of this one: it has this owner, one name, and is no loop of links."""
    if before is None:
        return not os.path.lexists(real)
    return stat.S_ISREG(before.st_mode) and before.st_nlink == 1 and os.geteuid() in (0, before.st_uid)


def _replace(pieces: Iterable[str], file: Path, before: os.stat_result | None) -> None:
    """Write the whole beside the file, and put it in its place: nobody reads half an answer."""
    if before:
        # Who may write in the directory could replace a file that is not to be written.
        file.open("r+b").close()
    folder = Path(tempfile.mkdtemp(prefix=".sark-network-", dir=file.parent))
    whole = folder / "whole"
    TEMPORARY.add(str(whole))
    try:
        _write(pieces, whole)
        if before:
            # A group that this user is not in is given up, and what others may do stays.
            with suppress(PermissionError):
                os.chown(whole, before.st_uid, before.st_gid)
            whole.chmod(stat.S_IMODE(before.st_mode))
        whole.replace(file)
    finally:
        whole.unlink(missing_ok=True)
        folder.rmdir()
        TEMPORARY.discard(str(whole))


def _write(pieces: Iterable[str], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        out.writelines(pieces)
