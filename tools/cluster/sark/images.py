"""The stand-ins' images: built from the programs of in_pods, and put into the nodes."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tools.cluster import kind
from tools.cluster.internet import IN_PODS
from tools.cluster.options import IMAGE
from tools.cluster.process import attempt, run
from tools.cluster.sark.shipped import PROGRAMS, STAND_INS, StandIn

PREFIX = "sark-network/stand-in-"


def tag(stand_in: StandIn) -> str:
    """The image's name; its tag follows from what is in it, so that another content is another image."""
    content = hashlib.sha256(stand_in.dockerfile(IMAGE).encode())
    for name in PROGRAMS:
        content.update((IN_PODS / name).read_bytes())
    return f"{PREFIX}{stand_in.name}:{content.hexdigest()[:12]}"


def names() -> dict[str, str]:
    """Our image for each published one."""
    return {published: tag(stand_in) for published, stand_in in STAND_INS.items()}


def built() -> list[str]:
    """Our images, those that Docker does not have yet built now."""
    missing = [it for it in STAND_INS.values() if attempt(["docker", "image", "inspect", tag(it)]).returncode]
    if missing:
        with _context() as folder, ThreadPoolExecutor() as pool:
            list(pool.map(lambda it: _build(it, folder), missing))
    return list(names().values())


def put_into(cluster: str) -> None:
    """Load those that the nodes do not have yet."""
    images = built()
    if missing := kind.missing(cluster, images):
        kind.load(cluster, missing)


def _build(stand_in: StandIn, folder: Path) -> None:
    build = ["docker", "build", "--quiet", "--network", "none", "--tag", tag(stand_in), "--file", "-", str(folder)]
    run(build, seconds=180, stdin=stand_in.dockerfile(IMAGE))


@contextmanager
def _context() -> Iterator[Path]:
    """The programs, readable and executable for whatever user SARK's manifests name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for program in PROGRAMS:
            shutil.copyfile(IN_PODS / program, folder / program)
            (folder / program).chmod(0o755)
        yield folder
