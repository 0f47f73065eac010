"""What Helm and Terraform answer, kept between runs by the hash of all that the answer depends on.

Both are slow beside what the tests ask of their answers, and give the same answer to the same files. The hash is of the
program, its arguments, its input and the content of each file that it reads, so that whatever changes is asked anew;
every assertion is made on every run. The answers are in .cache/answers, which `make clean` removes; with SARK_ANEW=1
nothing is taken from there.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / ".cache" / "answers"
# An answer that nobody asked for in so long belongs to files that are gone.
KEPT_SECONDS = 14 * 24 * 3600


def remembered(
    program: str, given: Callable[[], Sequence[object]], files: Iterable[Path], ask: Callable[[], Any]
) -> Any:
    """What `ask` gives, which JSON can hold, for a program and what it is given and reads: files, and all of folders.

    `given` is asked for twice, so that it may hold what changes by itself, such as whether a moment has passed.
    """
    if os.environ.get("SARK_ANEW"):
        return ask()
    paths = tuple(files)
    key = digest(program, given(), paths)
    place = FOLDER / key
    try:
        answer = json.loads(zlib.decompress(place.read_bytes()))
        os.utime(place)
    except (OSError, ValueError, zlib.error):
        answer = ask()
        # What changed meanwhile may have been read before or after.
        if digest(program, given(), paths) == key:
            _keep(place, answer)
    return answer


def digest(program: str, given: Sequence[object], files: Sequence[Path]) -> str:
    """The hash of everything that an answer depends on."""
    status = Path(program).stat()
    binary = [program, status.st_size, status.st_mtime_ns, status.st_ino]
    parts = [binary, list(given), [content(path) for path in files]]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def content(path: Path) -> list[tuple[str, str]]:
    """The name and the hash of each file at a path or below it, without what Python compiled there."""
    below = (file for file in path.rglob("*") if file.is_file() and file.parent.name != "__pycache__")
    paths = [path] if path.is_file() else sorted(below)
    return [(str(file.relative_to(path)), hashlib.sha256(file.read_bytes()).hexdigest()) for file in paths]


def tidy(now: float | None = None) -> None:
    """Remove what nobody has asked for in a while."""
    oldest = (time.time() if now is None else now) - KEPT_SECONDS
    for place in FOLDER.glob("*"):
        if place.stat().st_mtime < oldest:
            place.unlink(missing_ok=True)


def _keep(place: Path, answer: Any) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    written = place.with_name(f"{place.name}.{os.getpid()}")
    written.write_bytes(zlib.compress(json.dumps(answer).encode(), 1))
    written.replace(place)
