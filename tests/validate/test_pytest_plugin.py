"""The fixtures that the wheel's plugin brings, of this project's chart and of one that has faults."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.validate.pytest_plugin import Findings, Reachability, Rendered

ROOT = Path(__file__).resolve().parents[2]


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
EVERYWHERE = """\
import asyncio

def test_elsewhere(sark_rendered, sark_findings, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert [manifest.kind for manifest in sark_rendered("dev")] == ["NetworkPolicy"]
    assert sark_findings("dev") is not None

def test_in_a_loop(sark_reachability, sark_findings, sark_rendered_text):
    for fixture in (sark_reachability, sark_findings, sark_rendered_text):
        fixture.cache_clear()
    async def asked():
        return sark_reachability("dev"), sark_findings("dev")
    assert len(asyncio.run(asked())) == 2
"""
UNKNOWN = "def test_it(sark_{}):\n    sark_{}('prod')\n"


def laid(tmp_path: Path, values: str, test: str = THEIRS) -> None:
    """Somebody's chart, whose environment dev has these values, and a test of it."""
    files = {
        "chart/Chart.yaml": "apiVersion: v2\nname: theirs\nversion: 1.0.0\n",
        "chart/values.yaml": "port: 80\n",
        "chart/templates/policy.yaml": "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n"
        "spec:\n  podSelector: {}\n  policyTypes: [Ingress]\n"
        "  ingress: [{from: [{podSelector: {}}], ports: [{port: {{ .Values.port }}}]}]\n",
        "chart/ci/dev-values.yaml": values,
        "tests/test_theirs.py": test,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)


def outcome(tmp_path: Path, *words: str, folder: str = "", **environment: str) -> str:
    """What pytest prints for these words, in a folder of the project."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tools.validate.pytest_plugin", *words]
    ran = subprocess.run(
        command,
        cwd=tmp_path / folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout


def test_a_good_chart_of_somebodys_passes(tmp_path: Path) -> None:
    laid(tmp_path, "port: 81\n")
    assert "1 passed" in outcome(tmp_path, "--sark-chart", "chart")


def test_a_finding_fails_the_test(tmp_path: Path) -> None:
    laid(tmp_path, "port: 70000\n")
    assert "ports-are-valid" in outcome(tmp_path, "--sark-chart", "chart")


def test_what_could_not_be_judged_fails_the_test(tmp_path: Path) -> None:
    laid(tmp_path, "port: 81\n")
    printed = outcome(tmp_path, "--sark-chart", "chart", SARK_HELM=str(tmp_path / "no-helm"))
    assert "dev could not be judged: render: " in printed


@pytest.mark.parametrize(
    ("words", "folder"),
    [
        (["--sark-chart", "../chart"], "tests"),
        (["--sark-chart", "chart", "-n", "2", "-p", "no:cacheprovider"], ""),
        (["--sark-chart", "chart", "--import-mode=importlib", "--rootdir", "/"], ""),
        # From where the configuration file is, in whatever directory pytest is begun.
        (["-c", "../pytest.ini"], "tests"),
        (["tests"], ""),
    ],
)
def test_the_chart_is_the_same_wherever_a_test_runs(words: list[str], folder: str, tmp_path: Path) -> None:
    laid(tmp_path, "port: 81\n", EVERYWHERE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nsark_chart = chart\nfilterwarnings = error\n")
    assert "2 passed" in outcome(tmp_path, *words, folder=folder)


@pytest.mark.parametrize("fixture", ["rendered_text", "rendered", "reachability", "findings"])
def test_an_environment_that_is_none_fails_the_test_in_words(fixture: str, tmp_path: Path) -> None:
    laid(tmp_path, "port: 81\n", UNKNOWN.format(fixture, fixture))
    printed = outcome(tmp_path, "--sark-chart", "chart")
    assert "chart has no environment prod; there are dev\n" in printed
    assert "pytest_plugin.py" not in printed


@pytest.mark.parametrize(
    ("words", "values", "says"),
    [
        (["--sark-chart", "nowhere"], "", "nowhere is no chart: it has no Chart.yaml; name one with --sark-chart DIR"),
        (["--sark-chart", "chart"], "port: [\n", "dev does not render: "),
    ],
)
def test_a_chart_that_is_none_fails_the_test_in_words(words: list[str], values: str, says: str, tmp_path: Path) -> None:
    laid(tmp_path, values, UNKNOWN.replace("prod", "dev").format("rendered", "rendered"))
    printed = outcome(tmp_path, *words)
    assert says in printed
    assert "pytest_plugin.py" not in printed
