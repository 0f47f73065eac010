"""Cluster DNS as a cluster has it: it answers its own domain, and forwards whatever else it is asked."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.guard import message
from tests.proxy.namespace import Namespace

ADDRESS = "10.96.0.10"
DOMAIN = "cluster.local"


@dataclass
class ClusterDns:
    """`services`: the cluster's names and their addresses. `outside`: names that others serve. `asked` are the
    questions that came, `forwarded` those that it sent on to somebody outside, as they were spelt; both grow.
    """

    namespace: Namespace
    services: dict[str, str]
    outside: Mapping[str, str]
    asked: list[tuple[str, int]] = field(default_factory=list)
    forwarded: list[tuple[str, int]] = field(default_factory=list)

    def start(self) -> None:
        """Serve UDP and TCP."""
        udp = self.namespace.socket(kind=socket.SOCK_DGRAM, bind=(ADDRESS, 53))
        tcp = self.namespace.socket(bind=(ADDRESS, 53))
        for serve, sock in ((self._datagrams, udp), (self._connections, tcp)):
            self._spawn(serve, sock)

    @staticmethod
    def _spawn(serve: Callable[[socket.socket], None], sock: socket.socket) -> None:
        threading.Thread(target=serve, args=(sock,), daemon=True).start()

    def _datagrams(self, sock: socket.socket) -> None:
        while True:
            query, client = sock.recvfrom(65535)
            sock.sendto(self._answer(query), client)

    def _connections(self, sock: socket.socket) -> None:
        while True:
            self._spawn(self._stream, sock.accept()[0])

    def _stream(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rb") as words:
            while head := words.read(2):
                reply = self._answer(words.read(struct.unpack(">H", head)[0]))
                sock.sendall(struct.pack(">H", len(reply)) + reply)

    def _answer(self, query: bytes) -> bytes:
        spelt, kind, _ = message.question(query)
        self.asked.append((spelt, kind))
        name = spelt.lower()
        if name == DOMAIN or name.endswith(f".{DOMAIN}"):
            known = self.services.get(name)
        else:
            self.forwarded.append((spelt, kind))
            known = self.outside.get(name)
        if known is None:
            return message.answer(query, 3, [])
        family = socket.AF_INET6 if ":" in known else socket.AF_INET
        own = message.TYPES["AAAA" if ":" in known else "A"]
        return message.answer(query, 0, [(own, socket.inet_pton(family, known))] if kind == own else [])
