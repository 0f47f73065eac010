"""The compiled client and server of bench/proxy.py, client.go: built once, and started inside the namespace."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("client.go")
CACHE = SOURCE.parents[1] / ".cache" / "bench"
Inside = Callable[[Sequence[str]], list[str]]


def build() -> tuple[Path | None, str]:
    """The program, built when it is not there or its source changed; or none, and why."""
    program = CACHE / f"client-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]}"
    if program.exists():
        return program, ""
    go = shutil.which("go")
    if go is None:
        return None, "go is not on PATH"
    CACHE.mkdir(parents=True, exist_ok=True)
    own = program.with_suffix(f".{os.getpid()}")
    built = subprocess.run([go, "build", "-o", str(own), str(SOURCE)], capture_output=True, text=True, check=False)
    if built.returncode:
        return None, f"`go build` failed: {built.stderr.strip()[-500:]}"
    own.replace(program)
    return program, ""


@dataclass(frozen=True, slots=True)
class Compiled:
    """`inside`: the command line that runs a command in the namespace."""

    program: Path
    inside: Inside

    def ask(self, *arguments: object) -> Any:
        """What it prints of one run. Raises CalledProcessError when a connection failed."""
        return json.loads(subprocess.check_output(self.inside([str(self.program), *map(str, arguments)])))

    def serve(self, *arguments: object) -> subprocess.Popen[bytes]:
        """Its server, once it listens."""
        command = self.inside([str(self.program), "serve", *map(str, arguments)])
        server = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert server.stdout
        if server.stdout.readline() != b"ready\n":
            raise RuntimeError("the compiled server does not listen")
        return server


def processor(pid: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
