"""JSON, for machines. Each form has a schema in tools/manifests/schemas: reach-matrix, reach-explanation, reach-diff.

A matrix is a list of `{"src", "dst", "conns": {"TCP": [[80, 80]]}}`, one per line. Other keys are there only where they
say something: `conditional`, in the form of `conns`, with its `reasons`; `others` and `conditionalOthers`, which are
about the protocols without ports. The value is `"all"` where all of these are allowed but not all ports are, `"none"`
where none of these is allowed but all ports are, else a mapping from each protocol's number to its ranges: 0 to 65535
for all of it, or ICMP's types and codes as `type * 256 + code`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.findings.escaping import json_text
from tools.findings.model import Where
from tools.reach.connections import Conns, ports
from tools.reach.diff import Changed
from tools.reach.formats.protocols import other_spans, others
from tools.reach.model import Change, ExplainedSide, Explanation, Matrix, Share, Step, Verdict


class _Names(dict[str, str]):
    def __missing__(self, name: str) -> str:
        self[name] = json_text(name, ascii=True)
        return self[name]


class _ConnsMembers(dict[Conns, str]):
    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def __missing__(self, conns: Conns) -> str:
        self[conns] = json_text(_conns(self._key, conns), ascii=True)[1:-1]
        return self[conns]


class _ReasonMembers(dict[tuple[str, ...], str]):
    def __missing__(self, why: tuple[str, ...]) -> str:
        self[why] = f', "reasons": {json_text(list(why), ascii=True)}' if why else ""
        return self[why]


def matrix(matrix: Matrix) -> Iterator[str]:
    """A list of the matrix's rows."""
    names, allowed, conditional, reasons = (
        _Names(),
        _ConnsMembers("conns"),
        _ConnsMembers("conditional"),
        _ReasonMembers(),
    )
    separator = "[\n"
    for src, dst, certain, perhaps in matrix.rows():
        beside = f", {conditional[perhaps]}{reasons[matrix.why(src, dst)]}" if perhaps else ""
        yield f'{separator}{{"src": {names[src]}, "dst": {names[dst]}, {allowed[certain]}{beside}}}'
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def explanation(explanation: Explanation) -> Iterator[str]:
    """All fields of the explanation by their own names; places as `file`, `path` and `line`."""
    yield _document(
        {
            "src": explanation.src.name,
            "dst": explanation.dst.name,
            "port": explanation.port,
            "protocol": explanation.protocol,
            "verdict": explanation.verdict,
            "sides": [_side(side) for side in explanation.sides],
            "changes": [_change(change) for change in explanation.changes],
            "notes": list(explanation.notes),
        }
    )


def changes(changes: tuple[Changed, ...]) -> Iterator[str]:
    """A list of changes. `before` and `after` are as in a matrix, with the `reasons` of what is conditional."""
    yield _document(
        [
            {"src": change.src, "dst": change.dst, "before": _verdict(change.before), "after": _verdict(change.after)}
            for change in changes
        ]
    )


def _document(value: object) -> str:
    return json_text(value, 2, ascii=True) + "\n"


def _conns(key: str, conns: Conns) -> dict[str, Any]:
    fields: dict[str, Any] = {key: ports(conns)}
    if others(conns):
        spans = other_spans(conns)
        word = others(conns) if others(conns) in ("all", "none") else {str(number): spans[number] for number in spans}
        fields["others" if key == "conns" else f"{key}Others"] = word
    return fields


def _verdict(verdict: Verdict) -> dict[str, Any]:
    conns = _conns("conns", verdict.allowed)
    if verdict.conditional:
        conns |= _conns("conditional", verdict.conditional)
    if verdict.reasons:
        conns["reasons"] = list(verdict.reasons)
    return conns


def _side(side: ExplainedSide) -> dict[str, Any]:
    shares = {"shares": [_share(share) for share in side.shares]} if side.shares else {}
    return {
        "direction": side.direction,
        "verdict": side.verdict,
        "summary": side.summary,
        "deciding": _step(side.deciding) if side.deciding else None,
        "steps": [_step(step) for step in side.steps],
        "reasons": list(side.reasons),
        **shares,
    }


def _share(share: Share) -> dict[str, Any]:
    return {
        "addresses": list(share.addresses),
        "verdict": share.verdict,
        "deciding": _step(share.deciding),
        "steps": [_step(step) for step in share.steps],
        "reasons": list(share.reasons),
    }


def _step(step: Step) -> dict[str, Any]:
    return {"policy": step.policy, "rule": step.rule, "outcome": step.outcome, "why": step.why, **_where(step.where)}


def _change(change: Change) -> dict[str, Any]:
    fields = {"text": change.text, "becomes": change.becomes, "edit": change.edit, "yaml": change.yaml}
    return {**fields, **_where(change.where)}


def _where(where: Where | None) -> dict[str, Any]:
    return {"file": where.file, "path": where.path, "line": where.line} if where else {}
