"""A table of attempts is made at once, for each waits for something; then each row is judged alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.proxy import client
from tests.proxy.client import Attempt
from tests.proxy.proxy import Proxy

Action = Callable[[Proxy, int], Attempt]
REFUSED = 0


@dataclass(frozen=True)
class Row:
    """`text` is what the answer must begin with: "" is a closed tunnel. `log` is the verdict and the reason.

    `status` REFUSED: what has no address is closed as soon as that is known, perhaps before the tunnel is answered.
    """

    name: str
    action: Action
    status: int
    text: str
    log: tuple[str, str]
    workload: str = "gateway"

    def holds(self, attempt: Attempt) -> bool:
        """Is that the answer that the row asks for?"""
        if self.status == REFUSED:
            return attempt.status == 503 or (attempt.status == 200 and not attempt.text)
        return attempt.status == self.status and (
            attempt.text.startswith(self.text) if self.text or self.status != 200 else not attempt.text
        )


@dataclass(frozen=True)
class Outcome:
    """What a row came to."""

    attempt: Attempt
    lines: tuple[tuple[str, str], ...]


def tls(host: str, sni: str | None = "", version: str = "1.1") -> Action:
    """A tunnel with TLS inside, whose server name is the host's unless another is given."""
    name = host.rpartition(":")[0] if sni == "" else sni
    return lambda proxy, port: client.tls(proxy.namespace, port, host, name, version)


def send_bytes(host: str, words: bytes) -> Action:
    """A tunnel with these bytes in it."""
    return lambda proxy, port: client.send_bytes(proxy.namespace, port, host, words)


def raw(request: bytes) -> Action:
    """These bytes instead of a tunnel."""
    return lambda proxy, port: client.raw(proxy.namespace, port, request)


def make(proxy: Proxy, rows: Iterable[Row]) -> dict[str, Outcome]:
    """Make every attempt, and find its lines in the log."""
    rows = list(rows)
    with ThreadPoolExecutor(16) as pool:
        attempts = list(pool.map(lambda row: row.action(proxy, proxy.ports[row.workload]), rows))
    outcomes = {}
    for row, attempt in zip(rows, attempts, strict=True):
        lines = proxy.lines(attempt.client)
        outcomes[row.name] = Outcome(attempt, tuple((line["verdict"], line["reason"]) for line in lines))
    return outcomes
