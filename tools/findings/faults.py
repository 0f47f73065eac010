"""Errors that nobody foresaw: each becomes a sentence, or is raised where somebody wants to see where it arose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tools.findings.escaping import printable

# The environment variable that asks for tracebacks.
TRACEBACK = "SARK_TRACEBACK"
LONGEST = 400
_REVEALED: ContextVar[bool] = ContextVar("_REVEALED", default=False)


@contextmanager
def revealed(asked: bool) -> Iterator[None]:
    """Whether tracebacks are asked for while the block runs."""
    before = _REVEALED.set(asked)
    try:
        yield
    finally:
        _REVEALED.reset(before)


def fault(error: Exception) -> str:
    """What is said of an error that nobody foresaw."""
    text = printable(str(error))
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return f"internal error (please report): {type(error).__name__}: {shown} ({TRACEBACK}=1 shows where)"


def reveal(error: Exception) -> None:
    """Raise an error that would be contained, where tracebacks are asked for."""
    if _REVEALED.get():
        raise error


def contained(error: Exception) -> str:
    """What is said of an error that ends no run. Raises it where tracebacks are asked for."""
    reveal(error)
    return fault(error)
