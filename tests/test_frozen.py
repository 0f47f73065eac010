"""What is frozen stays so: no module writes an object's fields behind the back of its class."""

import ast
from pathlib import Path

import pytest

BACK_DOORS = ("__setattr__", "__dict__", "__dataclass_fields__")


def back_doors(text: str) -> list[int]:
    """The lines on which a text reaches for an object's fields past its class."""
    return [
        node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute) and node.attr in BACK_DOORS
    ]


@pytest.mark.parametrize("path", sorted(Path("tools").rglob("*.py")), ids=str)
def test_no_module_writes_past_a_class(path: Path) -> None:
    assert back_doors(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "object.__setattr__(a, 'b', 1)",
        "a.__dict__.update(b)",
        "a.__dict__['b'] = 1",
        "for f in a.__dataclass_fields__: b",
    ],
)
def test_a_back_door_is_seen(text: str) -> None:
    assert back_doors(text) == [1]
