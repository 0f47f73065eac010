"""What clients say of a name that the proxy denies: the lines that docs/deployment/CLIENTS.md has for them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.markdown import table

PAGE = Path("docs/deployment/CLIENTS.md").read_text()
SAYS = {row[0]: row[1] for row in table(PAGE, "Client", "Message")}
URL = "https://api.example.com/"
CURL = shutil.which("curl")
PROGRAMS = {
    "Python `requests`": [sys.executable, "-c", f"import requests; requests.get({URL!r})"],
    "Python `httpx`": [sys.executable, "-c", f"import httpx; httpx.get({URL!r})"],
    **({"curl, git": [CURL, "--silent", "--show-error", URL]} if CURL else {}),
}


class Refusing(BaseHTTPRequestHandler):
    """Answers every CONNECT as the proxy answers one for a name that is not listed."""

    asked: list[str]

    def do_CONNECT(self) -> None:
        self.asked.append(self.path)
        self.send_response(403)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing on standard error."""


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """The URL of a proxy that denies everything, and what it was asked for."""
    handler = type("Handler", (Refusing,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler.asked  # type: ignore[attr-defined]
        server.shutdown()


@pytest.mark.parametrize("client", PROGRAMS)
def test_a_denied_name_looks_as_the_page_says(client: str, proxy: tuple[str, list[str]]) -> None:
    url, asked = proxy
    environment = {**os.environ, "HTTPS_PROXY": url, "https_proxy": url, "NO_PROXY": "", "no_proxy": ""}
    ran = subprocess.run(PROGRAMS[client], env=environment, capture_output=True, text=True, check=False)
    shown = re.search(r"`([^`]+)`", SAYS[client])
    assert shown
    assert shown[1] in ran.stderr
    assert asked == ["api.example.com:443"]
    assert ran.returncode != 0
