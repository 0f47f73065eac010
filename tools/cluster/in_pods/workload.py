"""A stand-in for one of SARK's images: listens where the real one does, and calls whom the real one calls.

Usage: workload.py ROLE NAME [the arguments of the real one's command]

- `api` answers HTTP on 8000: /health, /metrics, and /health/ready, which is 503 until database, cache and OPA answer.
  Nothing listens on 9090, as in SARK.
- `frontend` answers HTTP on 80 and TLS on 443, and sends /api/ on to the API.
- `opa` answers HTTP on the port of `--addr`.

Whatever else is asked for, and a line of text `sark-probe TOKEN`, is answered `sark-answer NAME token=TOKEN`.
"""

import http.client
import os
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any

SECONDS = 2.0
# Where SARK's manifests have OPA; its ConfigMap does not say.
OPA = "opa.sark-system:8181"
API = "sark-api:8000"
Reply = tuple[int, str]


def reachable(host: str, port: str) -> bool:
    """Whether a line is answered there: a connection alone may be a proxy's."""
    try:
        with socket.create_connection((host, int(port)), SECONDS) as sock:
            sock.settimeout(SECONDS)
            sock.sendall(b"sark-probe ready\n")
            return bool(sock.recv(1))
    except OSError:
        return False


def asked(peer: str, path: str) -> Reply:
    """What another HTTP server says."""
    try:
        connection = http.client.HTTPConnection(peer, timeout=SECONDS)
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 502, f"{peer} does not answer: {error}\n"


def stores(environment: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Where SARK's settings say that its stores are."""
    read = environment.get
    return {
        "database": (read("POSTGRES_HOST", "localhost"), read("POSTGRES_PORT", "5432")),
        "cache": (read("VALKEY_HOST", "localhost"), read("VALKEY_PORT", "6379")),
    }


class Role:
    """What a part says beside its own name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def reply(self, path: str) -> Reply:
        """The status and text for a path."""
        return 200, f"sark-answer {self.name} token={path.rpartition('/')[2]}\n"

    def ports(self, _arguments: list[str]) -> list[int]:
        """The ports that speak plainly; 443 speaks TLS."""
        raise NotImplementedError


class Api(Role):
    """SARK's API."""

    def ports(self, _arguments: list[str]) -> list[int]:
        return [8000]

    def reply(self, path: str) -> Reply:
        if path == "/health/ready":
            return self.ready()
        if path == "/metrics":
            return 200, '# TYPE sark_info gauge\nsark_info{stand_in="true"} 1\n'
        return (200, "healthy\n") if path == "/health" else super().reply(path)

    def ready(self) -> Reply:
        """Whether everything that it needs answers, and what does not."""
        missing = [f"{kind} {':'.join(where)}" for kind, where in stores(os.environ).items() if not reachable(*where)]
        opa = os.environ.get("OPA_URL", f"http://{OPA}").removeprefix("http://")
        if asked(opa, "/health")[0] != 200:
            missing.append(f"OPA {opa}")
        if missing:
            print(f"not ready: {', '.join(missing)}", flush=True)
        return (503, f"not ready: {', '.join(missing)}\n") if missing else (200, "ready\n")


class Frontend(Role):
    """SARK's web UI: nginx."""

    def ports(self, _arguments: list[str]) -> list[int]:
        return [80, 443]

    def reply(self, path: str) -> Reply:
        if path.startswith("/api/"):
            return asked(API, path)
        return (200, "healthy\n") if path in ("/health", "/ready", "/live") else super().reply(path)


class Opa(Role):
    """The policy engine."""

    def ports(self, arguments: list[str]) -> list[int]:
        addresses = [word.partition("=")[2] for word in arguments if word.startswith("--addr=")]
        return [int((addresses or ["0.0.0.0:8181"])[0].rpartition(":")[2])]

    def reply(self, path: str) -> Reply:
        return (200, "{}\n") if path.partition("?")[0] == "/health" else super().reply(path)


ROLES: Mapping[str, type[Role]] = {"api": Api, "frontend": Frontend, "opa": Opa}


class PartVisit(socketserver.BaseRequestHandler):
    """One connection: an HTTP request, or lines of text."""

    role: Role
    tls: ssl.SSLContext | None = None

    def handle(self) -> None:
        self.request.settimeout(30)
        try:
            if self.tls:
                self.request = self.tls.wrap_socket(self.request, server_side=True)
            self.converse()
        except OSError:
            return
        finally:
            # The server closes the socket that it accepted, and TLS has taken that one's place.
            self.request.close()

    def converse(self) -> None:
        lines = self.request.makefile("rwb")
        for line in lines:
            words = line.decode("ascii", "replace").split() or [""]
            spoken = words[-1].startswith("HTTP/")
            if spoken:
                while lines.readline().strip():
                    pass
            status, text = self.role.reply(words[1] if spoken else words[-1])
            data = text.encode()
            head = f"HTTP/1.1 {status} {http.client.responses[status]}\r\nContent-Length: {len(data)}\r\n"
            lines.write((f"{head}Connection: close\r\n\r\n".encode() if spoken else b"") + data)
            lines.flush()
            if spoken:
                break


class PartServer(socketserver.ThreadingTCPServer):
    """Quick to rebind, and patient with many visitors at once."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def certified() -> ssl.SSLContext:
    """TLS with a certificate of its own, which nobody checks: the answer's text says who speaks."""
    folder = tempfile.mkdtemp()
    key, certificate = f"{folder}/key.pem", f"{folder}/cert.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=sark"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def server(role: Role, port: int) -> PartServer:
    """What listens on that port."""
    tls = certified() if port == 443 else None
    fields: dict[str, Any] = {"role": role, "tls": tls}
    return PartServer(("0.0.0.0", port), type("RoleVisit", (PartVisit,), fields))


def main() -> None:
    """Everything up, until it is told to stop: as the first process of a container it must listen for that itself."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    role = ROLES[sys.argv[1]](sys.argv[2])
    servers = [server(role, port) for port in role.ports(sys.argv[3:])]
    for other in servers[1:]:
        threading.Thread(target=other.serve_forever, daemon=True).start()
    servers[0].serve_forever()


if __name__ == "__main__":
    main()
