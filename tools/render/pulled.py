"""Charts of a registry (`--chart oci://registry.example.com/charts/name:1.2.3`): pulled by Helm, kept by digest."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from tools.findings.errors import InputError
from tools.findings.home import kept
from tools.render.helm import HelmError, located

SCHEME = "oci:"
# The registry answers, or nobody waits for it.
SECONDS = 120
_DIGEST = re.compile(r"^Digest: sha256:([0-9a-f]{64})$", re.MULTILINE)


def reference(path: Path) -> str:
    """The reference that a path of the command line is, "" for one that is a path. A Path has one of its slashes."""
    scheme, *rest = path.parts or ("",)
    return f"oci://{'/'.join(rest)}" if scheme == SCHEME else ""


def pulled(name: str) -> Path:
    """The directory of a chart in a registry. Raises InputError."""
    folder = kept()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".pulled-") as made:
            return _placed(name, Path(made), folder)
    except OSError as error:
        raise InputError(f"{name} cannot be kept in {folder}: {error.strerror}") from None


def _placed(name: str, folder: Path, kept: Path) -> Path:
    """Pull the chart into a folder of its own, and put it where its digest has a place, unless it is there."""
    output = _pull(name, folder)
    charts = [path for path in folder.iterdir() if (path / "Chart.yaml").is_file()]
    digest = _DIGEST.search(output)
    if len(charts) != 1 or not digest:
        raise InputError(f"{name} is no chart: helm pull left none")
    place = kept / digest[1][:16] / charts[0].name
    if not (place / "Chart.yaml").is_file():
        place.parent.mkdir(exist_ok=True)
        try:
            charts[0].rename(place)
        except OSError:
            # Another run was there first: what it kept is the same.
            if not (place / "Chart.yaml").is_file():
                raise
    return place


def _pull(name: str, folder: Path) -> str:
    """What helm says of a pull that succeeded."""
    try:
        command = [located(), "pull", name, "--untar", "--untardir", str(folder)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except HelmError as error:
        raise InputError(f"{name} cannot be pulled: {error}") from None
    except subprocess.TimeoutExpired:
        raise InputError(f"{name} cannot be pulled: no answer within {SECONDS} s") from None
    if ran.returncode:
        reason = ran.stderr.strip().rpartition("Error: ")[2] or f"helm ended with {ran.returncode}"
        raise InputError(f"{name} cannot be pulled: {' '.join(reason.split())}")
    return ran.stdout + ran.stderr
