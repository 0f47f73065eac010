"""Has Helm render a chart."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.render.helm import located
from tools.render.helm_errors import classify
from tools.render.target import RenderTarget

# pyhelm3 logs each failure, which is reported here already; asyncio logs the children of a run that was interrupted.
for _name in ("pyhelm3", "asyncio"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

# A backslash that stands for itself is passed over, so that what follows it is no escape.
_PAIR = re.compile(r"\\\\|(?P<pair>\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})")


async def render(
    chart: Path,
    values: Mapping[str, Any] | None = None,
    *,
    files: Sequence[Path] = (),
    target: RenderTarget = RenderTarget(),
    helm: str | None = None,
) -> str:
    """The chart's manifests as Helm prints them, with its `# Source:` lines.

    `files` are values files, which Helm reads itself, and `values` one mapping, laid over them and the chart's own;
    `null` in it deletes. Raises RenderError, and HelmError when there is no helm.
    """
    from pyhelm3 import Command, errors

    command = Command(executable=helm or located())
    given = [_as_flag(file) for file in files] + (["--values=-"] if values else [])
    arguments = ["template", target.release, str(chart), *target.arguments, *given]
    try:
        output = await command.run(arguments, as_yaml(values or {}).encode())
    except errors.Error as error:
        refusal = classify(error.stderr.decode("utf-8", "replace"), error.returncode)
        refusal.text = error.stderr.decode("utf-8", "replace")
        raise refusal from None
    return bytes(output).decode("utf-8", "replace")


def rendered(chart: Path, files: Sequence[Path], target: RenderTarget) -> str:
    """The same for a caller that waits. Raises RenderError, and HelmError when there is no helm."""
    # Only now: it takes longer to load than all that reads manifests.
    import asyncio

    return asyncio.run(render(chart, files=files, target=target))


def _as_flag(file: Path) -> str:
    """The flag that names a values file. Helm splits its text at commas, as CSV, and takes `x://` for an address."""
    name = str(file.absolute()).replace('"', '""')
    return f'--values="{name}"'


def as_yaml(values: Mapping[str, Any]) -> str:
    """Values as JSON that YAML reads too: JSON writes a character beyond U+FFFF as two escapes, which YAML refuses."""
    return _PAIR.sub(_one_escape, json.dumps(values))


def _one_escape(match: re.Match[str]) -> str:
    if not match["pair"]:
        return match[0]
    character: str = json.loads('"' + match["pair"] + '"')
    return f"\\U{ord(character):08X}"
