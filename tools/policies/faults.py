"""What is wrong with one policy, collected while it is read: reading goes on, with as much as is understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import ParamSpec, TypeVar

from tools.findings.model import Problem, Severity
from tools.manifests import fields
from tools.manifests.addresses import Net, address, network
from tools.manifests.fields import BrokenError, Topic
from tools.manifests.node import Node

P = ParamSpec("P")
T = TypeVar("T")


class Effect(Enum):
    """What clusters make of a fault, as the severity with which it is reported.

    REFUSED: none takes the policy. DROPPED: the field is dropped, and the rest holds. MISREAD: the policy is taken, and
    means what few expect. DIFFERS: clusters take it differently.
    """

    REFUSED = "refused"
    DROPPED = "dropped"
    MISREAD = "misread"
    DIFFERS = "differs"


_SEVERITIES = {Effect.MISREAD: Severity.WARNING, Effect.DIFFERS: Severity.NOTE}


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """One fault of a policy: where it is, what is wrong and what to write, what it is about, and what it does."""

    node: Node
    message: str
    topic: Topic = Topic.SHAPE
    effect: Effect = Effect.REFUSED

    @property
    def problem(self) -> Problem:
        return self.node.problem(self.message, _SEVERITIES.get(self.effect, Severity.ERROR))


def is_broken(faults: Iterable[PolicyFault]) -> bool:
    """Whether no cluster takes an object with those faults."""
    return any(fault.effect is Effect.REFUSED for fault in faults)


def problems(faults: Iterable[PolicyFault]) -> tuple[Problem, ...]:
    """What the judge says of an object: up to the first fault for which it is refused, and no more."""
    effects = (Effect.REFUSED, Effect.DROPPED)
    return tuple(fault.problem for fault in _until_refused(faults) if fault.effect in effects)


def notes(faults: Iterable[PolicyFault]) -> tuple[Problem, ...]:
    """What clusters take differently in an object, up to the first fault for which it is refused."""
    return tuple(fault.problem for fault in _until_refused(faults) if fault.effect is Effect.DIFFERS)


def _until_refused(faults: Iterable[PolicyFault]) -> Iterator[PolicyFault]:
    for fault in faults:
        yield fault
        if fault.effect is Effect.REFUSED:
            return


@dataclass(slots=True)
class Faults:
    """Collects the faults of one object in the order of reading. A field that is read twice is at fault once.

    `breaks`: how often a reader gave up.
    """

    breaks: int = 0
    _by_place: dict[tuple[str, str], PolicyFault] = field(default_factory=dict)

    @property
    def all(self) -> tuple[PolicyFault, ...]:
        """Every fault, in the order of reading."""
        return tuple(self._by_place.values())

    def add(self, node: Node, message: str, topic: Topic, effect: Effect) -> None:
        """Note a fault."""
        self._by_place.setdefault((node.path, message), PolicyFault(node, message, topic, effect))

    def attempt(self, otherwise: T, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a reader gives; `otherwise` where it finds that the policy is broken."""
        try:
            return read(*args, **kwargs)
        except BrokenError as error:
            self.breaks += 1
            self.add(error.node, error.message, error.topic, Effect.REFUSED)
            return otherwise

    def check(self, read: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run a reader for nothing but its faults."""
        self.attempt(None, read, *args, **kwargs)

    def known(self, node: Node, keys: Iterable[str]) -> None:
        """Note every key of a mapping that is none of `keys`."""
        if not isinstance(node.value, dict):
            self.mapping(node)
            return
        for value, message in fields.unknown(node, keys):
            self.add(value, message, Topic.SHAPE, Effect.DROPPED)

    def mapping(self, node: Node) -> Node:
        """A mapping, or nothing."""
        return self.attempt(node, fields.mapping, node)

    def items(self, node: Node) -> tuple[Node, ...]:
        """The elements of a list."""
        return self.attempt((), fields.items, node)

    def text(self, node: Node) -> str:
        """A string, "" when it is absent."""
        return self.attempt("", fields.text, node)

    def texts(self, node: Node) -> tuple[str, ...]:
        """The strings of a list."""
        return self.attempt(node.texts(), fields.texts, node)

    def number(self, node: Node) -> int | None:
        """An integer; None when it is absent."""
        return self.attempt(None, fields.number, node)

    def word(self, node: Node, known: Iterable[str], default: str = "", topic: Topic = Topic.SHAPE) -> str:
        """One word of a few."""
        return self.attempt(node.text() or default, fields.word, node, known, default, topic)

    def cidr(self, node: Node, read: Callable[[Node], Net] = fields.cidr) -> Net | None:
        """A network, as `read` takes it; one whose host bits are set is taken for the whole network."""
        breaks = self.breaks
        net = self.attempt(None, read, node)
        if self.breaks == breaks and net is not None and address(node.text()) != net.network_address:
            self.add(node, host_bits(node, net, f"means all of {net}"), Topic.CIDR, Effect.MISREAD)
        return net or network(node.text())


ACTIONS = ("Set", "Delete", "Learn", "Ignore")


def check_staged(spec: Node, faults: Faults) -> None:
    """Collect why a staged policy is refused by what is to be done with it.

    Source: libcalico-go validator v3, validateStagedNetworkPolicy and its like; StagedAction of the API's types.
    """
    if faults.word(spec["stagedAction"], ACTIONS, "Set", Topic.CALICO) == "Delete":
        for key, node in spec.fields():
            if (
                key not in ("stagedAction", "tier")
                and node.present
                and node.value is not False
                and node.value not in ("", {})
            ):
                faults.check(_nothing_else, node, key)


def _nothing_else(node: Node, key: str) -> None:
    message = f"{key} stands beside stagedAction: Delete, which takes the policy of this name away; leave it out"
    raise BrokenError(node, message, Topic.CALICO)


def host_bits(node: Node, net: Net, fate: str) -> str:
    """What is wrong with a network whose host bits are set, and what may have been meant."""
    single = f"{node.text().partition('/')[0]}/{net.max_prefixlen}"
    return f"{node.text()} has host bits set, and {fate}; write {net}, or {single} for the one address"
