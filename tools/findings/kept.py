"""What was worked out before, kept in the user's cache directory under a hash of all that it follows from.

An entry is plain JSON under a hash of its own, so that reading it runs no code. Only directories and files that belong
to this user and that nobody else can write to are read, and no links. What has no such entry, or a damaged one, is
worked out again.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools import COMMAND

# What reading an entry can raise, or making something of what it holds, when it is missing, damaged or another's.
DAMAGED = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)

_INSTALLED = (".dist-info", ".egg-info", ".egg-link")


def folder(name: str) -> Path | None:
    """Where the user's cache of that name is, if there is such a place."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        try:
            base = Path.home() / ".cache"
        except RuntimeError:
            return None
    return base / "sark-network" / name if base.is_absolute() else None


def key(parts: Iterable[bytes]) -> str:
    """The name of an entry that follows from these parts, and from no others. Each is hashed with its length, so that
    no two lists of parts have one name.
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def installed() -> Iterator[bytes]:
    """The names and versions of the installed libraries. Raises OSError."""
    for place in sys.path:
        if os.path.isdir(place):  # noqa: PTH112
            yield from sorted(os.fsencode(name) for name in os.listdir(place) if name.endswith(_INSTALLED))  # noqa: PTH208


@dataclass(slots=True)
class KeptStore:
    """Entries in a directory, of which no more than `most` are kept; without a directory there are none."""

    directory: Path | None
    most: int
    written: int = 0
    usable: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        try:
            self.usable = self.directory is not None and _own_directory(self.directory)
        except OSError:
            self.usable = False

    def read(self, name: str) -> object:
        """The data of an entry. Raises one of DAMAGED where there is none that can be believed."""
        return _read(self._path(name))

    def holds(self, name: str, data: object) -> bool:
        """Whether there is an entry of that name with these data."""
        try:
            return self.read(name) == data
        except DAMAGED:
            return False

    def write(self, name: str, data: object) -> None:
        """Keep the data. Where that fails nothing is kept any more, and nobody is told: it is worked out again."""
        if not self.usable:
            return
        try:
            path = self._path(name)
            payload = json.dumps(data, separators=(",", ":"), ensure_ascii=True).encode()
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink()
                raise
            self.written += 1
        except DAMAGED:
            self.usable = False

    def tidy(self) -> None:
        """Remove the oldest entries where there are too many, if anything was written."""
        if not self.written or self.directory is None:
            return
        try:
            entries = sorted(os.scandir(self.directory), key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)
            for entry in entries[: max(len(entries) - self.most, 0)]:
                Path(entry.path).unlink()
        except OSError:
            return

    def _path(self, name: str) -> Path:
        if not self.usable or self.directory is None:
            raise FileNotFoundError(name)
        return self.directory / f"{name}.json"


def user_store(name: str, most: int, *, cached: bool) -> KeptStore:
    """The user's own, where the toolkit is a command and may keep something: a test may have changed code that is
    loaded already.
    """
    return KeptStore(folder(name) if COMMAND and cached else None, most)


def _own_directory(path: Path) -> bool:
    """Whether a directory is this user's alone; a missing one is created."""
    for part in (path.parent, path):
        if not part.exists():
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        lstat = os.lstat(part)
        if not stat.S_ISDIR(lstat.st_mode) or not _own(lstat):
            return False
    return True


def _own(stat_result: os.stat_result) -> bool:
    return stat_result.st_uid == os.geteuid() and not stat_result.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _read(path: Path) -> object:
    """The data of an entry. Raises OSError or ValueError for a damaged one, and for a file that others can write."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        fstat = os.fstat(file.fileno())
        if not stat.S_ISREG(fstat.st_mode) or not _own(fstat):
            raise ValueError("not this user's own")
        digest, _, payload = file.read().partition(b"\n")
    if hashlib.sha256(payload).hexdigest().encode() != digest:
        raise ValueError("damaged")
    data: object = json.loads(payload)
    return data
