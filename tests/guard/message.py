"""DNS messages, written and read by hand (RFC 1035): a library would refuse most of what a hostile workload sends."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "NULL": 10, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}
TYPES |= {"SVCB": 64, "HTTPS": 65, "AXFR": 252, "ANY": 255, "TYPE4711": 4711}
CLASSES = {"IN": 1, "CH": 3, "HS": 4, "ANY": 255}
CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


@dataclass(frozen=True)
class Record:
    """A resource record; `value` is an address for A and AAAA, the minimum TTL for SOA."""

    name: str
    kind: int
    ttl: int
    value: str


@dataclass(frozen=True)
class Reply:
    """What came back."""

    code: str
    answers: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()

    @property
    def addresses(self) -> list[str]:
        """The addresses in the answer."""
        return [record.value for record in self.answers if record.kind in (TYPES["A"], TYPES["AAAA"])]


def query(name: str, kind: str = "A", group: str = "IN", number: int = 4711) -> bytes:
    """A question for one name."""
    labels = [label.encode() for label in name.removesuffix(".").split(".") if label]
    asked = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    header = struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0)
    return header + asked + struct.pack(">HH", TYPES[kind], CLASSES[group])


def question(message: bytes) -> tuple[str, int, int]:
    """The name as it was spelt, the type, and where the question ends."""
    name, at = _name(message, 12)
    return name, int(struct.unpack(">H", message[at : at + 2])[0]), at + 4


def answer(message: bytes, code: int, records: list[tuple[int, bytes]]) -> bytes:
    """A reply to a query: records of its name, each a type and its data, with a TTL of 30."""
    _, _, end = question(message)
    made = [b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 30, len(data)) + data for kind, data in records]
    return message[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(made), 0, 0) + message[12:end] + b"".join(made)


def read(message: bytes) -> Reply:
    """A reply, read."""
    _, flags, questions, answers, authority = struct.unpack(">HHHHH", message[:10])
    at = 12
    for _ in range(questions):
        at = _name(message, at)[1] + 4
    records: list[Record] = []
    for _ in range(answers + authority):
        record, at = _record(message, at)
        records.append(record)
    code = CODES.get(flags & 15, str(flags & 15))
    return Reply(code, tuple(records[:answers]), tuple(records[answers:]))


def _record(message: bytes, at: int) -> tuple[Record, int]:
    name, at = _name(message, at)
    kind, _, ttl, length = struct.unpack(">HHIH", message[at : at + 10])
    data = message[at + 10 : at + 10 + length]
    value = ""
    if kind in (TYPES["A"], TYPES["AAAA"]):
        value = socket.inet_ntop(socket.AF_INET if kind == TYPES["A"] else socket.AF_INET6, data)
    elif kind == TYPES["SOA"]:
        value = str(struct.unpack(">I", data[-4:])[0])
    return Record(name, kind, ttl, value), at + 10 + length


def _name(message: bytes, at: int) -> tuple[str, int]:
    labels, after = [], 0
    while length := message[at]:
        if length >= 0xC0:
            after = after or at + 2
            at = (length & 0x3F) << 8 | message[at + 1]
            continue
        labels.append(message[at + 1 : at + 1 + length].decode("latin-1"))
        at += length + 1
    return ".".join(labels), after or at + 1
