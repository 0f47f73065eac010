"""Terraform on a disk: which directories hold it, and the text of files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.findings.errors import InputError
from tools.findings.home import home, placed
from tools.manifests.files import decoded, read_bytes, read_text, shown
from tools.terraform.modules import tfvars
from tools.terraform.modules.sources import OUTSIDE, Unreadable

CONFIGURATION = (".tf", ".tf.json")
# This project's own modules.
TERRAFORM = home() / "terraform"
_VALUES = (".auto.tfvars", ".auto.tfvars.json")
_NAMED = ("terraform.tfvars", "terraform.tfvars.json")


# Four bytes for each character of the largest file that is parsed.
MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Disk:
    """Sources on the disk. Modules, links and expressions reach only what is below these directories.

    `instead`: texts by resolved path, which an evaluation sees in place of those files.
    """

    allowed: tuple[Path, ...]
    instead: Mapping[Path, str] = field(default_factory=dict)

    def directory(self, path: str) -> Mapping[str, str | Unreadable] | Unreadable | None:
        """The Terraform and tfvars files of a directory."""
        folder = placed(path)
        try:
            if not folder.is_dir():
                return None
            if not self._within(folder.resolve()):
                return Unreadable(OUTSIDE)
            names = sorted(entry.name for entry in os.scandir(folder) if not entry.name.startswith("."))
        except (OSError, ValueError, RuntimeError):
            return None
        return {
            name: self._file(folder / name)
            for name in names
            if name.endswith((*CONFIGURATION, *_VALUES)) or name in _NAMED
        }

    def text(self, path: str) -> str | Unreadable:
        """The text of a file that an expression reads."""
        return self._file(placed(path))

    def _file(self, path: Path) -> str | Unreadable:
        try:
            resolved = path.resolve()
        except (OSError, ValueError, RuntimeError):
            return Unreadable("its symbolic links lead nowhere")
        if resolved in self.instead:
            return self.instead[resolved]
        return _text(resolved) if self._within(resolved) else Unreadable(OUTSIDE)

    def _within(self, resolved: Path) -> bool:
        return any(resolved.is_relative_to(folder) for folder in self.allowed)


def _text(path: Path) -> str | Unreadable:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return Unreadable("it is not a regular file")
        if status.st_size > MAX_BYTES:
            return Unreadable(
                f"it has {status.st_size / 1024 / 1024:.1f} MiB, and files are read up to 1 MiB; split it"
            )
        return decoded(read_bytes(path), path.name)
    except InputError as error:
        return Unreadable(str(error).partition(": ")[2])
    except OSError as error:
        return Unreadable(error.strerror or str(error))


def disk(paths: Sequence[str], within: Sequence[str] = ()) -> Disk:
    """The disk, where modules and expressions reach what is below `paths` and below `within`.

    With a path below the current directory, they reach all of the current directory.
    """
    here = Path.cwd().resolve()
    named = [Path(name).resolve() for name in paths]
    folders = [path if path.is_dir() else path.parent for path in named]
    reached = [here if folder.is_relative_to(here) else folder for folder in folders]
    return Disk(tuple(dict.fromkeys((*reached, *(Path(name).resolve() for name in within)))))


@dataclass(frozen=True, slots=True)
class Root:
    """A directory to check as a root module; `only`: the one file of it to check, or "" for all."""

    path: str
    only: str = ""


def roots(paths: Sequence[str]) -> tuple[Root, ...]:
    """Each directory with Terraform in it, at these paths and below. Raises InputError for a path without any."""
    directories: dict[Root, None] = {}
    for name in paths:
        path = Path(name)
        if path.is_file():
            if not name.endswith(CONFIGURATION):
                raise InputError(
                    f"{shown(path)} is not Terraform: its name does not end in {' or '.join(CONFIGURATION)}"
                )
            directories[Root(shown(path.parent), shown(path))] = None
            continue
        if not path.is_dir():
            raise InputError(f"cannot read {shown(path)}: no such file or directory")
        below = tuple(_below(path))
        if not below:
            raise InputError(f"{shown(path)} holds no {' or '.join(CONFIGURATION)} file")
        directories.update(dict.fromkeys(Root(folder) for folder in below))
    return tuple(directories)


def _below(path: Path) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        raise InputError(f"cannot read {error.filename}: {error.strerror}")

    for folder, folders, files in os.walk(path, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if any(name.endswith(CONFIGURATION) for name in files):
            yield shown(Path(folder))


def is_ours(path: str) -> bool:
    """Whether a directory is of this project's own Terraform."""
    return placed(path).resolve().is_relative_to(TERRAFORM)


def tfvars_files(files: Sequence[str]) -> tuple[tfvars.TfvarsFile, ...]:
    """The values of tfvars files. Raises InputError for one that cannot be read."""
    return tuple(tfvars.read(read_text(Path(name)), shown(Path(name))) for name in files)
