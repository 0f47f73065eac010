#!/usr/bin/env python3
"""Measures the egress proxy beside its peers, in one run: the chart as it is and as it was with three inner listeners,
Squid, smokescreen and HAProxy, in a network namespace, without a cluster.

    python -m bench.proxy [TURNS]

All take turns, and so does a direct connection, so that what is compared met the same machine. On a busy one the ratios
count, and the processor's time more than the clock. Prints a Markdown table; a peer that is not installed is said to be
absent, with what would install it. The client is compiled (client.go), so Go 1.22 or later has to be on PATH. Needs
Linux, helm, and `pip install -r requirements-dev.lock`.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import peers
from bench.arguments import turns
from bench.compiled import Compiled, build, processor
from bench.peers import AbsentError, Subject
from tests.proxy.client import Client, hello
from tests.proxy.namespace import Namespace
from tests.proxy.world import World
from tools.egress.envoy.verdict import binary

TARGET, NEW, ADDRESS, STREAM = "target.example", "new.example", "203.0.113.50", 8444
TLS, PLAIN_PORT = 8445, 8446
MEGABYTES, CONNECTIONS, WORKERS, OPEN, STALLED = 256, 600, 8, 300, 100
HELLO = hello(TARGET)
Make = Callable[[Path, list[str]], Subject]


def names(count: int) -> list[str]:
    """As many, as long as real ones are, the target first."""
    return [TARGET, *(f"service-{i:05d}.example-{i % 97}.com" for i in range(count - 1))]


def serve(namespace: Namespace, ready: Any) -> None:
    """The internet, in a process of its own so that it does not wait for the one that measures."""
    world = World(namespace, {TARGET: [ADDRESS], NEW: [ADDRESS]})
    with tempfile.TemporaryDirectory() as folder:
        world.start(Path(folder))
        listener = namespace.socket(bind=(ADDRESS, STREAM))
        ready.set()
        while True:
            threading.Thread(target=stream, args=(listener.accept()[0],), daemon=True).start()


def stream(sock: socket.socket) -> None:
    """Megabytes of nothing, once somebody has said something."""
    block = bytes(1 << 20)
    with sock:
        try:
            sock.recv(65536)
            for _ in range(MEGABYTES):
                sock.sendall(block)
        except OSError:
            return


@dataclass
class Row:
    """What was measured of a subject; "–" for what was not."""

    subject: str
    cells: dict[str, str] = field(default_factory=dict)


@dataclass
class Taken:
    """Of all turns: milliseconds to the first byte and of a round trip beside direct ones, seconds, megabytes."""

    first: list[float] = field(default_factory=list)
    direct: list[float] = field(default_factory=list)
    trips: list[float] = field(default_factory=list)
    direct_trips: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    copies: list[float] = field(default_factory=list)


def opened(namespace: Namespace, subject: Subject, port: int = 443, name: str = TARGET) -> Client:
    """A tunnel to the target; TLS is yet to come."""
    client = Client(namespace, port + 10000 if subject.steered else subject.port)
    if not subject.steered and client.connect(f"{name}:{port}")[0] != 200:
        client.close()
        raise OSError("refused")
    return client


def answers(namespace: Namespace, subject: Subject, name: str) -> bool:
    """Does a server answer by that name?"""
    try:
        client = opened(namespace, subject, 443, name)
    except OSError:
        return False
    try:
        client.encrypt(name)
        return client.alive()
    except OSError:
        return False
    finally:
        client.close()


def spent(subject: Subject) -> float:
    """Seconds of processor so far."""
    return sum(processor(pid) for pid in subject.pids())


def turn(client: Compiled, namespace: Namespace, subject: Subject, taken: Taken) -> None:
    """One of each measurement."""
    ran = client.ask("latency", 40, f"{ADDRESS}:{TLS}", subject.proxy, TARGET)
    taken.direct += ran["first"][0]
    taken.first += ran["first"][1]
    taken.direct_trips += ran["round"][0]
    taken.trips += ran["round"][1]
    before = spent(subject)
    ran = client.ask("rate", CONNECTIONS, WORKERS, f"{ADDRESS}:{PLAIN_PORT}", subject.proxy, TARGET)
    taken.costs.append((spent(subject) - before) / CONNECTIONS * 1000)
    taken.rates.append(CONNECTIONS / ran["seconds"])
    before, started, left = spent(subject), time.perf_counter(), MEGABYTES << 20
    tunnel, buffer = opened(namespace, subject, STREAM), bytearray(1 << 20)
    tunnel.sock.sendall(HELLO)
    while left:
        left -= tunnel.sock.recv_into(buffer)
    taken.speeds.append(MEGABYTES / (time.perf_counter() - started))
    taken.copies.append((spent(subject) - before) * 1024 / MEGABYTES)
    tunnel.close()


def costs(row: Row, taken: Taken) -> None:
    """The columns that are time."""
    p50, p99 = (statistics.quantiles(taken.first, n=100)[at] for at in (49, 98))
    first, trip = statistics.median(taken.direct), statistics.median(taken.direct_trips)
    row.cells |= {
        "connect p50 / p99": f"{p50:.2f} / {p99:.2f} ms",
        "of direct": f"×{p50 / first:.2f}",
        "round trip": f"×{statistics.median(taken.trips) / trip:.1f}",
        "conn/s": f"{statistics.median(taken.rates):,.0f}",
        "CPU of 1,000 conn.": f"{statistics.fmean(taken.costs):.2f} s",
        "one tunnel": f"{statistics.median(taken.speeds):,.0f} MB/s",
        "CPU of a GB": f"{statistics.fmean(taken.copies):.2f} s",
    }


def memory(namespace: Namespace, subject: Subject, row: Row) -> None:
    """Idle, for each open tunnel, and with tunnels whose client reads nothing."""
    idle = subject.resident()
    clients = []
    for _ in range(OPEN):
        client = opened(namespace, subject)
        client.encrypt(TARGET)
        clients.append(client)
    row.cells["a tunnel"] = f"{(subject.resident() - idle) / OPEN / 1000:.0f} kB"
    before = subject.resident()
    for _ in range(STALLED):
        client = opened(namespace, subject, STREAM)
        client.sock.sendall(HELLO)
        clients.append(client)
    time.sleep(2)
    row.cells["100 stalled"] = f"{(subject.resident() - before) / 1e6:.0f} MB"
    for client in clients:
        client.close()


def many(namespace: Namespace, make: Make, row: Row) -> None:
    """With 10,000 names: memory; the time until a changed list is in force, what it cuts and what it refuses."""
    listed = names(10_000)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        subject = make(Path(folder) / "many", listed)
        try:
            until(lambda: answers(namespace, subject, TARGET))
            row.cells["10,000 names"] = f"{subject.resident() / 1e6:.0f} MB"
            changed = changing(namespace, subject, listed)
            kept = opened(namespace, subject)
            kept.encrypt(TARGET)
            assert kept.alive()
            with Knocking(namespace, subject) as knocking:
                started = time.perf_counter()
                changed()
                until(lambda: answers(namespace, subject, NEW))
                row.cells["changed list"] = f"{time.perf_counter() - started:.2f} s"
                time.sleep(1)
            row.cells["cut"] = "no" if kept.alive() else "yes"
            row.cells["refused"] = f"{knocking.refused} of {knocking.tried}"
            kept.close()
        finally:
            subject.stop()


def changing(namespace: Namespace, subject: Subject, listed: list[str]) -> Callable[[], None]:
    """What brings a list that has one name more."""
    more = [TARGET, NEW, *listed[1:]]
    if subject.envoy:
        lines = {path.name: path.read_text() for path in (subject.envoy.folder / "list").glob("*.yaml")}
        texts = {name: _with_new(text) for name, text in lines.items()}
        return functools.partial(subject.envoy.put, texts)
    return functools.partial(peers.reload, subject, namespace, more)


def _with_new(text: str) -> str:
    """A name has lines of its own; the new one's are those of one that is there."""
    old = "service-00007.example-7.com"
    lines = []
    for line in text.split("\n"):
        lines.append(line)
        if f'"{old}"' in line or f'"{old}:443"' in line:
            lines.append(line.replace(old, NEW))
    return "\n".join(lines)


