"""Programs that stand in for others, such as a helm that prints what a test has in mind."""

from __future__ import annotations

from pathlib import Path


def program(path: Path, body: str) -> Path:
    """Write a script that can be run, and the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
