"""Encrypted Client Hello: an encrypted server name behind a plain one. What is closed, and what is open by nature."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.gobuild import build
from tests.guard.program import until
from tests.proxy.client import Client, hello
from tests.proxy.conftest import Start
from tests.proxy.namespace import Namespace
from tests.proxy.test_steering import Steered
from tests.proxy.world import World

PORT = 9443
LISTED, HIDDEN = "front.example", "hidden.evil.test"
VALUES: dict[str, Any] = {
    "egress": {"domains": [{"name": LISTED, "ports": [PORT]}]},
    "dnsGuard": {"enabled": True, "steering": {"enabled": True}},
}
# The extension's number, and a body as clients send that know no keys: GREASE.
ECH = 0xFE0D


@dataclass
class Server:
    """A server that takes ECH for a public name; `keys` are what its HTTPS record would say."""

    namespace: Namespace
    program: Path
    keys: str

    def dial(self, address: str, authority: str, inner: str) -> str:
        """What a client that encrypts the name `inner` is told."""
        command = [str(self.program), "dial", address, authority, inner, self.keys]
        return subprocess.check_output(self.namespace.command(command), text=True, timeout=30).strip()


@pytest.fixture(scope="module")
def program() -> Path:
    built, why = build(Path(__file__).with_name("ech"))
    if built is None:
        pytest.skip(f"no client that speaks ECH, {why}: ECH was not tested")
    return built


def serving(namespace: Namespace, program: Path, address: str, public_name: str) -> Iterator[Server]:
    command = namespace.command([str(program), "serve", f"{address}:{PORT}", public_name])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Server(namespace, program, process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.fixture(scope="module")
def front(namespace: Namespace, world: World, program: Path) -> Iterator[Server]:
    """At a listed name, whose keys name that very name as the public one."""
    world.zone[LISTED] = ["203.0.113.70"]
    yield from serving(namespace, program, "203.0.113.70", LISTED)


@pytest.fixture(scope="module")
def content_network(namespace: Namespace, world: World, program: Path) -> Iterator[Server]:
    """At the same name, with keys whose public name is the network's own, as the large ones have it."""
    yield from serving(namespace, program, "203.0.113.71", "ech.network.example")


@pytest.fixture(scope="module")
def steered(start: Start) -> Steered:
    return Steered(start, VALUES)


def ways(steered: Steered) -> dict[str, tuple[str, str]]:
    """Both ways to the proxy: its address, and what CONNECT asks for."""
    return {
        "CONNECT": (f"127.0.0.1:{steered.proxy.ports['gateway']}", f"{LISTED}:{PORT}"),
        "steered": (f"127.0.0.1:{steered.ports['gateway', PORT]}", "-"),
    }


def logged(steered: Steered, before: int) -> list[tuple[str, str]]:
    """The server names and verdicts of the log's new lines."""
    until(lambda: len(steered.proxy.log()) > before)
    return [(line["sni"], line["verdict"]) for line in steered.proxy.log()[before:]]


@pytest.mark.parametrize("way", ["CONNECT", "steered"])
def test_a_hidden_name_behind_a_listed_one_is_open_by_nature(steered: Steered, front: Server, way: str) -> None:
    """Only the server, which has the keys, can tell it from a connection for the listed name; Envoy sees no other."""
    before = len(steered.proxy.log())
    assert front.dial(*ways(steered)[way], HIDDEN) == f"{HIDDEN} ech=true"
    assert logged(steered, before) == [(LISTED, "allowed")]


@pytest.mark.parametrize("way", ["CONNECT", "steered"])
def test_a_public_name_that_is_not_listed_is_closed(steered: Steered, content_network: Server, way: str) -> None:
    """So a client that took the network's keys from elsewhere does not get through, whichever name it encrypts."""
    before = len(steered.proxy.log())
    assert content_network.dial(*ways(steered)[way], LISTED).startswith("closed: ")
    assert logged(steered, before) == [("ech.network.example", "denied")]


def with_ech(message: bytes) -> bytes:
    """A ClientHello with one more extension, of ECH's number."""
    body = b"\0\0\1\0\1\x07\0\x20" + bytes(32) + b"\0\x90" + bytes(0x90)
    extension = ECH.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body
    at = 5 + 4 + 2 + 32
    at += 1 + message[at]
    at += 2 + int.from_bytes(message[at : at + 2], "big")
    at += 1 + message[at]
    extensions = message[at + 2 :] + extension
    inner = message[9:at] + len(extensions).to_bytes(2, "big") + extensions
    return b"\x16\3\1" + (len(inner) + 4).to_bytes(2, "big") + b"\1" + len(inner).to_bytes(3, "big") + inner


def test_a_client_that_greases_is_not_closed(steered: Steered, front: Server) -> None:
    """Browsers send the extension to every server, keys or not: whoever closed by it would close them all."""
    before = len(steered.proxy.log())
    client = Client(steered.proxy.namespace, steered.ports["gateway", PORT])
    client.sock.sendall(with_ech(hello(LISTED)))
    assert client.sock.recv(1) == b"\x16"
    client.close()
    assert logged(steered, before) == [(LISTED, "allowed")]
