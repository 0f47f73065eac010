"""Lines of text out of bytes, as a log is kept: by gzip, or in the UTF-16 of another system's console."""

from __future__ import annotations

import errno
import zlib
from collections.abc import Iterator
from functools import partial
from gzip import BadGzipFile, GzipFile
from io import BufferedReader, TextIOWrapper
from typing import Any, BinaryIO

# One longer than any log's comes in pieces.
LONGEST = 1 << 20
_GZIP = b"\x1f\x8b"
# What else a log is packed with, by the first bytes, and what unpacks it.
_PACKED = (
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dc"),
    (b"\xfd7zXZ", "xz", "xz -dc"),
    (b"BZh", "bzip2", "bzip2 -dc"),
    (b"PK\x03\x04", "zip", "unzip -p"),
    (b"\x04\x22\x4d\x18", "lz4", "lz4 -dc"),
)
_LITTLE, _BIG = b"\xff\xfe", b"\xfe\xff"


def text_lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a file. Raises OSError, whose `strerror` says what is wrong with it."""
    packed = _peekable(file)
    head = packed.peek(8)[:8]
    for magic, name, command in _PACKED:
        if head.startswith(magic):
            raise OSError(errno.EINVAL, f"it is packed with {name}; give what `{command}` prints to standard input (-)")
    if not head.startswith(_GZIP):
        yield from _decoded(packed)
        return
    try:
        yield from _decoded(_peekable(GzipFile(fileobj=packed, mode="rb")))
    except (EOFError, BadGzipFile, zlib.error):
        raise OSError(
            errno.EINVAL,
            "its gzip data are damaged, or end too early; give what `gzip -dc` saves to standard input (-)",
        ) from None


def _peekable(file: Any) -> BufferedReader:
    return file if isinstance(file, BufferedReader) else BufferedReader(file)


def _decoded(file: BufferedReader) -> Iterator[str]:
    """Lines in UTF-8, or in the UTF-16 that every second byte of ASCII gives away."""
    head = file.peek(4)[:4]
    text = head.removeprefix(_LITTLE).removeprefix(_BIG)
    if len(text) > 1 and (text[0] == 0) != (text[1] == 0):
        wide = TextIOWrapper(file, "utf-16-be" if text[0] == 0 else "utf-16-le", "replace", newline="\n")
        try:
            yield from iter(partial(wide.readline, LONGEST), "")
        finally:
            wide.detach()
        return
    for part in iter(partial(file.readline, LONGEST), b""):
        yield part.decode("utf-8", "replace")
