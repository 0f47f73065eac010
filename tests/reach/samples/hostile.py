"""Texts that a reader may choke on: ten megabytes of them, deep ones, and ones that grow when they are read."""

from __future__ import annotations

from collections.abc import Iterator

ENVIRONMENT = ", ".join(f"{{name: E{number}, value: v}}" for number in range(40))


def documents(count: int) -> Iterator[str]:
    """Deployments and policies with much in them."""
    for number in range(count):
        labels = f"{{app: app-{number % 50}, team: team-{number % 7}}}"
        yield f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: app-{number}, namespace: space-{number % 40}}}
spec:
  selector: {{matchLabels: {labels}}}
  template:
    metadata: {{labels: {labels}}}
    spec:
      containers: [{{name: c, image: example.com/c:1, env: [{ENVIRONMENT}]}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: policy-{number}, namespace: space-{number % 40}}}
spec:
  podSelector: {{matchLabels: {{app: app-{number % 50}}}}}
  ingress:
    - from: [{{podSelector: {{matchLabels: {{team: team-{number % 7}}}}}}}]
      ports: [{{port: {number % 900 + 1}}}]
"""


def texts() -> dict[str, str]:
    """Texts by name."""
    policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: s}\n"
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: s}\nspec: {containers: []}\n---\n"
    bomb = "x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
    )
    peers = ", ".join(["*p"] * 20000)
    block = "{ipBlock: {cidr: 10.%d.%d.0/24, except: [10.%d.%d.7/32]}}"
    blocks = ", ".join(block % (n % 200, n % 251, n % 200, n % 251) for n in range(3000))
    ports = ", ".join(f"{{port: {number}}}" for number in range(1, 60001, 2))
    values = ", ".join(f"v{number}" for number in range(100000))
    start, expressions = pod + policy, "podSelector: {matchExpressions: [{key: a, operator: In, values"
    return {
        "big": "---\n".join(documents(6000)),
        "deep": start + "spec: " + "{a: " * 5000 + "1" + "}" * 5000,
        "deep list": start + "spec: {ingress: " + "[" * 100000 + "]" * 100000 + "}",
        "bomb": start + bomb,
        "many aliases": start + f"spec: {{ingress: [{{from: [&p {{podSelector: {{}}}}, {peers}]}}]}}",
        "many blocks": start + f"spec: {{ingress: [{{from: [{blocks}]}}]}}",
        "many ports": start + f"spec: {{ingress: [{{ports: [{ports}]}}]}}",
        "many values": start + f"spec: {{{expressions}: [{values}]}}]}}}}",
        "one long line": start + f"spec: {{podSelector: {{matchLabels: {{a: '{'x' * 9_000_000}'}}}}}}",
    }
