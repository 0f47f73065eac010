"""Findings that depend on a module's defaults, which its callers may replace: open ranges, and equal rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from tools.findings.model import Finding, Severity
from tools.terraform.clouds.opening import doubted
from tools.terraform.language.model import Body, Module, ResourceInstance, Value
from tools.terraform.rules.declarations import world_of
from tools.terraform.rules.opinions import OPENINGS

RULES = frozenset(
    {
        *OPENINGS,
        "egress-is-not-open-to-the-world",
        "ranges-together-are-not-the-world",
    }
)
# Rules that compare two firewall rules; their findings are about the second.
PAIRS = frozenset({"rules-differ", "rules-are-not-shadowed"})


class Defaults:
    """Recognises the findings of one root module that depend on such a default."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.places: dict[tuple[str, int], bool] = {}
        self.blocks: set[tuple[str, int]] = set()
        self.open = {name for name in module.defaulted if world_of(module.variables[name])}
        for resource in module.resources if module.defaulted else ():
            for value in _values(resource.body):
                place = (value.where.file, value.where.line)
                if self.open:
                    self.places[place] = self.places.get(place, False) or self._of(self.open, value, resource)
                if self._of(module.defaulted, value, resource):
                    self.blocks.add((resource.where.file, resource.where.line))

    def as_note(self, finding: Finding) -> Finding:
        """The finding; a note where a caller decides, since the default itself is another rule's finding."""
        where = finding.problem.where
        if finding.rule not in RULES | PAIRS or finding.problem.severity is Severity.NOTE:
            return finding
        place = (where.file, where.line)
        if not (place in self.blocks if finding.rule in PAIRS else self.places.get(place, False)):
            return finding
        message = f"with the defaults alone: {finding.problem.message}"
        noted = doubted(finding, message)
        return replace(noted, problem=replace(noted.problem, severity=Severity.NOTE))

    def _of(self, names: Collection[str], value: Value, resource: ResourceInstance) -> bool:
        """Whether a value depends on one of these variables."""
        pending, seen = list(value.refs), set(value.refs)
        while pending:
            reference = pending.pop()
            root, _, rest = reference.partition(".")
            name = rest.partition(".")[0]
            more: frozenset[str] = frozenset()
            if root == "var" and name in names:
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
