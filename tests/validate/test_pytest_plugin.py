"""The fixtures that the wheel's plugin brings, of this project's chart and of one that has faults."""

import os
import subprocess
import sys
from pathlib import Path

from tools.validate.pytest_plugin import Findings, Reachability, Rendered


def test_who_reaches_whom(sark_reachability: Reachability) -> None:
    world = sark_reachability("production")
    database = world.peer("sark-database")
    assert world.explain(world.peer("sark-api"), database, 5432).verdict == "allowed"
    assert world.explain(world.peer("sark-frontend"), database, 5432).verdict == "denied"


def test_what_is_rendered(sark_rendered: Rendered) -> None:
    assert "NetworkPolicy" in {manifest.body["kind"] for manifest in sark_rendered("dev")}


def test_what_is_found(sark_findings: Findings) -> None:
    assert [finding for finding in sark_findings("dev") if finding.problem.severity.name == "ERROR"] == []


THEIRS = """\
def test_it(sark_findings):
    errors = [finding.rule for finding in sark_findings("dev") if finding.problem.severity.name == "ERROR"]
    assert errors == []
"""


def outcome(tmp_path: Path, values: str, **environment: str) -> str:
    """What pytest prints for a test of somebody's chart, whose environment dev has these values."""
    files = {
        "chart/Chart.yaml": "apiVersion: v2\nname: theirs\nversion: 1.0.0\n",
        "chart/values.yaml": "port: 80\n",
        "chart/templates/policy.yaml": "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n"
        "spec:\n  podSelector: {}\n  policyTypes: [Ingress]\n"
        "  ingress: [{from: [{podSelector: {}}], ports: [{port: {{ .Values.port }}}]}]\n",
        "chart/ci/dev-values.yaml": values,
        "test_theirs.py": THEIRS,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    options = ("-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path))
    plugin = ("-p", "tools.validate.pytest_plugin", "--sark-chart", str(tmp_path / "chart"))
    command = [sys.executable, "-m", "pytest", *options, *plugin]
    command.append(str(tmp_path / "test_theirs.py"))
    ran = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    return ran.stdout


def test_a_good_chart_of_somebodys_passes(tmp_path: Path) -> None:
    assert "1 passed" in outcome(tmp_path, "port: 81\n")


def test_a_finding_fails_the_test(tmp_path: Path) -> None:
    assert "ports-are-valid" in outcome(tmp_path, "port: 70000\n")


def test_what_could_not_be_judged_fails_the_test(tmp_path: Path) -> None:
    assert "dev could not be judged: render: " in outcome(tmp_path, "port: 81\n", SARK_HELM=str(tmp_path / "no-helm"))
