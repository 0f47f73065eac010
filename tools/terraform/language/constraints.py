"""The type of a variable: as text, and as a constraint to convert values to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.terraform.language import tree
from tools.terraform.language.values import EvaluationError, Type

_SIMPLE = ("string", "number", "bool", "any")
_COLLECTIONS = ("list", "set", "map")


def written(node: tree.Node) -> str:
    """The type as text: `map(object({ port = number }))`."""
    if isinstance(node, tree.Name):
        return node.name
    if isinstance(node, tree.Literal):
        return str(node.value)
    if isinstance(node, tree.FunctionCall):
        return f"{node.name}({', '.join(map(written, node.arguments))})"
    if isinstance(node, tree.Tuple):
        return f"[{', '.join(map(written, node.items))}]"
    if isinstance(node, tree.Object):
        return f"{{ {', '.join(f'{written(key)} = {written(value)}' for key, value in node.items)} }}"
    return "…"


def constraint(node: tree.Node, constant: Callable[[tree.Node], Any]) -> Type:
    """The type that an expression means; `constant` evaluates a default. Raises EvaluationError."""
    name = node.name if isinstance(node, tree.Name) else node.value if isinstance(node, tree.Literal) else ""
    if name in _SIMPLE:
        return name
    if name in _COLLECTIONS:
        return (name, "any")
    if isinstance(node, tree.FunctionCall) and len(node.arguments) == 1:
        inner = node.arguments[0]
        if node.name in _COLLECTIONS:
            return (node.name, constraint(inner, constant))
        if node.name == "tuple" and isinstance(inner, tree.Tuple):
            return ("tuple", tuple(constraint(item, constant) for item in inner.items))
        if node.name == "object" and isinstance(inner, tree.Object):
            return ("record", tuple(_entry(key, value, constant) for key, value in inner.items))
    raise EvaluationError("this is not a type; write string, number, bool, any, list(…), set(…), map(…) or object({…})")


def _entry(key: tree.Node, value: tree.Node, constant: Callable[[tree.Node], Any]) -> Any:
    name = str(key.value) if isinstance(key, tree.Literal) else ""
    if isinstance(value, tree.FunctionCall) and value.name == "optional" and value.arguments:
        default = constant(value.arguments[1]) if len(value.arguments) > 1 else None
        return (name, constraint(value.arguments[0], constant), True, default)
    return (name, constraint(value, constant), False, None)
