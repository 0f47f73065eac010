"""Where the project's own files are: its chart, its Terraform modules, its specification of flows."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_CHART = Path("charts", "sark-network", "Chart.yaml")


def home(package: Path = _PACKAGE, current: Path | None = None) -> Path:
    """The checkout that the package stands in, else the one in the current directory, else the package's own data."""
    if (package.parent / _CHART).is_file() and not (package / "data").is_dir():
        return package.parent
    current = current or Path.cwd()
    return current if (current / _CHART).is_file() else package / "data"
