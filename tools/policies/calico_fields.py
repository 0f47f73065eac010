"""Reading a selector of Calico as its API server would: what it refuses is broken.

`global()` is for the namespaceSelector of a rule's source or destination, alone. Source: libcalico-go validator v3.
"""

from __future__ import annotations

from collections.abc import Callable

from tools.manifests.fields import BrokenError, Topic, text
from tools.manifests.node import Node
from tools.policies.calico_expression import All, Expression
from tools.policies.calico_selector import SelectorError, parse
from tools.policies.faults import Effect, Faults

GLOBAL = "global()"


def selector(node: Node, faults: Faults) -> Expression | None:
    """The selector at a node, without global(); None where there is none, and all() for one that is broken."""
    return faults.attempt(All(), _selector, node, _in_its_place)


def selector_of_spaces(node: Node, faults: Faults) -> Expression | None:
    """The selector of namespaces of a rule's source or destination: there global() stands alone."""
    return faults.attempt(All(), _selector, node, _alone)


def selector_of_others(node: Node, faults: Faults) -> Expression | None:
    """A notSelector, or a selector of a rule's service accounts: Calico takes global() there, as if it were all()."""
    expression = faults.attempt(All(), _selector, node, lambda written: "")
    if fault := _in_its_place(node.text()):
        faults.add(node, fault, Topic.SELECTOR, Effect.MISREAD)
    return expression


def _selector(node: Node, refused: Callable[[str], str]) -> Expression | None:
    written = text(node)
    if not written:
        return None
    try:
        expression = parse(written)
    except SelectorError as error:
        shown = repr(written) if len(written) <= 80 else f"{written[:77]!r}…"
        message = f"column {error.column} of {shown}: {error.message}"
        raise BrokenError(node, message, Topic.SELECTOR) from None
    if fault := refused(written):
        raise BrokenError(node, fault, Topic.SELECTOR)
    return expression


def _in_its_place(written: str) -> str:
    return f"{GLOBAL} is for a rule's namespaceSelector; take it out of here" if GLOBAL in written else ""


def _alone(written: str) -> str:
    alone = written.replace(" ", "").replace("\t", "") == GLOBAL
    return f"{GLOBAL} stands alone; take the rest out, or write two rules" if "global(" in written and not alone else ""
