"""The package as the wheel has it, built once for each module of tests that asks."""

import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")


def build(place: Path) -> Path:
    """Build the package in a copy of the project below `place`; gives the directory that site-packages would be."""
    source = place / "source"
    source.mkdir()
    for name in PROJECT:
        shutil.copy(name, source)
    for name in ("tools", "charts", "terraform/modules"):
        shutil.copytree(name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".terraform*"))
    (source / "tests").mkdir()
    shutil.copy("tests/flows.yaml", source / "tests")
    command = [sys.executable, "setup.py", "--quiet", "build", "--build-lib", str(place / "site")]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return place / "site"
