"""What a finding says is open, as data: findings of one cause are merged by it, and opinions told from faults."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tools.findings.model import Finding, Problem
from tools.terraform.clouds.model import ALL_PORTS, FirewallRule


@dataclass(frozen=True, slots=True)
class CloudOpening:
    """Whom a rule lets in or out (`peer`, as the message names it), and to which `services`.

    `everything`: to every protocol, or on every port of one. `everybody`: the internet. `doubted`: the input leaves
    open whether it is so.
    """

    peer: str = ""
    services: tuple[str, ...] = ()
    everything: bool = False
    outward: bool = False
    everybody: bool = False
    doubted: bool = False


def opens_everything(rule: FirewallRule) -> bool:
    """Whether it is for every protocol, or for every port of its own."""
    return rule.protocol == "all" or rule.ports == ALL_PORTS


def opening(problem: Problem) -> CloudOpening:
    """What a problem says is open; nothing, where its rule has not said."""
    return problem.about if isinstance(problem.about, CloudOpening) else CloudOpening()


def doubted(finding: Finding, message: str) -> Finding:
    """The finding as one of which the input leaves open whether it is so, with this message."""
    about = replace(opening(finding.problem), doubted=True)
    return replace(finding, problem=replace(finding.problem, message=message, about=about))
