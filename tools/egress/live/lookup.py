"""What names resolve to where this runs, for a report alone.

The proxy's log says `no-address` of a name without addresses and of one whose addresses it must not connect to: to
Envoy both have none once the denied ones are dropped. A name may have others for cluster DNS than here.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 16


def look_up(names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The addresses of each name, in order; none where it has none or nobody answers."""
    asked = sorted({name for name in names if name})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(asked, pool.map(_addresses, asked), strict=True))


def _addresses(name: str) -> tuple[str, ...]:
    try:
        # With its last dot, so that this machine's search domains complete nothing.
        entries = socket.getaddrinfo(f"{name}.", None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(sorted({str(entry[4][0]) for entry in entries}))
