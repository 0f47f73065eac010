"""Names that are opened for a while: what may be granted, by whom and how long, and the values that grant it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.egress import expiry
from tools.egress.allowlist import PART, Allowlist, matches, refusal

_DURATION = re.compile(r"(?P<count>[1-9][0-9]{0,5})(?P<unit>[smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_KEYS = ("names", "ports", "workloads", "longest")


class CeilingError(Exception):
    """A ceiling that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that a grant may open."""

    names: tuple[str, ...]
    longest: timedelta
    ports: tuple[int, ...] = (443,)
    workloads: tuple[str, ...] = ("gateway",)


@dataclass(frozen=True, slots=True)
class Grant:
    """One name that is opened until a moment."""

    name: str
    until: datetime
    owner: str
    reason: str
    ports: tuple[int, ...] = (443,)
    workloads: tuple[str, ...] = ("gateway",)

    def entry(self) -> dict[str, Any]:
        """The entry of egress.grants."""
        return {
            "name": self.name,
            "expires": f"{self.until:%Y-%m-%dT%H:%M:%SZ}",
            "owner": self.owner,
            "reason": self.reason,
            "ports": list(self.ports),
            "workloads": list(self.workloads),
        }


def duration(text: str) -> timedelta:
    """A duration such as 30m or 4h. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise ValueError(f"{text} is no duration; write a number and s, m, h or d, such as 1h")
    return timedelta(**{_UNITS[match["unit"]]: int(match["count"])})


def ceiling(body: Mapping[str, Any]) -> Ceiling:
    """The ceiling in a file. Raises CeilingError: what is not understood allows nothing."""
    unknown = sorted(str(key) for key in body if key not in _KEYS)
    if unknown:
        raise CeilingError(f"{', '.join(unknown)}: unknown; a ceiling has {', '.join(_KEYS)}")
    names = _list(body, "names", str)
    for name in names:
        if write := refusal(name):
            raise CeilingError(f"names: `{name}` is no name; write {write}")
    made = Ceiling(
        names=tuple(name.lower() for name in names),
        longest=_longest(body.get("longest")),
        ports=_list(body, "ports", int) if "ports" in body else (443,),
        workloads=_list(body, "workloads", str) if "workloads" in body else ("gateway",),
    )
    for port in made.ports:
        if not 0 < port < 65536:
            raise CeilingError(f"ports: {port} is no port; write numbers from 1 to 65535")
    for part in made.workloads:
        if not PART.fullmatch(part):
            raise CeilingError(f"workloads: `{part}` is no name of a part; write names such as gateway")
    return made


def _longest(value: Any) -> timedelta:
    if not isinstance(value, str):
        what = "is missing" if value is None else "is no text"
        raise CeilingError(f"longest: {what}; write a number and s, m, h or d, such as 4h")
    try:
        return duration(value)
    except ValueError as error:
        raise CeilingError(f"longest: {error}") from None


def _list(body: Mapping[str, Any], key: str, kind: type) -> tuple[Any, ...]:
    value = body.get(key)
    if not isinstance(value, list) or not value or any(type(item) is not kind for item in value):
        raise CeilingError(f"{key}: must be a list of {'numbers' if kind is int else 'texts'}, and not empty")
    return tuple(value)


def excess(grant: Grant, above: Ceiling, now: datetime) -> str:
    """What is beyond the ceiling, as a sentence, or ""."""
    if not any(_covers(allowed, grant.name) for allowed in above.names):
        return f"{grant.name} is not among the names that may be granted: {', '.join(above.names)}"
    ports = [port for port in grant.ports if port not in above.ports]
    if ports:
        return f"port {ports[0]} may not be granted; {', '.join(map(str, above.ports))} may"
    workloads = [workload for workload in grant.workloads if workload not in above.workloads]
    if workloads:
        return f"nothing may be granted to {workloads[0]}; to {', '.join(above.workloads)} it may"
    if grant.until - now > above.longest:
        return f"no grant may be longer than {_duration(above.longest)}"
    return ""


def _covers(allowed: str, name: str) -> bool:
    """Whether a name of the ceiling covers a name, or a wildcard that is no wider."""
    if name.startswith("*."):
        return allowed.startswith("*.") and (name == allowed or name.endswith(allowed[1:]))
    return matches(allowed, name)


def _duration(length: timedelta) -> str:
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60)):
        count, rest = divmod(int(length.total_seconds()), seconds)
        if count and not rest:
            return f"{count}{unit}"
    return f"{int(length.total_seconds())}s"


def standing(listed: Allowlist, grant: Grant, now: datetime) -> str:
    """Where the list, without earlier grants, has an entry that makes the grant needless; "" where none does.

    Raises ValueError for a name that an entry has itself and that ends before the grant: the chart refuses it twice.
    One that has ended is in no list any more.
    """
    current = listed.at(now)
    allowing = [current.find(grant.name, port, part) for port in grant.ports for part in grant.workloads]
    lasting = [it.path for it in allowing if it and (not it.expires or expiry.end(it.expires) >= grant.until)]
    if len(lasting) == len(allowing):
        return lasting[0]
    asked = {(grant.name, port, part) for port in grant.ports for part in grant.workloads}
    for entry in current.entries:
        if asked & {(rule.name, rule.port, rule.workload) for rule in entry.rules()}:
            until = f", until {entry.expires}" if entry.expires else " in part"
            raise ValueError(
                f"{grant.name} is on the list itself, at {entry.path}{until}, and the chart refuses a name twice; "
                + ("give that entry a later `expires`" if entry.expires else "grant what it lacks alone")
            )
    return ""


def names(values: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """The names that are granted."""
    return tuple(
        str(item["name"])
        for item in _grants(values)
        if isinstance(item, Mapping) and "name" in item and not _ended(item, now)
    )


def granted(values: Mapping[str, Any], grant: Grant, now: datetime) -> dict[str, Any]:
    """The values of a release with the grant in them: it takes the place of an earlier one, and what is over goes."""
    kept = [item for item in _grants(values) if not _ended(item, now) and not _same(item, grant.name)]
    return _with(values, [*kept, grant.entry()])


def without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The values without any grant for a name."""
    return _with(values, [item for item in _grants(values) if not _same(item, name)])


def taken_back(values: Mapping[str, Any], name: str, now: datetime) -> dict[str, Any] | None:
    """The values without a grant; None when there is none for the name."""
    if not any(_same(item, name) and not _ended(item, now) for item in _grants(values)):
        return None
    return _with(values, [item for item in _grants(values) if not _same(item, name) and not _ended(item, now)])


def _with(values: Mapping[str, Any], grants: Sequence[Any]) -> dict[str, Any]:
    egress = values.get("egress")
    return {**values, "egress": {**(egress if isinstance(egress, Mapping) else {}), "grants": list(grants)}}


def _grants(values: Mapping[str, Any]) -> list[Any]:
    egress = values.get("egress")
    grants = egress.get("grants") if isinstance(egress, Mapping) else None
    return grants if isinstance(grants, list) else []


def _same(item: Any, name: str) -> bool:
    return isinstance(item, Mapping) and str(item.get("name")).lower() == name


def _ended(item: Any, now: datetime) -> bool:
    return isinstance(item, Mapping) and expiry.over(str(item.get("expires") or ""), now)


def until(now: datetime, length: timedelta) -> datetime:
    """The end of a grant, on a whole second."""
    return (now + length).astimezone(UTC).replace(microsecond=0)
