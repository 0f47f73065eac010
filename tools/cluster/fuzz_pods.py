"""The pods of a random cluster, alive: created once, given other labels from case to case, and asked to connect."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tools.cluster.fuzz.compare import Attempt
from tools.cluster.fuzz.topology import POINTS, PREFIX, Object, Topology
from tools.cluster.fuzz_objects import BEACONS, beacon, bodied, scripts, space
from tools.cluster.internet import IN_PODS, Internet
from tools.cluster.kube import Kube, until
from tools.cluster.probers import InInternet, Prober, lead_to_pods, opened
from tools.findings.progress import Progress

SCRIPTS = ("answer.py", "ask_many.py")
_tokens = itertools.count(1)


@dataclass
class Crowd:
    """Pods that answer and ask. `addresses`: theirs, by `namespace/name`. `probers`: who tries connections, by where
    these come from: a pod, or an address of the test internet.
    """

    kube: Kube
    topology: Topology
    addresses: dict[str, str] = field(default_factory=dict)
    probers: dict[str, Prober] = field(default_factory=dict)

    def relabel(self, topology: Topology) -> None:
        """Give namespaces and pods the labels that they have there."""
        pairs = zip(
            (*self.topology.namespaces, *self.topology.pods), (*topology.namespaces, *topology.pods), strict=True
        )
        changed = [(old, new) for old, new in pairs if old["metadata"]["labels"] != new["metadata"]["labels"]]
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(lambda pair: self._relabel(*pair), changed))
        self.topology = topology

    def _relabel(self, old: Object, new: Object) -> None:
        labels: dict[str, str | None] = dict.fromkeys(old["metadata"]["labels"])
        body = {"metadata": {"labels": labels | new["metadata"]["labels"]}}
        meta = new["metadata"]
        kind = self.kube.kind("v1", new["kind"])
        merge = "application/merge-patch+json"
        kind.patch(body=body, name=meta["name"], namespace=meta.get("namespace"), content_type=merge)

    def ask(self, attempts: Iterable[Attempt], seconds: float = 1.0) -> tuple[dict[Attempt, bool], dict[Attempt, str]]:
        """Try all at once: whether each was answered, and, apart, why some came to no verdict.

        Silence is a denial; the far end of every attempt is known to listen, so a refusal is none.
        """
        by_asker: dict[Prober, list[Attempt]] = {}
        for attempt in attempts:
            by_asker.setdefault(self.probers[attempt.src], []).append(attempt)
        truth: dict[Attempt, bool] = {}
        failures: dict[Attempt, str] = {}
        with ThreadPoolExecutor(max_workers=len(by_asker) or 1) as pool:
            for answered, troubled in pool.map(lambda item: self._ask(item[0], item[1], seconds), by_asker.items()):
                truth |= answered
                failures |= troubled
        return truth, failures

    def _ask(
        self, asker: Prober, attempts: list[Attempt], seconds: float
    ) -> tuple[dict[Attempt, bool], dict[Attempt, str]]:
        token = f"{next(_tokens)}"
        order = [[str(at), *self._target(attempt), token, self._source(attempt)] for at, attempt in enumerate(attempts)]
        report = asker.ask({"timeout": seconds, "attempts": order})
        truth: dict[Attempt, bool] = {}
        failures = {attempts[int(at)]: why for at, why in report["refused"].items()}
        for at, attempt in enumerate(attempts):
            answer = report["answers"].get(str(at))
            if answer and not self._is_from(attempt, answer, token):
                failures[attempt] = f"somebody else answered: {answer}"
            elif attempt not in failures:
                truth[attempt] = answer is not None
        return truth, failures

    def _source(self, attempt: Attempt) -> str:
        """The address to come from: a pod has but one."""
        return "" if attempt.src in self.addresses else attempt.src

    def _target(self, attempt: Attempt) -> tuple[str, int, str]:
        inside = self.addresses.get(attempt.dst)
        dns = not inside and attempt.protocol == "UDP"
        return inside or attempt.dst, attempt.port, "DNS" if dns else attempt.protocol

    def _is_from(self, attempt: Attempt, answer: str, token: str) -> bool:
        if attempt.dst in self.addresses:
            return answer == f"sark-answer {attempt.dst} token={token}"
        return answer == "sark-answer dns" or answer.startswith(f"sark-answer {attempt.dst}:{attempt.port} ")


@dataclass(frozen=True)
class Ground:
    """Where a crowd can gather: a cluster, by name, and the test internet beside it."""

    kube: Kube
    cluster: str
    internet: Internet
    progress: Progress


@contextmanager
def gathered(ground: Ground, topology: Topology, outside: Iterable[str], step: str) -> Iterator[Crowd]:
    """The crowd within the block; what there was of an earlier one goes first.

    `outside`: addresses of the test internet from which it tries to connect too. `step`: what progress calls the wait.
    """
    kube = ground.kube
    crowd = Crowd(kube, topology)
    try:
        with ground.progress.step(step):
            remove(kube, wait=True)
            _create(kube, topology)
            until("the random cluster's pods run", 180, lambda: _addresses(crowd), every=1)
            with ThreadPoolExecutor(max_workers=4) as pool:
                crowd.probers |= zip(
                    crowd.addresses, pool.map(lambda pod: opened(kube, pod), crowd.addresses), strict=True
                )
            lead_to_pods(ground.cluster, ground.internet, _nodes(crowd))
            crowd.probers |= dict.fromkeys(outside, InInternet(ground.internet))
        yield crowd
    finally:
        for asker in set(crowd.probers.values()):
            asker.close()
        remove(kube, wait=False)


def _create(kube: Kube, topology: Topology) -> None:
    beacons = [beacon(index) for index in (0, 1)]
    spaces = [*topology.namespaces, space(BEACONS)]
    texts = {name: (IN_PODS / name).read_text(encoding="utf-8") for name in SCRIPTS}
    maps = [scripts(it["metadata"]["name"], texts) for it in spaces]
    rest = [*maps, *topology.accounts, *topology.services]
    with ThreadPoolExecutor(max_workers=8) as pool:
        for group in (spaces, rest, [*_bodied(topology), *beacons]):
            list(pool.map(lambda it: kube.apply([it]), group))


def _bodied(topology: Topology) -> Iterator[Object]:
    ports = [f"{port}/{protocol}" for protocol, port in POINTS]
    for index, pod in enumerate(topology.pods):
        yield bodied(pod, index, ports)


def _pods(crowd: Crowd) -> Iterator[tuple[str, Any]]:
    for place in (*crowd.topology.spaces, BEACONS):
        for pod in crowd.kube.core.list_namespaced_pod(place).items:
            yield f"{place}/{pod.metadata.name}", pod.status


def _addresses(crowd: Crowd) -> bool:
    """Note the pods' addresses. True when all of them run."""
    running = {
        name: str(status.pod_ip)
        for name, status in _pods(crowd)
        if status.pod_ip and all(it.ready for it in status.container_statuses or ())
    }
    crowd.addresses = running
    return len(running) == len(crowd.topology.pods) + 2


def _nodes(crowd: Crowd) -> list[tuple[str, str]]:
    """Each pod's address and its node's."""
    return [(str(status.pod_ip), str(status.host_ip)) for _, status in _pods(crowd)]


def remove(kube: Kube, *, wait: bool) -> None:
    """Delete every namespace of a random cluster."""

    def names() -> list[str]:
        spaces = [str(it.metadata.name) for it in kube.core.list_namespace().items]
        return [name for name in spaces if name.startswith(PREFIX)]

    for name in names():
        kube.delete("v1", "Namespace", name)
    if wait:
        until("the namespaces of an earlier random cluster are gone", 120, lambda: not names())
