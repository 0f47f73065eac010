"""Terraform on a disk: which directories hold it, and the text of files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.inputs import InputError, decoded, read_bytes, read_text, shown
from tools.terraform import tfvars
from tools.terraform.sources import Unreadable

CONFIGURATION = (".tf", ".tf.json")
_VALUES = (".auto.tfvars", ".auto.tfvars.json")
_NAMED = ("terraform.tfvars", "terraform.tfvars.json")


@dataclass(frozen=True, slots=True)
class Disk:
    """Sources on the disk. Expressions read files below these directories and no others.

    `instead` has text for some files, by their resolved path: what an evaluation sees in place of what is there.
    """

    allowed: tuple[Path, ...]
    instead: Mapping[Path, str] = field(default_factory=dict)

    def directory(self, path: str) -> Mapping[str, str | Unreadable] | None:
        """The Terraform and tfvars files of a directory."""
        folder = Path(path)
        if not folder.is_dir():
            return None
        try:
            names = sorted(entry.name for entry in os.scandir(folder) if not entry.name.startswith("."))
        except OSError:
            return None
        return {
            name: _text(folder / name) for name in names if name.endswith((*CONFIGURATION, *_VALUES)) or name in _NAMED
        }

    def text(self, path: str) -> str | Unreadable:
        """The text of a file that an expression reads."""
        resolved = Path(path).resolve()
        if resolved in self.instead:
            return self.instead[resolved]
        if not any(resolved.is_relative_to(one) for one in self.allowed):
            return Unreadable("it is outside the directories that were named")
        return _text(resolved)


def _text(path: Path) -> str | Unreadable:
    try:
        return decoded(read_bytes(path), path.name)
    except InputError as error:
        return Unreadable(str(error).partition(": ")[2])
    except OSError as error:
        return Unreadable(error.strerror or str(error))


def disk(paths: Sequence[str]) -> Disk:
    """The disk, of which expressions see what is below these paths and below the current directory."""
    named = [Path(name).resolve() for name in paths]
    return Disk(tuple(one if one.is_dir() else one.parent for one in (*named, Path.cwd().resolve())))


@dataclass(frozen=True, slots=True)
class Root:
    """A directory to judge as a root module; `only` is the one file of it that is asked for, or ""."""

    path: str
    only: str = ""


def roots(paths: Sequence[str]) -> tuple[Root, ...]:
    """Each directory with Terraform in it, at these paths and below. Raises InputError for a path without any."""
    found: dict[Root, None] = {}
    for name in paths:
        path = Path(name)
        if path.is_file():
            if not name.endswith(CONFIGURATION):
                raise InputError(
                    f"{shown(path)} is no Terraform: its name does not end in {' or '.join(CONFIGURATION)}"
                )
            found[Root(shown(path.parent), shown(path))] = None
            continue
        if not path.is_dir():
            raise InputError(f"cannot read {shown(path)}: no such file or directory")
        below = tuple(_below(path))
        if not below:
            raise InputError(f"{shown(path)} holds no {', '.join(CONFIGURATION)} file")
        found.update(dict.fromkeys(Root(folder) for folder in below))
    return tuple(found)


def _below(path: Path) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        raise InputError(f"cannot read {error.filename}: {error.strerror}")

    for folder, folders, files in os.walk(path, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if any(name.endswith(CONFIGURATION) for name in files):
            yield shown(Path(folder))


def given(files: Sequence[str]) -> tuple[tfvars.Given, ...]:
    """The values of tfvars files. Raises InputError for one that cannot be read."""
    return tuple(tfvars.read(read_text(Path(name)), shown(Path(name))) for name in files)
