"""The package as the wheel has it, built once from the same files, whatever process asks."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.remembered import content

CACHE = Path(".cache") / "wheels"
# A build is of some megabytes; another run of the tests may read one that is not of these files any more.
KEPT_SECONDS = 24 * 3600
PROJECT = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")
FOLDERS = ("tools", "charts", "terraform/modules")
FLOWS = "tests/flows.yaml"


def built(folder: Path) -> Path:
    """The directory that site-packages would be; nobody writes to it, since several processes may read it.

    It is built below `folder` where nothing is to be taken from what is kept (`tests.remembered`).
    """
    if os.environ.get("SARK_ANEW"):
        return build(folder)
    read = [content(Path(name)) for name in (*PROJECT, *FOLDERS, FLOWS)]
    digest = hashlib.sha256(json.dumps([sys.version, read]).encode()).hexdigest()[:12]
    CACHE.mkdir(parents=True, exist_ok=True)
    place, unfinished = (CACHE / digest).resolve(), CACHE / "unfinished"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            for old in (unfinished, *CACHE.glob("*/")):
                if old.is_dir() and (old == unfinished or old.stat().st_mtime < time.time() - KEPT_SECONDS):
                    shutil.rmtree(old)
            shutil.copytree(build(folder), unfinished)
            unfinished.rename(place)
    return place


def build(place: Path) -> Path:
    """Build the package in a copy of the project below `place`; gives the directory that site-packages would be."""
    source = place / "source"
    source.mkdir()
    for name in PROJECT:
        shutil.copy(name, source)
    for name in FOLDERS:
        shutil.copytree(name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".terraform*"))
    (source / "tests").mkdir()
    shutil.copy(FLOWS, source / FLOWS)
    command = [sys.executable, "setup.py", "--quiet", "build", "--build-lib", str(place / "site")]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return place / "site"
