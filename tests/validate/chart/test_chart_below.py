"""A chart that has others among its dependencies: their schemas speak of values below their names."""

from __future__ import annotations

import json
from pathlib import Path

from tests.validate.chart.conftest import Report, of_stage


def test_what_a_chart_below_refuses_is_said_of_it(small: Path, report: Report) -> None:
    below = small / "charts" / "below"
    below.mkdir(parents=True)
    (below / "Chart.yaml").write_text("{apiVersion: v2, name: below, version: 0.1.0}")
    (below / "values.schema.json").write_text(json.dumps({"properties": {"size": {"type": "integer"}}}))
    (small / "values.schema.json").unlink()
    Path("v.yaml").write_text("below: {size: many}\n")
    errors = [
        message for severity, _, message in of_stage(report("--values", "v.yaml"), "values") if severity == "error"
    ]
    assert errors == ["a chart below refuses its values: size: got string, want integer"]
