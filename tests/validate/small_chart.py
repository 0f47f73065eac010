"""A small chart with one environment, for tests of what validate does with any chart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write(folder: Path, schema: Mapping[str, Any], policy: str) -> Path:
    """Write it below the folder, with this schema and this template; where it is."""
    files = {
        "Chart.yaml": "{apiVersion: v2, name: small, version: 0.1.0}",
        "values.yaml": "host: a.example\nsize: 1\n",
        "values.schema.json": json.dumps(schema),
        "ci/dev-values.yaml": "size: 2\n",
        "templates/policy.yaml": policy,
    }
    for name, text in files.items():
        path = folder / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "small"
