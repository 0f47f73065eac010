"""The texts that an evaluation may read. The caller provides them: nothing here touches a disk."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

OUTSIDE = "it is outside the directories that were named"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that cannot be read, and why."""

    reason: str


class Sources(Protocol):
    """Directories and files by path, `/` between names, relative ones as the user types them."""

    def directory(self, path: str) -> Mapping[str, str | Unreadable] | Unreadable | None:
        """The Terraform and tfvars files directly in a directory, by name; None when it does not exist.

        One outside the directories that were named is Unreadable.
        """

    def text(self, path: str) -> str | Unreadable:
        """The text of a file that an expression reads. One outside the directories that were named is Unreadable."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Sources in memory: paths and their text."""

    files: Mapping[str, str] = field(default_factory=dict)

    def directory(self, path: str) -> Mapping[str, str | Unreadable] | None:
        """The files directly in a directory."""
        inside = {
            posixpath.basename(name): text
            for name, text in self.files.items()
            if posixpath.normpath(posixpath.dirname(name) or ".") == posixpath.normpath(path)
        }
        return inside or None

    def text(self, path: str) -> str | Unreadable:
        """The text of a file."""
        file = self.files.get(posixpath.normpath(path))
        return Unreadable("it does not exist") if file is None else file
