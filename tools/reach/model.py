"""The nouns of reachability: who takes part, what is between two of them, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from tools.findings.model import Where
from tools.policies.model import Direction
from tools.reach.connections import NONE, Conns
from tools.reach.sets import bit_set

Word = Literal["allowed", "denied", "conditional"]
Amount = Literal["everything", "some", "nothing"]


@dataclass(frozen=True, slots=True)
class NamedPeer:
    """One who takes part.

    `kind`: workload, ingress (whatever controller serves the Ingresses), node (a machine of the cluster), or address.
    `name`: `namespace/name[Kind]`, `{ingress-controller}`, `{node}`, or addresses as `first-last` or a single one.
    `namespace` and `where` are a workload's.
    """

    name: str
    kind: Literal["workload", "ingress", "node", "address"]
    namespace: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is between two: `allowed` for certain, `conditional` beyond that, and on what it depends."""

    allowed: Conns = NONE
    conditional: Conns = NONE
    reasons: tuple[str, ...] = ()


class MatrixRow(NamedTuple):
    """One peer to another, by name. At least one of the two sets is not empty, unless it was asked for as well.

    A tuple, for there may be millions.
    """

    src: str
    dst: str
    allowed: Conns
    conditional: Conns = NONE


@dataclass(frozen=True, slots=True)
class Group:
    """Peers that are alike: each reaches the same, and is reached by the same."""

    peers: tuple[NamedPeer, ...]

    @property
    def kind(self) -> str:
        """The kind that all of them are."""
        return self.peers[0].kind


@dataclass(frozen=True, slots=True)
class Cell:
    """What one group may say to another: indexes into `Matrix.groups`. A group may have a cell to itself: its members
    to each other. Cells that hold nothing are left out.
    """

    src: int
    dst: int
    verdict: Verdict


class Matrix(Protocol):
    """Who reaches whom. `groups` and `cells` are for people; `rows` are every pair, exact, for machines.

    `isolated`: for each direction the names of the workloads that some policy of that direction selects.
    """

    @property
    def groups(self) -> tuple[Group, ...]:
        """Peers that are alike."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """What each group may say to each."""

    @property
    def isolated(self) -> Mapping[Direction, frozenset[str]]:
        """The workloads that some policy of a direction selects."""

    def lines(self) -> Iterator[tuple[int, tuple[tuple[Verdict, tuple[int, ...]], ...]]]:
        """The cells of each sending group together: for each verdict the groups that it goes for.

        For large worlds, where there are too many cells to make one by one. Reasons are left out.
        """
        found: dict[int, dict[Verdict, list[int]]] = {}
        for cell in self.cells:
            verdict = Verdict(cell.verdict.allowed, cell.verdict.conditional)
            found.setdefault(cell.src, {}).setdefault(verdict, []).append(cell.dst)
        for src, verdicts in found.items():
            yield src, tuple((verdict, tuple(groups)) for verdict, groups in verdicts.items())

    @property
    def bits(self) -> tuple[int, ...]:
        """The bit that stands for each group in what `masks` gives."""
        return tuple(range(len(self.groups)))

    def masks(self) -> Iterator[tuple[int, tuple[tuple[Verdict, int], ...]]]:
        """The same as `lines`, with a verdict's groups as bits: of thousands a reader names a few and counts them."""
        bits = self.bits
        for src, line in self.lines():
            yield src, tuple((verdict, bit_set(bits[index] for index in groups)) for verdict, groups in line)

    def rows(self, *, everything: bool = False, only: frozenset[str] | None = None) -> Iterator[MatrixRow]:
        """Every pair of different peers that may talk, in order of their names; two addresses are no pair.

        A group of several workloads is written out; addresses are written as their ranges, alike ones beside each
        other as one. `everything`: pairs that may not talk too, with two empty sets. `only`: those
        pairs alone in which one of these names is.
        """

    def why(self, src: str, dst: str) -> tuple[str, ...]:
        """On what it depends whether a pair of the rows may talk, where it does."""
        return ()


@dataclass(frozen=True, slots=True)
class Step:
    """A rule, or the end of a tier, and what came of it.

    `policy`: `NetworkPolicy sark/gateway-egress`; `rule`: `egress[2]`, or "" for what no rule says; `outcome`: Allow,
    Deny, Pass, Log, "no match" or "cannot tell"; `why`: in words, such as `port 443 is not among TCP 53`.
    """

    policy: str
    rule: str
    outcome: str
    why: str
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """Some of the addresses that were asked for, and what decides about them: fields as in Side.

    `addresses`: `first-last` or a single one.
    """

    addresses: tuple[str, ...]
    verdict: Word
    deciding: Step
    steps: tuple[Step, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainedSide:
    """One direction of a connection. `deciding`: the step that decided; `steps`: all that were looked at, in order.

    `shares`: of addresses that different rules decide about, each by its own; the side itself has no such step then.
    """

    direction: Direction
    verdict: Word
    summary: str
    deciding: Step | None = None
    steps: tuple[Step, ...] = ()
    reasons: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class Selected:
    """A policy that selects somebody. `rules`: how many it has in that direction; 0 too where nobody judges them."""

    policy: str
    tier: str
    rules: int
    where: Where


@dataclass(frozen=True, slots=True)
class Selecting:
    """The policies that select a peer, by direction, in the order in which they are tried, and how much they let
    through in all. Nobody selects it in a direction: it is not isolated there.
    """

    peer: NamedPeer
    policies: dict[Direction, tuple[Selected, ...]]
    lets: dict[Direction, Amount]


@dataclass(frozen=True, slots=True)
class Change:
    """A step towards the other verdict. It was tried: with it, and those before it, the judge says `becomes`.

    `edit`: add-object (`yaml` is the whole object), insert (`yaml` is a list of one rule, to stand at `where.path`,
    with what stands there moved down) or remove (what stands at `where.path`).
    """

    text: str
    becomes: Word
    edit: Literal["add-object", "insert", "remove"]
    yaml: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one may or may not reach another on one port. `notes`: what a reader must know beside it."""

    src: NamedPeer
    dst: NamedPeer
    port: int
    protocol: str
    verdict: Word
    sides: tuple[ExplainedSide, ...]
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
