"""Plain manifests from Helm's output: one file a template, for `kubectl apply --filename DIR`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tools.findings.errors import InputError
from tools.findings.output import put

HEADER = "# Written by `python -m tools.render`; the next run replaces or removes it.\n"

_START = re.compile(r"^---\s*\n# Source: [^/\s]+/(?P<template>\S+)\s*\n", re.MULTILINE)
_HOOK = re.compile(r'^ +"?helm\.sh/hook"?:', re.MULTILINE)


def by_template(output: str) -> dict[str, str]:
    """Each template's objects, by the name of the file to write. Hooks are left out: kubectl would apply them."""
    files: dict[str, str] = {}
    starts = list(_START.finditer(output))
    for number, start in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(output)
        text = output[start.end() : end].strip("\n")
        if text.strip() and not _HOOK.search(text):
            name = start["template"].removeprefix("templates/").replace("/", "-")
            files[name] = f"{files.get(name, HEADER)}---\n{text}\n"
    return files


def write(files: Mapping[str, str], directory: Path) -> list[Path]:
    """Write the files, and remove those of an earlier run that are not among them, so that `kubectl apply` finds no
    policy that the chart no longer has. Files that this tool did not write are left alone.

    Raises InputError for a file that cannot be written or removed, and for the directory.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write into {directory}: {error.strerror}") from None
    for name, text in files.items():
        put((text,), directory / name)
    for path in directory.glob("*.yaml"):
        try:
            if path.name not in files and path.is_file() and path.read_bytes().startswith(HEADER.encode()):
                path.unlink()
        except OSError as error:
            raise InputError(f"cannot replace or remove {path}: {error.strerror}") from None
    return [directory / name for name in files]
