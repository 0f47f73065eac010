"""Reading a selector of Calico as its API server would: what it refuses is broken."""

from __future__ import annotations

from tools.manifests.fields import BrokenError, text
from tools.manifests.node import Node
from tools.policies.calico_expression import All, Expression
from tools.policies.calico_selector import SelectorError, parse
from tools.policies.faults import Faults


def selector(node: Node, faults: Faults) -> Expression | None:
    """The selector at a node; None where there is none, and all() for one that is broken."""
    return faults.attempt(All(), _selector, node)


def _selector(node: Node) -> Expression | None:
    if not text(node):
        return None
    try:
        return parse(node.text())
    except SelectorError as error:
        raise BrokenError(node, f"no selector, at column {error.column}: {error.message}") from None
