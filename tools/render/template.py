"""Has Helm render a chart."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.render.early import NOTHING_BEGUN, EarlyRenders
from tools.render.helm import located
from tools.render.helm_errors import RenderError, classify
from tools.render.target import RenderTarget

# A chart renders in a second or less. A helm that takes this long waits for something that does not come.
SECONDS = 300
# Helm names the template of everything that it prints.
_SOURCE = re.compile(r"^# Source: ", re.MULTILINE)
# A backslash that stands for itself is passed over, so that what follows it is no escape.
_PAIR = re.compile(r"\\\\|(?P<pair>\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})")
# How a process ended: its exit code, its output and what it wrote to standard error.
Ended = tuple[int, str, str]


async def render(
    chart: Path,
    values: Mapping[str, Any] | None = None,
    *,
    files: Sequence[Path] = (),
    target: RenderTarget = RenderTarget(),
    helm: str | None = None,
    early: EarlyRenders = NOTHING_BEGUN,
) -> str:
    """The chart's manifests as Helm prints them, with its `# Source:` lines.

    `files` are values files, which Helm reads itself, and `values` one mapping, laid over them and the chart's own;
    `null` in it deletes. `early`: renders that were begun before, of which this may be one. Raises RenderError, and
    HelmError when there is no helm.
    """
    asked = command(helm or located(), chart, files, target)
    if values:
        ended = await _run([*asked, "--values=-"], as_yaml(values).encode())
    elif begun := early.taken(asked):
        ended = await _end(begun)
    else:
        ended = await _run(asked)
    code, output, complaints = ended
    if code:
        refusal = classify(complaints, code)
        refusal.text = complaints
        raise refusal
    if output.strip() and not _SOURCE.search(output):
        raise RenderError("helm", "helm printed no manifests, though it says that it rendered; is it Helm that ran?")
    return output


def command(helm: str, chart: Path, files: Sequence[Path], target: RenderTarget) -> list[str]:
    """Helm's command line for a render of values files."""
    return [helm, "template", target.release, str(chart), *target.arguments, *map(_as_flag, files)]


async def _run(command: Sequence[str], written: bytes = b"") -> Ended:
    """Run Helm. Raises RenderError when it cannot begin.

    Not by pyhelm3, which takes longer to load than Helm takes to render, for models of releases that nobody has here.
    """
    pipe = subprocess.PIPE
    try:
        begun = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
    except OSError as error:
        raise RenderError("helm", f"{command[0]} does not run: {error.strerror}") from None
    return await _end(begun, written)


async def _end(begun: subprocess.Popen[bytes], written: bytes | None = None) -> Ended:
    """Wait for a process that was begun before. Raises RenderError when it does not end."""
    # Only now: whoever waits for no Helm does not wait for it.
    import asyncio

    try:
        output, complaints = await asyncio.to_thread(begun.communicate, written, SECONDS)
    except subprocess.TimeoutExpired:
        begun.kill()
        # A child of a wrapper may hold them for longer.
        for pipe in (begun.stdin, begun.stdout, begun.stderr):
            if pipe:
                pipe.close()
        begun.wait()
        raise _late(begun.args) from None
    except asyncio.CancelledError:
        begun.terminate()
        raise
    return _ended(begun.returncode, output, complaints)


def _ended(code: int | None, output: bytes, complaints: bytes) -> Ended:
    return code or 0, output.decode("utf-8", "replace"), complaints.decode("utf-8", "replace")


def _late(command: Any) -> RenderError:
    return RenderError("helm", f"{command[0]} did not render the chart within {SECONDS} s, and was ended")


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
