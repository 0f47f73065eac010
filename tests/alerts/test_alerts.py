"""The alerts, judged by Prometheus' own program for it: when each fires, and when it does not.

promtool is built by `make alerts`, which takes minutes; where it is not there these tests say that they did not run.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gobuild import built
from tests.proxy.proxy import objects

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = yaml.safe_load((HERE / "cases.yaml").read_text())
RULES = objects({"monitoring": {"rules": {"enabled": True}}})


@pytest.fixture(scope="module")
def promtool() -> Path:
    program = built(HERE / "promtool")
    if not program.exists():
        pytest.skip("promtool is not built; `make alerts` builds it: the alerts were not tested")
    return program


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The rules of the chart as a file of Prometheus's."""
    (rule,) = [body for body in RULES if body["kind"] == "PrometheusRule"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]))
    return tmp_path / "rules.yaml"


def judged(promtool: Path, folder: Path, case: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run one case, whose series are those of this release's replicas."""
    series = [
        {"series": each["series"].replace("SELECTOR", selector(each)), "values": each["values"]}
        for each in case["series"]
    ]
    expected = [
        {"exp_labels": each["labels"], "exp_annotations": {"summary": each["summary"]}}
        for each in case.get("fires", ())
    ]
    test = {
        "interval": "1m",
        "input_series": series,
        "alert_rule_test": [{"eval_time": case["at"], "alertname": case["alert"], "exp_alerts": expected}],
    }
    body = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "test.yaml").write_text(yaml.safe_dump(body))
    command = [str(promtool), "test", "rules", str(folder / "test.yaml")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def selector(each: dict[str, Any]) -> str:
    return f'namespace="{each.get("namespace", "sark")}",pod="sark-sark-network-egress-proxy-{each.get("pod", "a")}"'


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_alert(promtool: Path, rules: Path, case: dict[str, Any]) -> None:
    done = judged(promtool, rules.parent, case)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_expectation_is_caught(promtool: Path, rules: Path) -> None:
    firing = next(case for case in CASES if "fires" in case)
    done = judged(promtool, rules.parent, {**firing, "fires": []})
    assert done.returncode == 1
    assert "FAILED" in done.stdout + done.stderr


def test_promtool_accepts_the_rules(promtool: Path, rules: Path) -> None:
    done = subprocess.run([str(promtool), "check", "rules", str(rules)], capture_output=True, text=True, check=False)
    assert (done.returncode, "SUCCESS: 5 rules found" in done.stdout) == (0, True), done.stdout + done.stderr


def test_every_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    (rule,) = [body for body in RULES if body["kind"] == "PrometheusRule"]
    alerts = {each["alert"] for each in rule["spec"]["groups"][0]["rules"]}
    assert {case["alert"] for case in CASES if "fires" in case} == alerts
    assert {case["alert"] for case in CASES if "fires" not in case} == alerts
