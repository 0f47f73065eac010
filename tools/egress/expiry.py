"""When an entry of the allowlist ends: `expires` is a day, which counts until it is over in UTC, or a moment in UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

# The hours as the schema has them: Python from 3.13 on reads 24:00 as the next day, and the chart refuses it.
FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?Z)?")
_LAST_DAY = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
WRITE = "write a day, such as 2027-06-30, or a moment, such as 2027-06-30T18:00:00Z"


def end(text: str) -> datetime:
    """The moment from which on it opens nothing. Raises ValueError for what is neither a day nor a moment."""
    start = moment(text)
    # The last day of the calendar has no next one.
    return start if "T" in text or start > _LAST_DAY else start + timedelta(days=1)


def moment(text: str) -> datetime:
    """A moment, or the beginning of a day. Raises ValueError."""
    if not FORM.fullmatch(text):
        raise ValueError(f"{text} is no day and no moment; {WRITE}")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{text} is no day of the calendar; {WRITE}") from None


def over(text: str, now: datetime) -> bool:
    """Whether it has ended. One that cannot be read has not: the schema refuses it, so it opens nothing anyway."""
    try:
        return bool(text) and end(text) <= now
    except ValueError:
        return False


def as_of(egress: Any, now: datetime) -> datetime:
    """What `expires` is compared with: `egress.asOf` of the values, or else `now`."""
    text = egress.get("asOf") if isinstance(egress, Mapping) else None
    try:
        return moment(text) if isinstance(text, str) and text else now
    except ValueError:
        return now
