"""Reads the lock-down of engine calico-enterprise back into an allowlist.

`destination.domains` is Calico Enterprise's and Calico Cloud's: one `*`, one or more labels, names at their own case
(https://docs.tigera.io/calico-enterprise/latest/reference/resources/globalnetworkpolicy).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tools.egress.allowlist import AllowRule, canonical, everything
from tools.findings.model import Manifest

WORKLOAD_LABEL = "sark-network/workload"
INTERNAL = "sark-network/internal"
NOT_A_POD = "projectcalico.org/orchestrator == 'k8s'"


def decode(manifests: tuple[Manifest, ...]) -> frozenset[AllowRule]:
    """The rules that the GlobalNetworkPolicies labelled with a workload enforce."""
    return _joined(rule for manifest in manifests for rule in _policy(manifest))


def _joined(rules: Iterable[AllowRule]) -> frozenset[AllowRule]:
    """One rule where Calico needs two, because a rule of its own holds one IP family."""
    cidrs: dict[AllowRule, set[str]] = {}
    for rule in rules:
        cidrs.setdefault(replace(rule, cidrs=()), set()).update(rule.cidrs)
    return frozenset(replace(rule, cidrs=canonical(cidr)) for rule, cidr in cidrs.items())


def _policy(manifest: Manifest) -> Iterator[AllowRule]:
    workload = _mapping(_mapping(manifest.body.get("metadata")).get("labels")).get(WORKLOAD_LABEL)
    if manifest.kind != "GlobalNetworkPolicy" or not isinstance(workload, str):
        return
    for rule in _mapping(manifest.body.get("spec")).get("egress") or ():
        destination = _mapping(rule.get("destination"))
        if rule.get("action") == "Deny" and destination == {"notSelector": NOT_A_POD}:
            return
        if rule.get("action") == "Allow":
            yield from _allow(rule, destination, workload)
    yield everything(workload)


def _allow(rule: Mapping[str, Any], destination: Mapping[str, Any], workload: str) -> Iterator[AllowRule]:
    ports = [port for port in destination.get("ports") or () if isinstance(port, int)]
    note = _mapping(_mapping(rule.get("metadata")).get("annotations")).get(INTERNAL)
    named = destination.keys() <= {"domains", "ports"} and destination.get("domains") and ports
    if named and rule.get("protocol") == "TCP":
        for name in destination["domains"]:
            for port in ports:
                yield AllowRule(workload, name, port)
    elif note is not None:
        entry = json.loads(note)
        for port in ports:
            yield AllowRule(
                workload, entry["name"], port, entry["protocol"], tuple(sorted(destination.get("nets") or ()))
            )
    elif "nets" not in destination:
        yield everything(workload)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
