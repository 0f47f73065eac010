"""Where the clients run: a proxy that notes what it is asked for and refuses, and an origin behind every name."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tests.proxy.namespace import Namespace

PROXY, ORIGIN = "10.63.0.1", "10.64.0.1"
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Place:
    """A network namespace in which every name has an address, so that a client that goes direct arrives. Each URL has a
    port of its own, by which an arrival is known."""

    def __init__(self, namespace: Namespace, folder: Path, proxy: str, urls: Sequence[str]) -> None:
        self.namespace, self.urls = namespace, tuple(urls)
        self._arrivals: dict[int, set[str]] = defaultdict(set)
        self._lock = threading.Lock()
        self._hosts = folder / "hosts"
        names = {urlsplit(url).hostname or "" for url in urls} - {"localhost"}
        lines = [
            "127.0.0.1 localhost",
            f"{PROXY} {urlsplit(proxy).hostname}",
            *(f"{ORIGIN} {name} {name.rstrip('.')}" for name in sorted(names) if not _is_address(name)),
        ]
        self._hosts.write_text("\n".join(lines) + "\n")
        self._listen(socket.AF_INET, PROXY, urlsplit(proxy).port or 80, self._refuse)
        for url in urls:
            self._listen(socket.AF_INET, "0.0.0.0", port_of(url), self._answer)
            self._listen(socket.AF_INET6, "::", port_of(url), self._answer)

    def routes(self, command: Sequence[str], environment: Mapping[str, str]) -> tuple[dict[str, str], str]:
        """Run a client that asks for each URL: what each came to (`direct`, `proxy`, nothing), and what it printed."""
        self._arrivals.clear()
        ran = subprocess.run(
            self.namespace.command_with_hosts(command, self._hosts),
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        arrivals = {url: " and ".join(sorted(self._arrivals[port_of(url)])) for url in self.urls}
        return arrivals, ran.stdout + ran.stderr

    def _listen(
        self, family: socket.AddressFamily, address: str, port: int, serve: Callable[[socket.socket], None]
    ) -> None:
        sock = self.namespace.socket(family, bind=(address, port))
        threading.Thread(target=self._accept, args=(sock, serve), daemon=True).start()

    @staticmethod
    def _accept(sock: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        while True:
            connection = sock.accept()[0]
            connection.settimeout(5)
            with contextlib.suppress(OSError), connection:
                serve(connection)

    def _answer(self, connection: socket.socket) -> None:
        """An origin: whoever is here came directly. TLS is hung up on, for the arrival is all that counts."""
        self._note(connection.getsockname()[1], "direct")
        if connection.recv(65536)[:1] != b"\x16":
            connection.sendall(ANSWER)

    def _refuse(self, connection: socket.socket) -> None:
        """The proxy: `CONNECT host:port`, or a request with an absolute URI."""
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(65536)
            if not piece:
                return
            request += piece
        # Some clients write an IPv6 address without its brackets here: the port is what stands before the path.
        if port := re.match(r"\S+ \S*?:(\d+)/?\s", request.decode("latin-1")):
            self._note(int(port[1]), "proxy")
        connection.sendall(REFUSAL)

    def _note(self, port: int, route: str) -> None:
        with self._lock:
            self._arrivals[port].add(route)


def port_of(url: str) -> int:
    """The port that a URL is written with."""
    port = urlsplit(url).port
    assert port, f"{url} names no port"
    return port


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()
