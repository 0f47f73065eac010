"""Values that a chart has to refuse, each with what its refusal has to say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.findings.errors import InputError
from tools.findings.model import Problem, Where
from tools.manifests.documents import Parsed
from tools.manifests.paths import step
from tools.render.helm_errors import RenderError
from tools.render.schema import shown

_SAYS = re.compile(r"^#\s*refused:\s*(?P<text>\S.*?)\s*$", re.MULTILINE)
_STEP = re.compile(r"(?:^|\.)(?P<key>[\w-]+)|\[(?P<index>0)\]")
_FORM = "write `values: [{values: {…}, says: …}]`, or `at: {a.path: {a value: what is said of it}}`"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Values that are to be refused, where somebody wrote them, and the texts that the refusal has to hold.

    `file`: the values file that they are, "" for values of a table.
    """

    where: Where
    says: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """How Helm took values that are to be refused: `error` is None when it rendered them."""

    refusal: Refusal
    error: RenderError | None


def of_table(parsed: Parsed, file: str) -> tuple[Refusal, ...]:
    """The refusals of a table. Raises InputError for what is none."""
    for problem in parsed.problems:
        raise InputError(f"{file}:{problem.where.line}: {problem.message}")
    if len(parsed.documents) != 1 or not isinstance(parsed.documents[0].body, Mapping):
        raise InputError(f"{file}: it is no table of values to be refused; {_FORM}")
    body, lines = parsed.documents[0].body, parsed.documents[0].lines
    if unknown := sorted(set(map(str, body)) - {"values", "at"}):
        raise InputError(f"{file}:{lines.get(step('', unknown[0]), 0)}: {unknown[0]} is no key of the table; {_FORM}")
    refusals = (*_at_paths(body.get("at"), lines, file), *_whole(body.get("values"), lines, file))
    if not refusals:
        raise InputError(f"{file}: the table is empty; {_FORM}")
    return refusals


def of_values_file(text: str, file: str) -> Refusal:
    """A values file whose comments `# refused: …` say what is said of it. Raises InputError where it has none."""
    says = tuple(match["text"] for match in _SAYS.finditer(text))
    if not says:
        raise InputError(f"{file}: nothing says what its refusal has to say; write a comment `# refused: …`")
    return Refusal(Where(file), says, file=file)


def _whole(rows: Any, lines: Mapping[str, int], file: str) -> Iterator[Refusal]:
    if rows is not None and not isinstance(rows, list):
        raise InputError(f"{file}:{lines.get('values', 0)}: values is no list; {_FORM}")
    for number, row in enumerate(rows or ()):
        path = f"values[{number}]"
        place = Where(file, path, lines.get(path, 0))
        if not isinstance(row, Mapping) or row.keys() != {"values", "says"} or not isinstance(row["values"], Mapping):
            raise InputError(f"{file}:{place.line}: {path} is no row of the table; {_FORM}")
        yield Refusal(place, (_expected(row["says"], place),), row["values"])


def _at_paths(paths: Any, lines: Mapping[str, int], file: str) -> Iterator[Refusal]:
    if paths is not None and not isinstance(paths, Mapping):
        raise InputError(f"{file}:{lines.get('at', 0)}: at is no mapping; {_FORM}")
    for path, rows in (paths or {}).items():
        above = step("at", str(path))
        if not isinstance(rows, Mapping):
            raise InputError(f"{file}:{lines.get(above, 0)}: {above} is no mapping; {_FORM}")
        for value, says in rows.items():
            at = step(above, str(value))
            place = Where(file, at, lines.get(at, lines.get(above, 0)))
            yield Refusal(place, (_expected(says, place),), _nested(str(path), value, place))


def _expected(says: Any, place: Where) -> str:
    if not isinstance(says, str) or not says.strip():
        raise InputError(f"{place.file}:{place.line}: {place.path} does not say what its refusal has to say; {_FORM}")
    return says


def _nested(path: str, value: Any, place: Where) -> Mapping[str, Any]:
    """The values that have one value at the path, in which a list has one item."""
    steps = [*_STEP.finditer(path)]
    if not steps or "".join(match[0] for match in steps) != path or steps[0]["index"]:
        message = "is no path of values; write keys and, for a list, [0]: `egress.domains[0]`"
        raise InputError(f"{place.file}:{place.line}: {path} {message}")
    nested = value
    for match in reversed(steps):
        nested = [nested] if match["index"] else {match["key"]: nested}
    values: Mapping[str, Any] = nested
    return values


def refused_values_are_refused(subject: Refused) -> Iterator[Problem]:
    """Values that are listed as wrong are refused, and by the message that is expected of it.

    A schema or a template that is rewritten may let pass what it refused, and nobody sees it: charts are rendered with
    values that are right. `--refused` names a table of such values or a folder of values files; Helm is given each over
    the chart's own values, and its message has to hold the text that is listed. Mend the schema or the template, or the
    list when the values are right by now.
    """
    refusal, error = subject.refusal, subject.error
    if error is None:
        expected = " and ".join(map(shown, refusal.says))
        yield Problem(refusal.where, f"the chart renders with these values, which are to be refused with {expected}")
        return
    heard = " ".join(f"{error.text} {error.message}".split())
    for text in refusal.says:
        if " ".join(text.split()) not in heard:
            message = f"these values are refused, and not with {shown(text)}; Helm says: {error.message}"
            yield Problem(refusal.where, message)


CHECKS = (refused_values_are_refused,)
