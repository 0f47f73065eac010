"""When each replica obeys a pushed list is read from its own answers."""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tools.cluster.internet import IN_PODS
from tools.cluster.pushed import BY_HOOK, EVERY, PushRound

ALLOWED, DENIED = b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 403 Forbidden\r\n\r\n"


@contextmanager
def replica(*answers: bytes) -> Iterator[int]:
    """A proxy that gives these answers in turn, and the last one from then on."""
    left = list(answers)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            assert self.request.recv(4096).startswith(b"CONNECT old.test:443 HTTP/1.1\r\n")
            self.request.sendall(left.pop(0) if len(left) > 1 else left[0])

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_each_change_of_a_replicas_answer_is_told_once_with_its_time() -> None:
    with replica(ALLOWED, ALLOWED, DENIED) as obeys, replica(b"") as broken:
        order = {"name": "old.test", "port": 443, "seconds": 0.01, "replicas": {}}
        order["replicas"] = {"a": ["127.0.0.1", obeys], "b": ["127.0.0.1", broken]}
        program = [sys.executable, str(IN_PODS / "ask_proxies.py")]
        with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdin
            assert child.stdout
            child.stdin.write(json.dumps(order) + "\n")
            child.stdin.flush()
            events = [json.loads(child.stdout.readline()) for _ in range(3)]
            rest, _ = child.communicate("stop\n")
    assert [it["status"] for it in events if it["replica"] == "a"] == [200, 403]
    assert [it["status"] for it in events if it["replica"] == "b"] == [0]
    first, second = (it["at"] for it in events if it["replica"] == "a")
    assert first < second
    assert json.loads(rest) == {"done": 2}


@pytest.mark.parametrize(
    ("obeyed", "early"),
    [
        ({"a": 12.0, "b": 13.5}, []),
        ({"a": 12.0, "b": 14.0 + EVERY}, []),
        ({"a": 12.0, "b": 16.5}, ["b obeyed 2.5 s after it had come back"]),
    ],
)
def test_what_comes_back_before_a_replica_obeys_is_a_fault(obeyed: dict[str, float], early: list[str]) -> None:
    done = PushRound(BY_HOOK, started=10.0, written=11.0, returned=14.0, obeyed=obeyed)
    assert done.early == early
    assert (done.after_writing, done.after_starting) == (max(obeyed.values()) - 11, max(obeyed.values()) - 10)
