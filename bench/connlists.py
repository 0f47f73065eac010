"""Connection lists as different programs write them, in one form, so that they can be held against each other.

A line is `src => dst : conns`. What differs without meaning is evened out: how addresses are cut into ranges, that one
connection may stand on several lines, and the words for ports. IPv4 and protocols with ports only: that is what all of
these programs speak of. A line that is not understood is an error and not passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

Conns = frozenset[tuple[str, int, int]]
Piece = tuple[int, int, Conns]

EVERYTHING: Conns = frozenset((protocol, 1, 65535) for protocol in ("TCP", "UDP", "SCTP"))
# Where netpol-analyzer goes on with what else it knows of the workloads.
END = "Workload-to-Networks Mapping:"
_LINE = re.compile(r"(?P<src>\S+) => (?P<dst>\S+) : (?P<conns>.+)")
_ADDRESSES = re.compile(r"(?P<first>\d+(?:\.\d+){3})(?:-(?P<last>\d+(?:\.\d+){3}))?(?:\[External\])?")
_BRACES = re.compile(r"\{protocols:(?P<names>[A-Z,]+?)(?:,dst_ports:(?P<ports>[\d,-]+))?\}")
# What network-config-analyzer says around its list, and what ours says of other protocols.
_ASIDE = re.compile(r"global: cluster has|Total run time|Warning: |# other protocols: |$")
_PERHAPS = "# conditional: "


@dataclass(slots=True)
class Connlist:
    """`pairs`: what workloads may say to each other; `outside`: by workload and side, and addresses in order;
    `perhaps`: what ours cannot tell.
    """

    pairs: dict[tuple[str, str], Conns] = field(default_factory=dict)
    outside: dict[tuple[str, str], tuple[Piece, ...]] = field(default_factory=dict)
    perhaps: list[str] = field(default_factory=list)
    lines: int = 0


def read(lines: Iterable[str]) -> Connlist:
    """A list as it was written. Raises ValueError at a line that is not understood."""
    connlist, pieces = Connlist(), dict[tuple[str, str], list[Piece]]()
    for line in lines:
        match = None if line.startswith("#") else _LINE.fullmatch(line := line.strip())
        if match is None:
            if line == END:
                break
            if line.startswith(_PERHAPS):
                connlist.perhaps.append(line)
            elif not _ASIDE.match(line):
                raise ValueError(f"not a line of a connection list: {line[:200]}")
            continue
        connlist.lines += 1
        src, dst, conns = match["src"], match["dst"], _conns(match["conns"])
        if ":" in src or ":" in dst:
            continue
        for addresses, key in ((_range(src), (dst, "from")), (_range(dst), (src, "to"))):
            if addresses:
                pieces.setdefault(key, []).append((*addresses, conns))
                break
        else:
            connlist.pairs[src, dst] = joined(connlist.pairs.get((src, dst), frozenset()), conns)
    connlist.outside = {key: tuple(_evened(parts)) for key, parts in pieces.items()}
    return connlist


def differences(connlist: Connlist, other: Connlist) -> list[str]:
    """What one says and the other does not, a line each; what one cannot tell is a difference too."""
    differing_pairs = [*connlist.perhaps, *other.perhaps]
    for left, right in ((connlist.pairs, other.pairs), (connlist.outside, other.outside)):
        for key in left.keys() | right.keys():
            if left.get(key) != right.get(key):
                differing_pairs.append(f"{key[0]} {key[1]}: {_shown(left.get(key))} against {_shown(right.get(key))}")
    return sorted(differing_pairs)


@cache
def joined(conns: Conns, other: Conns) -> Conns:
    """Both, with ranges that meet as one."""
    spans: list[tuple[str, int, int]] = []
    for protocol, first, last in sorted(conns | other):
        if spans and spans[-1][0] == protocol and first <= spans[-1][2] + 1:
            spans[-1] = (protocol, spans[-1][1], max(last, spans[-1][2]))
        else:
            spans.append((protocol, first, last))
    return frozenset(spans)


@cache
def _conns(text: str) -> Conns:
    if text.lower() == "all connections":
        return EVERYTHING
    spans: set[tuple[str, int, int]] = set()
    if text.startswith("{"):
        if _BRACES.sub("", text).strip(", "):
            raise ValueError(f"not understood: {text}")
        for match in _BRACES.finditer(text):
            for protocol in set(match["names"].split(",")) & {"TCP", "UDP", "SCTP"}:
                spans |= {(protocol, *_span(part)) for part in (match["ports"] or "1-65535").split(",")}
        return joined(frozenset(spans), frozenset())
    protocol = ""
    for part in text.split(","):
        *name, ports = part.split()
        protocol = name[0] if name else protocol
        spans.add((protocol, *_span(ports)))
    return joined(frozenset(spans), frozenset())


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)


@cache
def _range(name: str) -> tuple[int, int] | None:
    match = _ADDRESSES.fullmatch(name)
    return (_number(match["first"]), _number(match["last"] or match["first"])) if match else None


def _number(text: str) -> int:
    first, two, three, four = map(int, text.split("."))
    return first << 24 | two << 16 | three << 8 | four


def _evened(parts: list[Piece]) -> Iterable[Piece]:
    """Pieces that do not overlap, in order, with neighbours that are alike as one."""
    cuts = sorted({cut for first, last, _ in parts for cut in (first, last + 1)})
    at = {cut: number for number, cut in enumerate(cuts)}
    held: list[Conns] = [frozenset()] * len(cuts)
    for first, last, conns in parts:
        for number in range(at[first], at[last + 1]):
            held[number] = joined(held[number], conns)
    before: Piece | None = None
    for number, conns in enumerate(held[:-1]):
        piece = (cuts[number], cuts[number + 1] - 1, conns)
        if before and before[2] == conns and before[1] + 1 == piece[0]:
            before = (before[0], piece[1], conns)
            continue
        if before and before[2]:
            yield before
        before = piece
    if before and before[2]:
        yield before


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)[:300]
