"""A small internet: a DNS server whose zone a test may change, and servers that note who arrived."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.proxy.namespace import Namespace

RESOLVER = "10.0.0.53"
PORTS = (80, 443, 5432, 8080, 8443)
TTL = 1


@dataclass
class Arrival:
    """A connection that a server accepted: a TCP handshake took place."""

    address: str
    port: int
    sni: str | None = None


@dataclass
class World:
    """`zone` maps a name to its A and AAAA records, or to SERVFAIL; `arrivals` and `queries` grow. `delays` are the
    seconds that a name's answer takes.
    """

    namespace: Namespace
    zone: dict[str, list[str]] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    delays: dict[str, float] = field(default_factory=dict)

    def start(self, folder: Path) -> None:
        """Serve DNS, and every address of the namespace on each of PORTS."""
        self._tls = _context(folder)
        self._spawn(self._resolve, self.namespace.socket(kind=socket.SOCK_DGRAM, bind=(RESOLVER, 53)))
        for port in PORTS:
            self.listen(("0.0.0.0", port))
            self.listen(("::", port), socket.AF_INET6)

    def listen(self, address: tuple[str, int], family: socket.AddressFamily = socket.AF_INET) -> None:
        """One more server."""
        self._spawn(self._accept, self.namespace.socket(family, bind=address))

    def _spawn(self, target: Callable[[socket.socket], None], sock: socket.socket) -> None:
        threading.Thread(target=target, args=(sock,), daemon=True).start()

    def _resolve(self, sock: socket.socket) -> None:
        while True:
            query, client = sock.recvfrom(4096)
            name, kind, end = _question(query)
            self.queries.append(name)
            records = self.zone.get(name.lower())
            status = 0x8183 if records is None else 0x8182 if records == ["SERVFAIL"] else 0x8180
            answers = [
                _record(address, kind) for address in records or () if kind == _kind(address) and status == 0x8180
            ]
            header = query[:2] + struct.pack(">HHHHH", status, 1, len(answers), 0, 0)
            reply = header + query[12:end] + b"".join(answers), client
            if delay := self.delays.get(name.lower()):
                threading.Timer(delay, sock.sendto, reply).start()
            else:
                sock.sendto(*reply)

    def _accept(self, sock: socket.socket) -> None:
        while True:
            self._spawn(self._serve, sock.accept()[0])

    def _serve(self, sock: socket.socket) -> None:
        """Say who one is: `ADDRESS SNI `, and then what was said. To an HTTP request, as its answer's body."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        arrival = Arrival(*sock.getsockname()[:2])
        self.arrivals.append(arrival)
        with contextlib.suppress(OSError):
            if sock.recv(1, socket.MSG_PEEK) == b"\x16":
                context = self._tls()
                context.sni_callback = lambda _socket, name, _context: setattr(arrival, "sni", name)
                sock = context.wrap_socket(sock, server_side=True)
            while data := sock.recv(65536):
                if data.startswith(b"last "):
                    # So many bytes, and the server's end.
                    sock.sendall(b"x" * int(data.split()[1]))
                    break
                reply = f"{arrival.address} {arrival.sni} ".encode() + data
                if data.startswith((b"GET ", b"POST ")):
                    reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply
                sock.sendall(reply)
                if b"Connection: close" in data:
                    break
        sock.close()


def _context(folder: Path) -> Callable[[], ssl.SSLContext]:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=world"
    files = folder / "key.pem", folder / "certificate.pem"
    subprocess.run([*command.split(), "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)

    def made() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files[1], files[0])
        return context

    return made


def _question(query: bytes) -> tuple[str, int, int]:
    """The name and the type that a DNS query asks for, and where its question ends (RFC 1035, 4.1.2)."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += length + 1
    return ".".join(labels), int.from_bytes(query[at + 1 : at + 3], "big"), at + 5


def _kind(address: str) -> int:
    return 28 if ":" in address else 1


def _record(address: str, kind: int) -> bytes:
    data = socket.inet_pton(socket.AF_INET6 if kind == 28 else socket.AF_INET, address)
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, TTL, len(data)) + data
