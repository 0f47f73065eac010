"""A flowchart for Mermaid, which GitHub draws in Markdown: namespaces around workloads, an arrow for each cell.

Conditional connections are dotted arrows. A workload that no policy isolates in some direction has a dashed border.
Every character that is not harmless in a label is written as an entity, so that no name can end its label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.policies.model import DIRECTIONS
from tools.reach.formats.names import Titled, printable
from tools.reach.formats.picture import too_many
from tools.reach.formats.view import View, seen
from tools.reach.formats.words import open_workloads, openings
from tools.reach.model import Matrix

# The most arrows that Mermaid and GitHub draw by default.
MOST_EDGES = 500
MOST_NAMES = 6
_SHAPES = {"workload": ("[", "]"), "ingress": ("{{", "}}"), "node": ("[[", "]]"), "address": ("([", "])")}


def matrix(matrix: Matrix) -> Iterator[str]:
    """The flowchart, with notes as comments."""
    if why := too_many(matrix):
        yield f"flowchart LR\n  %% {_comment(why)}\n"
        return
    view = seen(matrix)
    edges = list(_edges(view))
    yield "flowchart LR\n"
    if len(edges) > MOST_EDGES:
        yield f"  %% {len(edges)} arrows: Mermaid draws {MOST_EDGES} unless its maxEdges is higher; svg has no limit\n"
    yield from _nodes(view)
    yield from edges
    yield from _dashed(matrix, view)
    for title, holds in view.alike:
        yield f"  %% {_comment(title)}: {_comment(holds)}\n"
    for about, names in openings(matrix):
        yield f"  %% {about}: {_comment(names)}\n"
    for reason, number in view.reasons.numbers.items():
        yield f"  %% [{number}] {_comment(reason)}\n"


def _nodes(view: View) -> Iterator[str]:
    spaces: dict[str | None, list[Titled]] = {}
    for group in view.groups:
        spaces.setdefault(_space(group), []).append(group)
    for number, (space, groups) in enumerate(spaces.items()):
        if space is not None:
            yield f'  subgraph s{number}["{label(space)}"]\n'
        indent = "  " if space is None else "    "
        yield from (f"{indent}{_node(group, space)}\n" for group in groups)
        if space is not None:
            yield "  end\n"


def _space(group: Titled) -> str | None:
    """The namespace that all workloads of a group share, if they do."""
    spaces = {peer.namespace for peer in group.peers}
    return spaces.pop() if group.kind == "workload" and len(spaces) == 1 else None


def _node(group: Titled, space: str | None) -> str:
    first, last = _SHAPES[group.kind]
    names = [group.title]
    if group.kind == "workload":
        names = [peer.name.removeprefix(f"{space}/") for peer in group.peers]
    lines = "<br/>".join(label(name) for name in names[:MOST_NAMES])
    more = f"<br/>and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f'g{group.index}{first}"{lines}{more}"{last}'


def _edges(view: View) -> Iterator[str]:
    for source in view.groups:
        line = view.table.get(source.index, {})
        for target in view.groups if line else ():
            if verdict := line.get(target.index):
                arrow = "-->" if verdict.allowed else "-.->"
                yield f'  g{source.index} {arrow}|"{label(view.phrase(source, target))}"| g{target.index}\n'


def _dashed(matrix: Matrix, view: View) -> Iterator[str]:
    names = {name for direction in DIRECTIONS for name in open_workloads(matrix, direction)}
    nodes = [f"g{group.index}" for group in view.groups if any(peer.name in names for peer in group.peers)]
    if nodes:
        yield "  classDef open stroke-dasharray: 4 3\n"
        yield f"  class {','.join(nodes)} open\n"


def label(text: str) -> str:
    """Text escaped for a label between quotation marks."""
    return re.sub(r"[^\w /.:,;+?()\[\]-]", lambda match: f"#{ord(match[0])};", printable(text), flags=re.ASCII)


def _comment(text: str) -> str:
    """Text for a comment, on one line and without braces, which would make a directive after %%."""
    return printable(text).replace("{", "(").replace("}", ")")
