"""Traces one direction of one connection: what each rule says about it, and which rule decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from tools.manifests.node import Node
from tools.policies.model import Direction
from tools.reach.compiled import CompiledPolicy, CompiledRule, Tier
from tools.reach.connections import NAMES, NONE, Conns, includes, shown, union
from tools.reach.judge.evaluate import Program, terms
from tools.reach.judge.table import Table
from tools.reach.model import NamedPeer, Step, StepOutcome, Word

Matched = Literal["yes", "no", "perhaps"]
KEYS: dict[Direction, tuple[str, str]] = {"Ingress": ("from", "source"), "Egress": ("to", "destination")}
WIDEST = 110


@dataclass(frozen=True, slots=True)
class SideQuestion:
    """The question put to one direction. `near`: the bit of the pod whose policies are tried; `far` and `peer`: the
    other side.
    """

    table: Table
    way: Direction
    near: int
    far: int
    peer: NamedPeer
    protocol: int
    port: int

    def matching(self, rule: CompiledRule, *, certain: bool) -> Conns:
        """The connections with the far side that a rule matches."""
        matched = NONE
        for bits, conns in terms(self.table.universe, rule, self.way, 1 << self.near, certain=certain):
            if bits >> self.far & 1:
                matched = union(matched, conns)
        return matched

    def among(self, conns: Conns) -> bool:
        """Whether the connection in question is in a set."""
        return includes(conns, self.protocol, self.port)

    @property
    def asked(self) -> str:
        """The protocol and port in words."""
        return f"{NAMES.get(self.protocol, f'protocol {self.protocol}')} {self.port}"


@dataclass(frozen=True, slots=True)
class Trace:
    """The verdict of one direction, the step that decided, and every step on the way."""

    word: Word
    deciding: Step
    steps: tuple[Step, ...]


def trace(question: SideQuestion, program: Program) -> Trace:
    """Try the rules one after the other, as the evaluator does. The verdict itself comes from the table."""
    steps: list[Step] = []
    doubtful: Step | None = None
    for step, final in _tried(question, program):
        steps.append(step)
        if step.outcome == "cannot tell":
            doubtful = doubtful or step
        if final:
            break
    bounds = next(
        bounds
        for bounds, bits in question.table.sides[question.way].of(question.near).items()
        if bits >> question.far & 1
    )
    least, most = map(question.among, bounds)
    # Doubtful rules that do not change the verdict do not count.
    if least or not most:
        return Trace("allowed" if least else "denied", steps[-1], tuple(steps))
    return Trace("conditional", doubtful or steps[-1], tuple(steps))


def _tried(question: SideQuestion, program: Program) -> Iterator[tuple[Step, bool]]:
    """Each step, and whether it ends the matter."""
    for tier in program.tiers:
        passed = False
        for step in _in_tier(question, tier):
            passed = step.outcome == "Pass"
            yield step, step.outcome in ("Allow", "Deny")
        if not passed and all(policy.judged for policy in tier.policies):
            yield _end(tier, question.way), tier.end == "Deny"
    yield Step("", "", "Allow", "no tier is left, and then the profile of the pod's namespace allows everything"), True


def _in_tier(question: SideQuestion, tier: Tier) -> Iterator[Step]:
    for policy in tier.policies:
        rules = policy.rules[question.way]
        # All that can be said about a policy that is not judged is that it may matter.
        for rule in rules if policy.judged else rules[:1]:
            step = _step(question, policy, rule)
            yield step
            if step.outcome == "Pass":
                return


def _step(question: SideQuestion, policy: CompiledPolicy, rule: CompiledRule) -> Step:
    matched, why = _judged(question, rule)
    outcomes: dict[Matched, StepOutcome] = {"yes": rule.action, "no": "no match", "perhaps": "cannot tell"}
    path = f"{rule.node.path}.action" if rule.node["action"].present else rule.node.path
    return Step(policy.title, rule.label, outcomes[matched], why, rule.node.manifest.where(path))


def _end(tier: Tier, way: Direction) -> Step:
    titles = ", ".join(dict.fromkeys(policy.title for policy in tier.policies))
    where = tier.policies[0].manifest.where("spec")
    if tier.end == "Pass":
        return Step(titles, "", "Pass", f"no rule matches, and tier {tier.name} passes the rest on", where)
    subjects, possessive = ("they select", "their") if len(tier.policies) > 1 else ("it selects", "its")
    why = f"{subjects} the pod for {way}, and none of {possessive} rules matches: what is not allowed is denied"
    return Step(titles, "", "Deny", why, where)


def _judged(question: SideQuestion, rule: CompiledRule) -> tuple[Matched, str]:
    """Whether a rule matches, and why or why not."""
    certain, possible = (question.matching(rule, certain=flag) for flag in (True, False))
    key = _key(rule.node, question.way)
    named = rule.node[key].present and not rule.node[key].empty
    means = f"`{key}` includes {question.peer.name}" if named else "it is for everyone"
    if question.among(certain):
        return "yes", f"{means}, and {question.asked} is among {_ports(certain)}"
    if question.among(possible):
        return (
            "perhaps",
            rule.doubt or f"whether `{key}` includes {question.peer.name} depends on what is not in the input",
        )
    if rule.near is not None and not rule.near.may >> question.near & 1:
        return "no", "it is for other pods than this one"
    if possible:
        return "no", f"{means}, but {question.asked} is not among {_ports(possible)}"
    return "no", f"`{key}` does not include {question.peer.name}: {_flow(rule.node[key])}"


def _key(rule: Node, way: Direction) -> str:
    kubernetes, calico = KEYS[way]
    return kubernetes if rule[kubernetes].present or not rule["action"].present else calico


def _ports(conns: Conns) -> str:
    return "all ports" if shown(conns) == "everything" else shown(conns)


def _flow(node: Node) -> str:
    """A node as YAML on one line, cut where it is too long."""
    text = yaml.safe_dump(_yaml_value(node.value), default_flow_style=True, width=10_000, sort_keys=False)
    text = text.strip().removesuffix("...").strip()
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _yaml_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _yaml_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_yaml_value(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else None
