"""Runs inside a stand-in pod and keeps asking, so that whoever changes policies meanwhile sees what it costs. Reads one
line of JSON from standard input, a list of attempts, and tries each twice a second until another line comes:

    {"id", "ask": "resolve" | "fetch" | "connect", "name", "port", "proxy": ["10.96.0.5", 3128] or null}

Then it writes one line of JSON an attempt, `{"id", "outcome", "detail"}`, and `{"done": n}`: `answer` when not one try
failed, else `refused` with how many did, and the first that did.
"""

import json
import socket
import ssl
import sys
import threading
import time
from typing import Any

STOP = threading.Event()
Attempt = dict[str, Any]


def fetch(attempt: Attempt) -> None:
    """A line over TLS, and a line back, through the proxy or straight to whatever the name is."""
    host, port = attempt["name"], attempt["port"]
    with socket.create_connection(tuple(attempt["proxy"] or (host, port)), 4) as connection:
        connection.settimeout(4)
        if attempt["proxy"]:
            connection.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(1) or b"\r\n\r\n"
            if b" 200 " not in head.splitlines()[0]:
                raise OSError(head.splitlines()[0].decode())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(connection, server_hostname=host) as secure:
            secure.sendall(b"sark-probe kept\n")
            if not secure.recv(4096).startswith(b"sark-answer"):
                raise OSError("no answer")


def once(attempt: Attempt) -> None:
    """One try; raises OSError when it fails."""
    if attempt["ask"] == "resolve":
        socket.getaddrinfo(attempt["name"], 443, socket.AF_INET)
    elif attempt["ask"] == "connect":
        socket.create_connection((attempt["name"], attempt["port"]), 4).close()
    else:
        fetch(attempt)


def keep(attempt: Attempt, failures: list[str], tries: list[int]) -> None:
    """Until it is to stop."""
    started = time.monotonic()
    while not STOP.is_set():
        tries[0] += 1
        try:
            once(attempt)
        except OSError as error:
            failures.append(f"after {time.monotonic() - started:.1f} s: {error}")
        STOP.wait(0.5)


def main() -> None:
    """All attempts at once."""
    attempts = json.loads(sys.stdin.readline())
    kept: list[tuple[Attempt, list[str], list[int], threading.Thread]] = []
    for attempt in attempts:
        failures: list[str] = []
        tries = [0]
        thread = threading.Thread(target=keep, args=(attempt, failures, tries), daemon=True)
        kept.append((attempt, failures, tries, thread))
        thread.start()
    print(json.dumps({"started": len(kept)}), flush=True)
    sys.stdin.readline()
    STOP.set()
    for attempt, failures, tries, thread in kept:
        thread.join(10)
        word = "refused" if failures else "answer"
        first = f": {failures[0]}" if failures else ""
        detail = f"{len(failures)} of {tries[0]} failed{first}"
        print(json.dumps({"id": attempt["id"], "outcome": word, "detail": detail}), flush=True)
    print(json.dumps({"done": len(kept)}), flush=True)


if __name__ == "__main__":
    main()
