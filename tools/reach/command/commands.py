"""The commands: what each reads, what it asks of the judge, and what it writes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tools.findings.cli import COULD_NOT_RUN, FINDINGS
from tools.findings.model import Problem, Severity, Where
from tools.findings.progress import Progress
from tools.reach.command import diff_sides as operands
from tools.reach.command import named_peers as pick
from tools.reach.command.notices import Notices, one_sided
from tools.reach.command.output import AnswerOutput
from tools.reach.diff import alone, changes
from tools.reach.formats.selected import FORMATS as SELECTED
from tools.reach.formats.writers import diff_formats, explanation_formats, matrix_formats
from tools.reach.inputs import sources
from tools.reach.inputs.future import NAME
from tools.reach.inputs.sources import InputRequest, JudgeInput
from tools.reach.model import Explanation, Matrix
from tools.reach.peers.services import Note
from tools.reach.views import Focused, Whole
from tools.reach.world import World


def matrix(options: argparse.Namespace, status: Progress) -> int:
    """Who reaches whom."""
    found, world = _judged(sources.wanted(options), status)
    status.show(f"judging {len(world.peers):,} workloads")
    asked = [pick.one(world, name) for name in options.focus or ()]
    if (options.incoming or options.outgoing) and not asked:
        raise sources.UsageError("--incoming and --outgoing say from whose side; name somebody with --focus")
    judged = world.matrix(ipv6=any(":" in peer.name for peer in asked if peer.kind == "address"))
    shown: Matrix = Whole(judged) if options.all else judged
    if asked:
        ways = (not options.outgoing, not options.incoming)
        shown = Focused(shown, frozenset(pick.shown(judged, asked)), *ways)
    pieces = matrix_formats()[options.format](shown)
    return AnswerOutput(options.format, options.output, status).write(pieces, _beside(found, world))


def explain(options: argparse.Namespace, status: Progress) -> int:
    """Why one may or may not reach another."""
    port = pick.port(options.port)
    found, world = _judged(sources.wanted(options), status)
    src, called = pick.one(world, options.src), pick.called(world, options.dst, port)
    status.show("explaining")
    answers = [_explained(world, src.name, one, called.notes) for one in called.called]
    output = AnswerOutput(options.format, options.output, status)
    pieces = _together(answers, output, called.several)
    code = output.write(pieces, _beside(found, world))
    unexpected = options.expect and any(answer.verdict != options.expect for answer in answers)
    return FINDINGS if unexpected and code != COULD_NOT_RUN else code


def _explained(world: World, src: str, called: pick.Called, notes: Sequence[Note]) -> Explanation:
    answer = world.explain(world.peer(src), called.peer, called.port, called.protocol)
    own = tuple(note.text for note in notes if note.pod in ("", called.peer.name))
    return replace(answer, notes=(*own, *answer.notes))


def _together(answers: Sequence[Explanation], output: AnswerOutput, several: bool) -> Iterator[str]:
    """One answer, or those for every pod behind a Service: in JSON as a list."""
    write = explanation_formats(colour=output.colour)[output.format]
    listed = several and output.format == "json"
    between = ",\n" if listed else "\n"
    yield "[\n" if listed else ""
    for number, answer in enumerate(answers):
        yield between if number else ""
        yield "".join(write(answer)).rstrip("\n") + ("" if listed else "\n")
    yield "\n]\n" if listed else ""


def policies(options: argparse.Namespace, status: Progress) -> int:
    """Which policies select a workload, or a pod that comes to be in a namespace."""
    expected = sources.wanted(options)
    spaces = tuple(name.removesuffix("/") for name in options.names if name.endswith("/"))
    found, world = _judged(replace(expected, future=(*expected.future, *spaces)), status)
    names = [f"{name}{NAME}" if name.endswith("/") else name for name in options.names]
    peers = [pick.one(world, name) for name in names] or [peer for peer in world.peers if peer.kind == "workload"]
    if other := next((peer for peer in peers if peer.kind != "workload"), None):
        raise sources.UsageError(f"{other.name} is no workload, and no policy selects it")
    pieces = SELECTED[options.format]([world.selecting(peer) for peer in peers])
    return AnswerOutput(options.format, options.output, status).write(pieces, _beside(found, world))


def diff(options: argparse.Namespace, status: Progress) -> int:
    """What changed between two."""
    common = sources.wanted(options)
    sides = [operands.side(word, common) for word in (options.a, options.b)]
    if sum((*side.manifests, *side.workloads).count("-") for side in sides) > 1:
        raise sources.UsageError("standard input can be one side alone, and nothing that goes for both")
    (before, one), (after, other) = (_judged(side, status) for side in sides)
    status.show("comparing")
    changed = changes(one, other)
    if options.focus:
        asked = [pick.one(_having(name, one, other), name) for name in options.focus]
        changed = tuple(change for change in changed if pick.about(asked, change.src, change.dst))
    beside = Notices.of((*_said(before, one), *_said(after, other)), (*before.unread, *after.unread))
    more = one_sided(alone(one.matrix(), other.matrix()), options.a, options.b)
    output = AnswerOutput(options.format, options.output, status)
    code = output.write(diff_formats(colour=output.colour)[options.format](changed), beside, more)
    return FINDINGS if options.exit_code and changed and code != COULD_NOT_RUN else code


def _having(name: str, world: World, other: World) -> World:
    """The side on which a workload of that name is, the first if on none."""
    try:
        pick.one(world, name)
    except pick.PickError:
        return other
    return world


def _judged(expected: InputRequest, status: Progress) -> tuple[JudgeInput, World]:
    if expected.empty:
        raise sources.UsageError("nothing to judge; name --env, --values, --chart, --manifests or --context")
    found = sources.gather(expected, status.show)
    status.show(f"reading {len(found.manifests):,} objects")
    return found, found.world()


def _beside(source: JudgeInput, world: World) -> Notices:
    return Notices.of(_said(source, world), source.unread)


def _said(source: JudgeInput, world: World) -> Iterator[Problem]:
    yield from (*source.problems, *world.problems, *source.notes, *world.notes, *world.idle)
    if not any(peer.kind == "workload" for peer in world.peers):
        message = "there is no workload in the input, so there is nobody to judge; --workloads names some"
        yield Problem(Where(""), message, Severity.NOTE)
