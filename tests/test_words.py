"""Names are nouns of the field: nothing is called by a word that says nothing of what it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

WORDS = frozenset(
    "found one wanted said told marked plain askers guests props scenery dispute trouble".split()  # noqa: SIM905
)
# Rooms whose names are still to be changed; the list only gets shorter.
TO_DO: tuple[str, ...] = ()
FILES = sorted(path for room in ("tools", "bench", "tests") for path in Path(room).rglob("*.py"))


def bindings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each name that a module gives to something, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def empty_words(path: Path, text: str) -> list[str]:
    named = [(0, path.stem), *bindings(ast.parse(text))]
    return [f"{path}:{line}: {name}" for line, name in named if name.lower().strip("_") in WORDS]


@pytest.mark.parametrize("path", [path for path in FILES if not str(path).startswith(TO_DO)], ids=str)
def test_names_are_nouns_of_the_field(path: Path) -> None:
    assert empty_words(path, path.read_text(encoding="utf-8")) == []


def test_a_room_to_do_has_something_to_do() -> None:
    for room in TO_DO:
        paths = [path for path in FILES if str(path).startswith(room)]
        assert any(empty_words(path, path.read_text(encoding="utf-8")) for path in paths), f"{room} is done"


@pytest.mark.parametrize(
    "text",
    [
        "found = 1",
        "def said(): pass",
        "class Dispute: pass",
        "lambda one: one",
        "[told for told in x]",
        "def f(*, wanted): pass",
        "import x as plain",
        "try: pass\nexcept E as trouble: pass",
        "(marked := 1)",
        "FOUND = 1",
        "def _told(): pass",
    ],
)
def test_such_a_name_is_seen(text: str) -> None:
    assert len(empty_words(Path("a.py"), text)) == 1


def test_a_module_of_such_a_name_is_seen() -> None:
    assert empty_words(Path("tools/props.py"), "") == ["tools/props.py:0: props"]
