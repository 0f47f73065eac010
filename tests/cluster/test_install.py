"""The whole trial in kind with Calico, a test a row: `pytest -m kind` does what `python -m tools.cluster all` does.

$SARK names a checkout of SARK, whose own manifests are tried then too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools.cluster import back_doors, doors, granted, pushed
from tools.cluster.sark.state import GONE, NO_CHECKOUT, REQUESTS, STATE
from tools.reach.flows.read import STATES, Specification, read

pytestmark = pytest.mark.kind

ROOT = Path(__file__).resolve().parents[2]
FLOWS = ROOT / "tests" / "flows.yaml"
BACK_DOORS = [
    *(f"{door.name}-is-refused" for door in doors.doors()),
    *(f"{door.name}-is-accepted" for door in (*doors.honest(), doors.pod_without_rights())),
    *(f"{door.name}-by-somebody-is-refused" for door in doors.labelled_pods()),
    *(f"{door.name}-by-who-may-is-accepted" for door in doors.labelled_pods()),
]
FACTS = [
    *((back_doors.STATE, name) for name in BACK_DOORS),
    *((back_doors.OPEN, f"{door.name}-opens-it") for door in doors.doors() if door.opens),
    *((back_doors.POD_CIDRS, f"{door.name}-opens-nothing") for door in doors.doors() if "policy" not in door.name),
    ("installed", "proxy-replicas-apart"),
    ("before the chart", "names-resolve"),
    ("installed", "helm-install"),
    ("installed", "helm-test"),
    ("installed", "judge-agrees-with-cluster"),
    ("upgraded", "open-connection-to-revoked-name"),
    ("upgraded", "open-connection-to-kept-name"),
    ("upgraded", "proxy-not-restarted"),
    *((granted.STATE, name) for name in granted.FACTS),
    *((pushed.STATE, name) for name in pushed.FACTS),
    ("NetworkPolicies alone", "lock-down-removed"),
    ("NetworkPolicies alone", "judge-agrees-with-cluster"),
    ("without policies", "policies-removed"),
    ("uninstalled", "nothing-left-behind"),
    ("random policies", "judge-agrees-with-cluster"),
]
SARK = os.environ.get("SARK", "")
SHIPPED_FACTS = [
    (STATE, "defaults-installed"),
    *((STATE, f"{name}-is-ready") for name in ("sark-postgres", "sark-valkey", "opa", "sark-api", "sark-frontend")),
    *((STATE, name) for name, *_ in REQUESTS),
    (GONE, "policies-removed"),
]

Results = Mapping[tuple[str, str], str]


def specification() -> Specification:
    """The rows, known before anything runs, so that each is a test with a name."""
    spec, problems = read(FLOWS.read_text(encoding="utf-8"), str(FLOWS))
    assert spec is not None, problems
    return spec


SPEC, SHIPPED = specification().of("trial"), specification().of("shipped")
ROWS = [(state, flow.name) for state in STATES for flow in SPEC.during(state)]
TWINS = [
    (state, flow.name)
    for state in ("before the chart", "without policies", "after the chart")
    for flow in SPEC.flows
    if not flow.allowed and (flow.twin == "direct" or (flow.twin == "proxy" and state == "without policies"))
]

SHIPPED_ROWS = [(STATE, flow.name) for flow in SHIPPED.flows]
SHIPPED_ROWS += [(GONE, flow.name) for flow in SHIPPED.flows if not flow.allowed and flow.twin != "never"]


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What became of each row in each state: "" for a pass, else the reason. The trial runs once, at the first test."""
    junit = tmp_path_factory.mktemp("cluster") / "junit.xml"
    command = [sys.executable, "-m", "tools.cluster", "all", "--name", "sark-network-pytest", "--junit", str(junit)]
    command += ["--sark", SARK] if SARK else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert junit.is_file(), done.stderr
    statuses: dict[tuple[str, str], str] = {}
    for suite in ElementTree.parse(junit).getroot():
        for case in suite:
            # What did not run says so there too: it is not a pass.
            error = next((child.get("message", "") for child in case), "")
            statuses[suite.get("name", ""), case.get("name", "")] = error
    return statuses


def verdict(results: Results, state: str, name: str) -> str:
    stopped = results.get(("trial", "the-trial-ends"), "there is no such result")
    return results.get((state, name), stopped)


@pytest.mark.parametrize(("state", "name"), ROWS)
def test_row(results: Results, state: str, name: str) -> None:
    assert verdict(results, state, name) == ""


@pytest.mark.parametrize(("state", "name"), TWINS)
def test_what_is_denied_is_answered_without_the_policy(results: Results, state: str, name: str) -> None:
    assert verdict(results, state, name) == ""


@pytest.mark.parametrize(("state", "name"), FACTS)
def test_fact(results: Results, state: str, name: str) -> None:
    assert verdict(results, state, name) == ""


@pytest.mark.skipif(not SARK, reason="no checkout of SARK: name one in $SARK")
@pytest.mark.parametrize(("state", "name"), [*SHIPPED_FACTS, *SHIPPED_ROWS])
def test_sark_as_shipped(results: Results, state: str, name: str) -> None:
    assert verdict(results, state, name) == ""


def test_nothing_else_went_wrong(results: Results) -> None:
    absent = {} if SARK else {(STATE, "sark-as-shipped"): NO_CHECKOUT}
    assert {key: error for key, error in results.items() if error} == absent
