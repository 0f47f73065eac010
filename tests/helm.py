"""`helm` for the tests: what it printed for the same chart, words and values is not asked for twice."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.remembered import remembered
from tools.render.helm import located

# What an entry of the list may end at: a day, which counts until it is over, or a moment.
_END = re.compile(r"\b(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)Z)?")


def helm(words: Sequence[str], values: Mapping[str, Any] | str = "") -> subprocess.CompletedProcess[str]:
    """A run of `helm` with values on its standard input. Files and folders are read where a word names them."""
    text = values if isinstance(values, str) else json.dumps(values)
    command = [located(), *words]

    def ask() -> list[Any]:
        ran = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        return [ran.returncode, ran.stdout, ran.stderr]

    named = [Path(word) for word in words if len(word) < 256 and "\n" not in word and Path(word).exists()]
    settings = sorted((name, value) for name, value in os.environ.items() if name.startswith("HELM_"))
    files = [path / "values.yaml" if path.is_dir() else path for path in named]
    written = "\n".join([*words, text, *(file.read_text("utf-8") for file in files if file.is_file())])
    code, out, err = remembered(
        command[0], lambda: [*words, text, settings, passed(written, datetime.now(UTC))], named, ask
    )
    return subprocess.CompletedProcess(command, code, out, err)


def passed(written: str, now: datetime) -> list[bool]:
    """Which of the days and moments in values have passed: all that the chart asks the clock."""
    ends = []
    for day, time in _END.findall(written):
        try:
            end = datetime.fromisoformat(f"{day}T{time or '00:00'}+00:00")
        except ValueError:
            continue
        ends.append(end + timedelta(days=not time) <= now)
    return ends


def template(values: Mapping[str, Any] | str, chart: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """`helm template` of a chart as release sark, for the Kubernetes of the tests."""
    return helm(["template", "sark", chart, "--kube-version", "1.34.0", "-f", "-", *flags], values)