class Knocking:
    """Connections to the target by a thread of their own, one after the other."""

    def __init__(self, namespace: Namespace, subject: Subject) -> None:
        self.tried = self.refused = 0
        self._namespace, self._subject = namespace, subject
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._over.is_set():
            self.tried += 1
            self.refused += not answers(self._namespace, self._subject, TARGET)
            time.sleep(0.01)

    def __enter__(self) -> Knocking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def until(fact: Callable[[], bool]) -> None:
    """Wait for it."""
    started = time.perf_counter()
    while not fact():
        if time.perf_counter() - started > 120:
            raise AbsentError("it was not so within 120 s")
        time.sleep(0.01)


def table(rows: list[Row]) -> str:
    """In Markdown."""
    columns = list(dict.fromkeys(column for row in rows for column in row.cells))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [
        "| " + " | ".join([row.subject, *(row.cells.get(column, "–") for column in columns)]) + " |" for row in rows
    ]
    return "\n".join(lines)


def ratios(old: Taken, new: Taken) -> str:
    """The shape of today beside the one of before."""
    cost = statistics.fmean(new.costs) / statistics.fmean(old.costs)
    return f"A connection costs ours ×{cost:.2f} of the processor of the shape of before (commit {peers.BEFORE})."


def main() -> int:
    rounds = turns(__doc__, 4)
    program, reason = build()
    if program is None:
        print(f"the client is not built: {reason}", file=sys.stderr)
        return 2
    namespace, envoy = Namespace(), binary()
    ready = multiprocessing.Event()
    internet = multiprocessing.Process(target=serve, args=(namespace, ready), daemon=True)
    internet.start()
    ready.wait(20)
    client = Compiled(program, namespace.command)
    server = client.serve(ADDRESS, TLS, PLAIN_PORT)
    try:
        measure(namespace, client, envoy, rounds)
    finally:
        server.terminate()
        server.wait(10)
        internet.terminate()
    return 0


