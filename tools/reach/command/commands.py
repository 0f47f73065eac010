"""The commands matrix, explain, policies and diff: each reads its input, asks the judge and writes the answer."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tools.findings.cli import COULD_NOT_RUN, FINDINGS
from tools.findings.model import Problem, Severity, Where
from tools.findings.progress import Progress
from tools.reach.command import diff_sides, named_peers
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
    """Write who reaches whom."""
    source, world = _read(sources.requested(options), status)
    status.show(f"judging {len(world.peers):,} workloads")
    focus = [named_peers.peer_named(world, name) for name in options.focus or ()]
    if (options.incoming or options.outgoing) and not focus:
        raise sources.UsageError("--incoming and --outgoing need a peer to start from; name it with --focus")
    judged = world.matrix(ipv6=any(":" in peer.name for peer in focus if peer.kind == "address"))
    shown: Matrix = Whole(judged) if options.all else judged
    if focus:
        ways = (not options.outgoing, not options.incoming)
        shown = Focused(shown, frozenset(named_peers.shown(judged, focus)), *ways)
    pieces = matrix_formats()[options.format](shown)
    return AnswerOutput(options.format, options.output, status).write(pieces, _notices(source, world))


def explain(options: argparse.Namespace, status: Progress) -> int:
    """Write why SRC may or may not reach DST."""
    port = named_peers.port(options.port)
    source, world = _read(sources.requested(options), status)
    src, called = named_peers.peer_named(world, options.src), named_peers.called(world, options.dst, port)
    status.show("explaining")
    answers = [_explained(world, src.name, target, called.notes) for target in called.targets]
    output = AnswerOutput(options.format, options.output, status)
    pieces = _joined(answers, output, called.several)
    code = output.write(pieces, _notices(source, world))
    unexpected = options.expect and any(answer.verdict != options.expect for answer in answers)
    return FINDINGS if unexpected and code != COULD_NOT_RUN else code


def _explained(world: World, src: str, target: named_peers.CalledPeer, notes: Sequence[Note]) -> Explanation:
    answer = world.explain(world.peer(src), target.peer, target.port, target.protocol)
    own = tuple(note.text for note in notes if note.pod in ("", target.peer.name))
    return replace(answer, notes=(*own, *answer.notes))


def _joined(answers: Sequence[Explanation], output: AnswerOutput, several: bool) -> Iterator[str]:
    """A single answer, or the answers for every pod behind a Service; in JSON as a list."""
    write = explanation_formats(colour=output.colour)[output.format]
    listed = several and output.format == "json"
    between = ",\n" if listed else "\n"
    yield "[\n" if listed else ""
    for number, answer in enumerate(answers):
        yield between if number else ""
        yield "".join(write(answer)).rstrip("\n") + ("" if listed else "\n")
    yield "\n]\n" if listed else ""


def policies(options: argparse.Namespace, status: Progress) -> int:
    """Write which policies select a workload, or a new pod in a namespace."""
    request = sources.requested(options)
    spaces = tuple(name.removesuffix("/") for name in options.names if name.endswith("/"))
    source, world = _read(replace(request, future=(*request.future, *spaces)), status)
    names = [f"{name}{NAME}" if name.endswith("/") else name for name in options.names]
    workloads = [peer for peer in world.peers if peer.kind == "workload"]
    peers = [named_peers.peer_named(world, name) for name in names] or workloads
    if other := next((peer for peer in peers if peer.kind != "workload"), None):
        raise sources.UsageError(f"{other.name} is not a workload, so no policy selects it")
    pieces = SELECTED[options.format]([world.selecting(peer) for peer in peers])
    return AnswerOutput(options.format, options.output, status).write(pieces, _notices(source, world))


def diff(options: argparse.Namespace, status: Progress) -> int:
    """Write what changed between A and B."""
    common = sources.requested(options)
    sides = [diff_sides.side(word, common) for word in (options.a, options.b)]
    if sum((*side.manifests, *side.workloads).count("-") for side in sides) > 1:
        raise sources.UsageError("standard input can be only one of the two sides, and no option for both can read it")
    (source_before, before), (source_after, after) = (_read(side, status) for side in sides)
    status.show("comparing")
    changed = changes(before, after)
    if options.focus:
        focus = [named_peers.peer_named(_having(name, before, after), name) for name in options.focus]
        changed = tuple(change for change in changed if named_peers.about(focus, change.src, change.dst))
    problems = (*_problems(source_before, before), *_problems(source_after, after))
    notices = Notices.of(problems, (*source_before.unread, *source_after.unread))
    only = one_sided(alone(before.matrix(), after.matrix()), options.a, options.b)
    output = AnswerOutput(options.format, options.output, status)
    code = output.write(diff_formats(colour=output.colour)[options.format](changed), notices, only)
    return FINDINGS if options.exit_code and changed and code != COULD_NOT_RUN else code


def _having(name: str, world: World, other: World) -> World:
    """The world that has a peer of some name: the first one, else the other."""
    try:
        named_peers.peer_named(world, name)
    except named_peers.PeerNameError:
        return other
    return world


def _read(request: InputRequest, status: Progress) -> tuple[JudgeInput, World]:
    if request.empty:
        raise sources.UsageError("nothing to judge; name --env, --values, --chart, --manifests or --context")
    source = sources.gather(request, status.show)
    status.show(f"reading {len(source.manifests):,} objects")
    return source, source.world()


def _notices(source: JudgeInput, world: World) -> Notices:
    return Notices.of(_problems(source, world), source.unread)


def _problems(source: JudgeInput, world: World) -> Iterator[Problem]:
    yield from (*source.problems, *world.problems, *source.notes, *world.notes, *world.idle)
    if not any(peer.kind == "workload" for peer in world.peers):
        message = "the input has no workload to judge; add some with --workloads"
        yield Problem(Where(""), message, Severity.NOTE)
