"""Large matrices: what people read is bounded, and made from bits and not pair by pair."""

from __future__ import annotations

from functools import cache

import pytest

from tests.reach.samples.worlds import world
from tools.reach.formats.picture import MOST_DRAWN
from tools.reach.formats.text import MOST_IN_FULL
from tools.reach.formats.writers import matrix_formats
from tools.reach.model import Matrix
from tools.reach.sets import indexes
from tools.reach.views import Focused

MANY = MOST_IN_FULL + 20


@cache
def large(many: int = MANY) -> Matrix:
    """Pods of which each is reached on a port of its own."""
    pods = (
        f"{{apiVersion: v1, kind: Pod, metadata: {{name: p{n}, namespace: s, labels: {{app: p{n}}}}}}}"
        for n in range(many)
    )
    policies = (
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, "
        f"metadata: {{name: p{n}, namespace: s}}, spec: {{podSelector: {{matchLabels: {{app: p{n}}}}}, "
        f"ingress: [{{ports: [{{port: {1000 + n}}}]}}]}}}}"
        for n in range(many)
    )
    return world("\n---\n".join((*pods, *policies))).matrix()


def written(name: str, matrix: Matrix) -> str:
    return "".join(matrix_formats()[name](matrix))


@pytest.mark.parametrize("form", ["svg", "mermaid"])
def test_what_is_too_much_to_draw_says_so_and_stays_small(form: str) -> None:
    text = written(form, large())
    assert len(text) < 5000
    # In a picture the sentence is folded.
    assert f"{MANY + 1} lines are too many to draw" in text
    assert "--focus NAME" in text.replace("</text>\n", " ")


@pytest.mark.parametrize("form", ["svg", "mermaid"])
def test_as_many_as_are_drawn_are_drawn(form: str) -> None:
    assert "too many to draw" not in written(form, large(MOST_DRAWN - 1))
    assert "too many to draw" in written(form, large(MOST_DRAWN))


def test_markdown_of_very_many_is_the_summary_that_text_has() -> None:
    assert written("markdown", large()) == f"```text\n{written('text', large())}```\n"


def test_bits_are_the_lines() -> None:
    matrix = large()
    group_of = {bit: index for index, bit in enumerate(matrix.bits)}
    lines = {
        src: tuple((verdict, tuple(group_of[bit] for bit in indexes(bits))) for verdict, bits in line)
        for src, line in matrix.masks()
    }
    assert lines == dict(matrix.lines())
    assert len(lines) == MANY + 1
    small = Focused(large(MOST_DRAWN - 1), frozenset(["s/p1[Pod]"]))
    assert dict(Matrix.masks(small)).keys() == dict(small.lines()).keys()


def test_the_summary_takes_no_look_at_every_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = large()
    text = written("text", matrix)

    def never(bits: int) -> None:
        raise AssertionError("bits are written out one by one")

    monkeypatch.setattr("tools.reach.judge.matrix.indexes", never)
    assert written("text", matrix) == text
    with pytest.raises(AssertionError, match="one by one"):
        dict(matrix.lines())
