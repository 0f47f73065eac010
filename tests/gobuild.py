"""Programs of the tests that are written in Go: built once, from the source beside the tests."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

CACHE = Path(".cache") / "go-programs"


def build(source: Path) -> tuple[Path | None, str]:
    """The program of a folder, built when it is not there or its source changed; or none, and why."""
    files = sorted(source.iterdir())
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    program = (CACHE / f"{source.name}-{digest}").resolve()
    if program.exists():
        return program, ""
    go = shutil.which("go")
    if go is None:
        return None, "go is not on PATH"
    CACHE.mkdir(parents=True, exist_ok=True)
    own = program.with_suffix(f".{os.getpid()}")
    command = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(own), "."]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}
    built = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
    if built.returncode:
        return None, f"`go build` failed: {built.stderr.strip()[-500:]}"
    own.replace(program)
    return program, ""
