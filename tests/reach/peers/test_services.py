"""Services and Ingresses lead to pods and to target ports."""

import pytest

from tools.findings.model import Manifest
from tools.manifests.documents import manifests, parse
from tools.reach.peers.ingresses import behind_ingress
from tools.reach.peers.services import Resolved, ServiceTarget, behind, running, services

PODS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: sark}
spec:
  template:
    metadata: {labels: {app: db, tier: data}}
    spec:
      containers:
        - {name: a, ports: [{name: sql, containerPort: 5432}, {name: dns, containerPort: 53, protocol: UDP}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: old, namespace: sark}
spec:
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: a, ports: [{name: sql, containerPort: 5433}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, labels: {app: db}}
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: sark, labels: {app: db}}
status: {phase: Succeeded}
---
"""
DB, OLD, BARE = "sark/db[Deployment]", "sark/old[StatefulSet]", "sark/bare[Pod]"


def read(text: str) -> tuple[Manifest, ...]:
    return manifests(parse(text, "x.yaml"), "x.yaml")


def resolved(spec: str, port: int | str, protocol: str = "TCP") -> Resolved:
    objects = read(f"{PODS}apiVersion: v1\nkind: Service\nmetadata: {{name: db}}\nspec: {{{spec}}}\n")
    return behind(services(objects, "sark")["sark", "db"], port, protocol, running(objects, "sark"))


def both(port: int, other: int = 0, protocol: str = "TCP", bare: int = 0) -> list[tuple[str, int, str]]:
    return [(DB, port, protocol), (OLD, other or port, protocol), *([(BARE, bare, protocol)] if bare else [])]


ALL = "selector: {app: db}, ports:"
NOBODY = "selects app=nobody, which matches no workload"
UNSELECTED = "has no selector, so whoever writes its endpoints decides where it leads"
HEADLESS = "is headless: callers get the pods' own addresses and call port 80 there"


@pytest.mark.parametrize(
    ("spec", "port", "expected", "note"),
    [
        (f"{ALL} [{{port: 80, targetPort: 5432}}]", "80", both(5432, bare=5432), f": port 80/TCP → {DB} port 5432/TCP"),
        (f"{ALL} [{{port: 80}}]", "80", both(80, bare=80), f": port 80/TCP → {OLD} port 80/TCP"),
        (
            f"{ALL} [{{port: 80, targetPort: sql}}]",
            "80",
            both(5432, 5433),
            f"leaves out {BARE}: it has no TCP port named sql",
        ),
        (
            f"{ALL} [{{name: web, port: 80, targetPort: sql}}]",
            "web",
            both(5432, 5433),
            f": port 80/TCP (web) → {OLD} port 5433/TCP",
        ),
        (
            f"{ALL} [{{port: 80, targetPort: sql, protocol: UDP}}]",
            "80/UDP",
            [],
            f"leaves out {DB}: it has no UDP port named sql",
        ),
        (
            f"{ALL} [{{port: 53, targetPort: dns, protocol: UDP}}]",
            "53/UDP",
            both(53, protocol="UDP")[:1],
            f": port 53/UDP → {DB} port 53/UDP",
        ),
        (f"{ALL} [{{port: 53, protocol: UDP}}]", "53", [], "has no port 53/TCP; it has 53/UDP"),
        (f"{ALL} []", "80", [], "has no port 80/TCP; it has none"),
        (
            "selector: {app: db, tier: data}, ports: [{port: 80}]",
            "80",
            both(80)[:1],
            f": port 80/TCP → {DB} port 80/TCP",
        ),
        ("selector: {app: nobody}, ports: [{port: 80}]", "80", [], NOBODY),
        ("selector: {}, ports: [{port: 80}]", "80", [], UNSELECTED),
        ("ports: [{port: 80}]", "80", [], UNSELECTED),
        ("ports: 3, selector: [4]", "80", [], UNSELECTED),
        (
            f"type: ExternalName, externalName: db.example, {ALL} [{{port: 80}}]",
            "80",
            [],
            "is only an alias for db.example",
        ),
        (f"clusterIP: None, {ALL} [{{port: 80, targetPort: 5432}}]", "80", both(80, bare=80), HEADLESS),
        ("clusterIP: None, selector: {app: nobody}", "80", [], NOBODY),
    ],
)
def test_a_service_leads_to_pods(spec: str, port: str, expected: list[tuple[str, int, str]], note: str) -> None:
    value, _, protocol = port.partition("/")
    answer = resolved(spec, int(value) if value.isdigit() else value, protocol or "TCP")
    assert answer.targets == tuple(ServiceTarget(*target) for target in expected)
    assert [item for item in answer.notes if item.text.startswith("Service sark/db") and note in item.text]


def test_another_namespaces_pods_are_not_behind_it() -> None:
    objects = read(f"{PODS}{SERVICE.replace('name: db', 'name: db, namespace: other')}")
    service = services(objects, "sark")["other", "db"]
    assert behind(service, 80, "TCP", running(objects, "sark")).targets == ()


SERVICE = """apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: db, tier: data}, ports: [{name: web, port: 80, targetPort: sql}, {port: 81}]}
---
"""
INGRESS = "kind: Ingress\nmetadata: {name: web}\nspec: "
ROUTE = "kind: Route\nmetadata: {name: web}\nspec: "


def paths(*services: str) -> str:
    made = ", ".join(f"{{backend: {{service: {service}}}}}" for service in services)
    return f"{INGRESS}{{rules: [{{http: {{paths: [{made}]}}}}]}}"


@pytest.mark.parametrize(
    ("text", "targets", "note"),
    [
        (
            f"{INGRESS}{{defaultBackend: {{service: {{name: db, port: {{number: 80}}}}}}}}",
            [(DB, 5432)],
            f"Ingress sark/web → Service sark/db: port 80/TCP (web) → {DB} port 5432/TCP",
        ),
        (
            paths("{name: db, port: {name: web}}", "{name: db, port: {number: 81}}"),
            [(DB, 5432), (DB, 81)],
            f"Ingress sark/web → Service sark/db: port 81/TCP → {DB} port 81/TCP",
        ),
        (
            paths("{name: gone, port: {number: 80}}"),
            [],
            "Ingress sark/web leads to Service sark/gone, which does not exist",
        ),
        (
            paths("{name: db, port: {number: 82}}"),
            [],
            "Ingress sark/web → Service sark/db has no port 82/TCP; it has 80/TCP (web), 81/TCP",
        ),
        (f"{INGRESS}{{defaultBackend: {{resource: {{kind: Bucket}}}}}}", [], "Ingress sark/web leads to no Service"),
        (f"{INGRESS}[1]", [], "Ingress sark/web leads to no Service"),
        (
            f"{ROUTE}{{to: {{kind: Service, name: db}}}}",
            [(DB, 5432), (DB, 81)],
            f"Route sark/web → Service sark/db: port 81/TCP → {DB} port 81/TCP",
        ),
    ],
)
def test_an_ingress_leads_to_services(text: str, targets: list[tuple[str, int]], note: str) -> None:
    objects = read(f"{PODS}{SERVICE}{text}")
    answer = behind_ingress(objects[-1], "sark", services(objects, "sark"), running(objects, "sark"))
    assert answer.targets == tuple(ServiceTarget(*target) for target in targets)
    assert note in [item.text for item in answer.notes]
