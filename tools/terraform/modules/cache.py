"""Parsed files, kept in the user's cache directory under the hash of their text and of the parser.

The cache holds plain JSON, so that reading it runs no code. Only directories and files that belong to this user and
that nobody else can write to are read, and no links. A file without such an entry, or with a damaged one, is parsed
again.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from tools.terraform.language.syntax import ParsedFile
from tools.terraform.language.tree_data import decoded, encoded
from tools.terraform.modules.directory import parsed

# The modules that the data depends on, besides the text.
_PARSER = (
    "blocks", "converter", "json_syntax", "model", "numbers", "pieces", "places", "syntax", "templates", "tokens",
    "tree", "tree_data",
)  # fmt: skip
# Smaller files are parsed as fast as they are read from the cache. No more entries than MOST are kept.
SMALLEST = 500
MOST = 4000
_DAMAGED = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


def folder() -> Path | None:
    """Where the user's cache is, if there is such a place."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        try:
            base = Path.home() / ".cache"
        except RuntimeError:
            return None
    return base / "sark-network" / "terraform" if base.is_absolute() else None


def version() -> bytes:
    """A hash of the parser itself: another parser reads none of the entries."""
    digest = hashlib.sha256(sys.version.encode())
    for library in ("python-hcl2", "lark"):
        digest.update(metadata.version(library).encode())
    here = Path(__file__).parent.parent / "language"
    for name in _PARSER:
        digest.update((here / f"{name}.py").read_bytes())
    return digest.digest()


@dataclass(slots=True)
class Cache:
    """Parses files and keeps the results in a directory; without a directory it only parses."""

    directory: Path | None
    salt: bytes = b""
    written: int = 0
    usable: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        try:
            self.salt = self.salt or version()
            self.usable = self.directory is not None and _own_directory(self.directory)
        except OSError:
            self.usable = False

    def parse(self, text: str, name: str) -> ParsedFile:
        """The parsed file, from the cache where it is there."""
        if not self.usable or self.directory is None or len(text) < SMALLEST:
            return parsed(text, name)
        kind = b"json" if name.endswith(".json") else b"tf"
        key = hashlib.sha256(b"\0".join((self.salt, kind, text.encode("utf-8", "surrogatepass")))).hexdigest()
        path = self.directory / f"{key}.json"
        try:
            return decoded(_read(path), name, text)
        except _DAMAGED:
            file = parsed(text, name)
            self._write(path, file)
            return file

    def _write(self, path: Path, parsed_file: ParsedFile) -> None:
        try:
            payload = json.dumps(encoded(parsed_file), separators=(",", ":"), ensure_ascii=True).encode()
            handle, name = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink()
                raise
            self.written += 1
        except _DAMAGED:
            self.usable = False

    def tidy(self) -> None:
        """Remove the oldest entries where there are too many, if anything was written."""
        if not self.written or self.directory is None:
            return
        try:
            entries = sorted(os.scandir(self.directory), key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)
            for entry in entries[: max(len(entries) - MOST, 0)]:
                Path(entry.path).unlink()
        except OSError:
            return


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
