"""Protocol buffers as Terraform's plugin protocol uses them: length-delimited fields, varints and nothing else.

The few messages that are needed are written out in provider.py, by field number, from Terraform's tfplugin6.proto.
"""

from __future__ import annotations

from collections.abc import Iterable

_VARINT = 0
_DELIMITED = 2


def number(field: int, value: int | bool) -> bytes:
    """A non-negative integer, a boolean or an enumeration; the default, zero, is left out."""
    return _varint(field << 3 | _VARINT) + _varint(int(value)) if value else b""


def delimited(field: int, value: bytes | str) -> bytes:
    """A string, bytes or a message, present even when it is empty."""
    content = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | _DELIMITED) + _varint(len(content)) + content


def repeated(field: int, values: Iterable[bytes | str]) -> bytes:
    """A repeated string, bytes or message."""
    return b"".join(delimited(field, value) for value in values)


def fields(message: bytes) -> dict[int, bytes]:
    """The last value of each length-delimited field; varints are read over. Raises ValueError on other wire types."""
    values: dict[int, bytes] = {}
    place = 0
    while place < len(message):
        tag, place = _read_varint(message, place)
        value, place = _read_varint(message, place)
        if tag & 7 == _DELIMITED:
            values[tag >> 3] = message[place : place + value]
            place += value
        elif tag & 7 != _VARINT:
            raise ValueError(f"wire type {tag & 7} in a message of the plugin protocol")
    return values


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        shift += 7
        if byte < 0x80:
            return value, place