def measure(namespace: Namespace, client: Compiled, envoy: str, turns: int) -> None:
    """Everybody, in turns."""
    makes: list[tuple[str, Make]] = [
        ("ours", lambda folder, listed: peers.envoy(namespace, folder, envoy, listed, old=False)),
        ("ours before", lambda folder, listed: peers.envoy(namespace, folder, envoy, listed, old=True)),
        ("Squid", lambda folder, listed: peers.squid(namespace, folder, listed)),
        ("smokescreen", lambda folder, listed: peers.smokescreen(namespace, folder, listed)),
        ("HAProxy", lambda folder, listed: peers.haproxy(namespace, folder, listed)),
    ]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}")
    present: list[tuple[Subject, Taken, Row, Make]] = []
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        root.chmod(0o777)
        for name, make in makes:
            try:
                subject = make(root / name.replace(" ", "-"), names(10))
                stack.callback(subject.stop)
                until(functools.partial(answers, namespace, subject, TARGET))
            except (AbsentError, OSError, subprocess.CalledProcessError) as error:
                print(f"absent: {name}: {error}")
                continue
            row = Row(subject.name, {"idle": f"{subject.resident() / 1e6:.0f} MB"})
            present.append((subject, Taken(), row, make))
        for _ in range(turns):
            for subject, taken, _, _ in present:
                turn(client, namespace, subject, taken)
        for subject, taken, row, _ in present:
            costs(row, taken)
            memory(namespace, subject, row)
    for _, _, row, make in present:
        try:
            many(namespace, make, row)
        except (AbsentError, OSError) as error:
            print(f"not measured with 10,000 names: {row.subject}: {error}")
    print(f"load {os.getloadavg()[0]:.1f} at the end\n\n{table([row for _, _, row, _ in present])}")
    by_name = {subject.name: taken for subject, taken, _, _ in present}
    if {"**ours**", "ours before"} <= by_name.keys():
        print(f"\n{ratios(by_name['ours before'], by_name['**ours**'])}")


if __name__ == "__main__":
    sys.exit(main())
