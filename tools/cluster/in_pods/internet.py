"""The test internet: runs inside a container, needs nothing but Python's standard library and the openssl program.

Usage: internet.py JSON, with {"addresses": [...], "resolver": "203.0.113.53", "zone": {name: address}, "ports": [...]}.
Takes the addresses as its own, answers DNS for the zone (and NXDOMAIN for all else), and answers TLS, HTTP and lines of
text on every port. Writes one JSON line an event to standard output:

    {"event": "ready"}
    {"event": "query", "name": "api.openai.com", "type": 1, "peer": "172.18.0.3"}
    {"event": "accept" | "hello" | "answer", "visit": 7, "address": "203.0.113.10", "port": 443, "peer", "sni", "token"}

`accept` is a finished TCP handshake, so its absence says that not even a SYN was answered. `visit` is one connection's.
"""

import fcntl
import itertools
import json
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
from typing import Any, cast

VISITS = itertools.count(1)
SIOCSIFADDR, SIOCSIFNETMASK = 0x8916, 0x891C
PRINTING = threading.Lock()
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def log(event: str, **fields: object) -> None:
    """One line, whole, whichever thread writes."""
    with PRINTING:
        print(json.dumps({"event": event, **fields}), flush=True)


def own(address: str, index: int) -> None:
    """Give the loopback interface one more address. By ioctl, because slim images have no `ip`."""
    name = f"lo:{index}".encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for request, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, "255.255.255.255")):
            packed = struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(value))
            fcntl.ioctl(sock, request, packed)


def question(query: bytes) -> tuple[str, int, int]:
    """The name and type asked for, and where the question ends."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
        at += query[at] + 1
    return ".".join(labels).lower(), struct.unpack(">H", query[at + 1 : at + 3])[0], at + 5


def resolve(query: bytes, peer: str, zone: dict[str, str]) -> bytes:
    """The reply to a DNS query: one A record, none of another type, or NXDOMAIN. Its TTL is 0: nobody may remember."""
    name, kind, end = question(query)
    log("query", name=name, type=kind, peer=peer)
    address = zone.get(name)
    flags = 0x8580 if address else 0x8583
    answer = b""
    if address and kind == 1:
        answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
    return query[:2] + struct.pack(">HHHHH", flags, 1, 1 if answer else 0, 0, 0) + query[12:end] + answer


class InternetVisit(socketserver.BaseRequestHandler):
    """One TCP connection: a TLS hello, an HTTP request, or a line of text; each is answered with what was seen."""

    def handle(self) -> None:
        address, port = self.request.getsockname()[:2]
        self.seen: dict[str, Any] = {"visit": next(VISITS), "address": address, "port": port}
        self.seen |= {"peer": self.client_address[0], "sni": None}
        log("accept", **self.seen)
        try:
            self.request.settimeout(120)
            if self.request.recv(1, socket.MSG_PEEK) == b"\x16":
                self.request = self.hello()
            self.converse()
        except OSError as error:
            log("broken", **self.seen, error=str(error))
        finally:
            # The server closes the socket that it accepted, and TLS has taken that one's place.
            self.request.close()

    def hello(self) -> ssl.SSLSocket:
        tls: Any = TLS.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
        tls.sark_visit = self
        tls.do_handshake()
        log("hello", **self.seen)
        return cast(ssl.SSLSocket, tls)

    def converse(self) -> None:
        lines = self.request.makefile("rwb")
        for line in lines:
            words = line.decode("ascii", "replace").split()
            if not words:
                break
            http = words[-1].startswith("HTTP/")
            token = words[1].rpartition("/")[2] if http else words[-1]
            log("answer", **self.seen, token=token)
            seen = self.seen
            text = f"sark-answer {seen['address']}:{seen['port']} sni={seen['sni'] or '-'} token={token}\n"
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n" if http else ""
            lines.write((head + text).encode())
            lines.flush()
            if http:
                break


class InternetServer(socketserver.ThreadingTCPServer):
    """Quick to rebind, and patient with many visitors at once."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def serve_dns(address: str, zone: dict[str, str]) -> None:
    """DNS on UDP and TCP. Bound to its own address, so that replies come from where the question went."""

    class InternetDatagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request[1].sendto(resolve(self.request[0], self.client_address[0], zone), self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self.rfile.read(2):
                reply = resolve(self.rfile.read(struct.unpack(">H", head)[0]), self.client_address[0], zone)
                self.wfile.write(struct.pack(">H", len(reply)) + reply)

    for server in (
        socketserver.ThreadingUDPServer((address, 53), InternetDatagram),
        InternetServer((address, 53), Stream),
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()


def remember_sni(tls: Any, name: str | None, _context: object) -> None:
    """Called by ssl with the hello's server_name before the handshake ends."""
    tls.sark_visit.seen["sni"] = name


def certify(folder: str) -> None:
    """A certificate for whatever name is asked for; nobody checks it, because the answer's text says who speaks."""
    key, certificate = f"{folder}/key.pem", f"{folder}/cert.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=test-internet"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    TLS.load_cert_chain(certificate, key)
    TLS.sni_callback = remember_sni


def main() -> None:
    """Everything up, then one line that says so."""
    plan = json.loads(sys.argv[1])
    for index, address in enumerate([*plan["addresses"], plan["resolver"]], start=1):
        own(address, index)
    certify("/tmp")
    serve_dns(plan["resolver"], plan["zone"])
    servers = [InternetServer(("0.0.0.0", port), InternetVisit) for port in plan["ports"]]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    log("ready")
    servers[0].serve_forever()


if __name__ == "__main__":
    main()
