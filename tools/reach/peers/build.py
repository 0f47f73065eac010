"""Builds the universe: reads pods, namespaces and network sets, and groups pods that are alike into classes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence, Set
from dataclasses import replace

from tools.findings.model import Manifest, Problem, Severity
from tools.manifests.addresses import Net
from tools.manifests.fields import Dropped
from tools.manifests.label_selector import Selector
from tools.manifests.labels import NAME_LABEL, accounts, namespaces
from tools.manifests.node import root
from tools.manifests.pods import Pod, accepted
from tools.policies import faults
from tools.policies.calico_labels import ACCOUNT
from tools.policies.mentions import Mentions, mentions
from tools.policies.model import Policy
from tools.policies.network_sets import NetworkSet, network_sets
from tools.policies.unjudged import Unjudged, ask
from tools.reach.peers.address_blocks import AddressBlocks, cut
from tools.reach.peers.services import services
from tools.reach.peers.universe import Labels, Universe


def populate(
    manifests: Sequence[Manifest],
    policies: Sequence[Policy],
    namespace: str,
    pod_cidrs: tuple[Net, ...],
    dropped: Dropped,
    doubtful: Sequence[Unjudged] = (),
) -> tuple[Universe, tuple[Problem, ...]]:
    """The universe of some objects, and notes.

    `policies` tell pods apart. So do `doubtful` objects, of which only the pods that they may select are known.
    """
    asked = mentions(policies)
    ask(asked, doubtful)
    known_services = services(manifests, namespace)
    for service in known_services.values():
        asked.of_labels(service.selector or Selector())
        asked.ports.update(port.target for port in service.ports if isinstance(port.target, str))
    sets = tuple(_sets(manifests, namespace, dropped))
    blocks = cut((*asked.nets, *(net for members in sets for net in members.nets)))
    known_pods = tuple(accepted(manifests, namespace, dropped))
    running = [pod for pod in known_pods if not pod.done]
    named = {policy.space(namespace) for policy in policies} | {item.namespace for item in sets}
    named |= {space for space, _ in known_services}
    governed = (named | {item.space(namespace) for item in doubtful}) - {""}
    spaces = _spaces(manifests, {pod.namespace for pod in running} | (named - {""}))
    of_accounts = accounts(manifests, namespace)
    classes: dict[Hashable, list[Pod]] = {}
    for pod in running:
        key = _kind(pod, spaces, of_accounts, governed, asked, blocks)
        classes.setdefault(key, []).append(pod)
    addresses = (address for pod in running for address in pod.addresses)
    universe = Universe(
        classes=tuple(map(tuple, classes.values())),
        spaces=spaces,
        accounts=of_accounts,
        sets=sets,
        blocks=blocks,
        pod_cidrs=pod_cidrs,
        services=known_services,
        speaks_ipv6=any(item.version == 6 for item in (*asked.nets, *pod_cidrs, *addresses)),
    )
    return universe, tuple(_finished(known_pods))


def _spaces(manifests: Sequence[Manifest], names: Set[str]) -> dict[str, Labels]:
    """The labels of every namespace in use; one without an object has only the label that every cluster sets."""
    known: dict[str, Labels] = {name: labels | {NAME_LABEL: name} for name, labels in namespaces(manifests).items()}
    return known | {name: {NAME_LABEL: name} for name in sorted(names - known.keys())}


def _kind(
    pod: Pod,
    spaces: dict[str, Labels],
    of_accounts: dict[tuple[str, str], dict[str, str]],
    governed: set[str],
    asked: Mentions,
    blocks: AddressBlocks,
) -> Hashable:
    """What policies can see of a pod. Pods with equal values are one class."""
    own = of_accounts.get((pod.namespace, pod.account), {})
    return (
        pod.namespace if pod.namespace in governed else asked.projected(spaces[pod.namespace]),
        asked.projected(pod.labels),
        asked.projected({ACCOUNT: pod.account, **own}),
        tuple(sorted(port for port in pod.ports if port[0] in asked.ports)),
        tuple(sorted(port for port in pod.serving if port[0] in asked.ports)),
        pod.host,
        tuple(sorted({blocks.holding(address) for address in pod.addresses})),
    )


def _sets(manifests: Iterable[Manifest], namespace: str, dropped: Dropped) -> Iterator[NetworkSet]:
    for item in network_sets(manifests):
        dropped.problems.extend(faults.problems(item.faults))
        if not faults.is_broken(item.faults):
            yield item if item.clusterwide else replace(item, namespace=item.namespace or namespace)


def _finished(known_pods: Iterable[Pod]) -> Iterator[Problem]:
    for pod in known_pods:
        if pod.done:
            where = pod.manifest.where("status.phase")
            phase = root(pod.manifest)["status"]["phase"].text()
            message = f"{pod.own_name} has finished (phase {phase}), so policies ignore it and it is left out"
            yield Problem(where, message, Severity.NOTE)
