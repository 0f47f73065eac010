"""Moves findings from rendered text to the line of the template that wrote it, where a person can mend them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from tools.findings.model import Finding
from tools.render.provenance import Helpers, document_starts, template_line

# The file of a finding in rendered text that no template is known for yet.
RENDERED = "<rendered>"

_SOURCE = re.compile(r"# Source: [^/\s]+/(\S+)")


def at_template_lines(
    findings: Iterable[Finding],
    text: str,
    chart: str,
    template: Callable[[str], Sequence[str]],
    helpers: Helpers | None = None,
) -> Iterator[Finding]:
    """The findings with lines of rendered `text` turned into lines of templates. `chart` is the chart's directory,
    `template` gives a template's lines (none for what is no template), `helpers` are the chart's named templates.
    """
    rendered = text.splitlines()
    starts, sources = document_starts(rendered), _sources(rendered, chart)
    known: dict[tuple[str, int], int] = {}
    for finding in findings:
        where = finding.problem.where
        file = where.file if where.file != RENDERED else _source(sources, where.line)
        lines = template(file) if file.startswith(f"{chart}/templates/") else ()
        if lines:
            if (file, where.line) not in known:
                known[file, where.line] = template_line(rendered, where.line, lines, helpers, starts)
            place = replace(where, file=file, line=known[file, where.line])
            yield replace(finding, problem=replace(finding.problem, where=place))
        else:
            yield finding


def _sources(rendered: Sequence[str], chart: str) -> list[tuple[int, str]]:
    """The line, from 1, and the file of each line that names a template."""
    sources = ((number, _SOURCE.fullmatch(text.rstrip())) for number, text in enumerate(rendered, 1) if text[:1] == "#")
    return [(number, f"{chart}/{match[1]}") for number, match in sources if match]


def _source(sources: Sequence[tuple[int, str]], line: int) -> str:
    above = bisect_right(sources, line, key=lambda source: source[0])
    return sources[above - 1][1] if above else RENDERED
