"""Why one may or may not reach another: both sides apart, rule by rule, with the place of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tools.manifests.addresses import Net
from tools.manifests.scalars import of_digits
from tools.policies.model import Direction
from tools.reach.connections import NUMBERS, includes
from tools.reach.judge.judged import JudgedCluster
from tools.reach.judge.reasons import reasons
from tools.reach.judge.remedy import changes
from tools.reach.judge.table import Table
from tools.reach.judge.trace import SideQuestion, Trace, trace
from tools.reach.model import ExplainedSide, Explanation, NamedPeer, Share, Step, Word
from tools.reach.peers.naming import nets
from tools.reach.ranges import Range, joined, overlap, written

WAYS: tuple[Direction, ...] = ("Egress", "Ingress")
ITSELF = "{name} is one pod, and no policy keeps a pod from itself"
SELF = "A pod always reaches itself: this is about two pods of {name}."
THESE = "these addresses"
ARRIVES = (
    "This goes for traffic that arrives from {name}. Where a load balancer or a node puts its own address in its place "
    "(SNAT), the rules for that address decide, and they say otherwise for some."
)
NO_ADDRESS_RULES = (
    "No policy of this input is for addresses outside, nodes or their networks: those send what they like."
)


def explanation(world: JudgedCluster, src: NamedPeer, dst: NamedPeer, port: int, protocol: str) -> Explanation:
    """The verdict on one connection, with reasons. Raises ValueError for a protocol or port that is none."""
    number = _number(protocol, port)
    if src == dst and world.alone(src):
        itself = tuple(ExplainedSide(way, "allowed", ITSELF.format(name=src.name)) for way in WAYS)
        return Explanation(src, dst, port, protocol, "allowed", itself)
    sides = tuple(_side(world, way, src, dst, number, port) for way in WAYS)
    arrives_differs = _arrives_differs(world, src, dst, number, port)
    verdict = "conditional" if arrives_differs else _verdict([side.verdict for side in sides])
    notes = tuple(_notes(src, dst, arrives_differs=arrives_differs))
    found = changes(world, src, dst, port, number, verdict) if "workload" in (src.kind, dst.kind) else ()
    return Explanation(src, dst, port, protocol, verdict, sides, found, notes)


def _number(protocol: str, port: int) -> int:
    found = NUMBERS.get(protocol)
    if found is None and protocol.isdecimal() and of_digits(protocol) < 256:
        found = of_digits(protocol)
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
    world: JudgedCluster, way: Direction, src: NamedPeer, dst: NamedPeer, protocol: int, port: int
) -> ExplainedSide:
    near, far = (src, dst) if way == "Egress" else (dst, src)
    nears, fars = world.bits(near), world.bits(far)
    program = world.table.sides[way].by_class.get(nears[0])
    if program is None:
        return ExplainedSide(way, "allowed", _unjudged(world.table, way, near, nears[0]))
    found = [trace(SideQuestion(world.table, way, nears[0], bit, far, protocol, port), program) for bit in fars]
    word = found[0].word if len({one.word for one in found}) == 1 else "conditional"
    if way == "Ingress" and word == "denied" and world.table.from_node(fars[0]):
        word = "conditional"
    why = tuple(dict.fromkeys(one for bit in fars for one in _why(world.table, way, nears[0], bit)))
    why = why if word == "conditional" else ()
    these = replace(far, name=THESE)
    several = fars if len(fars) > 1 else ()
    parts = {
        bit: trace(SideQuestion(world.table, way, nears[0], bit, these, protocol, port), program) for bit in several
    }
    shares = _shares(world, way, nears[0], far, parts)
    summary = _summary(way, near, word, [found[0], *(found[1:] if shares else ())])
    if shares:
        return ExplainedSide(way, word, summary, reasons=why, shares=shares)
    return ExplainedSide(way, word, summary, found[0].deciding, found[0].steps, why)


def _shares(
    world: JudgedCluster, way: Direction, near: int, far: NamedPeer, traces: Mapping[int, Trace]
) -> tuple[Share, ...]:
    """The addresses by what decides about them; none where it is the same for all."""
    alike: dict[tuple[Word, Step], list[int]] = {}
    for bit, found in traces.items():
        alike.setdefault((found.word, found.deciding), []).append(bit)
    if len(alike) < 2:
        return ()
    asked = [_range(net) for net in nets(far.name)]
    made = []
    for (word, deciding), bits in alike.items():
        spans = [part for bit in bits for one in _spans(world, bit) for other in asked if (part := overlap(one, other))]
        why = dict.fromkeys(reason for bit in bits for reason in _why(world.table, way, near, bit))
        known = tuple(joined(spans))
        share = Share(tuple(map(written, known)), word, deciding, traces[bits[0]].steps)
        made.append((known, replace(share, reasons=tuple(why) if word == "conditional" else ())))
    # A block that narrower ones fill holds nothing, whatever its own rules say.
    return tuple(share for known, share in sorted(made, key=lambda item: item[0][:1]) if known)


def _spans(world: JudgedCluster, bit: int) -> Iterator[Range]:
    index = bit - world.universe.first_block
    version = world.universe.blocks.nets[index].version
    yield from ((version, first, last) for first, last in world.universe.blocks.spans(index))


def _range(net: Net) -> Range:
    return net.version, int(net.network_address), int(net.broadcast_address)


def _why(table: Table, way: Direction, near: int, far: int) -> tuple[str, ...]:
    return reasons(table, near, far) if way == "Egress" else reasons(table, far, near)


def _unjudged(table: Table, way: Direction, near: NamedPeer, bit: int) -> str:
    verb = "leaving" if way == "Egress" else "entering"
    if near.kind != "workload":
        return f"no policy in the input can select {near.name}, so {verb} it is open"
    if table.universe.hosts >> bit & 1:
        return f"{near.name} is on its node's network, where policies for pods do not reach: {verb} it is open"
    return f"no policy of type {way} selects {near.name}, so {verb} it is open"


def _summary(way: Direction, near: NamedPeer, word: Word, traces: Sequence[Trace]) -> str:
    verb, step = "leaving" if way == "Egress" else "entering", traces[0].deciding
    if len({trace.word for trace in traces}) > 1:
        return f"{verb} {near.name}: it depends on which of these addresses it is"
    if len(traces) > 1:
        return f"{verb} {near.name}: {word}, of these addresses each part by a rule of its own"
    by = f" by {step.rule} of {step.policy}" if step.rule else f" at the end of {step.policy}" if step.policy else ""
    return f"{verb} {near.name}: {word}{by}"


def _arrives_differs(world: JudgedCluster, src: NamedPeer, dst: NamedPeer, protocol: int, port: int) -> bool:
    """Whether the verdict on traffic from an address is another where a load balancer or a node replaces it."""
    if src.kind != "address" or dst.kind != "workload":
        return False
    return _depends(world.table, world.bits(dst)[0], protocol, port)


def _notes(src: NamedPeer, dst: NamedPeer, *, arrives_differs: bool) -> Iterator[str]:
    if src == dst and src.kind == "workload":
        yield SELF.format(name=src.name)
    if src.kind == dst.kind == "workload" or src.kind == "ingress":
        return
    if arrives_differs:
        yield ARRIVES.format(name=src.name)
    if src.kind != "workload" and dst.kind != "workload":
        yield NO_ADDRESS_RULES


def _depends(table: Table, dst: int, protocol: int, port: int) -> bool:
    """Whether some other address outside would be judged otherwise at this pod, on this port."""
    universe = table.universe
    everywhere = universe.blocks.ipv4 << universe.first_block
    depends = table.sides["Ingress"].of(dst)
    answers = {includes(bounds[0], protocol, port) for bounds, bits in depends.items() if bits & everywhere}
    return len(answers) > 1
