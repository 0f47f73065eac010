"""Which names an expression mentions."""

from __future__ import annotations

from collections.abc import Iterator

from tools.terraform import tree


def references(node: tree.Node, bound: frozenset[str] = frozenset()) -> Iterator[tuple[str, int]]:
    """Each reference (`var.a`, `aws_x.y.id`; up to its first index) and its line; names that `for` gives are none."""
    if isinstance(node, tree.Name | tree.Attribute | tree.Index):
        yield from _traversal(node, bound)
    elif isinstance(node, tree.For | tree.Loop):
        yield from references(node.source, bound)
        names = (node.index, node.item) if isinstance(node, tree.For) else (node.key, node.value)
        inside = bound | frozenset(names)
        parts = (node.key, node.value, node.condition) if isinstance(node, tree.For) else (node.body,)
        for part in parts:
            if part is not None:
                yield from references(part, inside)
    else:
        for child in tree.children(node):
            yield from references(child, bound)


def _traversal(node: tree.Node, bound: frozenset[str]) -> Iterator[tuple[str, int]]:
    words: list[str] = []
    while isinstance(node, tree.Attribute | tree.Index):
        if isinstance(node, tree.Index):
            yield from references(node.key, bound)
            words.clear()
        else:
            words.append(node.name)
        node = node.of
    if not isinstance(node, tree.Name):
        yield from references(node, bound)
    elif node.name not in bound:
        yield ".".join((node.name, *reversed(words))), node.line
