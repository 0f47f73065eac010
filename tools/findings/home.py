"""Where the project's own files are: its chart, its Terraform modules, its specification of flows."""

from __future__ import annotations

from pathlib import Path

from tools.findings.errors import InputError
from tools.findings.kept import folder

_PACKAGE = Path(__file__).resolve().parents[1]
_CHART = Path("charts", "sark-network", "Chart.yaml")
_DATA = "data"


def home(package: Path = _PACKAGE, current: Path | None = None) -> Path:
    """The checkout that the package stands in, else the one in the current directory, else the package's own data."""
    if (package.parent / _CHART).is_file() and not (package / _DATA).is_dir():
        return package.parent
    try:
        current = current or Path.cwd()
    except OSError:  # It is gone, and nothing is in it.
        return package / _DATA
    return current if (current / _CHART).is_file() else package / _DATA


def carried(file: Path, package: Path = _PACKAGE) -> bool:
    """Whether a file is one that was installed with the command."""
    return file.is_relative_to(package / _DATA)


def kept() -> Path:
    """Where charts of registries are kept: in the user's cache, below a folder for each digest. Raises InputError."""
    if place := folder("charts"):
        return place
    # A user that no database knows, as in a pod.
    raise InputError("there is no home directory to keep charts in; name a directory in XDG_CACHE_HOME")


def portable(file: Path, package: Path = _PACKAGE) -> Path | None:
    """The name that a file of the wheel, or of a chart that was pulled, has on every machine; None for other files.

    A file of the wheel is named from site-packages, and that of a pulled chart as Helm does, from the chart's name: a
    report, or a baseline that is committed, must not hold where somebody's Python or cache is.
    """
    if carried(file, package):
        return file.relative_to(package.parent)
    try:
        folder = kept()
    except InputError:
        return None
    inside = file.relative_to(folder).parts if file.is_relative_to(folder) else ()
    return Path(*inside[1:]) if len(inside) > 1 else None


def placed(name: str, package: Path = _PACKAGE) -> Path:
    """The file of a name: one of the wheel where `portable` gave the name, else what the name says."""
    path, data = Path(name), package / _DATA
    return package.parent / path if data.is_dir() and path.is_relative_to(Path(package.name, _DATA)) else path
