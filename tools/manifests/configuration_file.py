"""Reads the file of options: `[tool.sark-network]` in a pyproject.toml, or YAML of its own."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tools.findings.errors import InputError
from tools.manifests.configuration_names import OWN, SHARED, TABLE
from tools.manifests.files import mapping, read_text, read_yaml, shown
from tools.manifests.paths import step

_KEY = re.compile(r"""\s*["']?(?P<key>[A-Za-z0-9_-]+)["']?\s*=""")


class Written(NamedTuple):
    """The options of a file, which is "" when there is none, and the line of each key."""

    file: str = ""
    options: Mapping[str, Any] = {}
    lines: Mapping[str, int] = {}


def read(named: str) -> Written:
    """What is in the file that is named, or in the one of the current directory. Raises InputError."""
    if named:
        return _pyproject(Path(named)) if named.endswith(".toml") else _own(Path(named))
    # A dangling link is an error, too: somebody meant it to be read.
    shared = _pyproject(Path(SHARED)) if os.path.lexists(SHARED) else Written()
    if not os.path.lexists(OWN):
        return shared
    if shared.file:
        raise InputError(f"there are options in {OWN} and in {shared.file}; keep one of the two")
    return _own(Path(OWN))


def _own(path: Path) -> Written:
    options = mapping(path)
    documents = read_yaml(path).documents
    lines = documents[0].lines if documents else {}
    steps = {key: step("", key) for key in options if isinstance(key, str)}
    return Written(shown(path), options, {key: lines[at] for key, at in steps.items() if at in lines})


def _pyproject(path: Path) -> Written:
    text = read_text(path)
    try:
        tools = tomllib.loads(text).get("tool", {})
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise InputError(f"{shown(path)}: not TOML that can be read: {error}") from None
    if not isinstance(tools, Mapping):
        raise InputError(f"{shown(path)}: tool is no table; write [tool.{TABLE}]")
    table = tools.get(TABLE)
    if table is None:
        return Written()
    if not isinstance(table, Mapping):
        raise InputError(f"{shown(path)}: tool.{TABLE} is no table; write [tool.{TABLE}]")
    return Written(shown(path), table, _lines(text))


def _lines(text: str) -> dict[str, int]:
    """The line of each key of the table, which the reader of TOML does not say."""
    lines_of: dict[str, int] = {}
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            inside = line.strip().replace(" ", "").startswith(f"[tool.{TABLE}]")
        elif inside and (match := _KEY.match(line)):
            lines_of.setdefault(match["key"], number)
    return lines_of
