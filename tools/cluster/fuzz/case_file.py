"""A case with what a cluster did in it, as text: kept so that the judge can be asked again without a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from tools.cluster.fuzz.compare import Attempt, Truth
from tools.cluster.fuzz.topology import Object


@dataclass(frozen=True, slots=True)
class Recorded:
    """`addresses` are the pods'; `truth`: which connections were answered while the objects were in force."""

    seed: str
    objects: tuple[Object, ...]
    addresses: Mapping[str, str]
    truth: Truth


def written(case: Recorded) -> str:
    """One line of JSON. Attempts are grouped: source, target, and what was and was not answered, as `TCP 80`."""
    pairs: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for attempt, answered in case.truth.items():
        pair = pairs.setdefault((attempt.src, attempt.dst), ([], []))
        pair[0 if answered else 1].append(f"{attempt.protocol} {attempt.port}")
    truth = [[src, dst, *words] for (src, dst), words in pairs.items()]
    body = {"seed": case.seed, "addresses": dict(case.addresses), "objects": case.objects, "truth": truth}
    return json.dumps(body, separators=(",", ":"))


def read(line: str) -> Recorded:
    """The case of such a line."""
    body = json.loads(line)
    truth: dict[Attempt, bool] = {}
    for src, dst, answered, silent in body["truth"]:
        for words, value in ((answered, True), (silent, False)):
            truth |= {_attempt(src, dst, word): value for word in words}
    return Recorded(body["seed"], tuple(body["objects"]), body["addresses"], truth)


def _attempt(src: str, dst: str, word: str) -> Attempt:
    protocol, _, port = word.partition(" ")
    return Attempt(src, dst, protocol, int(port))
