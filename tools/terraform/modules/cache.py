"""Parsed files, kept in the user's cache directory under the hash of their text and of the parser."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from tools.findings import kept
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


def folder() -> Path | None:
    """Where the user's cache is, if there is such a place."""
    return kept.folder("terraform")


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
    store: kept.KeptStore = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.salt = self.salt or version()
        except OSError:
            self.directory = None
        self.store = kept.KeptStore(self.directory, MOST)

    def parse(self, text: str, name: str) -> ParsedFile:
        """The parsed file, from the cache where it is there."""
        if not self.store.usable or len(text) < SMALLEST:
            return parsed(text, name)
        kind = b"json" if name.endswith(".json") else b"tf"
        entry = kept.key((self.salt, kind, text.encode("utf-8", "surrogatepass")))
        try:
            return decoded(self.store.read(entry), name, text)
        except kept.DAMAGED:
            file = parsed(text, name)
            try:
                self.store.write(entry, encoded(file))
            except kept.DAMAGED:
                self.store.usable = False
            return file

    def tidy(self) -> None:
        """Remove the oldest entries where there are too many."""
        self.store.tidy()
