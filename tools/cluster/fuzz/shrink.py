"""From objects that show a fault to fewer and smaller ones that still do.

A try may be dear: in a cluster it takes seconds. So whole objects go first, half of them at a time, and then fields and
list items from the outside in; and a budget bounds the tries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

import yaml

from tools.cluster.fuzz.topology import Object

Objects = tuple[Object, ...]
Shows = Callable[[Objects], bool]
Path = tuple[str | int, ...]

# What an object of any kind cannot be without. What else may not go, the API refuses, and a refusal shows no fault.
KEPT = ("apiVersion", "kind", "metadata", "action", "operator", "key", "cidr", "podSelector")


def shrunk(objects: Sequence[Object], shows: Shows, tries: int = 150) -> Objects:
    """As few and as small objects as can be found in that many tries. `shows`: whether objects show the fault."""
    bounded = _bounded(shows, tries)
    smaller = fewer(tuple(objects), bounded)
    for index in range(len(smaller)):
        smaller = _smaller(smaller, index, bounded)
    return fewer(smaller, bounded)


def _bounded(shows: Shows, tries: int) -> Shows:
    left = tries

    def bounded(objects: Objects) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and shows(objects)

    return bounded


def fewer(objects: Objects, shows: Shows) -> Objects:
    """Fewer of them, by delta debugging: leave out a half, then quarters, down to one at a time."""
    parts = 2
    while len(objects) > 1:
        size = -(-len(objects) // parts)
        rests = [objects[:start] + objects[start + size :] for start in range(0, len(objects), size)]
        smaller = next((rest for rest in rests if rest and shows(rest)), None)
        if smaller is not None:
            objects, parts = smaller, max(parts - 1, 2)
        elif size == 1:
            break
        else:
            parts = min(parts * 2, len(objects))
    return objects


def _smaller(objects: Objects, index: int, shows: Shows) -> Objects:
    """The same objects, with all that is not needed gone from one of them."""
    skipped = 0
    while True:
        places = list(_places(objects[index].get("spec", {}), ("spec",)))
        if skipped >= len(places):
            return objects
        tried = (*objects[:index], without(objects[index], places[skipped]), *objects[index + 1 :])
        if shows(tried):
            objects = tried
        else:
            skipped += 1


def _places(value: Any, path: Path) -> Iterator[Path]:
    """Where something can be taken away, the outermost first."""
    level: list[tuple[Any, Path]] = [(value, path)]
    while level:
        below: list[tuple[Any, Path]] = []
        for paths, where in level:
            steps: list[tuple[str | int, Any]] = []
            if isinstance(paths, dict):
                steps = [(name, inner) for name, inner in paths.items() if name not in KEPT]
                below += [(inner, (*where, name)) for name, inner in paths.items() if name in KEPT]
            elif isinstance(paths, list):
                # The last item cannot go: an empty list may mean the contrary of a short one. Its field may go.
                steps = list(enumerate(paths)) if len(paths) > 1 else []
                below += [(inner, (*where, 0)) for inner in paths] if len(paths) == 1 else []
            yield from ((*where, step) for step, _ in steps)
            below += [(inner, (*where, step)) for step, inner in steps]
        level = below


def without(body: Object, path: Path) -> Object:
    """A copy of the object with nothing at that place."""
    copy = deepcopy(body)
    inner: Any = copy
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return copy


def text(objects: Sequence[Object]) -> str:
    """The objects as YAML."""
    return str(yaml.safe_dump_all([deepcopy(body) for body in objects], sort_keys=False))
