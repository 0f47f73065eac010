"""Reading a selector of Calico as its API server would: what it refuses is broken."""

from __future__ import annotations

from tools.manifests.fields import BrokenError, text
from tools.manifests.node import Node
from tools.policies.calico_expression import Expression
from tools.policies.calico_selector import SelectorError, parse


def calico(node: Node) -> Expression | None:
    """A Calico selector; None when there is none."""
    if not text(node):
        return None
    try:
        return parse(node.text())
    except SelectorError as error:
        raise BrokenError(node, f"no selector, at column {error.column}: {error.message}") from None
