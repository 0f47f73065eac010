"""The nouns of the specification of flows: who takes part, a row, and the whole file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class FlowPod:
    """A pod that takes part: TCP `ports` that it answers on; `ready` false keeps it out of Services.

    `shipped`: SARK's own manifests make it; the trial makes none, and finds it by its labels.
    """

    name: str
    namespace: str
    labels: Mapping[str, str]
    ports: tuple[int, ...]
    ready: bool = True
    shipped: bool = False


@dataclass(frozen=True, slots=True)
class FlowTarget:
    """`kind` is pod, internet, address, one of `OF_PARTS` or of `SERVICES`; `name` is the pod, the domain name, the
    address, or the part.
    """

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One row. `sni` None means the target's own name; no `environments`: it holds in all of them."""

    name: str
    source: str
    target: FlowTarget
    port: int
    expect: str
    why: str
    protocol: str = "TCP"
    via: str = "direct"
    proxy_port: int = 3128
    speak: str = "line"
    sni: str | None = None
    during: tuple[str, ...] = ("installed",)
    twin: str = "direct"
    line: int = 0
    environments: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether an answer is what the row wants."""
        return self.expect == "allow"


@dataclass(frozen=True, slots=True)
class Specification:
    """The whole file. No `environments`: it tells none apart, and every row holds wherever it is judged.

    `apart`: environments in which only the rows hold that name them. `walls`: those of several that hold the same back
    of which each must do it alone.
    """

    pods: Mapping[str, FlowPod]
    internet: Mapping[str, str]
    flows: tuple[Flow, ...]
    file: str = ""
    environments: tuple[str, ...] = ()
    walls: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()

    def during(self, state: str, expect: str = "") -> tuple[Flow, ...]:
        """The rows that hold in a state, all of them or those with one expectation."""
        return tuple(flow for flow in self.flows if state in flow.during and expect in ("", flow.expect))

    def of(self, environment: str) -> Specification:
        """The rows that hold in an environment, and the pods and names that they are about.

        Values that are no environment of the file (or "") have the rows that hold in all of them.
        """
        usual = environment not in self.apart
        flows = tuple(
            flow for flow in self.flows if environment in flow.environments or (usual and not flow.environments)
        )
        named = {flow.target for flow in flows}
        pods = {flow.source for flow in flows} | {target.name for target in named if target.kind == "pod"}
        names = {target.name for target in named if target.kind == "internet"}
        return replace(
            self,
            pods={name: pod for name, pod in self.pods.items() if name in pods},
            internet={name: address for name, address in self.internet.items() if name in names},
            flows=flows,
        )
