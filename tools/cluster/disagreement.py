"""One disagreement between the judge and the cluster: made as small as the cluster allows, and written down."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.cluster.enforcement import Enforcer
from tools.cluster.errors import CannotRunError
from tools.cluster.fuzz import compare, shrink
from tools.cluster.fuzz.compare import Attempt, Disagreement
from tools.cluster.fuzz.generate import POLICY_KINDS, FuzzCase
from tools.cluster.fuzz.topology import Object, key
from tools.cluster.fuzz_pods import Crowd
from tools.reach.model import Explanation, Word

# Seconds for which what disagrees is tried again: in a whole case, and at each step of making it smaller.
SETTLE, SETTLE_AGAIN = 8.0, 2.5


def settled(
    crowd: Crowd, attempts: Sequence[Attempt], messages: Mapping[Attempt, Word], bound: float = SETTLE
) -> dict[Attempt, bool]:
    """What was answered. Attempts that disagree, or came to no verdict, are made again, until the time is up."""
    started = time.monotonic()
    truth, error = crowd.ask(attempts)
    while pending := [*error, *(it.attempt for it in compare.disagreements(truth, messages))]:
        if time.monotonic() - started > bound:
            break
        time.sleep(0.5)
        again, error = crowd.ask(pending, 1.5)
        truth |= again
    if error:
        attempt, why = next(iter(error.items()))
        raise CannotRunError(f"{attempt} could not be tried: {why}")
    return truth


@dataclass(frozen=True)
class Reproduction:
    """A case in which somebody is wrong. `addresses`: the pods'."""

    enforcer: Enforcer
    case: FuzzCase
    addresses: Mapping[str, str]
    judge: compare.Judge

    def smallest(self, disagreement: Disagreement) -> tuple[Object, ...]:
        """As few and as small policies as still show it, tried in the cluster one after the other."""
        start = self._looked_at(disagreement.attempt)
        if not self.lasts(disagreement.attempt, start):
            start = self.case.policies
        return shrink.shrunk(start, lambda tried: self.lasts(disagreement.attempt, tried))

    def _looked_at(self, attempt: Attempt) -> tuple[Object, ...]:
        """The policies that the judge took into account, and all sets and tiers: the first guess, for one try."""
        steps = [step for side in _explained(self.case.objects, self.addresses, attempt).sides for step in side.steps]
        named = {step.policy for step in steps}
        return tuple(it for it in self.case.policies if it["kind"] not in POLICY_KINDS or _title(it) in named)

    def lasts(self, attempt: Attempt, policies: Sequence[Object]) -> bool:
        """Whether the cluster and the judge disagree about one connection under these policies and no others."""
        try:
            self.enforcer.enforce(policies)
        except CannotRunError:
            # The API refuses what was left of an object: no fault is shown.
            return False
        verdicts = self.judge((*self.case.topology.objects, *policies), self.addresses, [attempt])
        truth = settled(self.enforcer.crowd, [attempt], verdicts, SETTLE_AGAIN)
        return any(compare.disagreements(truth, verdicts))

    def text(self, policies: Sequence[Object], disagreement: Disagreement) -> str:
        """One YAML file that the judge can read: the objects, and as comments the verdicts and the judge's reasons."""
        around = self._around(disagreement.attempt, policies)
        reasons = judge_reasons((*self.case.topology.objects, *policies), self.addresses, disagreement.attempt)
        comments = "".join(f"# {line}\n" for line in (str(disagreement), *reasons))
        return comments + shrink.text([*policies, *around])

    def _around(self, attempt: Attempt, policies: Sequence[Object]) -> list[Object]:
        """What a verdict may depend on: both pods and their accounts, namespaces, and services if a policy has any."""
        given = self.case.topology
        ends = [pod for pod in given.pods if key(pod) in (attempt.src, attempt.dst)]
        names = {(pod["metadata"]["namespace"], pod["spec"]["serviceAccountName"]) for pod in ends}
        near = [it for it in given.accounts if (it["metadata"]["namespace"], it["metadata"]["name"]) in names]
        services = given.services if "services" in shrink.text(policies) else ()
        behind = given.pods if services else ends
        living = [pod | {"status": {"phase": "Running", "podIP": self.addresses[key(pod)]}} for pod in behind]
        return [*living, *near, *given.namespaces, *services]


def judge_reasons(objects: Sequence[Object], addresses: Mapping[str, str], attempt: Attempt) -> list[str]:
    """The judge's reasons for its verdict, line by line."""
    why = _explained(objects, addresses, attempt)
    lines: list[str] = []
    for side in why.sides:
        lines.append(f"{side.direction}: {side.verdict}: {side.summary}")
        lines.extend(f"  {step.policy} {step.rule}: {step.outcome}: {step.why}" for step in side.steps)
    return lines


def _explained(objects: Sequence[Object], addresses: Mapping[str, str], attempt: Attempt) -> Explanation:
    world = compare.world(objects, addresses)
    return world.explain(world.peer(attempt.src), world.peer(attempt.dst), attempt.port, attempt.protocol)


def _title(body: Object) -> str:
    """An object as the judge's steps call it."""
    space = body["metadata"].get("namespace")
    return (
        f"{body['kind']} {space}/{body['metadata']['name']}" if space else f"{body['kind']} {body['metadata']['name']}"
    )
