"""Runs inside a stand-in pod and fetches from names with programs that find their own way, as SARK's do. Reads one line
of JSON from standard input, a list of attempts:

    {"id", "program": "curl" | "urllib" | "socket", "url": "https://NAME:PORT/TOKEN", "proxied": false, "timeout": 8}

Unless `proxied` every variable that names a proxy is taken away first. Writes one line of JSON an attempt, `{"id",
"outcome", "detail"}`, then `{"done": n}`: `answer` with what the server said, or `refused` with what the program said.
"""

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
PRINTING = threading.Lock()
Attempt = dict[str, Any]


def anyone() -> ssl.SSLContext:
    """Whose certificate it is does not matter: the answer's text says who speaks."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def by_curl(attempt: Attempt) -> str:
    """The program of its name."""
    command = ["curl", "--silent", "--show-error", "--insecure", "--max-time", str(attempt["timeout"]), attempt["url"]]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise OSError(ran.stderr.strip() or f"curl: {ran.returncode}")
    return ran.stdout.strip()


def by_urllib(attempt: Attempt) -> str:
    """Python's own client, which reads the variables."""
    with urllib.request.urlopen(attempt["url"], timeout=attempt["timeout"], context=anyone()) as answer:
        return str(answer.read().decode().strip())


def by_socket(attempt: Attempt) -> str:
    """A program that knows of no proxy at all: it resolves, connects, and speaks TLS or not."""
    url = urlsplit(attempt["url"])
    host, port = str(url.hostname), url.port or 443
    with socket.create_connection((host, port), attempt["timeout"]) as connection:
        connection.settimeout(attempt["timeout"])
        sock = anyone().wrap_socket(connection, server_hostname=host) if url.scheme == "https" else connection
        sock.sendall(f"sark-probe {url.path.strip('/')}\n".encode())
        line = sock.makefile("rb").readline().decode().strip()
        if not line:
            raise OSError("hung up")
        return line


PROGRAMS: dict[str, Callable[[Attempt], str]] = {"curl": by_curl, "urllib": by_urllib, "socket": by_socket}


def run(attempt: Attempt) -> None:
    """One attempt from start to report."""
    try:
        word, detail = "answer", PROGRAMS[attempt["program"]](attempt)
    except (OSError, urllib.error.URLError) as error:
        word, detail = "refused", str(error)
    with PRINTING:
        print(json.dumps({"id": attempt["id"], "outcome": word, "detail": detail}), flush=True)


def at_once(attempts: list[Attempt]) -> None:
    """All of them."""
    threads = [threading.Thread(target=run, args=(attempt,), daemon=True) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    """Those that are told of the proxy, then, without its variables, the others."""
    attempts = json.loads(sys.stdin.readline())
    at_once([attempt for attempt in attempts if attempt["proxied"]])
    for name in PROXY_VARIABLES:
        os.environ.pop(name, None)
    at_once([attempt for attempt in attempts if not attempt["proxied"]])
    print(json.dumps({"done": len(attempts)}), flush=True)


if __name__ == "__main__":
    main()
