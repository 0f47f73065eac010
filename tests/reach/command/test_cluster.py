"""`--context NAME`: a live cluster at the command line, with an API server on this machine in its place."""

import json
from typing import Any

import pytest
from kubernetes.dynamic import DynamicClient

from tests.reach.inputs.test_live import cluster, group, resources
from tests.reach.shell import GUARD, PODS, Runner
from tools.manifests.documents import manifests, parse

__all__ = ["cluster"]
ASK = ("--context", "here", "--format", "json")


def bodies(text: str) -> list[dict[str, Any]]:
    return [dict(manifest.body) for manifest in manifests(parse(text, "x"), "x")]


@pytest.fixture
def filled(cluster: dict[str, Any], run: Runner) -> dict[str, Any]:
    pods = [body | {"status": {"podIP": f"10.0.0.{n}", "phase": "Running"}} for n, body in enumerate(bodies(PODS), 1)]
    cluster["/api/v1/pods"] = {"items": pods}
    cluster["/apis/networking.k8s.io/v1/networkpolicies"] = {"items": bodies(GUARD)}
    return cluster


def pairs(out: str) -> set[tuple[str, str]]:
    return {(row["src"], row["dst"]) for row in json.loads(out)}


def test_a_matrix(filled: dict[str, Any], run: Runner) -> None:
    ran = run("matrix", *ASK)
    assert (ran.code, ran.err) == (0, "")
    assert ("sark/web[Pod]", "sark/db[Pod]") in pairs(ran.out)
    assert ("sark/stranger[Pod]", "sark/db[Pod]") not in pairs(ran.out)


def test_an_explanation_by_address(filled: dict[str, Any], run: Runner) -> None:
    """The pods' addresses are known; the policy is named by where it is in the cluster."""
    document = json.loads(run("explain", "10.0.0.3", "10.0.0.2", "8000", *ASK).out)
    assert (document["src"], document["dst"], document["verdict"]) == ("sark/stranger[Pod]", "sark/db[Pod]", "denied")
    assert "here: sark/networkpolicies/guard" in json.dumps(document)


def test_what_would_be_after_an_apply(filled: dict[str, Any], run: Runner) -> None:
    run.file("new.yaml", GUARD.replace("app: web", "app: stranger"))
    reachable = pairs(run("matrix", *ASK, "--manifests", "new.yaml").out)
    assert ("sark/stranger[Pod]", "sark/db[Pod]") in reachable
    assert ("sark/web[Pod]", "sark/db[Pod]") not in reachable
    changed = json.loads(run("diff", "context:here", "new.yaml", "--workloads", "new.yaml", "--format", "json").out)
    assert changed


def test_what_is_forbidden(filled: dict[str, Any], run: Runner) -> None:
    """Without the policies a judgement would be a guess: it is not made, unless somebody asks for it."""
    filled["/apis/networking.k8s.io/v1/networkpolicies"] = 403
    ran = run("matrix", *ASK)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "reach: here: could not be read: networkpolicies of networking.k8s.io/v1: "
        "refused /apis/networking.k8s.io/v1/networkpolicies",
        "verdicts without it may be wrong; --allow-partial judges the rest",
    ]
    ran = run("matrix", *ASK, "--allow-partial")
    assert ran.code == 0
    assert "could not be read: networkpolicies of networking.k8s.io/v1" in ran.err
    assert "it is judged as if there were none" in ran.err


def test_a_context_that_is_not_there(filled: dict[str, Any], run: Runner) -> None:
    ran = run("matrix", "--context", "hare")
    assert (ran.code, ran.err) == (64, "reach: the kubeconfig has no context hare; did you mean here?\n")
    ran = run("matrix", "--context", "broken")
    assert ran.code == 2


def test_a_cluster_that_does_not_answer(filled: dict[str, Any], run: Runner) -> None:
    filled["/api/v1/namespaces"] = 401
    ran = run("matrix", *ASK)
    assert (ran.code, ran.err) == (2, "reach: context here: refused /api/v1/namespaces\n")


def test_what_is_not_judged_is_named(filled: dict[str, Any], run: Runner) -> None:
    filled["/apis"] = {"groups": [group("cilium.io", "v2")]}
    filled["/apis/cilium.io/v2"] = resources(ciliumnetworkpolicies="CiliumNetworkPolicy")
    filled["/apis/cilium.io/v2/ciliumnetworkpolicies"] = {"items": [{"metadata": {"name": "c", "namespace": "sark"}}]}
    ran = run("matrix", *ASK)
    assert ran.code == 0
    assert "note: kind: CiliumNetworkPolicy sark/c: Cilium alone enforces it" in ran.err


def test_nothing_is_written(filled: dict[str, Any], run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked of the server is a GET, and the kubeconfig stays as it was."""
    asked: list[str] = []
    request = DynamicClient.request

    def noted(self: Any, method: str, path: str, **more: Any) -> Any:
        asked.append(method)
        return request(self, method, path, **more)

    monkeypatch.setattr(DynamicClient, "request", noted)
    before = (run.folder / "config").read_bytes()
    assert run("matrix", *ASK).code == 0
    assert len(asked) > 5
    assert set(asked) == {"get"}
    assert (run.folder / "config").read_bytes() == before


LOCK_DOWN = """
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: lock-down}
spec:
  order: 10
  selector: projectcalico.org/namespace == 'sark'
  types: [Egress]
  egress:
    - {action: Deny, destination: {notSelector: "projectcalico.org/orchestrator == 'k8s'"}}
"""
ADMISSION = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: shut}
spec:
  matchConstraints:
    resourceRules:
      - {apiGroups: [crd.projectcalico.org], apiVersions: ["*"], operations: [CREATE], resources: [networksets]}
      - {apiGroups: [crd.projectcalico.org], apiVersions: ["*"], operations: [CREATE], resources: [networkpolicies]}
  validations:
    - {expression: "!('projectcalico.org/orchestrator' in object.metadata.labels)"}
    - {expression: "!has(object.spec.order)"}
"""


def test_what_shuts_a_lock_downs_back_doors_is_read_too(filled: dict[str, Any], run: Runner) -> None:
    """No verdict depends on it: where it may not be read, that is a note, and the rest is judged."""
    admission = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    filled["/apis"] = {"groups": [group("projectcalico.org", "v3")]}
    filled["/apis/projectcalico.org/v3"] = resources(globalnetworkpolicies="GlobalNetworkPolicy")
    filled["/apis/projectcalico.org/v3/globalnetworkpolicies"] = {"items": bodies(LOCK_DOWN)}
    ran = run("matrix", *ASK)
    assert (ran.code, ran.err.count("nothing in the input refuses ")) == (0, 2)
    filled[admission] = {"items": bodies(ADMISSION)}
    ran = run("matrix", *ASK)
    assert (ran.code, ran.err.count("nothing in the input refuses ")) == (0, 0)
    filled[admission] = 403
    ran = run("matrix", *ASK)
    refused = "validatingadmissionpolicies of admissionregistration.k8s.io/v1: refused"
    assert (ran.code, ran.err.count("nothing in the input refuses ")) == (0, 2)
    assert f"note: here: could not be read: {refused} {admission}; it is judged as if there were none" in ran.err
