"""What a workload does, and what a hostile one does."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
from dataclasses import dataclass

from tests.proxy.namespace import Namespace

# A port of its own for each client, below the ones that the kernel gives: the log is read by it.
_ports = itertools.count(20_000)


@dataclass(frozen=True)
class Attempt:
    """What came of it: the proxy's status (0: it closed), its body or what was read through the tunnel, and the
    client's own address as the proxy's log writes it."""

    status: int
    text: str
    client: str


class Client:
    """One connection to the proxy; `address` is the client's own where it matters which."""

    def __init__(
        self, namespace: Namespace, port: int, family: socket.AddressFamily = socket.AF_INET, address: str = ""
    ) -> None:
        self.sock = namespace.socket(family)
        self.sock.settimeout(8)
        host, own = "127.0.0.1" if family == socket.AF_INET else "::1", next(_ports)
        self.sock.bind((address or host, own))
        self.sock.connect((host, port))
        self.name = f"{address or host}:{own}" if family == socket.AF_INET else f"[{address or host}]:{own}"

    def ask(self, request: bytes) -> tuple[int, str]:
        """Send a request; its status, and the body when it is a refusal."""
        self.sock.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = self.sock.recv(65536)
            if not part:
                return 0, ""
            answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode("utf-8", "replace")

    def connect(self, host: str, version: str = "1.1") -> tuple[int, str]:
        """Ask for a tunnel to `host`, which has its port."""
        return self.ask(f"CONNECT {host} HTTP/{version}\r\nHost: {host}\r\n\r\n".encode())

    def encrypt(self, sni: str | None) -> None:
        """Begin TLS inside; raises OSError when it is closed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock, server_hostname=sni)

    def say(self, words: bytes = b"ping") -> str:
        """Send and read; empty when it is closed."""
        try:
            self.sock.sendall(words)
            return self.sock.recv(65536).decode("utf-8", "replace")
        except OSError:
            return ""

    def alive(self) -> bool:
        """Does the tunnel still carry an answer?"""
        return "still there" in self.say(b"still there")

    def close(self) -> None:
        """Hang up."""
        self.sock.close()


def tls(namespace: Namespace, port: int, host: str, sni: str | None, version: str = "1.1") -> Attempt:
    """CONNECT to `host`, then TLS with `sni`."""
    client = Client(namespace, port)
    status, text = client.connect(host, version)
    if status == 200:
        try:
            client.encrypt(sni)
            text = client.say()
        except OSError:
            text = ""
    client.close()
    return Attempt(status, text, client.name)


def send_bytes(namespace: Namespace, port: int, host: str, words: bytes) -> Attempt:
    """CONNECT to `host`, then `words` as they are."""
    client = Client(namespace, port)
    status, text = client.connect(host)
    if status == 200:
        text = client.say(words)
    client.close()
    return Attempt(status, text, client.name)


def raw(namespace: Namespace, port: int, request: bytes) -> Attempt:
    """`request` as it is."""
    client = Client(namespace, port)
    try:
        status, text = client.ask(request)
    except OSError:
        status, text = 0, ""
    client.close()
    return Attempt(status, text, client.name)


def hello(sni: str, protocols: int = 0) -> bytes:
    """The ClientHello of a TLS client; one that names many protocols, of 256 bytes each, is large."""
    outgoing = ssl.MemoryBIO()
    context = ssl.create_default_context()
    if protocols:
        context.set_alpn_protocols([f"{number:0255d}" for number in range(protocols)])
    tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=sni)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()
