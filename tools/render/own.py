"""Where this project's own chart is, and the specification of who may talk to whom under it."""

from __future__ import annotations

from tools.findings.home import home

CHART = home() / "charts" / "sark-network"
FLOWS = CHART.parents[1] / "tests" / "flows.yaml"
