"""An explanation as text: the verdict, then each direction with the rule that decided, then what would change it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tools.findings.formats.text import place
from tools.policies.model import WITH_PORTS, Direction
from tools.reach.connections import NUMBERS
from tools.reach.formats.names import addresses, printable
from tools.reach.formats.protocols import protocol_name
from tools.reach.formats.words import WIDTH, columns, folded
from tools.reach.model import Change, ExplainedSide, Explanation, Share, Step

MOST_RANGES = 8
WAY: dict[Direction, str] = {"Egress": "leaving {src}", "Ingress": "entering {dst}"}
_COLOURS = {"allowed": "32", "denied": "31", "conditional": "33", "bold": "1", "dim": "2"}


@dataclass(frozen=True, slots=True)
class _Paint:
    colour: bool

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if self.colour else text


def explanation(explanation: Explanation, *, colour: bool = False) -> Iterator[str]:
    """The explanation in 100 columns. `colour`: for a terminal."""
    paint = _Paint(colour)
    for line in _lines(explanation, paint):
        yield f"{line}\n"


def _lines(explanation: Explanation, paint: _Paint) -> Iterator[str]:
    yield f"{paint('bold', asked(explanation))}: {paint(explanation.verdict, explanation.verdict)}"
    yield ""
    yield from folded(sentence(explanation), "")
    for side in explanation.sides:
        yield ""
        yield f"{paint('bold', way(explanation, side.direction))}: {paint(side.verdict, side.verdict)}"
        yield from _side(explanation, side, paint)
    if explanation.changes:
        yield ""
        yield from _changes(explanation.changes, paint)
    if explanation.notes:
        yield ""
        yield paint("bold", "notes")
        for note in explanation.notes:
            yield from folded(printable(note), "    ", "  - ")


def asked(explanation: Explanation) -> str:
    """`a/b[Pod] -> 8.8.8.8, UDP 53`."""
    return f"{printable(explanation.src.name)} -> {printable(explanation.dst.name)}, {connection(explanation)}"


def connection(explanation: Explanation) -> str:
    """`UDP 53`, `ICMP type 8 code 0`, or another protocol by its name."""
    number = NUMBERS.get(explanation.protocol)
    if number is None and explanation.protocol.isdecimal():
        number = int(explanation.protocol)
    name = printable(explanation.protocol) if number is None else protocol_name(number)
    if name in ("ICMP", "ICMPv6"):
        return f"{name} type {explanation.port >> 8} code {explanation.port & 255}"
    return f"{name} {explanation.port}" if name in WITH_PORTS else name


def way(explanation: Explanation, direction: Direction) -> str:
    """`leaving a/b[Pod]` or `entering 8.8.8.8`."""
    return WAY[direction].format(src=printable(explanation.src.name), dst=printable(explanation.dst.name))


def sentence(explanation: Explanation) -> str:
    """The verdict as a sentence, with the direction that decides it."""
    ways = [way(explanation, side.direction) for side in explanation.sides if side.verdict == explanation.verdict]
    where = " and ".join(ways)
    src, dst = printable(explanation.src.name), printable(explanation.dst.name)
    flow = f"reach {dst} on {connection(explanation)}"
    if explanation.verdict == "allowed":
        return f"{src} may {flow}."
    if explanation.verdict == "denied":
        return f"{src} may not {flow}" + (f": policies stop it on {where}." if ways else ".")
    if any(side.shares and side.verdict == "conditional" for side in explanation.sides):
        return f"Whether {src} may {flow} depends on which of these addresses it is."
    end = f"; the verdict is open on {where}" if ways else ""
    return f"Whether {src} may {flow} depends on what the input does not say{end}."


def summary(explanation: Explanation, side: ExplainedSide) -> str:
    """The summary of a direction, without what its heading and its deciding step already say."""
    rest = side.summary.removeprefix(f"{way(explanation, side.direction)}: ")
    return "" if side.deciding and rest.startswith(side.verdict) else printable(rest)


def _side(explanation: Explanation, side: ExplainedSide, paint: _Paint) -> Iterator[str]:
    if rest := summary(explanation, side):
        yield from folded(rest, "  ")
    if side.deciding:
        yield from _deciding(side.deciding, paint)
    for share in side.shares:
        yield from folded(f"{addresses_of(share)}: {share.verdict}", "    ", "  ")
        yield from (f"  {line}" for line in _deciding(share.deciding, paint))
    for reason in side.reasons:
        yield from folded(f"depends on this: {printable(reason)}", "    ", "  ")
    if others := tuple(step for step in side.steps if step != side.deciding):
        yield f"  {paint('bold', 'also tried, in this order')}"
        yield from _others(others, paint)


def addresses_of(share: Share) -> str:
    """The addresses of a share in words; where there are very many ranges, the first of them."""
    if len(share.addresses) <= MOST_RANGES:
        return addresses(share.addresses)
    more = len(share.addresses) - MOST_RANGES
    return f"{addresses(share.addresses[:MOST_RANGES])} and {more} more ranges (json has them all)"


def _deciding(step: Step, paint: _Paint) -> Iterator[str]:
    """The policy and the rule that decided; or, where no rule matched, every policy of the tier that ended."""
    yield f"  {paint('bold', 'decided by' if step.rule or not step.policy else 'decided by the end of')}"
    names = step.policy.split(", ") if step.policy else []
    rule = [step.rule, step.outcome] if step.rule else []
    yield from (f"    {'  '.join([printable(name), *rule])}" for name in names)
    if step.why:
        yield from folded(printable(step.why), "      ")
    if step.where:
        yield paint("dim", f"      {printable(place(step.where))}")


def _others(steps: Sequence[Step], paint: _Paint) -> Iterator[str]:
    for (policy, file), of_policy in groupby(steps, lambda step: (step.policy, step.where.file if step.where else "")):
        names = printable(policy) if ", " not in policy else f"the end of these {policy.count(', ') + 1} policies"
        if len(names) + len(file) > WIDTH - 8:
            yield f"    {names}"
            yield paint("dim", f"      {printable(file)}")
        else:
            yield f"    {names}" + (paint("dim", f"  ({printable(file)})") if file else "")
        yield from columns([row(run) for run in runs(tuple(of_policy))], "      ")


def runs(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """The steps of a policy, grouped where consecutive steps have the same outcome and reason."""
    for _, alike in groupby(steps, lambda step: (step.policy, step.outcome, step.why)):
        yield tuple(alike)


def row(alike: Sequence[Step]) -> tuple[str, str, str]:
    """The rule or rules, the outcome, and the reason with the line."""
    first, last = alike[0], alike[-1]
    rule = first.rule if len(alike) == 1 else f"{first.rule} to {last.rule}"
    line = f" (line {first.where.line})" if first.where and first.where.line else ""
    return rule or "(end)", first.outcome, printable(first.why) + line


def _changes(changes: Sequence[Change], paint: _Paint) -> Iterator[str]:
    """The changes, the last of which brings about what the heading says."""
    many = "the smallest changes, one after the other," if len(changes) > 1 else "the smallest change"
    yield f"{paint('bold', f'{many} after which it is')} {paint(changes[-1].becomes, changes[-1].becomes)}"
    for number, change in enumerate(changes, 1):
        start = f"  {number}. " if len(changes) > 1 else "  "
        yield from folded(printable(change.text), " " * len(start), start)
        if change.where and change.where.file:
            yield paint("dim", f"{' ' * len(start)}{printable(place(change.where))}")
        if change.yaml:
            yield ""
            yield from (f"      {printable(line)}".rstrip() for line in change.yaml.splitlines())
            if number < len(changes):
                yield ""
