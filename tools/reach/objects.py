"""Merges the objects of several sources into one cluster's: a later object replaces an earlier one of its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tools.findings.model import Manifest, Problem, Where
from tools.manifests.addresses import Address, Net, network
from tools.manifests.node import root
from tools.manifests.pods import accepted

# An object's API group, kind, namespace and name.
Key = tuple[str, str, str, str]
# The prefix length of the network around a pod's address in which other pods probably are, by IP version.
AROUND = {4: 24, 6: 64}


def stacked(layers: Iterable[Sequence[Manifest]], namespace: str) -> tuple[tuple[Manifest, ...], tuple[Problem, ...]]:
    """All objects, each name once, and a problem for each name that one layer has twice; there, too, the later one
    counts.
    """
    latest: dict[Key, Manifest] = {}
    nameless: list[Manifest] = []
    problems: list[Problem] = []
    for layer in layers:
        own: dict[Key, Manifest] = {}
        for manifest in layer:
            if not manifest.name:
                nameless.append(manifest)
                continue
            key = _key(manifest, namespace)
            if key in own:
                problems.append(_twice(manifest, own[key].where()))
            own[key] = manifest
        latest.update(own)
    return (*latest.values(), *nameless), tuple(problems)


def _key(manifest: Manifest, namespace: str) -> Key:
    group, _, _ = root(manifest)["apiVersion"].text().rpartition("/")
    return group, manifest.kind, manifest.namespace or namespace, manifest.name


def _twice(manifest: Manifest, first: Where) -> Problem:
    place = f"{first.file}:{first.line}" if first.line else first.file
    message = f"is already defined in {place}, and this one replaces it; keep only one"
    return Problem(manifest.where("metadata.name"), message)


def around(manifests: Iterable[Manifest], known: Sequence[Net], namespace: str) -> Iterator[Net]:
    """The networks around the pods' known addresses that `known` does not cover, each once."""
    nets: dict[Net, None] = {}
    for pod in accepted(manifests, namespace):
        for address in () if pod.host else pod.addresses:
            if not any(_holds(net, address) for net in (*known, *nets)):
                net = network(f"{address}/{AROUND[address.version]}")
                nets |= {net: None} if net else {}
    yield from nets


def _holds(net: Net, address: Address) -> bool:
    return net.version == address.version and address in net
