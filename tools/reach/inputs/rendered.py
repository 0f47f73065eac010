"""Objects of a chart, with the lines of the templates that a person would mend and not those of what Helm printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tools.findings.model import Manifest
from tools.render.provenance import Helpers, template_line


def in_templates(
    manifests: Iterable[Manifest], text: str, template: Callable[[str], Sequence[str]], helpers: Helpers | None = None
) -> Iterator[Manifest]:
    """The objects of rendered `text`, each with lines of its file; `template` gives a file's lines, none if unknown."""
    rendered = text.splitlines()
    for manifest in manifests:
        lines = template(manifest.file)
        yield replace(manifest, lines=Lines(manifest.lines, rendered, lines, helpers)) if lines else manifest


@dataclass(frozen=True)
class Lines(Mapping[str, int]):
    """A path's line in a template, looked for when it is asked for; 0 when nothing tells."""

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
