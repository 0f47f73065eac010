"""Makes the universe: reads pods, namespaces and network sets, and puts alike pods into classes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

from tools.findings.model import Manifest, Problem, Severity
from tools.manifests.addresses import Net
from tools.manifests.fields import BrokenError, Dropped, cidr_or_address, items, texts_by_key
from tools.manifests.node import root
from tools.manifests.pod_templates import Pod, accounts, namespaces, pods
from tools.manifests.pods import NAME_LABEL
from tools.policies.calico_labels import ACCOUNT, NAMESPACE
from tools.policies.mentions import Mentions, mentions
from tools.policies.network_sets import NetworkSet
from tools.reach.peers.address_blocks import Blocks, cut
from tools.reach.peers.services import services
from tools.reach.peers.universe import Labels, Universe
from tools.reach.unjudged import Unjudged, ask

RESERVED = f"{NAMESPACE} is Calico's own label, which a set may not carry; drop it"
NAMESPACED = ("NetworkPolicy", "NetworkSet", "Service")


def populate(
    manifests: Sequence[Manifest],
    asking: Sequence[Manifest],
    namespace: str,
    pod_cidrs: tuple[Net, ...],
    dropped: Dropped,
    doubtful: Sequence[Unjudged] = (),
) -> tuple[Universe, tuple[Problem, ...]]:
    """The universe of those objects, and notes. `asking`: those that select pods, peers and addresses; `doubtful`:
    those of which no more is known than which pods they may be for.
    """
    asked = mentions(asking)
    ask(asked, doubtful)
    sets = tuple(_sets(manifests, namespace, dropped))
    blocks = cut((*asked.nets, *(net for members in sets for net in members.nets)))
    found = tuple(pods(manifests, namespace, dropped))
    taking_part = [pod for pod, done in found if not done]
    spaces = _spaces(manifests, taking_part, asking, namespace)
    of_accounts = accounts(manifests, namespace)
    governed = {manifest.namespace or namespace for manifest in asking if manifest.kind in NAMESPACED}
    governed |= {space for item in doubtful if (space := item.space(namespace))}
    classes: dict[Hashable, list[Pod]] = {}
    for pod in taking_part:
        key = _kind(pod, spaces, of_accounts, governed, asked, blocks)
        classes.setdefault(key, []).append(pod)
    addresses = (address for pod in taking_part for address in pod.addresses)
    universe = Universe(
        classes=tuple(map(tuple, classes.values())),
        spaces=spaces,
        accounts=of_accounts,
        sets=sets,
        blocks=blocks,
        pod_cidrs=pod_cidrs,
        services=services(manifests, namespace),
        speaks_ipv6=any(one.version == 6 for one in (*asked.nets, *pod_cidrs, *addresses)),
    )
    return universe, tuple(_done(found))


def _spaces(
    manifests: Sequence[Manifest], pods: Sequence[Pod], asking: Sequence[Manifest], namespace: str
) -> dict[str, Labels]:
    """Every namespace that anything is in; one without an object has the label that every cluster sets."""
    known: dict[str, Labels] = dict(namespaces(manifests))
    lived_in = {pod.namespace for pod in pods}
    lived_in |= {manifest.namespace or namespace for manifest in asking if manifest.kind in NAMESPACED}
    return known | {name: {NAME_LABEL: name} for name in sorted(lived_in - known.keys())}


def _kind(
    pod: Pod,
    spaces: dict[str, Labels],
    of_accounts: dict[tuple[str, str], dict[str, str]],
    governed: set[str],
    asked: Mentions,
    blocks: Blocks,
) -> Hashable:
    """What a policy can see of a pod: two with the same are one class."""
    own = of_accounts.get((pod.namespace, pod.account), {})
    return (
        pod.namespace if pod.namespace in governed else asked.projected(spaces[pod.namespace]),
        asked.projected(pod.labels),
        asked.projected({ACCOUNT: pod.account, **own}),
        pod.account if "projectcalico.org/name" in asked.values else "",
        tuple(sorted(port for port in pod.ports if port[0] in asked.ports)),
        pod.host,
        tuple(sorted({blocks.holding(address) for address in pod.addresses})),
    )


def _sets(manifests: Iterable[Manifest], namespace: str, dropped: Dropped) -> Iterator[NetworkSet]:
    for manifest in manifests:
        if manifest.kind in ("NetworkSet", "GlobalNetworkSet"):
            body = root(manifest)
            space = "" if manifest.kind == "GlobalNetworkSet" else manifest.namespace or namespace
            try:
                dropped.known(body["spec"], ("nets",))
                nets = tuple(map(cidr_or_address, items(body["spec"]["nets"])))
                if NAMESPACE in texts_by_key(body["metadata"]["labels"]):
                    raise BrokenError(body["metadata"]["labels"], RESERVED)
                yield NetworkSet(manifest.name, space, texts_by_key(body["metadata"]["labels"]), nets)
            except BrokenError as broken:
                dropped.problems.append(broken.problem)


def _done(found: Iterable[tuple[Pod, bool]]) -> Iterator[Problem]:
    for pod, done in found:
        if done:
            where = pod.manifest.where("status.phase")
            yield Problem(where, f"{pod.own_name} is done and takes no part: no policy is for it", Severity.NOTE)
