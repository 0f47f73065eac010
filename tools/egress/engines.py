"""The engines that enforce the allowlist: how each one's manifests are read back, and what it cannot say.

`decode(manifests)` returns the list that the manifests really enforce, in the allowlist's normal form. A way out that
no list holds comes back as `everything(workload)`, so a manifest that is wider than its list never decodes to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tools.egress.allowlist import Allowlist, AllowRule
from tools.egress.enterprise import decode as decode_enterprise
from tools.egress.envoy.decode import decode as decode_proxy
from tools.egress.envoy.decode import denied
from tools.findings.model import Manifest

Decode = Callable[[tuple[Manifest, ...]], frozenset[AllowRule]]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something of the list that an engine cannot say: who uses it, and what it becomes."""

    name: str
    used: Callable[[Allowlist], Iterable[str]]
    becomes: str


@dataclass(frozen=True, slots=True)
class Engine:
    """One value of `egress.engine`; the chart has a row of that name in its files/engines.yaml.

    `needs`: what a cluster must have, in words. `gaps` are errors under `egress.strict` and warnings without it.
    `refused` reads back the networks that the engine connects to for no name; None: it resolves no names itself.
    `resource` is one that the API of a cluster serves where it has what the engine needs, "" when nothing tells; and
    `without` says what a cluster is that does not serve it, and what it would make of the engine's rules.
    """

    name: str
    decode: Decode
    needs: str
    gaps: tuple[Gap, ...] = ()
    refused: Callable[[tuple[Manifest, ...]], Iterable[str]] | None = None
    resource: str = ""
    without: str = ""


def _internal_names(listed: Allowlist) -> Iterable[str]:
    return (entry.path for entry in listed.entries if entry.cidrs)


ENGINES: tuple[Engine, ...] = (
    Engine("proxy", decode_proxy, needs="a CNI that enforces NetworkPolicy", refused=denied),
    Engine(
        "calico-enterprise",
        decode_enterprise,
        needs="Calico Enterprise or Calico Cloud",
        gaps=(Gap("internal names", _internal_names, "its CIDRs and ports, whatever name was asked for: wider"),),
        resource="licensekeys",
        without=(
            "runs open-source Calico (it serves no licensekeys). It would accept destination.domains, drop the field, "
            "and let every address through"
        ),
    ),
)


def engine(name: str) -> Engine | None:
    """The engine of that name, or None."""
    return next((candidate for candidate in ENGINES if candidate.name == name), None)
