"""Explains why one peer may or may not reach another: each direction, rule by rule, with the place of each rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tools.manifests.addresses import Net
from tools.manifests.scalars import of_digits
from tools.policies.model import Direction
from tools.reach.connections import NUMBERS, includes
from tools.reach.judge.judged import Connection, JudgedCluster
from tools.reach.judge.reasons import reasons
from tools.reach.judge.remedy import changes
from tools.reach.judge.table import Table
from tools.reach.judge.trace import SideQuestion, Trace, trace
from tools.reach.model import ExplainedSide, Explanation, NamedPeer, Share, Step, Word
from tools.reach.peers.naming import nets
from tools.reach.ranges import Range, joined, overlap, written

WAYS: tuple[Direction, ...] = ("Egress", "Ingress")
ITSELF = "{name} is a single pod, and no policy keeps a pod from reaching itself"
SELF = "A pod always reaches itself: this is about two different pods of {name}."
THESE_ADDRESSES = "these addresses"
ARRIVES = (
    "This holds for traffic that arrives from {name}. Where a load balancer or node replaces that address by its own "
    "(SNAT), the rules for the new address decide, and for some addresses they decide otherwise."
)
NO_ADDRESS_RULES = "No policy in this input limits what addresses outside, nodes or their networks send."


def explanation(world: JudgedCluster, src: NamedPeer, dst: NamedPeer, port: int, protocol: str) -> Explanation:
    """The verdict on one connection, with reasons. Raises ValueError for a protocol or port that does not exist."""
    number = _number(protocol, port)
    if src == dst and world.alone(src):
        itself = tuple(ExplainedSide(way, "allowed", ITSELF.format(name=src.name)) for way in WAYS)
        return Explanation(src, dst, port, protocol, "allowed", itself)
    connection = Connection(src, dst, port, number)
    sides = tuple(_side(world, connection, way) for way in WAYS)
    arrives_differs = _arrives_differs(world, connection)
    verdict = "conditional" if arrives_differs else _verdict([side.verdict for side in sides])
    notes = tuple(_notes(src, dst, arrives_differs=arrives_differs))
    proposed = changes(world, connection, verdict) if "workload" in (src.kind, dst.kind) else ()
    return Explanation(src, dst, port, protocol, verdict, sides, proposed, notes)


def _number(protocol: str, port: int) -> int:
    number = NUMBERS.get(protocol)
    if number is None and protocol.isdecimal() and of_digits(protocol) < 256:
        number = of_digits(protocol)
    if number is None:
        raise ValueError(f"{protocol!r} is not a protocol; write {', '.join(NUMBERS)} or a number from 0 to 255")
    if not 0 <= port < 65536:
        raise ValueError(f"{port} is not a port; write 1 to 65535")
    return number


def _verdict(words: Sequence[Word]) -> Word:
    if "denied" in words:
        return "denied"
    return "conditional" if "conditional" in words else "allowed"


def _side(world: JudgedCluster, connection: Connection, way: Direction) -> ExplainedSide:
    near, far = connection.peers(way)
    nears, fars = world.bits(near), world.bits(far)
    program = world.table.sides[way].by_class.get(nears[0])
    if program is None:
        return ExplainedSide(way, "allowed", _unlimited(world.table, way, near, nears[0]))
    port, protocol = connection.port, connection.protocol
    traces = [trace(SideQuestion(world.table, way, nears[0], bit, far, protocol, port), program) for bit in fars]
    word = traces[0].word if len({result.word for result in traces}) == 1 else "conditional"
    if way == "Ingress" and word == "denied" and world.table.from_node(fars[0]):
        word = "conditional"
    why = tuple(dict.fromkeys(reason for bit in fars for reason in _why(world.table, way, nears[0], bit)))
    why = why if word == "conditional" else ()
    these = replace(far, name=THESE_ADDRESSES)
    blocks = fars if len(fars) > 1 else ()
    parts = {
        bit: trace(SideQuestion(world.table, way, nears[0], bit, these, protocol, port), program) for bit in blocks
    }
    shares = _shares(world, way, nears[0], far, parts)
    summary = _summary(way, near, word, [traces[0], *(traces[1:] if shares else ())])
    if shares:
        return ExplainedSide(way, word, summary, reasons=why, shares=shares)
    return ExplainedSide(way, word, summary, traces[0].deciding, traces[0].steps, why)


def _shares(
    world: JudgedCluster, way: Direction, near: int, far: NamedPeer, traces: Mapping[int, Trace]
) -> tuple[Share, ...]:
    """The addresses, grouped by the step that decides about them; empty where one step decides about all."""
    alike: dict[tuple[Word, Step], list[int]] = {}
    for bit, result in traces.items():
        alike.setdefault((result.word, result.deciding), []).append(bit)
    if len(alike) < 2:
        return ()
    asked = [_range(net) for net in nets(far.name)]
    ordered = []
    for (word, deciding), bits in alike.items():
        spans = [
            part for bit in bits for span in _spans(world, bit) for other in asked if (part := overlap(span, other))
        ]
        why = dict.fromkeys(reason for bit in bits for reason in _why(world.table, way, near, bit))
        known = tuple(joined(spans))
        share = Share(tuple(map(written, known)), word, deciding, traces[bits[0]].steps)
        ordered.append((known, replace(share, reasons=tuple(why) if word == "conditional" else ())))
    # A block that narrower ones fill has no addresses, whatever its own rules say.
    return tuple(share for known, share in sorted(ordered, key=lambda item: item[0][:1]) if known)


def _spans(world: JudgedCluster, bit: int) -> Iterator[Range]:
    index = bit - world.universe.first_block
    version = world.universe.blocks.nets[index].version
    yield from ((version, first, last) for first, last in world.universe.blocks.spans(index))


def _range(net: Net) -> Range:
    return net.version, int(net.network_address), int(net.broadcast_address)


def _why(table: Table, way: Direction, near: int, far: int) -> tuple[str, ...]:
    return reasons(table, near, far) if way == "Egress" else reasons(table, far, near)


def _unlimited(table: Table, way: Direction, near: NamedPeer, bit: int) -> str:
    """Why a direction is open: no policy selects the peer there."""
    verb = "leaving" if way == "Egress" else "entering"
    if near.kind != "workload":
        return f"no policy in the input can select {near.name}, so {verb} it is open"
    if table.universe.hosts >> bit & 1:
        return f"{near.name} is on its node's network, where policies do not select pods, so {verb} it is open"
    return f"no policy of type {way} selects {near.name}, so {verb} it is open"


def _summary(way: Direction, near: NamedPeer, word: Word, traces: Sequence[Trace]) -> str:
    verb, step = "leaving" if way == "Egress" else "entering", traces[0].deciding
    if len({trace.word for trace in traces}) > 1:
        return f"{verb} {near.name}: it depends on which of these addresses it is"
    if len(traces) > 1:
        return f"{verb} {near.name}: {word}, with different rules for different parts of these addresses"
    by = f" by {step.rule} of {step.policy}" if step.rule else f" at the end of {step.policy}" if step.policy else ""
    return f"{verb} {near.name}: {word}{by}"


def _arrives_differs(world: JudgedCluster, connection: Connection) -> bool:
    """Whether the verdict on traffic from an address may change when a load balancer or a node replaces the address."""
    if connection.src.kind != "address" or connection.dst.kind != "workload":
        return False
    entering = world.table.sides["Ingress"].of(world.bits(connection.dst)[0])
    every_address = world.universe.blocks.ipv4 << world.universe.first_block
    verdicts = {
        includes(bounds[0], connection.protocol, connection.port)
        for bounds, bits in entering.items()
        if bits & every_address
    }
    return len(verdicts) > 1


def _notes(src: NamedPeer, dst: NamedPeer, *, arrives_differs: bool) -> Iterator[str]:
    if src == dst and src.kind == "workload":
        yield SELF.format(name=src.name)
    if src.kind == dst.kind == "workload" or src.kind == "ingress":
        return
    if arrives_differs:
        yield ARRIVES.format(name=src.name)
    if src.kind != "workload" and dst.kind != "workload":
        yield NO_ADDRESS_RULES
