"""A class has a name of its own: no other of the toolkit is called the same, with or without a leading underscore."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

TEXTS = {str(path): path.read_text(encoding="utf-8") for path in sorted(Path("tools").rglob("*.py"))}


def classes(text: str) -> Iterator[str]:
    return (node.name.lstrip("_") for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef))


def shared(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Each name of several classes, and the modules that they are in."""
    modules = defaultdict(list)
    for path, text in texts.items():
        for name in classes(text):
            modules[name].append(path)
    return {name: paths for name, paths in modules.items() if len(paths) > 1}


def test_no_two_classes_have_one_name() -> None:
    assert shared(TEXTS) == {}


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        ({"a.py": "class A: pass", "b.py": "class B: pass"}, []),
        ({"a.py": "class A: pass", "b.py": "class A: pass"}, ["A"]),
        ({"a.py": "class _A: pass", "b.py": "def f():\n    class A: pass"}, ["A"]),
    ],
)
def test_a_shared_name_is_seen(texts: Mapping[str, str], names: list[str]) -> None:
    assert list(shared(texts)) == names
