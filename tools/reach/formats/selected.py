"""The policies that select workloads: as text, as JSON and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from tools.findings.formats.text import place
from tools.policies.model import DIRECTIONS, Direction
from tools.reach.formats.markdown import code, table
from tools.reach.formats.names import printable
from tools.reach.model import Selected, Selecting

LETS: Mapping[Direction, str] = {"Ingress": "comes in", "Egress": "goes out"}


def text(selectings: Sequence[Selecting]) -> Iterator[str]:
    """Each workload, and for each direction how much its policies let through and which these are, in order."""
    for number, selecting in enumerate(selectings):
        yield "\n" if number else ""
        yield f"{printable(selecting.peer.name)}\n"
        for way in DIRECTIONS:
            yield f"  {_sentence(selecting, way)}\n"
            yield from (f"    {_line(selected)}\n" for selected in selecting.policies[way])


def _sentence(selecting: Selecting, way: Direction) -> str:
    if not selecting.policies[way]:
        return f"{way}: not isolated, {selecting.lets[way]} {LETS[way]}; no policy of this type selects it"
    return f"{way}: isolated, {selecting.lets[way]} {LETS[way]}; selected, in this order, by"


def _line(selected: Selected) -> str:
    rules = "1 rule" if selected.rules == 1 else f"{selected.rules} rules"
    tier = "" if selected.tier == "default" else f" of tier {printable(selected.tier)}"
    return f"{printable(selected.policy)}{tier}, {rules}  ({printable(place(selected.where))})"


def machine(selectings: Sequence[Selecting]) -> Iterator[str]:
    """A list: for each workload whether it is isolated, how much is let through, and the policies, in order."""
    yield json.dumps([_object(selecting) for selecting in selectings], indent=2) + "\n"


def _object(selecting: Selecting) -> dict[str, object]:
    ways: dict[str, object] = {
        way: {
            "isolated": bool(selecting.policies[way]),
            "lets": selecting.lets[way],
            "policies": [
                {
                    "policy": selected.policy,
                    "tier": selected.tier,
                    "rules": selected.rules,
                    "file": selected.where.file,
                    "line": selected.where.line,
                }
                for selected in selecting.policies[way]
            ],
        }
        for way in DIRECTIONS
    }
    return {"workload": selecting.peer.name, **ways}


def markdown(selectings: Sequence[Selecting]) -> Iterator[str]:
    """A row for each workload and direction."""
    rows = [
        (
            code(selecting.peer.name),
            way,
            selecting.lets[way],
            "<br>".join(code(selected.policy) for selected in selecting.policies[way]) or "none",
        )
        for selecting in selectings
        for way in DIRECTIONS
    ]
    yield from table(("workload", "direction", "lets through", "selected by"), rows)


FORMATS: Mapping[str, Callable[[Sequence[Selecting]], Iterator[str]]] = {
    "text": text,
    "json": machine,
    "markdown": markdown,
}
