"""How severe a rule's findings can be, read from its source: what a check yields is what it says it is.

Followed are the functions of this project that a check calls; a Problem without a severity is an error.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from tools.findings.model import Problem, Severity

ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
# Where the severity stands in `Problem(where, message, severity)` and in `node.problem(message, severity)`.
PLACES = {"Problem": 2, "problem": 1}


def severities(check: Callable[..., object]) -> tuple[Severity, ...]:
    """The severities that a check's findings can have, the worst first."""
    yielded = {severity for function in _reached(check) for severity in _yielded(function)}
    # A check that only hands on problems made while reading hands on errors.
    return tuple(severity for severity in ORDER if severity in yielded) or (Severity.ERROR,)


def _reached(check: Callable[..., object]) -> Iterator[FunctionType]:
    waiting: list[Any] = [check]
    seen: set[Any] = set()
    while waiting:
        function = waiting.pop()
        if not isinstance(function, FunctionType) or function in seen or not function.__module__.startswith("tools."):
            continue
        seen.add(function)
        yield function
        waiting.extend(_called(function))


def _called(function: FunctionType) -> Iterator[Any]:
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Name):
            yield function.__globals__.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = function.__globals__.get(node.value.id)
            if isinstance(owner, ModuleType):
                yield getattr(owner, node.attr, None)


def _yielded(function: FunctionType) -> Iterator[Severity]:
    for node in ast.walk(_tree(function)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in PLACES or (name == "Problem" and function.__globals__.get(name) is not Problem):
            continue
        written = [keyword.value for keyword in node.keywords if keyword.arg == "severity"]
        written.extend(node.args[PLACES[name] :])
        for argument in written:
            yield from _named(argument)
        if not written:
            yield Severity.ERROR


def _named(argument: ast.expr) -> Iterator[Severity]:
    for part in ast.walk(argument):
        if isinstance(part, ast.Attribute) and getattr(part.value, "id", "") == "Severity":
            yield Severity[part.attr]


@cache
def _tree(function: FunctionType) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))
