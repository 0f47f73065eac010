"""CoreDNS itself, built from its Go module, and run with the chart's Corefile."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.guard import message
from tests.guard.cluster_dns import ADDRESS
from tests.proxy.namespace import Namespace
from tests.proxy.proxy import objects

SOURCE = Path(__file__).with_name("coredns")


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for it; it must come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


class Guard:
    """A running guard. `ports`: each part's own."""

    def __init__(
        self, namespace: Namespace, folder: Path, program: Path, values: Mapping[str, Any], upstream: str = ADDRESS
    ) -> None:
        self.namespace, self.folder, self.log_file = namespace, folder, folder / "coredns.log"
        (folder / "resolv.conf").write_text(f"nameserver {upstream}\n")
        manifests = objects(values)
        self.write(manifests)
        services = [it for it in manifests if it["kind"] == "Service" and it["spec"]["ports"][0]["port"] == 53]
        self.ports = {
            it["metadata"]["labels"]["sark-network/workload"]: it["spec"]["ports"][0]["targetPort"] for it in services
        }
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                namespace.command([str(program), "-conf", str(folder / "Corefile")]), stdout=log, stderr=log
            )
        until(self._listens)

    def update(self, values: Mapping[str, Any]) -> None:
        """Other values, by an upgrade."""
        self.write(objects(values))

    def write(self, manifests: list[dict[str, Any]]) -> None:
        """The Corefile of some manifests, as the kubelet brings it."""
        own = next(it for it in manifests if it["kind"] == "ConfigMap" and "Corefile" in it["data"])
        text = own["data"]["Corefile"].replace("/etc/resolv.conf", str(self.folder / "resolv.conf"))
        (self.folder / "next").write_text(text)
        (self.folder / "next").replace(self.folder / "Corefile")

    def _listens(self) -> bool:
        assert self._process.poll() is None, f"CoreDNS ended:\n{self.log_file.read_text()[:2000]}"
        with self.namespace.socket() as probe:
            return probe.connect_ex(("127.0.0.1", list(self.ports.values())[-1])) == 0

    def ask(self, name: str, kind: str = "A", group: str = "IN", part: str = "gateway") -> message.Reply:
        """One question over UDP."""
        return self.send(message.query(name, kind, group), part)

    def send(self, query: bytes, part: str = "gateway") -> message.Reply:
        """A message as it is, over UDP."""
        with self.namespace.socket(kind=socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.sendto(query, ("127.0.0.1", self.ports[part]))
            return message.read(sock.recv(65535))

    def ask_by_tcp(self, name: str, kind: str = "A", part: str = "gateway") -> message.Reply:
        """One question over TCP."""
        query = message.query(name, kind)
        with self.namespace.socket() as sock:
            sock.settimeout(5)
            sock.connect(("127.0.0.1", self.ports[part]))
            sock.sendall(struct.pack(">H", len(query)) + query)
            with sock.makefile("rb") as words:
                return message.read(words.read(struct.unpack(">H", words.read(2))[0]))

    def log(self) -> list[str]:
        """What it wrote."""
        return self.log_file.read_text().splitlines()

    def metrics(self, port: int = 9153) -> str:
        """What Prometheus would read."""
        with self.namespace.socket() as sock:
            sock.settimeout(5)
            sock.connect(("127.0.0.1", port))
            sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: guard\r\nConnection: close\r\n\r\n")
            with sock.makefile("rb") as words:
                return words.read().decode()

    def memory(self) -> int:
        """What it holds, in bytes."""
        fields = Path(f"/proc/{self._process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)
