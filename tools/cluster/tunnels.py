"""Tunnels through the proxy that are held open while its list is changed, and whether each lived or was cut."""

from __future__ import annotations

from tools.cluster.probes import Held
from tools.cluster.verdict import UNPROBED
from tools.reach.flows.read import Flow, FlowTarget


def tunnel(name: str, title: str = "") -> Flow:
    """The gateway's TLS to a name through the proxy; `title`: what results call it, the name itself by default."""
    return Flow(title or name, "gateway", FlowTarget("internet", name), 443, "allow", "", via="proxy", speak="tls")


def faults(held: Held, flow: Flow, due: str, opened: set[str]) -> list[str]:
    """Why a held tunnel is not what is due, `open` or `closed`. `opened`: those that were open at first."""
    report = held.reports.get(flow.name, UNPROBED)
    if flow.name not in opened:
        return [f"was never open: {report.detail}"]
    return [] if report.outcome == due else [f"should be {due}, but is {report.outcome}: {report.detail}"]
