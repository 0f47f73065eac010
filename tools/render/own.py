"""Where this project's own chart is, the specification of who may talk to whom under it, and its Terraform."""

from __future__ import annotations

from tools.findings.home import home

CHART = home() / "charts" / "sark-network"
FLOWS = CHART.parents[1] / "tests" / "flows.yaml"
TERRAFORM = home() / "terraform"
