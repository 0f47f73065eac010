"""What is wrong with one policy, collected while it is read: reading goes on, with as much as is understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from tools.findings.model import Problem
from tools.manifests import fields
from tools.manifests.addresses import Net, network
from tools.manifests.fields import BrokenError, Dropped
from tools.manifests.label_selector import Selector, selector
from tools.manifests.node import Node

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Faults(Dropped):
    """The problems and notes of one policy. `broken`: how many of each there were when no cluster would take it any
    more; what is noticed after that says nothing more of it. `breaks`: how often that was found.
    """

    broken: tuple[int, int] | None = None
    breaks: int = 0

    def attempt(self, otherwise: T, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a reader gives; `otherwise` where it finds that the policy is broken."""
        try:
            return read(*args, **kwargs)
        except BrokenError as error:
            self.breaks += 1
            if self.broken is None:
                self.problems.append(error.problem)
                self.broken = len(self.problems), len(self.notes)
            return otherwise

    def check(self, read: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Try something that says whether the policy is broken, and nothing else."""
        self.attempt(None, read, *args, **kwargs)

    def known(self, node: Node, keys: Iterable[str]) -> None:
        """Note every key of a mapping that is none of `keys`."""
        self.check(Dropped.known, self, node, keys)

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

    def word(self, node: Node, known: Iterable[str], default: str = "") -> str:
        """One word of a few."""
        return self.attempt(node.text() or default, fields.word, node, known, default)

    def cidr(self, node: Node) -> Net | None:
        """A network."""
        return self.attempt(None, fields.cidr, node) or network(node.text())

    def labels(self, node: Node, *, defined: bool = False) -> Selector:
        """A Kubernetes label selector. `defined`: of a kind that comes from a CustomResourceDefinition."""
        chosen = self.attempt(None, fields.labels, node, self, defined=defined)
        return selector(node) if chosen is None else chosen

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """What the judge says of it: up to what broke it."""
        return tuple(self.problems[: self.broken[0]] if self.broken else self.problems)

    @property
    def all_notes(self) -> tuple[Problem, ...]:
        """What clusters take differently in it."""
        return tuple(self.notes[: self.broken[1]] if self.broken else self.notes)
