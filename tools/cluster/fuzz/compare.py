"""What the judge says, beside what a cluster did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tools.cluster.fuzz.topology import Object
from tools.findings.model import Manifest
from tools.reach.connections import NUMBERS, includes
from tools.reach.model import Verdict, Word
from tools.reach.world import World


@dataclass(frozen=True, slots=True)
class Attempt:
    """One connection. `src`: a pod as `namespace/name`; `dst`: another one, or an address outside."""

    src: str
    dst: str
    protocol: str
    port: int

    def __str__(self) -> str:
        return f"{self.src} → {self.dst} {self.protocol} {self.port}"


Truth = Mapping[Attempt, bool]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The cluster let a connection through, or did not, and the judge said the contrary."""

    attempt: Attempt
    answered: bool
    judged: Word

    def __str__(self) -> str:
        return (
            f"{self.attempt}: the cluster {'answered' if self.answered else 'was silent'}, the judge says {self.judged}"
        )


Judge = Callable[[Iterable[Object], Mapping[str, str], Iterable[Attempt]], Mapping[Attempt, Word]]


def judge(objects: Iterable[Object], addresses: Mapping[str, str], attempts: Iterable[Attempt]) -> dict[Attempt, Word]:
    """The verdict of tools.reach on each of the attempts, in a cluster of those objects."""
    return judged(world(objects, addresses), attempts)


def world(objects: Iterable[Object], addresses: Mapping[str, str]) -> World:
    """The judge over plain objects; `addresses` are the pods', by `namespace/name`."""
    return World(manifest(_living(it, addresses)) for it in objects)


def manifest(body: Object) -> Manifest:
    """An object as the judge reads it; its file is its kind and name."""
    meta = body["metadata"]
    return Manifest(f"{body['kind']} {meta['name']}", body["kind"], meta["name"], meta.get("namespace", ""), body)


def _living(body: Object, addresses: Mapping[str, str]) -> Object:
    if body["kind"] != "Pod":
        return body
    where = addresses.get(f"{body['metadata']['namespace']}/{body['metadata']['name']}")
    return {**body, "status": {"phase": "Running"} | ({"podIP": where} if where else {})}


def judged(judge: World, attempts: Iterable[Attempt]) -> dict[Attempt, Word]:
    """The verdict on each of the attempts."""
    pairs: dict[tuple[str, str], Verdict] = {}
    verdicts: dict[Attempt, Word] = {}
    for attempt in attempts:
        pair = attempt.src, attempt.dst
        if pair not in pairs:
            pairs[pair] = judge.verdict(judge.peer(attempt.src), judge.peer(attempt.dst))
        verdicts[attempt] = word(pairs[pair], attempt)
    return verdicts


def word(verdict: Verdict, attempt: Attempt) -> Word:
    """What a verdict on all connections of a pair says about one."""
    number = NUMBERS[attempt.protocol]
    if includes(verdict.allowed, number, attempt.port):
        return "allowed"
    return "conditional" if includes(verdict.conditional, number, attempt.port) else "denied"


def disagreements(truth: Truth, verdicts: Mapping[Attempt, Word]) -> Iterator[Disagreement]:
    """Every attempt that went otherwise than the judge said. `conditional` fits whatever happened."""
    for attempt, answered in truth.items():
        if verdicts[attempt] == ("denied" if answered else "allowed"):
            yield Disagreement(attempt, answered, verdicts[attempt])


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of many cases. `words`: the judge's verdicts; `answered`: attempts that the cluster let through.

    `doubtful`: attempts at which the judge would not commit itself, those of pods on their nodes' network aside.
    """

    cases: int = 0
    policies: int = 0
    attempts: int = 0
    answered: int = 0
    doubtful: int = 0
    words: Mapping[Word, int] = field(default_factory=Counter)

    def plus(self, policies: int, truth: Truth, messages: Mapping[Attempt, Word], hosts: Container[str]) -> Tally:
        """With one more case. `hosts`: the pods on their nodes' network."""
        doubtful = [
            it for it, word in messages.items() if word == "conditional" and not (it.src in hosts or it.dst in hosts)
        ]
        return Tally(
            self.cases + 1,
            self.policies + policies,
            self.attempts + len(truth),
            self.answered + sum(truth.values()),
            self.doubtful + len(doubtful),
            Counter(self.words) + Counter(messages.values()),
        )

    @property
    def conditional(self) -> float:
        """The share of attempts on which the judge would not commit itself, from 0 to 1."""
        return self.doubtful / max(self.attempts, 1)

    def __str__(self) -> str:
        words: tuple[Word, ...] = ("allowed", "denied", "conditional")
        message = ", ".join(f"{self.words.get(name, 0)} {name}" for name in words)
        return f"{self.policies} policies in {self.cases} cases, {self.attempts} connections tried: {message}"
