"""What is said beside an answer: selectors that match nobody, what is no manifest, and what installs others."""

from __future__ import annotations

import pytest

from tests.reach.samples.worlds import world
from tests.reach.shell import Runner
from tools.findings.model import Severity
from tools.reach.resolve import MOST_IDLE

PODS = """apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: red}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
---
"""
KUBERNETES = (
    "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: shop}}, spec: {}}}"
)
CALICO = "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: p}}, spec: {}}}"
ADMIN = (
    "{{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {{name: p}}, "
    "spec: {{priority: 1, subject: {}}}}}"
)


def notes_of(text: str) -> list[tuple[str, str]]:
    judge = world(PODS + text)
    assert judge.problems == ()
    every_note = (*judge.notes, *judge.idle)
    assert {note.severity for note in every_note} <= {Severity.NOTE}
    return [(note.where.path, note.message) for note in every_note]


@pytest.mark.parametrize(
    ("policy", "path", "message"),
    [
        (
            KUBERNETES.format("{podSelector: {matchLabels: {app: dbb}}}"),
            "spec.podSelector",
            "app=dbb matches no workload in shop in the input; did you mean app=db?",
        ),
        (
            KUBERNETES.format(
                "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {name: missing}}}]}]}"
            ),
            "spec.ingress[0].from[0].namespaceSelector",
            "name=missing matches no namespace in the input",
        ),
        (
            KUBERNETES.format("{podSelector: {}, egress: [{to: [{podSelector: {matchLabels: {role: x}}}]}]}"),
            "spec.egress[0].to[0].podSelector",
            "role=x matches no workload in shop in the input",
        ),
        (
            KUBERNETES.format(
                "{podSelector: {}, egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: wep}}}]}]}"
            ),
            "spec.egress[0].to[0].podSelector",
            "app=wep matches no workload in the input; did you mean app=web?",
        ),
        (
            CALICO.format("{selector: \"app == 'dbb'\"}"),
            "spec.selector",
            "app == 'dbb' matches no workload in the input",
        ),
        (
            CALICO.format("{ingress: [{action: Allow, source: {selector: \"app == 'dbb'\"}}]}"),
            "spec.ingress[0].source",
            "app == 'dbb' matches no workload and no network set in the input",
        ),
        (
            ADMIN.format("{namespaces: {matchLabels: {team: rod}}}"),
            "spec.subject.namespaces",
            "team=rod matches no namespace in the input; did you mean team=red?",
        ),
    ],
)
def test_a_selector_that_matches_nobody_is_a_note(policy: str, path: str, message: str) -> None:
    assert notes_of(policy) == [(path, message)]


@pytest.mark.parametrize(
    "policy",
    [
        KUBERNETES.format("{podSelector: {}}"),
        KUBERNETES.format("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}]}]}"),
        KUBERNETES.format("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"),
        CALICO.format("{selector: \"app == 'db'\", ingress: [{action: Allow, source: {selector: \"app == 'web'\"}}]}"),
    ],
)
def test_one_that_matches_somebody_is_none(policy: str) -> None:
    assert notes_of(policy) == []


def test_without_workloads_there_is_nobody_to_miss() -> None:
    assert world(KUBERNETES.format("{podSelector: {matchLabels: {app: dbb}}}")).idle == ()


def test_of_very_many_the_first_are_said_and_the_rest_is_counted() -> None:
    many = [KUBERNETES.format(f"{{podSelector: {{matchLabels: {{app: x{n}}}}}}}") for n in range(MOST_IDLE + 30)]
    text = "\n---\n".join(template.replace("name: p,", f"name: p{number},") for number, template in enumerate(many))
    shown = notes_of(text)
    assert len(shown) == MOST_IDLE + 1
    assert shown[-1][1] == "30 more selectors match nothing in the input; the last of them is here"


