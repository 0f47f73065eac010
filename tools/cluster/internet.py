"""The test internet: one container beside the nodes, the nodes' routes to it, and its log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.cluster import kind, plan
from tools.cluster.errors import CannotRunError
from tools.cluster.kube import Kube, until
from tools.cluster.options import IMAGE
from tools.cluster.process import attempt, run
from tools.reach.flows.read import Specification

IN_PODS = Path(__file__).parent / "in_pods"
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Internet:
    """The container of one cluster's test internet."""

    container: str

    @classmethod
    def of(cls, cluster: str) -> Internet:
        """The container's name follows the cluster's."""
        return cls(f"{cluster}-internet")

    def start(self, cluster: str, spec: Specification) -> None:
        """Start it anew, on Docker's network `kind`, and lead the nodes there before anything can be sent elsewhere."""
        self.stop()
        script = (IN_PODS / "internet.py").read_text(encoding="utf-8")
        where = ["--name", self.container, "--network", "kind", "--cap-add", "NET_ADMIN"]
        program = ["python3", "-c", script, json.dumps(plan.world(spec))]
        run(["docker", "run", "--detach", *where, IMAGE, *program], seconds=120)
        until("the test internet is up", 20, self._ready, every=0.2)
        template = '{{(index .NetworkSettings.Networks "kind").IPAddress}}'
        address = run(["docker", "inspect", "--format", template, self.container]).strip()
        batch = "".join(f"route replace {route} via {address}\n" for route in plan.routes(spec))
        for node in kind.nodes(cluster):
            run(["docker", "exec", "--interactive", node, "ip", "-batch", "-"], stdin=batch)

    def stop(self) -> None:
        """Remove it; one that is not there is fine."""
        attempt(["docker", "rm", "--force", "--volumes", self.container])

    def runs(self) -> bool:
        """Whether it is there and up."""
        done = attempt(["docker", "inspect", "--format", "{{.State.Running}}", self.container])
        return done.stdout.strip() == "true"

    def _ready(self) -> bool:
        if not self.runs():
            log_lines = attempt(["docker", "logs", self.container]).stderr.strip().splitlines()[-3:]
            raise CannotRunError("the test internet's container stopped: " + " ".join(log_lines))
        return any(event["event"] == "ready" for event in self.log())

    def log(self) -> list[Event]:
        """Everything that it has seen, in order."""
        return [json.loads(line) for line in run(["docker", "logs", self.container]).splitlines()]


def ask_it_for_names(kube: Kube) -> bool:
    """Let cluster DNS ask the test internet, and nothing else, for every name outside the cluster. True: it is done."""
    config = kube.core.read_namespaced_config_map("coredns", "kube-system")
    try:
        text = plan.corefile(config.data["Corefile"])
    except (ValueError, KeyError) as error:
        raise CannotRunError(f"ConfigMap coredns in kube-system: {error}") from error
    kube.core.patch_namespaced_config_map("coredns", "kube-system", {"data": {"Corefile": text}})
    return True
