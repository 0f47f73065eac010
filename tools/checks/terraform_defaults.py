"""What a module opens by a default that is the world, which whoever calls it may replace: told at the default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tools.checks.terraform_declarations import world_of
from tools.checks.terraform_opinions import OPENINGS
from tools.model import Finding, Severity
from tools.terraform.model import Body, Module, Resource, Value

RULES = frozenset(
    {
        *OPENINGS,
        "egress-is-not-open-to-the-world",
        "ranges-together-are-not-the-world",
    }
)


class Defaults:
    """The findings of one root module that depend on such a default, where others may call it with another value."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.places: dict[tuple[str, int], bool] = {}
        self.open = {name for name in module.defaulted if world_of(module.variables[name])}
        if self.open:
            for resource in module.resources:
                for value in _values(resource.body):
                    place = (value.where.file, value.where.line)
                    self.places[place] = self.places.get(place, False) or self._defaulted(value, resource)

    def settled(self, finding: Finding) -> Finding:
        """The finding, as a note where a caller decides: the default itself is another rule's finding."""
        where = finding.problem.where
        if finding.rule not in RULES or finding.problem.severity is Severity.NOTE:
            return finding
        if not self.places.get((where.file, where.line), False):
            return finding
        message = f"with the defaults alone: {finding.problem.message}"
        return replace(finding, problem=replace(finding.problem, message=message, severity=Severity.NOTE))

    def _defaulted(self, value: Value, resource: Resource) -> bool:
        pending, seen = list(value.refs), set(value.refs)
        while pending:
            reference = pending.pop()
            root, _, rest = reference.partition(".")
            name = rest.partition(".")[0]
            more: frozenset[str] = frozenset()
            if root == "var" and name in self.open:
                return True
            if root == "local" and name in self.module.locals:
                more = self.module.locals[name].value.refs
            elif root in ("each", "count") or root in resource.iterators:
                more = resource.given
            pending.extend(more - seen)
            seen |= more
        return False


def _values(body: Body) -> Iterator[Value]:
    yield from body.attributes.values()
    for blocks in body.blocks.values():
        for block in blocks:
            yield from _values(block.body)
