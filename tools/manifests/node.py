"""Reading a manifest of any shape: every step gives a node, and a shape that is not there gives an empty answer.

Checks never index a body themselves: what a field must be is the schema's to say, and a wrong one must not stop the
rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from tools.findings.model import Manifest, Problem, Severity
from tools.manifests.documents import step


def join(path: str, key: str | int) -> str:
    """The path one step further, as `tools.manifests.documents` writes it: by field name, or by index of a list."""
    return f"{path}[{key}]" if isinstance(key, int) else step(path, key)


Place: TypeAlias = "str | tuple[Place, str | int]"


class Missing:
    """The value of a node that is not there: not the same as a null that somebody wrote."""


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Node:
    """A value inside a manifest, and where: a path, or the last step there and the place before it.

    Few nodes are ever spoken of, so a path is written when somebody asks for it.
    """

    manifest: Manifest
    place: Place
    value: Any

    @property
    def path(self) -> str:
        """The path of the value."""
        place, keys = self.place, []
        while not isinstance(place, str):
            place, key = place
            keys.append(key)
        for key in reversed(keys):
            place = join(place, key)
        return place

    def __getitem__(self, key: str) -> Node:
        """The field of that name, there or not."""
        fields = self.value if isinstance(self.value, dict) else {}
        return Node(self.manifest, (self.place, key), fields.get(key, MISSING))

    @property
    def present(self) -> bool:
        """Whether it was written, as anything but null."""
        return self.value is not MISSING and self.value is not None

    @property
    def empty(self) -> bool:
        """Not there, null, or a list or map with nothing in it."""
        return not self.present or self.value in ({}, [])

    def items(self) -> tuple[Node, ...]:
        """The elements of a list."""
        if not isinstance(self.value, list):
            return ()
        return tuple(Node(self.manifest, (self.place, index), value) for index, value in enumerate(self.value))

    def fields(self) -> Iterator[tuple[str, Node]]:
        """The fields of a map whose keys are strings."""
        if isinstance(self.value, dict):
            for key in self.value:
                if isinstance(key, str):
                    yield key, self[key]

    def text(self) -> str:
        """A string; else the empty one."""
        return self.value if isinstance(self.value, str) else ""

    def number(self) -> int | None:
        """An integer; YAML's true and false are none."""
        return self.value if isinstance(self.value, int) and not isinstance(self.value, bool) else None

    def walk(self) -> Iterator[Node]:
        """This node and every node below it, in the order they are written."""
        yield self
        for _, field in self.fields():
            yield from field.walk()
        for item in self.items():
            yield from item.walk()

    def texts(self) -> tuple[str, ...]:
        """The strings of a list."""
        return tuple(node.value for node in self.items() if isinstance(node.value, str))

    def problem(self, message: str, severity: Severity = Severity.ERROR) -> Problem:
        """A problem at this place."""
        return Problem(self.manifest.where(self.path), message, severity)


def root(manifest: Manifest) -> Node:
    """The whole object."""
    return Node(manifest, "", manifest.body)


def group(manifest: Manifest) -> str:
    """The group of an object's API; "" of the core one, and where none is written."""
    return root(manifest)["apiVersion"].text().rpartition("/")[0]
