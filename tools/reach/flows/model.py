"""The data types of the flow specification: its pods, its targets, a row, and the whole file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class FlowPod:
    """A pod of the specification. `ports`: the TCP ports on which it answers; `ready` false keeps it out of Services.

    `shipped`: SARK's own manifests create it; the trial does not, and finds it by its labels.
    """

    name: str
    namespace: str
    labels: Mapping[str, str]
    ports: tuple[int, ...]
    ready: bool = True
    shipped: bool = False


@dataclass(frozen=True, slots=True)
class FlowTarget:
    """What a flow calls. `kind`: pod, internet, address, or one of `OF_PARTS` or `SERVICES`. `name`: the pod, the
    domain name, the address, or the part.
    """

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One row. `sni`: None means the target's own name. `environments`: empty means that it holds in all of them."""

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
        """Whether the row expects an answer."""
        return self.expect == "allow"


@dataclass(frozen=True, slots=True)
class Specification:
    """The whole file. `environments`: empty where every row holds wherever it is judged.

    `apart`: environments in which only the rows that name them hold. `walls`: the walls that must each hold by
    themselves.
    """

    pods: Mapping[str, FlowPod]
    internet: Mapping[str, str]
    flows: tuple[Flow, ...]
    file: str = ""
    environments: tuple[str, ...] = ()
    walls: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()

    def during(self, state: str, expect: str = "") -> tuple[Flow, ...]:
        """The rows that hold in a state; with `expect`, only those that expect it."""
        return tuple(flow for flow in self.flows if state in flow.during and expect in ("", flow.expect))

    def of(self, environment: str) -> Specification:
        """The rows that hold in an environment, with the pods and names that they mention.

        For any other environment than the file's, and for "", these are the rows that hold in all environments.
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
