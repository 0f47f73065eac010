"""Which names an expression mentions."""

from __future__ import annotations

from collections.abc import Iterator

from tools.terraform.language import tree


def references(node: tree.Node, bound: frozenset[str] = frozenset()) -> Iterator[tuple[str, int]]:
    """Each reference (`var.a`, `aws_x.y.id`; up to its first index) and its line, but for names that `for` binds."""
    pending: list[tuple[tree.Node, frozenset[str]]] = [(node, bound)]
    while pending:
        current, names = pending.pop()
        if isinstance(current, tree.Name | tree.Attribute | tree.Index):
            base, words, keys = _traversal(current)
            if not isinstance(base, tree.Name):
                pending.append((base, names))
            elif base.name not in names:
                yield ".".join((base.name, *words)), base.line
            pending.extend((key, names) for key in reversed(keys))
        elif isinstance(current, tree.For | tree.Loop):
            given = (current.index, current.item) if isinstance(current, tree.For) else (current.key, current.value)
            parts = (
                (current.key, current.value, current.condition) if isinstance(current, tree.For) else (current.body,)
            )
            inside = names | frozenset(given)
            pending.extend((part, inside) for part in reversed(parts) if part is not None)
            pending.append((current.source, names))
        else:
            pending.extend((child, names) for child in reversed(tuple(tree.children(current))))


def _traversal(node: tree.Node) -> tuple[tree.Node, list[str], list[tree.Node]]:
    """What a traversal starts from, its words up to the first index, and the keys of its indices."""
    words: list[str] = []
    keys: list[tree.Node] = []
    while isinstance(node, tree.Attribute | tree.Index):
        if isinstance(node, tree.Index):
            keys.append(node.key)
            words.clear()
        else:
            words.append(node.name)
        node = node.of
    return node, words[::-1], keys
