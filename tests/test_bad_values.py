"""Every wrong value of tests/bad-values.yaml is refused by Helm itself, with a message that says what to write."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.helm import located
from tools.helm_errors import classify
from tools.inputs import chart, mapping
from tools.merge import merge
from tools.schema import judge

TABLE: dict[str, Any] = yaml.safe_load(Path("tests/bad-values.yaml").read_text())
CASES: list[tuple[dict[str, Any], str]] = [
    *(({"egress": {"domains": [name]}}, says) for name, says in TABLE["domains"].items()),
    *((case["values"], case["says"]) for case in TABLE["values"]),
]


def told(values: dict[str, Any]) -> tuple[int, str]:
    """Helm's exit code and error text for the values."""
    command = [located(), "template", "sark", "charts/sark-network", "--kube-version", "1.34.0", "--values", "-"]
    ran = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False)
    return ran.returncode, ran.stderr


@pytest.fixture(scope="module")
def answers() -> list[tuple[int, str]]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(told, (values for values, _ in CASES)))


@pytest.mark.parametrize("index", range(len(CASES)), ids=[json.dumps(values)[:60] for values, _ in CASES])
def test_refused_with_a_message(answers: list[tuple[int, str]], index: int) -> None:
    code, text = answers[index]
    assert code != 0
    assert CASES[index][1] in text


def test_the_good_twin_renders() -> None:
    assert told({"egress": {"domains": ["*.openai.com"]}}) == (0, "")


def test_both_schema_verdicts_agree(answers: list[tuple[int, str]]) -> None:
    """The toolkit's reading of the schema refuses what Helm's reading of it refuses, and nothing else."""
    project = chart()
    base = mapping(project.path / "values.yaml")
    ours = [bool(judge(project.schema, merge(base, values))) for values, _ in CASES]
    theirs = [classify(text).kind == "schema" for _, text in answers]
    assert [case for case, mine, helms in zip(CASES, ours, theirs, strict=True) if mine != helms] == []
