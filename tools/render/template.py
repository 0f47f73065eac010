"""Has Helm render a chart."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.render.helm import located
from tools.render.helm_errors import RenderError, classify
from tools.render.target import RenderTarget

# asyncio logs the children of a run that was interrupted.
logging.getLogger("asyncio").addHandler(logging.NullHandler())

# Helm names the template of everything that it prints.
_SOURCE = re.compile(r"^# Source: ", re.MULTILINE)
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
    given = [_as_flag(file) for file in files] + (["--values=-"] if values else [])
    arguments = ["template", target.release, str(chart), *target.arguments, *given]
    code, output, complaints = await _run(helm or located(), arguments, as_yaml(values or {}).encode())
    if code:
        refusal = classify(complaints, code)
        refusal.text = complaints
        raise refusal
    if output.strip() and not _SOURCE.search(output):
        raise RenderError("helm", "helm printed no manifests, though it says that it rendered; is it Helm that ran?")
    return output


async def _run(helm: str, arguments: Sequence[str], written: bytes) -> tuple[int, str, str]:
    """Run Helm: its exit code, its output and what it wrote to standard error. Raises RenderError when it cannot begin.

    Not by pyhelm3, which takes longer to load than Helm takes to render, for models of releases that nobody has here.
    """
    # Only now: whoever waits for no Helm does not wait for it.
    import asyncio

    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(helm, *arguments, stdin=pipe, stdout=pipe, stderr=pipe)
    except OSError as error:
        raise RenderError("helm", f"{helm} does not run: {error.strerror}") from None
    try:
        output, complaints = await process.communicate(written)
    except asyncio.CancelledError:
        # It may have ended meanwhile.
        if process.returncode is None:
            process.terminate()
        await process.communicate()
        raise
    return process.returncode or 0, output.decode("utf-8", "replace"), complaints.decode("utf-8", "replace")


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
