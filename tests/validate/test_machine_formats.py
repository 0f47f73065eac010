"""Every JSON that a command writes fits its schema in tools/manifests/schemas; the schemas refuse anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tools.egress.__main__ import main as egress
from tools.reach.__main__ import main as reach
from tools.terraform.__main__ import main as terraform
from tools.validate.__main__ import main as validate

NAMES = (
    *("report", "egress-list", "egress-check"),
    *("reach-matrix", "reach-explanation", "reach-diff", "reach-policies"),
)
Main = Callable[[list[str]], int]
# A pod that is denied, one that is not isolated, a policy that is refused, text that no terminal should see, and a file
# that cannot be read.
INPUT = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: s, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: s, labels: {app: db}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: s}
spec: {selector: {app: db}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: guard, namespace: s}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: "refused\\e[31m", namespace: s}
spec: {podSelector: {}, ingress: [{ports: [{port: 99999}]}]}
"""
OPEN = 'resource "aws_security_group" "g" {\n  name = "g"\n  ingress {\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n'
FLOWS = "flows:\n  - {name: a, from: gateway, to: {host: a.example.com, port: 443}, expect: denied, why: a}\n"


def schema(name: str) -> Draft202012Validator:
    documents = {
        each: json.loads(files("tools.manifests.schemas").joinpath(f"{each}.json").read_text("utf-8")) for each in NAMES
    }
    Draft202012Validator.check_schema(documents[name])
    resources = [(body["$id"], DRAFT202012.create_resource(body)) for body in documents.values()]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft202012Validator(documents[name], registry=registry)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("m").mkdir()
    Path("m/all.yaml").write_text(INPUT)
    Path("m/latin.yaml").write_bytes(b"\xff")
    Path("later.yaml").write_text(INPUT.replace("10.0.0.0/8", "192.168.0.0/16"))
    Path("v.yaml").write_text(
        "egress:\n  external:\n    - {cidrs: [198.51.100.0/24], ports: [8443], reason: a, expires: 2099-01-01}\n"
    )
    Path("net").mkdir()
    Path("net/main.tf").write_text(OPEN)
    Path("flows.yaml").write_text(FLOWS)


@pytest.mark.parametrize(
    ("name", "main", "words", "code"),
    [
        ("report", validate, ["--manifests", "m"], 2),
        ("report", validate, ["--manifests", "later.yaml", "--disable", "names-are-legal"], 1),
        ("report", validate, ["--env", "dev"], 0),
        ("report", terraform, ["lint", "net"], 1),
        ("report", terraform, ["lint", "nowhere"], 2),
        ("report", reach, ["check", "--env", "dev"], 0),
        ("report", reach, ["check", "flows.yaml", "--manifests", "m"], 2),
        ("reach-matrix", reach, ["matrix", "m"], 2),
        ("reach-matrix", reach, ["matrix", "later.yaml", "--all"], 1),
        ("reach-matrix", reach, ["matrix", "--env", "production"], 0),
        ("reach-explanation", reach, ["explain", "web", "db", "80", "--manifests", "m"], 2),
        ("reach-diff", reach, ["diff", "m/all.yaml", "later.yaml"], 1),
        ("reach-diff", reach, ["diff", "dev", "production"], 0),
        ("reach-policies", reach, ["policies", "--manifests", "m"], 2),
        ("reach-policies", reach, ["policies", "--env", "full"], 0),
        ("reach-policies", reach, ["policies", "s/", "--manifests", "later.yaml"], 1),
        ("egress-list", egress, ["list"], 0),
        ("egress-list", egress, ["list", "--env", "production", "--values", "v.yaml"], 0),
        ("egress-check", egress, ["check", "stolen.example.com"], 1),
        ("egress-check", egress, ["check", "api.openai.com", "--env", "production"], 0),
        ("egress-check", egress, ["check", "198.51.100.7:8443", "--values", "v.yaml"], 0),
    ],
)
def test_json_fits_its_schema(
    name: str, main: Main, words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--format", "json"]) == code
    text = capsys.readouterr().out
    document = json.loads(text)
    assert document not in ([], {})
    assert [error.message for error in schema(name).iter_errors(document)] == []
    assert "\x1b" not in text


def test_an_explanation_of_a_service_is_a_list_of_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert reach(["explain", "web", "svc/db", "80", "--manifests", "later.yaml", "--format", "json"]) == 1
    answers = json.loads(capsys.readouterr().out)
    assert len(answers) == 1
    assert [error.message for answer in answers for error in schema("reach-explanation").iter_errors(answer)] == []


DIRECTION = {"isolated": False, "lets": "everything", "policies": []}
POLICY = {"policy": "NetworkPolicy s/p", "tier": "default", "rules": 1, "file": "a", "line": 1}
FINDING = {"rule": "a", "severity": "note", "message": "a", "file": "", "path": "", "line": 0}


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "reach-policies",
            [{"workload": "a", "Ingress": DIRECTION, "Egress": {**DIRECTION, "isolated": True, "policies": [POLICY]}}],
            [
                [{"workload": "a", "Ingress": DIRECTION}],
                [{"workload": "a", "Ingress": DIRECTION, "Egress": {**DIRECTION, "isolated": True}}],
                [{"workload": "a", "Ingress": DIRECTION, "Egress": {**DIRECTION, "policies": [POLICY]}}],
                [{"workload": "a", "Ingress": DIRECTION, "Egress": {**DIRECTION, "lets": "much"}}],
            ],
        ),
        (
            "report",
            {
                "exit": 1,
                "stages": [{"name": "a", "environment": "", "seconds": 0, "skipped": "", "findings": [FINDING]}],
            },
            [
                {"exit": 64, "stages": []},
                {"exit": 0},
                {"exit": 0, "stages": [], "configuration": ""},
                {
                    "exit": 1,
                    "stages": [
                        {
                            "name": "a",
                            "environment": "",
                            "seconds": 0,
                            "skipped": "",
                            "findings": [{**FINDING, "severity": "fatal"}],
                        }
                    ],
                },
            ],
        ),
        (
            "egress-check",
            [{"environment": "a", "allowed": False, "entry": None}],
            [
                [{"environment": "a", "allowed": True, "entry": None}],
                [{"environment": "a", "allowed": True, "entry": {}}],
            ],
        ),
        ("egress-list", {"a": []}, [{"a": [{"name": "b"}]}, []]),
    ],
)
def test_the_schemas_refuse_what_is_not_it(name: str, right: Any, wrong: list[Any]) -> None:
    assert list(schema(name).iter_errors(right)) == []
    for document in wrong:
        assert list(schema(name).iter_errors(document))
