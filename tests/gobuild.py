"""Programs of the tests that are written in Go: built once, from the source beside the tests."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(".cache") / "go-programs"


def built(source: Path) -> Path:
    """Where the program of a folder is, or would be."""
    files = sorted(source.iterdir())
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    return (CACHE / f"{source.name}-{digest}").resolve()


def build(source: Path, package: str = ".") -> tuple[Path | None, str]:
    """The program of a folder, or a package that it requires, built when it is not there or its source changed; or
    none, and why."""
    program = built(source)
    if program.exists():
        return program, ""
    go = shutil.which("go")
    if go is None:
        return None, "go is not on PATH"
    CACHE.mkdir(parents=True, exist_ok=True)
    own = program.with_suffix(f".{os.getpid()}")
    command = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(own), package]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}
    ran = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        return None, f"`go build` failed: {ran.stderr.strip()[-500:]}"
    own.replace(program)
    return program, ""


if __name__ == "__main__":
    _, why = build(Path(sys.argv[1]), *sys.argv[2:])
    sys.exit(why or 0)
