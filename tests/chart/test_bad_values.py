"""Every wrong value of tests/bad-values.yaml is refused by Helm itself, with a message that says what to write."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm import template
from tools.manifests.files import mapping
from tools.render.chart import chart
from tools.render.helm_errors import classify
from tools.render.merge import merge
from tools.render.schema import judge
from tools.validate.chart.refused import read

CASES = [(dict(refusal.values), *refusal.says) for refusal in read(["tests/bad-values.yaml"])]


PROJECT = chart()
BASE = mapping(PROJECT.path / "values.yaml")


def helm_template(values: dict[str, Any]) -> tuple[int, str]:
    """Helm's exit code and error text for the values."""
    ran = template(values, "charts/sark-network")
    return ran.returncode, ran.stderr


# A render a test and none shared, so that the processes of a run have each its part of them.
@pytest.mark.parametrize(("values", "says"), CASES, ids=[json.dumps(values)[:60] for values, _ in CASES])
def test_refused_with_a_message_and_by_both_readings_of_the_schema(values: dict[str, Any], says: str) -> None:
    """The toolkit's reading of the schema refuses what Helm's reading of it refuses, and nothing else."""
    code, text = helm_template(values)
    assert code != 0
    assert says in text
    assert bool(judge(PROJECT.schema, merge(BASE, values))) == (classify(text).kind == "schema")


def test_the_table_has_all_its_rows() -> None:
    """A row that the reader lost would be tried by nobody."""
    table = yaml.safe_load(Path("tests/bad-values.yaml").read_text(encoding="utf-8"))
    assert len(CASES) == sum(map(len, table["at"].values())) + len(table["values"]) > 290


def test_the_good_twin_renders() -> None:
    assert helm_template({"egress": {"domains": ["*.openai.com"]}}) == (0, "")
