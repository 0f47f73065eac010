"""Puts findings in rendered text where a person can mend them: in the template that wrote the line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from tools.model import Finding
from tools.provenance import Helpers, template_line

# The file of a finding in rendered text that no template is known for yet.
RENDERED = "<rendered>"

_SOURCE = re.compile(r"# Source: [^/\s]+/(\S+)")


def placed(
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
    for finding in findings:
        where = finding.problem.where
        file = where.file if where.file != RENDERED else _source(rendered, where.line, chart)
        lines = template(file) if file.startswith(f"{chart}/templates/") else ()
        if lines:
            place = replace(where, file=file, line=template_line(rendered, where.line, lines, helpers))
            yield replace(finding, problem=replace(finding.problem, where=place))
        else:
            yield finding


def _source(rendered: Sequence[str], line: int, chart: str) -> str:
    found = (match for text in reversed(rendered[:line]) if (match := _SOURCE.fullmatch(text.rstrip())))
    return next((f"{chart}/{match[1]}" for match in found), RENDERED)
