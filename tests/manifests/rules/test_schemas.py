"""The schemas at hand: which versions, which kinds, and how CRDs became schemas."""

from __future__ import annotations

from typing import Any

import pytest

from tools.findings.model import Manifest, run
from tools.manifests import schemas
from tools.manifests.rules.schemas import CHECKS
from tools.manifests.schemas.structural import definitions, structural
from tools.manifests.versions import KUBE_VERSION
from tools.policies.cluster import Cluster


def test_the_default_version_is_at_hand() -> None:
    assert KUBE_VERSION in schemas.versions()
    assert schemas.versions()[0] == "1.25"


@pytest.mark.parametrize("version", ["1.34", "1.34.4", "v1.34.0"])
def test_minor(version: str) -> None:
    assert schemas.minor(version) == "1.34"


@pytest.mark.parametrize("version", ["1.9", "2", "", "latest"])
def test_an_unknown_version_is_refused_by_name(version: str) -> None:
    with pytest.raises(schemas.UnknownVersionError, match=rf"no schemas for Kubernetes {version}; there are: 1\.25, "):
        schemas.minor(version)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.25", []),
        (
            "1.34",
            [
                "autoscaling/v2beta2 has no HorizontalPodAutoscaler in Kubernetes 1.34; "
                "write autoscaling/v1 or autoscaling/v2"
            ],
        ),
    ],
)
def test_a_kind_is_judged_by_the_version_asked_for(version: str, expected: list[str]) -> None:
    body = {
        "apiVersion": "autoscaling/v2beta2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "api"},
        "spec": {"maxReplicas": 2, "scaleTargetRef": {"kind": "Deployment", "name": "api"}},
    }
    subject = Cluster((Manifest("file", body["kind"], "api", "", body),), kube_version=version)  # type: ignore[arg-type]
    assert [finding.problem.message for finding in run(CHECKS, subject)] == expected


CALICO_KINDS = (
    "FelixConfiguration",
    "GlobalNetworkPolicy",
    "GlobalNetworkSet",
    "HostEndpoint",
    "IPPool",
    "NetworkPolicy",
    "NetworkSet",
    "StagedGlobalNetworkPolicy",
    "StagedKubernetesNetworkPolicy",
    "StagedNetworkPolicy",
    "Tier",
)


@pytest.mark.parametrize("kind", CALICO_KINDS)
def test_calicos_kinds_are_known(kind: str) -> None:
    assert kind in schemas.kinds("projectcalico.org/v3")


def test_origin_names_module_and_version() -> None:
    assert schemas.origin("projectcalico.org").startswith("github.com/projectcalico/api@v0.0.0-")
    assert schemas.origin("policy.networking.k8s.io").startswith("sigs.k8s.io/network-policy-api@v0.3.0 ")


INTEGER_OR_STRING = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
STRUCTURAL: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "string", "description": "x", "pattern": "^a$", "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
    ({"type": "object", "properties": {"minPort": {}, "maxPort": {}, "portName": {}}}, INTEGER_OR_STRING),
    ({"type": "object", "properties": {"type": {}, "numVal": {}, "strVal": {}}}, INTEGER_OR_STRING),
    ({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}]}, INTEGER_OR_STRING),
    (
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False},
    ),
    (
        {"type": "object", "properties": {"a": {}}, "x-kubernetes-preserve-unknown-fields": True},
        {"type": "object", "properties": {"a": {}}},
    ),
    (
        {"type": "object", "additionalProperties": {"type": "string", "description": "x"}},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ),
    (
        {"type": "array", "items": {"type": "string", "nullable": True}},
        {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
    ),
    (
        {"type": "object", "properties": {"action": {"type": "string"}}},
        {
            "type": "object",
            "properties": {"action": {"type": "string", "enum": ["Allow", "Deny", "Log", "Pass"]}},
            "additionalProperties": False,
        },
    ),
]


@pytest.mark.parametrize(("crd", "expected"), STRUCTURAL)
def test_structural(crd: dict[str, Any], expected: dict[str, Any]) -> None:
    assert structural(crd) == expected


def test_definitions_leave_status_open_and_labels_strings() -> None:
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object"}, "status": {"type": "object", "properties": {}}},
    }
    version = {"name": "v3", "schema": {"openAPIV3Schema": schema}}
    crd = {"spec": {"group": "projectcalico.org", "names": {"kind": "Tier"}, "versions": [version]}}
    ((name, strings),) = definitions([crd])
    assert name == "projectcalico.org/v3/Tier"
    assert strings["properties"]["status"] == {}
    assert strings["properties"]["metadata"]["properties"]["labels"]["additionalProperties"] == {"type": "string"}
