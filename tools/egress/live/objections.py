"""Why values that have one more entry would be refused, or warned of, said to whoever adds it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tools.egress.allowlist import Allowlist, ListEntry, Suffixes, parse_values
from tools.manifests.paths import value_at

# As the schema has it.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def unworded(option: str, text: str | None) -> str:
    """Why a text on the command line says nothing that values may hold, as a sentence; None is no text."""
    if text is not None and not text.strip():
        return f"{option}: it is empty; leave it out, or write it"
    if text is not None and _CONTROL.search(text):
        return f"{option}: it has a control character, which values may not have; write it without"
    return ""


def objection(
    before: Mapping[str, Any], after: Mapping[str, Any], key: str, suffixes: Suffixes, parts: Sequence[str] = ()
) -> str:
    """What speaks against the last entry of `egress.KEY` in `after`, as a sentence; "" when nothing does.

    `parts`: the parts that an entry may name; none: they are not looked at.
    """
    there, known = parse_values(before, suffixes=suffixes, parts=parts)
    listed, problems = parse_values(after, suffixes=suffixes, parts=parts)
    path = f"egress.{key}[{len(after['egress'][key]) - 1}]"
    entry = next(entry for entry in listed.entries if entry.path == path)
    if twice := _twice(there, entry):
        return twice
    for problem in problems:
        if problem not in known:
            return _sentence(problem.where.path, problem.message, there, entry)
    return ""


def _twice(there: Allowlist, entry: ListEntry) -> str:
    for own in entry.rules():
        for other in there.entries:
            if (own.name, own.port, own.workload) in {(it.name, it.port, it.workload) for it in other.rules()}:
                until = f", until {other.expires}" if other.expires else ""
                return (
                    f"`{own.name}`, port {own.port}, for {own.workload} is in the list already, at {other.path}{until};"
                    " change that entry"
                )
    return ""


def _sentence(path: str, message: str, there: Allowlist, entry: ListEntry) -> str:
    """A problem of the list, as one of the entry that is added."""
    field = path.removeprefix(f"{entry.path}.")
    if field in ("owner", "reason"):
        return f"egress.requireReason asks for an owner and a reason; add --{field}"
    if path != entry.path:
        return message if field == "workloads" else f"`{entry.name}` covers {path} too; remove that entry first"
    covering = [there.find(entry.name, port, part) for port in entry.ports for part in entry.workloads]
    if all(covering) and covering[0]:
        return f"`{entry.name}` is allowed already, by {covering[0].path}, `{covering[0].name}`; it needs no entry"
    return message


def bypass(values: Mapping[str, Any], name: str) -> str:
    """What has programs dial a listed name directly, and be denied: the chart's `sark-network.refuseBypass`."""
    entries = value_at(values, "proxy", "noProxy")
    if not isinstance(entries, list) or value_at(values, "dnsGuard", "steering", "enabled") is True:
        return ""
    own = f".{name.removeprefix('*.')}"
    for index, text in enumerate(entries):
        bare = re.sub(":[0-9]+$", "", str(text).lower()).removeprefix("*").removeprefix(".").removesuffix(".")
        if own.endswith(f".{bare}") or (name.startswith("*.") and f".{bare}".endswith(own)):
            return (
                f"proxy.noProxy[{index}], {text}, keeps programs from asking the proxy for {name}, so they dial it "
                "directly and are denied; remove one of the two"
            )
    return ""