def test_what_is_no_object_is_said_once(run: Runner) -> None:
    for number in range(40):
        run.file(f"all/values-{number:02}.yaml", "replicas: 3\n")
    run.file("all/pods.yaml", PODS)
    ran = run("matrix", "all", "--format", "csv")
    assert ran.code == 0
    assert ran.err == (
        "all/values-00.yaml:1: note: has neither apiVersion nor kind, so it is not a Kubernetes object and is left out "
        "(and 39 more documents like it)\n"
    )


def test_charts_below_a_folder_are_said_once_and_left_out(run: Runner) -> None:
    for name in ("a", "b", "a/charts/inner"):
        run.file(f"all/{name}/Chart.yaml", "name: x\nversion: 1.0.0\n")
        run.file(f"all/{name}/values.yaml", "x: 1\n")
        run.file(f"all/{name}/templates/x.yaml", "{{- if .Values.x }}\nkind: {{ .Values.x }}\n{{- end }}\n")
    run.file("all/pods.yaml", PODS)
    ran = run("matrix", "all", "--format", "csv")
    assert ran.code == 0
    assert ran.err == (
        "all/a/Chart.yaml: note: is a chart, whose templates are not manifests, so it is left out "
        "(as is 1 more chart); --chart judges it\n"
    )
    assert "shop/db[Pod],shop/web[Pod]" in ran.out


@pytest.mark.parametrize(
    ("api", "kind", "part"),
    [
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease", "it installs objects that are not in the input"),
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "it installs objects that are not in the input"),
        ("argoproj.io/v1alpha1", "Application", "it installs objects that are not in the input"),
        ("argoproj.io/v1alpha1", "ApplicationSet", "it installs objects that are not in the input"),
        ("projectcalico.org/v3", "WorkloadEndpoint", "only Pods and what makes them are read"),
        ("crd.projectcalico.org/v1", "WorkloadEndpoint", "only Pods and what makes them are read"),
    ],
)
def test_what_brings_others_is_named(api: str, kind: str, part: str) -> None:
    ((_, message),) = notes_of(f"{{apiVersion: {api}, kind: {kind}, metadata: {{name: x, namespace: shop}}}}")
    assert message.startswith(f"{kind} shop/x: ")
    assert part in message


LOCK_DOWN = """apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: lock-down}
spec:
  order: 900
  selector: app == 'db'
  types: [Egress]
  egress:
    - {action: Deny, destination: {notSelector: projectcalico.org/orchestrator == 'k8s'}}
"""


def test_a_lock_down_that_a_label_or_an_order_opens_is_said_with_what_rbac_must_hold() -> None:
    notes = notes_of(LOCK_DOWN)
    assert [path for path, _ in notes] == ["spec.egress[0]", "spec.order"]
    assert "let RBAC keep everybody but the platform team from networksets and globalnetworksets" in notes[0][1]
    assert "let RBAC keep everybody but the platform team from networkpolicies" in notes[1][1]


def test_pods_networks_and_a_tier_of_its_own_leave_nothing_to_say() -> None:
    networks = "    - {action: Deny, ipVersion: 4, destination: {notNets: [10.0.0.0/8]}}\n"
    shut = LOCK_DOWN.replace("  order: 900\n", "  tier: locked\n  order: 900\n").replace(
        "name: lock", "name: locked.lock"
    )
    tier = "---\n{apiVersion: projectcalico.org/v3, kind: Tier, metadata: {name: locked}, spec: {order: 10}}\n"
    assert notes_of(shut + networks + tier) == []


def test_a_rule_that_names_a_services_address_is_told() -> None:
    service = (
        "{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, "
        "spec: {clusterIP: 10.96.0.7, selector: {app: db}, ports: [{port: 80}]}}\n---\n"
    )
    rule = "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: %s}}]}]}"
    texts = [
        [note.message for note in world(PODS + service + KUBERNETES.format(rule % cidr)).notes]
        for cidr in ("10.96.0.7/32", "10.96.0.0/24")
    ]
    message = "10.96.0.7 is an address of Service shop/db, which is translated to one of its pods before policies look"
    assert texts == [[f"{message}; select those pods"], []]
