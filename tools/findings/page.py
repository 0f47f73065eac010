"""A part of a hand-written page that is written by a command: it stands between two lines, each there once."""

from __future__ import annotations


def between(page: str, begin: str, end: str, written: str) -> str | None:
    """The page with `written` between the two lines; None when they are not there once each, in order."""
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        return None
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{written}\n{end}{rest.partition(end)[2]}"
