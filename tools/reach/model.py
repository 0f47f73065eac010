"""The data types of reachability: the peers, what each may reach, and why."""

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
StepOutcome = Literal["Allow", "Deny", "Pass", "Log", "no match", "cannot tell"]


@dataclass(frozen=True, slots=True)
class NamedPeer:
    """A party to a connection, by the name that answers give it.

    `kind`: workload, ingress (whatever controller serves the Ingresses), node (a machine of the cluster), or address.
    `name`: `namespace/name[Kind]`, `{ingress-controller}`, `{node}`, or addresses as `first-last` or a single one.
    `namespace` and `where` are set for workloads only.
    """

    name: str
    kind: Literal["workload", "ingress", "node", "address"]
    namespace: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one peer may send to another: `allowed` for certain, `conditional` beyond that, and what that depends on."""

    allowed: Conns = NONE
    conditional: Conns = NONE
    reasons: tuple[str, ...] = ()


class MatrixRow(NamedTuple):
    """What one peer may send to another, by name. Both sets are empty only where pairs that may not talk are included.

    A tuple, because there may be millions of them.
    """

    src: str
    dst: str
    allowed: Conns
    conditional: Conns = NONE


@dataclass(frozen=True, slots=True)
class Group:
    """Peers that are alike: each reaches the same peers, and the same peers reach it."""

    peers: tuple[NamedPeer, ...]

    @property
    def kind(self) -> str:
        """The kind of all its peers."""
        return self.peers[0].kind


@dataclass(frozen=True, slots=True)
class Cell:
    """What one group may send to another. `src` and `dst` are indexes into `Matrix.groups`.

    Where both are the same group, the cell is about its members among each other. Empty cells are left out.
    """

    src: int
    dst: int
    verdict: Verdict


class Matrix(Protocol):
    """Who reaches whom. `groups` and `cells` are for people; `rows` lists every pair exactly, for machines.

    `isolated`: for each direction, the names of the workloads that some policy of that direction selects.
    """

    @property
    def groups(self) -> tuple[Group, ...]:
        """Peers that are alike."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """What each group may send to each other group."""

    @property
    def isolated(self) -> Mapping[Direction, frozenset[str]]:
        """The workloads that some policy of each direction selects."""

    def lines(self) -> Iterator[tuple[int, tuple[tuple[Verdict, tuple[int, ...]], ...]]]:
        """The cells of each sending group together: for each verdict, the groups that it holds for.

        Meant for large worlds, which have too many cells to build one by one. Reasons are left out.
        """
        by_sender: dict[int, dict[Verdict, list[int]]] = {}
        for cell in self.cells:
            verdict = Verdict(cell.verdict.allowed, cell.verdict.conditional)
            by_sender.setdefault(cell.src, {}).setdefault(verdict, []).append(cell.dst)
        for src, verdicts in by_sender.items():
            yield src, tuple((verdict, tuple(groups)) for verdict, groups in verdicts.items())

    @property
    def bits(self) -> tuple[int, ...]:
        """The bit that stands for each group in the results of `masks`."""
        return tuple(range(len(self.groups)))

    def masks(self) -> Iterator[tuple[int, tuple[tuple[Verdict, int], ...]]]:
        """Like `lines`, but with a verdict's groups as bits: readers name a few of thousands and count the rest."""
        bits = self.bits
        for src, line in self.lines():
            yield src, tuple((verdict, bit_set(bits[index] for index in groups)) for verdict, groups in line)

    def rows(self, *, everything: bool = False, only: frozenset[str] | None = None) -> Iterator[MatrixRow]:
        """Every pair of different peers that may talk, in order of their names; two addresses are no pair.

        Groups of several workloads are written out. Addresses are written as ranges, and adjacent ranges that are
        alike become one. `everything`: include pairs that may not talk, with two empty sets. `only`: leave out pairs
        that contain none of these names.
        """

    def why(self, src: str, dst: str) -> tuple[str, ...]:
        """What a conditional pair of the rows depends on; empty for the other pairs."""
        return ()


@dataclass(frozen=True, slots=True)
class Step:
    """A rule or the end of a tier, and its outcome for the connection in question.

    `policy`: such as `NetworkPolicy sark/gateway-egress`; `rule`: such as `egress[2]`, or "" where no rule matched;
    `why`: such as `port 443 is not among TCP 53`.
    """

    policy: str
    rule: str
    outcome: StepOutcome
    why: str
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """Some of the addresses in question, and what decides about them; the other fields are as in ExplainedSide.

    `addresses`: each `first-last` or a single address.
    """

    addresses: tuple[str, ...]
    verdict: Word
    deciding: Step
    steps: tuple[Step, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainedSide:
    """One direction of a connection. `deciding`: the step that decided; `steps`: all steps that were tried, in order.

    `shares`: set where different rules decide about parts of the addresses; `deciding` is then None.
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
    """A policy that selects a peer. `rules`: how many it has in that direction; 0 for policies that are not judged."""

    policy: str
    tier: str
    rules: int
    where: Where


@dataclass(frozen=True, slots=True)
class Selecting:
    """The policies that select a peer, by direction, in the order in which they are tried.

    `lets`: how much they let through together. A peer that no policy selects in a direction is not isolated there.
    """

    peer: NamedPeer
    policies: dict[Direction, tuple[Selected, ...]]
    lets: dict[Direction, Amount]


@dataclass(frozen=True, slots=True)
class Change:
    """A step towards the other verdict. The judge tried it: after this step and those before it, it says `becomes`.

    `edit`: add-object (`yaml` is the whole object), insert (`yaml` is a list of one rule, which goes in at `where.path`
    and moves the rules from there on down) or remove (the rule at `where.path`).
    """

    text: str
    becomes: Word
    edit: Literal["add-object", "insert", "remove"]
    yaml: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why `src` may or may not reach `dst` on one port. `notes`: what a reader must know in addition."""

    src: NamedPeer
    dst: NamedPeer
    port: int
    protocol: str
    verdict: Word
    sides: tuple[ExplainedSide, ...]
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
