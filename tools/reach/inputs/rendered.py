"""Gives a chart's objects the line numbers of the templates that wrote them, in place of those of Helm's output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tools.findings.model import Manifest
from tools.render.provenance import Helpers, template_line


def in_templates(
    manifests: Iterable[Manifest], text: str, template: Callable[[str], Sequence[str]], helpers: Helpers | None = None
) -> Iterator[Manifest]:
    """The objects of rendered `text`, each with the line numbers of its template.

    `template` returns the lines of a template file, or none if it does not know the file.
    """
    rendered = text.splitlines()
    for manifest in manifests:
        lines = template(manifest.file)
        yield replace(manifest, lines=Lines(manifest.lines, rendered, lines, helpers)) if lines else manifest


@dataclass(frozen=True)
class Lines(Mapping[str, int]):
    """The line of each path in a template, looked up when it is used; 0 where it is not known."""

    own: Mapping[str, int]
    rendered: Sequence[str] = field(repr=False)
    template: Sequence[str] = field(repr=False)
    helpers: Helpers | None = field(default=None, repr=False)

    def __getitem__(self, path: str) -> int:
        return template_line(self.rendered, self.own[path], self.template, self.helpers)

    def __contains__(self, path: object) -> bool:
        return path in self.own

    def __iter__(self) -> Iterator[str]:
        return iter(self.own)

    def __len__(self) -> int:
        return len(self.own)
