"""The property test: random policies in a real cluster, and the judge asked the same; before it, what an API refuses.

A run is some crowds (tools/cluster/fuzz_pods.py), and in each some cases: the pods get other labels, the case's
policies are put in force, every pod tries every other one and some addresses of the test internet, and what was
answered is held beside the judge's verdicts. What disagrees is tried again, so that a slow answer is none; what still
disagrees is made smaller in the cluster and written down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import randrange

from tools.cluster import fuzz_pods as crowds
from tools.cluster import refused
from tools.cluster.disagreement import Reproduction, settled
from tools.cluster.enforcement import Enforcer
from tools.cluster.errors import CannotRunError
from tools.cluster.fuzz import compare, coverage
from tools.cluster.fuzz.case_file import Recorded, written
from tools.cluster.fuzz.compare import Attempt, Disagreement, Tally
from tools.cluster.fuzz.generate import case
from tools.cluster.fuzz.places import Places
from tools.cluster.fuzz.topology import POINTS, Topology, host_network, key, relabelled, topology
from tools.cluster.fuzz_pods import Crowd, Ground
from tools.cluster.options import TrialOptions
from tools.cluster.verdict import FAIL, PASS, Result
from tools.manifests.files import shown

STATE = "random policies"
# How many policies a run of its own has, and one after the trial, which has the same ones each time.
MANY, FEW = 200, 40
USUAL_SEED = "1"
POLICIES_A_CASE = 10
CASES_A_CROWD = 12
# Of the test internet (tests/flows.yaml): public and private addresses that answer there.
OUTSIDE: tuple[tuple[str, str, int], ...] = (
    ("203.0.113.10", "TCP", 443),
    ("203.0.113.10", "TCP", 8080),
    ("10.20.0.10", "TCP", 443),
    ("10.20.0.13", "TCP", 8080),
    ("203.0.113.53", "UDP", 53),
)
# Those from which the test internet tries to reach pods.
SOURCES = ("203.0.113.10", "10.20.0.10")
# A run that leaves more open than this, or in which nearly all is allowed or denied, has shown nothing.
MOST_CONDITIONAL = 0.05
MIXED = (0.1, 0.9)
# Making a disagreement smaller takes a minute or two.
MOST_SHRUNK = 3


def any_seed() -> str:
    """A seed that nobody chose."""
    return str(randrange(1_000_000))


@dataclass
class FuzzRun:
    """One run. `results` are for the trial's table; `recorded` are the cases and what the cluster did in them."""

    ground: Ground
    options: TrialOptions
    results: list[Result] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    features: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    disputed: int = 0
    judge: compare.Judge = compare.judge

    def run_cases(self, seed: str, policies: int) -> None:
        """As many cases as make that many policies."""
        sizes = [min(POLICIES_A_CASE, policies - first) for first in range(0, policies, POLICIES_A_CASE)]
        for index in range(0, len(sizes), CASES_A_CROWD):
            self._crowd(f"{seed}.{index // CASES_A_CROWD}", sizes[index : index + CASES_A_CROWD])
        self.results.append(summed_up(seed, self.tally, self.disputed))

    def refusals(self) -> None:
        """What the cluster refuses, beside the table of what is refused: it needs no pods, and comes first."""
        with self.ground.progress.step("what the API refuses"):
            self.results.extend(refused.ask(self.ground.kube, refused.read()).results)

    def _crowd(self, seed: str, sizes: Sequence[int]) -> None:
        base = topology(seed)
        with crowds.gathered(self.ground, base, SOURCES, f"pods of seed {seed}") as crowd:
            enforcer = Enforcer(crowd)
            enforcer.tear_down()
            try:
                with self.ground.progress.step(f"{len(sizes)} cases of seed {seed}"):
                    enforcer.set_up()
                    everything = list(attempts(base))
                    control(crowd, everything)
                    for index, size in enumerate(sizes):
                        self._case(enforcer, base, f"{seed}.{index}", size, everything)
            finally:
                enforcer.tear_down()

    def _case(self, enforcer: Enforcer, base: Topology, seed: str, size: int, everything: Sequence[Attempt]) -> None:
        crowd = enforcer.crowd
        addresses = {key(pod): crowd.addresses[key(pod)] for pod in base.pods}
        places = Places(addresses, tuple(dict.fromkeys(address for address, _, _ in OUTSIDE)))
        made = case(seed, relabelled(base, seed), places, size, tiers=enforcer.tiers)
        crowd.relabel(made.topology)
        enforcer.enforce(made.policies)
        verdicts = self.judge(made.objects, addresses, everything)
        truth = settled(crowd, everything, verdicts)
        self.recorded.append(written(Recorded(seed, made.objects, addresses, truth)))
        self.features += coverage.coverage(made.policies)
        self.tally = self.tally.plus(made.size, truth, verdicts, hosts(base))
        if disagreements := list(compare.disagreements(truth, verdicts)):
            self._note_disagreements(Reproduction(enforcer, made, addresses, self.judge), disagreements)

    def _note_disagreements(self, reproduction: Reproduction, disagreements: Sequence[Disagreement]) -> None:
        """A failed result with the smallest policies that show the first of them."""
        first, seed = disagreements[0], reproduction.case.seed
        self.disputed += 1
        policies = reproduction.smallest(first) if self.disputed <= MOST_SHRUNK else reproduction.case.policies
        text = reproduction.text(policies, first)
        path = self.options.evidence / "fuzz" / f"{seed}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        message = f"{first} (and {len(disagreements) - 1} more); {shown(path)}:\n{text}"
        self.results.append(Result(f"agrees-{seed}", STATE, FAIL, message))


def control(crowd: Crowd, everything: Sequence[Attempt]) -> None:
    """Without policies everything is answered: else silence would mean nothing."""
    truth = settled(crowd, everything, dict.fromkeys(everything, "allowed"))
    silent = [attempt for attempt, answered in truth.items() if not answered]
    if silent:
        raise CannotRunError(f"without any policy {silent[0]} is not answered, nor are {len(silent) - 1} more")


def attempts(given: Topology) -> Iterator[Attempt]:
    """Every pod to every other one at each of its ports, and to addresses outside; and from outside to every pod."""
    names = [key(pod) for pod in given.pods]
    for src in (*names, *SOURCES):
        for dst in names:
            if src != dst:
                yield from (Attempt(src, dst, protocol, port) for protocol, port in POINTS)
    for src in names:
        yield from (Attempt(src, address, protocol, port) for address, protocol, port in OUTSIDE)


def hosts(given: Topology) -> frozenset[str]:
    """The pods on their nodes' network, about which the judge may be in doubt."""
    return frozenset(key(pod) for pod in given.pods if host_network(pod))


def summed_up(seed: str, tally: Tally, disputed: int) -> Result:
    """The run as one result."""
    share = tally.answered / max(tally.attempts, 1)
    low, high = MIXED
    troubles = []
    if tally.conditional > MOST_CONDITIONAL:
        troubles.append(f"{tally.conditional:.0%} of the verdicts are conditional, so that little is shown")
    if not low < share < high:
        troubles.append(f"{share:.0%} of the connections were answered, so that little is shown")
    summary = f"seed {seed}: {tally}; {disputed} cases with a disagreement"
    status = FAIL if troubles or disputed else PASS
    return Result("judge-agrees-with-cluster", STATE, status, "; ".join([summary, *troubles]))
