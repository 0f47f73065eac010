"""Why one may or may not reach another: both sides apart, rule by rule, with the place of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import yaml

from tools.model import Where
from tools.policy import Direction
from tools.reach.compiled import Policy, Rule, Tier
from tools.reach.conns import NONE, NUMBERS, Conns, includes, shown, union
from tools.reach.evaluate import Program, terms
from tools.reach.flip import changes
from tools.reach.model import Explanation, Peer, Side, Step, Word
from tools.reach.reasons import reasons
from tools.reach.table import Table
from tools.tree import Node

if TYPE_CHECKING:
    from tools.reach.world import World

Matched = Literal["yes", "no", "perhaps"]
KEYS: dict[Direction, tuple[str, str]] = {"Ingress": ("from", "source"), "Egress": ("to", "destination")}
ITSELF = "{name} is one pod, and no policy keeps a pod from itself"
SELF = "A pod always reaches itself: this is about two pods of {name}."
ARRIVES = (
    "This goes for traffic that arrives from {name}. Where a load balancer or a node puts its own address in its place "
    "(SNAT), the rules for that address decide, and they say otherwise for some."
)
NO_ADDRESS_RULES = (
    "No policy of this input is for addresses outside, nodes or their networks: those send what they like."
)


def explanation(world: World, src: Peer, dst: Peer, port: int, protocol: str) -> Explanation:
    """The verdict on one connection, with reasons. Raises ValueError for a protocol or port that is none."""
    number = _number(protocol, port)
    if src == dst and world.alone(src):
        sides = tuple(Side(way, "allowed", ITSELF.format(name=src.name)) for way in ("Egress", "Ingress"))
        return Explanation(src, dst, port, protocol, "allowed", sides)
    from_bits, to_bits = world.bits(src), world.bits(dst)
    sides = tuple(_side(world.table, way, src, dst, from_bits, to_bits, number, port) for way in ("Egress", "Ingress"))
    verdict = _verdict([side.verdict for side in sides])
    notes = tuple(_notes(world, src, dst, to_bits, number, port))
    if verdict != "conditional" and src.kind == "address" and ARRIVES.format(name=src.name) in notes:
        verdict = "conditional"
    found = changes(world, src, dst, port, number, verdict) if src.kind == "workload" or dst.kind == "workload" else ()
    return Explanation(src, dst, port, protocol, verdict, sides, found, notes)


def _number(protocol: str, port: int) -> int:
    found = NUMBERS.get(protocol)
    if found is None and protocol.isdecimal() and 0 <= int(protocol) < 256:
        found = int(protocol)
    if found is None:
        raise ValueError(f"{protocol!r} is no protocol; write {', '.join(NUMBERS)} or a number from 0 to 255")
    if not 0 <= port < 65536:
        raise ValueError(f"{port} is no port; write 1 to 65535")
    return found


def _verdict(words: Sequence[Word]) -> Word:
    if "denied" in words:
        return "denied"
    return "conditional" if "conditional" in words else "allowed"


def _side(
    table: Table,
    way: Direction,
    src: Peer,
    dst: Peer,
    from_bits: Sequence[int],
    to_bits: Sequence[int],
    protocol: int,
    port: int,
) -> Side:
    nears, fars = (from_bits, to_bits) if way == "Egress" else (to_bits, from_bits)
    near, far = (src, dst) if way == "Egress" else (dst, src)
    if len(nears) > 1 or (program := table.sides[way].by_class.get(nears[0])) is None:
        return Side(way, *_open(table, way, near, src, nears, from_bits))
    found = [_walk(table, program, way, nears[0], bit, far, protocol, port) for bit in fars]
    words: list[Word] = [word for word, _, _ in found]
    word: Word = words[0] if len(set(words)) == 1 else "conditional"
    _, deciding, steps = found[0]
    if way == "Ingress" and word == "denied" and 1 << from_bits[0] & (table.universe.hosts | table.universe.node):
        word = "conditional"
    why = tuple(dict.fromkeys(one for a in from_bits for b in to_bits for one in reasons(table, a, b)))
    summary = _summary(way, near, word, deciding, several=len(set(words)) > 1)
    return Side(way, word, summary, deciding, tuple(steps), why if word == "conditional" else ())


def _open(
    table: Table, way: Direction, near: Peer, src: Peer, nears: Sequence[int], from_bits: Sequence[int]
) -> tuple[Word, str]:
    verb = "leaving" if way == "Egress" else "entering"
    if near.kind != "workload":
        return "allowed", f"no policy in the input can select {near.name}, so {verb} it is open"
    if table.universe.hosts >> nears[0] & 1:
        return (
            "allowed",
            f"{near.name} is on its node's network, where policies for pods do not reach: {verb} it is open",
        )
    return "allowed", f"no policy of type {way} selects {near.name}, so {verb} it is open"


def _walk(
    table: Table, program: Program, way: Direction, near: int, far: int, peer: Peer, protocol: int, port: int
) -> tuple[Word, Step | None, list[Step]]:
    """Rule by rule, as the evaluator goes; the first that only perhaps decides makes the verdict conditional."""
    steps: list[Step] = []
    doubtful: Step | None = None
    for tier in program.tiers:
        left_open = False
        for policy in tier.policies:
            for rule in policy.rules[way]:
                matched, why = _tried(table, rule, way, near, far, peer, protocol, port)
                step = _step(policy, rule, matched, why)
                steps.append(step)
                if matched == "no" or rule.action == "Log":
                    continue
                if matched == "perhaps":
                    doubtful = doubtful or step
                    continue
                if rule.action == "Pass":
                    left_open = True
                    break
                word: Word = "allowed" if rule.action == "Allow" else "denied"
                return _settled(table, way, near, far, protocol, port, word, doubtful or step, step, steps)
            if left_open:
                break
        else:
            end = _end(tier, way)
            steps.append(end)
            if tier.end == "Deny":
                return _settled(table, way, near, far, protocol, port, "denied", doubtful or end, end, steps)
    last = Step("", "", "Allow", "no tier is left, and the profile of a pod's namespace allows everything")
    steps.append(last)
    return _settled(table, way, near, far, protocol, port, "allowed", doubtful or last, last, steps)


def _settled(
    table: Table,
    way: Direction,
    near: int,
    far: int,
    protocol: int,
    port: int,
    word: Word,
    doubtful: Step,
    certain: Step,
    steps: list[Step],
) -> tuple[Word, Step | None, list[Step]]:
    """The word that the table has too: a doubt that changes nothing does not count."""
    bounds = next(bounds for bounds, bits in table.sides[way].of(near).items() if bits >> far & 1)
    least, most = (includes(conns, protocol, port) for conns in bounds)
    if least:
        return "allowed", certain, steps
    return ("conditional", doubtful, steps) if most else ("denied", certain, steps)


def _step(policy: Policy, rule: Rule, matched: Matched, why: str) -> Step:
    outcome = {"yes": rule.action, "no": "no match", "perhaps": "cannot tell"}[matched]
    path = f"{rule.node.path}.action" if rule.node["action"].present else rule.node.path
    return Step(policy.title, rule.label, outcome, why, rule.node.manifest.where(path))


def _end(tier: Tier, way: Direction) -> Step:
    titles = ", ".join(dict.fromkeys(policy.title for policy in tier.policies))
    where: Where = tier.policies[0].manifest.where("spec")
    if tier.end == "Pass":
        return Step(titles, "", "Pass", f"no rule matches, and tier {tier.name} passes what is left", where)
    why = f"it selects the pod for {way}, and none of its rules matches: what is not allowed is denied"
    if len(tier.policies) > 1:
        why = f"they select the pod for {way}, and none of their rules matches: what is not allowed is denied"
    return Step(titles, "", "Deny", why, where)


def _tried(
    table: Table, rule: Rule, way: Direction, near: int, far: int, peer: Peer, protocol: int, port: int
) -> tuple[Matched, str]:
    """Whether a rule matches, and why or why not."""
    certain, possible = (_matching(table, rule, way, near, far, certain=flag) for flag in (True, False))
    asked = f"{_protocol(protocol)} {port}"
    far_key = KEYS[way][0] if rule.node[KEYS[way][0]].present else KEYS[way][1]
    if includes(certain, protocol, port):
        return "yes", f"{_written(rule, far_key, peer)}, and {asked} is among {_ports(certain)}"
    if includes(possible, protocol, port):
        return "perhaps", rule.doubt or f"whether `{far_key}` means {peer.name} depends on what is not in the input"
    if rule.near is not None and not rule.near.may >> near & 1:
        return "no", "it is for other pods than this one"
    if possible:
        return "no", f"{_written(rule, far_key, peer)}, but {asked} is not among {_ports(possible)}"
    return "no", f"`{far_key}` does not mean {peer.name}: {_flow(rule.node[far_key])}"


def _matching(table: Table, rule: Rule, way: Direction, near: int, far: int, *, certain: bool) -> Conns:
    """The connections with the far one that a rule matches."""
    found = NONE
    for bits, conns in terms(table.universe, rule, way, 1 << near, certain=certain):
        if bits >> far & 1:
            found = union(found, conns)
    return found


def _written(rule: Rule, key: str, peer: Peer) -> str:
    return f"`{key}` means {peer.name}" if rule.node[key].present and not rule.node[key].empty else "it is for everyone"


def _ports(conns: Conns) -> str:
    return "all ports" if shown(conns) == "everything" else shown(conns)


def _protocol(number: int) -> str:
    return next((name for name, known in NUMBERS.items() if known == number), f"protocol {number}")


def _flow(node: Node) -> str:
    """A piece of YAML on one line, and no longer than a line."""
    text = yaml.safe_dump(_plain(node.value), default_flow_style=True, width=10_000, sort_keys=False).strip()
    text = text.removesuffix("...").strip()
    return text if len(text) <= 110 else f"{text[:107]}…"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _summary(way: Direction, near: Peer, word: Word, step: Step | None, *, several: bool) -> str:
    verb = "leaving" if way == "Egress" else "entering"
    if several:
        return f"{verb} {near.name}: it depends on which of these addresses it is"
    if step is None:
        return f"{verb} {near.name}: {word}"
    by = f" by {step.rule} of {step.policy}" if step.rule else f" at the end of {step.policy}" if step.policy else ""
    return f"{verb} {near.name}: {word}{by}"


def _notes(world: World, src: Peer, dst: Peer, to_bits: Sequence[int], protocol: int, port: int) -> Iterator[str]:
    if src == dst and src.kind == "workload":
        yield SELF.format(name=src.name)
    if (
        src.kind == "address"
        and dst.kind == "workload"
        and _depends_on_address(world.table, to_bits[0], protocol, port)
    ):
        yield ARRIVES.format(name=src.name)
    if src.kind in ("address", "node") and dst.kind in ("address", "node"):
        yield NO_ADDRESS_RULES


def _depends_on_address(table: Table, dst: int, protocol: int, port: int) -> bool:
    """Whether some other address outside would be judged otherwise at this pod, on this port."""
    universe = table.universe
    everywhere = universe.blocks.ipv4 << universe.first_block
    found = table.sides["Ingress"].of(dst)
    answers = {includes(bounds[0], protocol, port) for bounds, bits in found.items() if bits & everywhere}
    return len(answers) > 1
