"""Which policies select whom: as text, as JSON and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from tools.findings.formats.text import place
from tools.policies.model import DIRECTIONS, Direction
from tools.reach.formats.markdown import code, table
from tools.reach.formats.names import printable
from tools.reach.model import Selected, Selecting

LETS: Mapping[Direction, str] = {"Ingress": "comes in", "Egress": "goes out"}


def text(found: Sequence[Selecting]) -> Iterator[str]:
    """A workload, and for each direction what its policies let through and which these are, in order."""
    for number, one in enumerate(found):
        yield "\n" if number else ""
        yield f"{printable(one.peer.name)}\n"
        for way in DIRECTIONS:
            yield f"  {_sentence(one, way)}\n"
            yield from (f"    {_line(it)}\n" for it in one.policies[way])


def _sentence(one: Selecting, way: Direction) -> str:
    if not one.policies[way]:
        return f"{way}: not isolated, {one.lets[way]} {LETS[way]}: no policy of this type selects it"
    return f"{way}: isolated, {one.lets[way]} {LETS[way]}; selected, in this order, by"


def _line(it: Selected) -> str:
    rules = "1 rule" if it.rules == 1 else f"{it.rules} rules"
    tier = "" if it.tier == "default" else f" of tier {printable(it.tier)}"
    return f"{printable(it.policy)}{tier}, {rules}  ({printable(place(it.where))})"


def machine(found: Sequence[Selecting]) -> Iterator[str]:
    """A list: of each workload whether it is isolated, how much is let through, and the policies, in order."""
    yield json.dumps([_object(one) for one in found], indent=2) + "\n"


def _object(one: Selecting) -> dict[str, object]:
    ways: dict[str, object] = {
        way: {
            "isolated": bool(one.policies[way]),
            "lets": one.lets[way],
            "policies": [
                {
                    "policy": it.policy,
                    "tier": it.tier,
                    "rules": it.rules,
                    "file": it.where.file,
                    "line": it.where.line,
                }
                for it in one.policies[way]
            ],
        }
        for way in DIRECTIONS
    }
    return {"workload": one.peer.name, **ways}


def markdown(found: Sequence[Selecting]) -> Iterator[str]:
    """A row for each workload and direction."""
    rows = [
        (code(one.peer.name), way, one.lets[way], "<br>".join(code(it.policy) for it in one.policies[way]) or "none")
        for one in found
        for way in DIRECTIONS
    ]
    yield from table(("workload", "direction", "lets through", "selected by"), rows)


FORMATS: Mapping[str, Callable[[Sequence[Selecting]], Iterator[str]]] = {
    "text": text,
    "json": machine,
    "markdown": markdown,
}
