"""Where this project's own chart is, and the specification of who may talk to whom under it."""

from __future__ import annotations

from pathlib import Path

CHART = Path(__file__).resolve().parent.parent.parent / "charts" / "sark-network"
FLOWS = CHART.parents[1] / "tests" / "flows.yaml"
