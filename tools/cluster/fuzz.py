"""The property test: random policies in a real cluster, and the judge asked the same.

A run is some crowds (tools/cluster/crowd.py), and in each some cases: the pods get other labels, the case's policies
are put in force, every pod tries every other one and some addresses of the test internet, and what was answered is held
beside the judge's verdicts. What disagrees is tried again, so that a slow answer is none; what still disagrees is
shrunk in the cluster and written down.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tools.cluster import crowd as crowds
from tools.cluster.crowd import Crowd
from tools.cluster.in_force import Enforcer
from tools.cluster.kube import Kube
from tools.cluster.options import Options
from tools.cluster.progress import Progress
from tools.cluster.trouble import CannotRunError
from tools.cluster.verdict import FAIL, PASS, Result
from tools.fuzz import compare, coverage, shrink
from tools.fuzz.case_file import Recorded, written
from tools.fuzz.compare import Attempt, Disagreement, Tally
from tools.fuzz.generate import Case, case
from tools.fuzz.places import Places
from tools.fuzz.topology import POINTS, Object, Topology, host_network, key, relabelled, topology
from tools.inputs import shown
from tools.reach.model import Word

STATE = "fuzz"
POLICIES_A_CASE = 10
CASES_A_CROWD = 12
# Of the test internet: public and private addresses that answer there.
OUTSIDE: tuple[tuple[str, str, int], ...] = (
    ("203.0.113.10", "TCP", 443),
    ("203.0.113.10", "TCP", 8080),
    ("10.20.0.10", "TCP", 443),
    ("10.20.0.13", "TCP", 8080),
    ("203.0.113.53", "UDP", 53),
)
# Where the judge may leave more open than this, or nearly all is allowed or denied, a run shows nothing.
MOST_CONDITIONAL = 0.05
MIXED = (0.1, 0.9)
MOST_SHRUNK = 3
SETTLE = 8.0


@dataclass
class Run:
    """One run. `results` are for the trial's table; `recorded` are the cases and what the cluster did in them."""

    kube: Kube
    options: Options
    progress: Progress
    tally: Tally = field(default_factory=Tally)
    features: Counter[str] = field(default_factory=Counter)
    results: list[Result] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    judge: compare.Judge = compare.judge

    def all_of_it(self, seed: str, policies: int) -> None:
        """As many cases as make that many policies."""
        cases = -(-policies // POLICIES_A_CASE)
        for first in range(0, cases, CASES_A_CROWD):
            self._crowd(f"{seed}.{first // CASES_A_CROWD}", min(CASES_A_CROWD, cases - first))
        self._sum_up(seed)

    def _crowd(self, seed: str, cases: int) -> None:
        base = topology(seed)
        with crowds.gathered(self.kube, base, self.progress) as crowd:
            self._cases(crowd, base, seed, cases)

    def _cases(self, crowd: Crowd, base: Topology, seed: str, cases: int) -> None:
        enforcer = Enforcer(crowd)
        enforcer.tear_down()
        try:
            enforcer.set_up()
            everything = list(attempts(base))
            self._control(crowd, everything)
            with self.progress.step(f"fuzz: {cases} cases of {seed}"):
                for index in range(cases):
                    self._case(enforcer, base, f"{seed}.{index}", everything)
        finally:
            enforcer.tear_down()

    def _control(self, crowd: Crowd, everything: Sequence[Attempt]) -> None:
        """Without policies everything is answered: else silence would mean nothing."""
        silent = [
            attempt
            for attempt, answered in settled(crowd, everything, dict.fromkeys(everything, "allowed")).items()
            if not answered
        ]
        if silent:
            raise CannotRunError(f"without any policy {silent[0]} is not answered, nor are {len(silent) - 1} more")

    def _case(self, enforcer: Enforcer, base: Topology, seed: str, everything: Sequence[Attempt]) -> None:
        crowd = enforcer.crowd
        addresses = {key(pod): crowd.addresses[key(pod)] for pod in base.pods}
        places = Places(addresses, tuple(dict.fromkeys(address for address, _, _ in OUTSIDE)))
        made = case(seed, relabelled(base, seed), places, POLICIES_A_CASE, tiers=enforcer.tiers)
        crowd.relabel(made.topology)
        enforcer.enforce(made.policies)
        said = self.judge(made.objects, addresses, everything)
        truth = settled(crowd, everything, said)
        self.recorded.append(written(Recorded(seed, made.objects, addresses, truth)))
        self.features += coverage.coverage(made.policies)
        self.tally = self.tally.plus(made.size, truth, said, hosts(base))
        found = list(compare.disagreements(truth, said))
        if found:
            self._tell(enforcer, made, addresses, found)

    def _tell(
        self, enforcer: Enforcer, made: Case, addresses: Mapping[str, str], found: Sequence[Disagreement]
    ) -> None:
        """A failed result with the smallest objects that show the first of them."""
        first = found[0]
        policies: tuple[Object, ...] = made.policies
        if len(self.results) < MOST_SHRUNK:
            policies = shrink.shrunk(
                policies, lambda tried: self._still(enforcer, made, addresses, first.attempt, tried)
            )
        report = shown_case(made.topology, policies, addresses, first)
        path = self.options.evidence / "fuzz" / f"{made.seed}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report, encoding="utf-8")
        message = f"{first} (and {len(found) - 1} more in the case of seed {made.seed}); {shown(path)}:\n{report}"
        self.results.append(Result(f"agrees-{made.seed}", STATE, FAIL, message))

    def _still(
        self,
        enforcer: Enforcer,
        made: Case,
        addresses: Mapping[str, str],
        attempt: Attempt,
        policies: Sequence[Object],
    ) -> bool:
        """Whether the cluster and the judge disagree about one connection, with these policies and no others."""
        try:
            enforcer.enforce(policies)
        except CannotRunError:
            # The API refuses what was left of an object: no fault is shown.
            return False
        said = self.judge((*made.topology.objects, *policies), addresses, [attempt])
        return any(compare.disagreements(settled(enforcer.crowd, [attempt], said, bound=2.5), said))

    def _sum_up(self, seed: str) -> None:
        tally = self.tally
        bad = len(self.results)
        share = tally.answered / max(tally.attempts, 1)
        said = f"seed {seed}: {tally}; {bad} cases disagree"
        low, high = MIXED
        troubles = [
            *([f"{bad} cases disagree"] if bad else []),
            *(
                [f"{tally.conditional:.0%} of the verdicts are conditional"]
                if tally.conditional > MOST_CONDITIONAL
                else []
            ),
            *([] if low < share < high else [f"{share:.0%} of the connections were answered, so that little is shown"]),
        ]
        text = f"{said}: {'; '.join(troubles)}" if troubles else said
        self.results.append(Result("judge-agrees-with-cluster", STATE, FAIL if troubles else PASS, text))


def attempts(given: Topology) -> Iterator[Attempt]:
    """Every pod to every other one at each of its ports, and to the addresses outside."""
    names = [key(pod) for pod in given.pods]
    for src in names:
        for dst in names:
            if src != dst:
                yield from (Attempt(src, dst, protocol, port) for protocol, port in POINTS)
        yield from (Attempt(src, address, protocol, port) for address, protocol, port in OUTSIDE)


def hosts(given: Topology) -> frozenset[str]:
    """The pods on their nodes' network, about which the judge may be in doubt."""
    return frozenset(key(pod) for pod in given.pods if host_network(pod))


def settled(
    crowd: Crowd, wanted: Sequence[Attempt], said: Mapping[Attempt, Word], bound: float = SETTLE
) -> dict[Attempt, bool]:
    """What was answered. Attempts that disagree, or came to no verdict, are made again, until the time is up."""
    started = time.monotonic()
    truth, trouble = crowd.ask(wanted)
    while pending := [*trouble, *(it.attempt for it in compare.disagreements(truth, said))]:
        if time.monotonic() - started > bound:
            break
        time.sleep(0.5)
        again, trouble = crowd.ask(pending, 1.5)
        truth |= again
    if trouble:
        attempt, why = next(iter(trouble.items()))
        raise CannotRunError(f"{attempt} could not be tried: {why}")
    return truth


def shown_case(given: Topology, policies: Sequence[Object], addresses: Mapping[str, str], found: Disagreement) -> str:
    """The disagreement and the objects as one YAML file: the verdicts and the judge's reasons as comments."""
    judge = compare.world((*given.objects, *policies), addresses)
    attempt = found.attempt
    told = judge.explain(judge.peer(attempt.src), judge.peer(attempt.dst), attempt.port, attempt.protocol)
    lines = [str(found)]
    for side in told.sides:
        lines.append(f"{side.direction}: {side.verdict}: {side.summary}")
        lines.extend(f"  {step.policy} {step.rule}: {step.outcome}: {step.why}" for step in side.steps)
    ends = [pod for pod in given.pods if key(pod) in (attempt.src, attempt.dst)]
    spaces = {pod["metadata"]["namespace"] for pod in ends}
    around = [it for it in given.namespaces if it["metadata"]["name"] in spaces]
    around += [it for it in given.accounts if it["metadata"]["namespace"] in spaces]
    living = [pod | {"status": {"phase": "Running", "podIP": addresses[key(pod)]}} for pod in ends]
    comments = "".join(f"# {line}\n" for line in lines)
    return comments + shrink.text([*policies, *living, *around, *given.services])
