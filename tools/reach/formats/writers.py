"""The formats, and the functions that write them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from tools.reach.diff import Changed
from tools.reach.formats import ANSWERS, MATRIX
from tools.reach.model import Explanation, Matrix


def matrix_formats() -> Mapping[str, Callable[[Matrix], Iterator[str]]]:
    """The formats of a matrix, and the function that writes each."""
    return {name: partial(_matrix, name) for name in MATRIX}


def explanation_formats(*, colour: bool = False) -> Mapping[str, Callable[[Explanation], Iterator[str]]]:
    """The formats of an explanation, and the function that writes each. `colour`: colour the text for a terminal."""
    return {name: partial(_explanation, name, colour) for name in ANSWERS}


def diff_formats(*, colour: bool = False) -> Mapping[str, Callable[[tuple[Changed, ...]], Iterator[str]]]:
    """The formats of a diff, and the function that writes each. `colour`: colour the text for a terminal."""
    return {name: partial(_changes, name, colour) for name in ANSWERS}


def _matrix(name: str, matrix: Matrix) -> Iterator[str]:
    # Loads only the module that is used, as in tools.findings.report.
    pieces: Iterator[str] = _module(name).matrix(matrix)
    return pieces


def _explanation(name: str, colour: bool, explanation: Explanation) -> Iterator[str]:
    pieces: Iterator[str] = _module(name).explanation(explanation, **_colour(name, colour))
    return pieces


def _changes(name: str, colour: bool, changes: tuple[Changed, ...]) -> Iterator[str]:
    pieces: Iterator[str] = _module(name).changes(changes, **_colour(name, colour))
    return pieces


def _module(name: str):  # type: ignore[no-untyped-def]
    return importlib.import_module(f"tools.reach.formats.{name}")


def _colour(name: str, colour: bool) -> dict[str, bool]:
    return {"colour": colour} if name == "text" else {}
