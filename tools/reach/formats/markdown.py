"""Markdown for GitHub: tables, with names written as code so that nothing in them is markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tools.findings.formats.text import place
from tools.reach.diff import Changed
from tools.reach.formats.changes import WORDS, gathered
from tools.reach.formats.explanation import addresses_of, connection, row, runs, sentence, summary, way
from tools.reach.formats.names import printable
from tools.reach.formats.text import is_summed_up, summed_up
from tools.reach.formats.view import EACH_OTHER, EVERY_ADDRESS, EVERY_WORKLOAD, View, entries, seen
from tools.reach.formats.words import Reasons, openings
from tools.reach.model import Change, ExplainedSide, Explanation, Matrix, Step

# The characters that are never markup between backticks, and those that may be markup in text.
_IN_CODE = re.compile(r"[\w /.:,;{}\[\]()+=?-]+", re.ASCII)
_MARKUP = re.compile(r"[^A-Za-z0-9 /.:,;{}\[\]()+=?-]|\](?=[(\[])")
_IN_WORDS = (EACH_OTHER, EVERY_ADDRESS, EVERY_WORKLOAD)


def matrix(matrix: Matrix) -> Iterator[str]:
    """A row for each source and set of connections, with its targets; for very many groups, the summary of text."""
    if is_summed_up(matrix):
        yield "```text\n"
        yield from (line.replace("```", "'''") for line in summed_up(matrix))
        yield "```\n"
        return
    view = seen(matrix)
    yield f"**{view.heading}**\n\n"
    yield from table(("from", "may reach", "on"), _rows(view))
    if view.alike:
        yield "\nWhat these names stand for:\n\n"
        yield from (f"- {code(title)}: {text(holds)}\n" for title, holds in view.alike)
    for about, names in openings(matrix):
        yield f"\nNot isolated, {about}: {text(names)}\n"
    yield from _reasons(view.reasons)


def _rows(view: View) -> Iterator[Sequence[str]]:
    for entry in entries(view):
        source = "<br>".join(map(_named, entry.sources))
        for phrase, names in entry.targets:
            yield source, "<br>".join(map(_named, names)), text(phrase)
        if not entry.targets:
            yield source, "nobody", ""


def _named(name: str) -> str:
    return name if name in _IN_WORDS else code(name)


def explanation(explanation: Explanation) -> Iterator[str]:
    """The verdict, both directions, and what would change it."""
    src, dst = code(explanation.src.name), code(explanation.dst.name)
    yield f"### {src} → {dst}, {text(connection(explanation))}: {explanation.verdict}\n"
    yield f"\n{text(sentence(explanation))}\n"
    for side in explanation.sides:
        yield f"\n#### {text(way(explanation, side.direction))}: {side.verdict}\n"
        yield from _side(explanation, side)
    if explanation.changes:
        many = "changes, one after the other," if len(explanation.changes) > 1 else "change"
        yield f"\n#### The smallest {many} after which it is {explanation.changes[-1].becomes}\n"
        yield from map(_change, explanation.changes)
    if explanation.notes:
        yield "\n#### Notes\n\n"
        yield from (f"- {text(note)}\n" for note in explanation.notes)


def changes(changes: tuple[Changed, ...]) -> Iterator[str]:
    """A row for each pair that changed; addresses for which the same changed are in one."""
    reasons = Reasons()
    listed = gathered(changes, reasons)
    rows = [(WORDS[row.sign], code(row.src), code(row.dst), text(row.before), text(row.after)) for row in listed.rows]
    yield from table(("", "from", "to", "before", "after"), rows) if rows else ["Nothing changed.\n"]
    if listed.titles:
        yield "\nWhat these names stand for:\n\n"
        yield from (f"- {code(title)}: {text(holds)}\n" for title, holds in listed.titles)
    yield from _reasons(reasons)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table; its fields must be Markdown already."""
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    yield from (f"| {' | '.join(row)} |\n" for row in rows)


def text(words: str) -> str:
    """Text escaped so that no character is markup, not even in a table."""
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", printable(words))


def code(name: str) -> str:
    """Text as code."""
    return f"`{name}`" if _IN_CODE.fullmatch(name) else f"<code>{text(name)}</code>"


def _reasons(reasons: Reasons) -> Iterator[str]:
    if reasons.numbers:
        yield "\n? depends on what the input does not say:\n\n"
        yield from (f"- [{number}] {text(reason)}\n" for reason, number in reasons.numbers.items())


def _side(explanation: Explanation, side: ExplainedSide) -> Iterator[str]:
    if rest := summary(explanation, side):
        yield f"\n{text(rest)}\n"
    for reason in side.reasons:
        yield f"\nDepends on this: {text(reason)}\n"
    if side.deciding:
        yield f"\nDecided by {_step(side.deciding)}\n"
    for share in side.shares:
        yield f"\n- {text(addresses_of(share))}: {share.verdict}, decided by {_step(share.deciding)}\n"
    if others := tuple(step for step in side.steps if step != side.deciding):
        yield "\nAlso tried, in this order:\n\n"
        rows = [(text(run[0].policy), *map(text, row(run))) for run in runs(others)]
        yield from table(("policy", "rule", "outcome", "why"), rows)


def _step(step: Step) -> str:
    policy = ", ".join(code(name) for name in step.policy.split(", ")) if step.policy else ""
    rule = f"{code(step.rule)} of {policy}" if step.rule else f"the end of {policy}" if policy else "the end"
    where = f" ({code(place(step.where))})" if step.where else ""
    return f"{rule}: {step.outcome}{where}" + (f"; {text(step.why)}" if step.why else "")


def _change(change: Change) -> str:
    where = f" ({code(place(change.where))})" if change.where and change.where.file else ""
    longest = max((len(run) for run in re.findall("`+", change.yaml)), default=0)
    fence = "`" * max(3, longest + 1)
    yaml = "\n".join(printable(line) for line in change.yaml.splitlines())
    return f"\n{text(change.text)}{where}\n" + (f"\n{fence}yaml\n{yaml}\n{fence}\n" if yaml else "")
