"""Standard streams for a command that runs in this process: nothing comes in, and what goes out is kept."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Streams:
    """What was written."""

    out: io.TextIOWrapper
    err: io.TextIOWrapper

    def text(self) -> str:
        """Both, one after the other."""
        return self.of_out() + self.of_err()

    def of_out(self) -> str:
        """What went to standard output."""
        return _read(self.out)

    def of_err(self) -> str:
        """What went to standard error."""
        return _read(self.err)


def _read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    return buffer.getvalue().decode("utf-8", "replace") if isinstance(buffer, io.BytesIO) else ""


@contextmanager
def quiet(given: str = "") -> Iterator[Streams]:
    """`given` is what standard input holds."""
    before = sys.stdin, sys.stdout, sys.stderr
    data = io.BytesIO(given.encode("utf-8", "surrogatepass"))
    streams = Streams(*(io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace") for _ in range(2)))
    sys.stdin = io.TextIOWrapper(data, "utf-8", errors="surrogateescape")
    sys.stdout, sys.stderr = streams.out, streams.err
    try:
        yield streams
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
