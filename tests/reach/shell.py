"""What the tests of the command line share: running it, and small inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.reach.__main__ import main

POD = """apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: sark, labels: {{app: {name}}}}}
spec: {{containers: [{{name: a, image: a, ports: [{{name: http, containerPort: 8000}}]}}]}}
---
"""
WEB, DB, STRANGER = (POD.format(name=name) for name in ("web", "db", "stranger"))
PODS = WEB + DB + STRANGER
# Only web reaches db, on 8000.
GUARD = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: guard, namespace: sark}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from: [{podSelector: {matchLabels: {app: web}}}]
      ports: [{port: 8000}]
---
"""
SERVICE = """apiVersion: v1
kind: Service
metadata: {name: db, namespace: sark}
spec: {selector: {app: db}, ports: [{name: sql, port: 80, targetPort: http}]}
---
"""


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    code: int
    out: str
    err: str


class Runner:
    """Runs the command line in this process, in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def file(self, name: str, text: str) -> str:
        """Write a file below the folder; gives its name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    def __call__(self, *arguments: str) -> Ran:
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        readouterr = self.capsys.readouterr()
        return Ran(code, readouterr.out, readouterr.err)
