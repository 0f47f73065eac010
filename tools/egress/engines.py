"""The engines that enforce the allowlist: how each one's manifests are read back, and what it cannot say.

`decode(manifests)` returns the list that the manifests really enforce, in the allowlist's normal form. A way out that
no list holds comes back as `everything(workload)`, so a manifest that is wider than its list never decodes to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tools.egress.allowlist import Allowlist, Rule
from tools.egress.enterprise import decode as decode_enterprise
from tools.egress.envoy.decode import decode as decode_proxy
from tools.findings.model import Manifest

Decode = Callable[[tuple[Manifest, ...]], frozenset[Rule]]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something of the list that an engine cannot say: who uses it, and what it becomes."""

    name: str
    used: Callable[[Allowlist], Iterable[str]]
    becomes: str


@dataclass(frozen=True, slots=True)
class Engine:
    """One value of `egress.engine`. `gaps` are errors under `egress.strict` and warnings without it."""

    name: str
    decode: Decode
    gaps: tuple[Gap, ...] = ()


def _internal_names(listed: Allowlist) -> Iterable[str]:
    return (entry.path for entry in listed.entries if entry.cidrs)


ENGINES: tuple[Engine, ...] = (
    Engine("proxy", decode_proxy),
    Engine(
        "calico-enterprise",
        decode_enterprise,
        gaps=(Gap("internal names", _internal_names, "its CIDRs and ports, whatever name was asked for: wider"),),
    ),
)


def engine(name: str) -> Engine | None:
    """The engine of that name, or None."""
    return next((candidate for candidate in ENGINES if candidate.name == name), None)
