"""What `helm test` runs says the truth about the proxy that it meets, in either mode."""

from __future__ import annotations

import itertools
import runpy
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from tests.conftest import Rendered
from tests.proxy.proxy import objects
from tools.render.own import CHART

PROGRAM = CHART / "files" / "egress_test.py"
CONNECT = socket.create_connection
LISTED, UNLISTED = "listed.test", "unlisted.test"
YES, NO, BROKEN = "HTTP/1.1 200 OK", "HTTP/1.1 403 Forbidden", "HTTP/1.1 503 Service Unavailable"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Somebody's certificate."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *names]
    subprocess.run([*command, "-days", "2", "-subj", "/CN=listed.test"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@contextmanager
def proxy(statuses: dict[str, str], tls: ssl.SSLContext, speaks: bool) -> Iterator[int]:
    """A proxy that answers CONNECT to each name so; in a tunnel somebody speaks TLS, or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                with suppress(OSError), server.accept()[0] as client:
                    name = client.recv(4096).split()[1].decode().partition(":")[0]
                    client.sendall(f"{statuses[name]}\r\n\r\n".encode())
                    if statuses[name] == YES and speaks:
                        tls.wrap_socket(client, server_side=True).close()
                if server.fileno() < 0:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tls: ssl.SSLContext) -> Run:
    """(listed name's status, unlisted name's, mode) -> the program's exit code and what it prints."""

    def go(
        listed: str, unlisted: str, mode: str = "enforce", *, speaks: bool = True, out: str = "", allowed: str = LISTED
    ) -> tuple[int, list[str]]:
        with proxy({LISTED: listed, UNLISTED: unlisted}, tls, speaks) as port:

            def connect(address: tuple[str, int], timeout: float) -> socket.socket:
                if address[0] == out:
                    return socket.socket()
                if address[0] != "127.0.0.1":
                    raise TimeoutError("timed out")
                return CONNECT(address, timeout)

            monkeypatch.setattr(socket, "create_connection", connect)
            monkeypatch.setattr(time, "sleep", lambda _: None)
            target = f"{allowed}:8443" if allowed else ""
            monkeypatch.setattr(sys, "argv", [str(PROGRAM), "127.0.0.1", str(port), target, UNLISTED, mode])
            with pytest.raises(SystemExit) as ended:
                runpy.run_path(str(PROGRAM))
        return int(ended.value.code or 0), capsys.readouterr().out.splitlines()

    return go


ANSWERS = "ok: listed.test:8443 answers through the proxy"
REFUSED = "ok: unlisted.test:443 is refused by the proxy"
LOGGED = "ok: unlisted.test:443 is let through and logged, because egress.mode is audit"
SHUT = "ok: nothing answers without the proxy"


def test_a_proxy_that_enforces_passes(run: Run) -> None:
    assert run(YES, NO) == (0, [ANSWERS, REFUSED, SHUT])


@pytest.mark.parametrize("status", [YES, BROKEN])
def test_a_proxy_that_audits_passes(run: Run, status: str) -> None:
    """What is let through may have no address."""
    assert run(YES, status, "audit") == (0, [ANSWERS, LOGGED, SHUT])


def test_an_empty_list_passes(run: Run) -> None:
    assert run(YES, NO, allowed="") == (
        0,
        ["the list is empty: there is no name that should answer", REFUSED, SHUT],
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((NO, NO), "FAILED: listed.test:8443 does not answer through the proxy (HTTP/1.1 403 Forbidden)"),
        ((YES, YES), "FAILED: unlisted.test:443 is not refused by the proxy (HTTP/1.1 200 OK)"),
        ((YES, BROKEN), "FAILED: unlisted.test:443 is not refused by the proxy (HTTP/1.1 503 Service Unavailable)"),
        (
            (YES, NO, "audit"),
            "FAILED: unlisted.test:443 is not let through, although egress.mode is audit (HTTP/1.1 403 Forbidden)",
        ),
    ],
)
def test_a_proxy_that_does_otherwise_fails(run: Run, arguments: tuple[str, ...], line: str) -> None:
    code, lines = run(*arguments)
    assert code == 1
    assert [it for it in lines if it.startswith("FAILED")] == [line]


def test_a_listed_name_where_nobody_speaks_tls_fails_and_says_what_to_set(run: Run) -> None:
    assert run(YES, NO, speaks=False) == (
        1,
        [
            "FAILED: listed.test:8443 does not answer through the proxy (the proxy let it through, and no TLS answer "
            "came; set test.allowedName to a name that answers)",
            REFUSED,
            SHUT,
        ],
    )


@pytest.mark.parametrize("host", [LISTED, "1.1.1.1"])
def test_a_way_out_beside_the_proxy_fails(run: Run, host: str) -> None:
    assert run(YES, NO, out=host) == (1, [ANSWERS, REFUSED, f"FAILED: {host} answers without the proxy"])


def test_no_proxy_at_all_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = itertools.count()

    def refuse(address: object, timeout: float) -> socket.socket:
        next(counted)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(sys.modules[__name__], "CONNECT", refuse)
    code, lines = run(YES, NO)
    assert code == 1
    assert lines == [
        f"FAILED: {target} does not answer through the proxy (no answer from the proxy: [Errno 111] Connection refused)"
        if target.startswith("listed")
        else f"FAILED: {target} is not refused by the proxy (no answer from the proxy: [Errno 111] Connection refused)"
        for target in ("listed.test:8443", "unlisted.test:443")
    ] + [SHUT]
    assert next(counted) == 40


@pytest.mark.parametrize(("environment", "mode"), [("dev", "audit"), ("production", "enforce")])
def test_the_chart_passes_what_the_program_reads(rendered: Rendered, environment: str, mode: str) -> None:
    [pod] = [it for it in rendered(environment) if it.kind == "Pod"]
    program, *arguments = pod.body["spec"]["containers"][0]["args"]
    assert program == PROGRAM.read_text()
    assert len(arguments) == 5
    assert arguments[3:] == ["not-in-egress-domains.example", mode]


@pytest.mark.parametrize(
    ("egress", "names", "target"),
    [
        (
            {"domains": [{"name": "a.example.org", "ports": [8443]}]},
            {"allowedName": "a.example.org"},
            "a.example.org:8443",
        ),
        (
            {"domains": [{"name": "*.example.org", "ports": [9443]}, "*.b.example.org"]},
            {"allowedName": "a.b.example.org"},
            "a.b.example.org:443",
        ),
        (
            {"mode": "audit"},
            {"allowedName": "elsewhere.example", "deniedName": "api.openai.com"},
            "elsewhere.example:443",
        ),
        (
            {"domains": [{"name": "a.example.org", "ports": [8443]}]},
            {"deniedName": "a.example.org"},
            "a.example.org:8443",
        ),
    ],
)
def test_the_allowed_name_is_asked_for_on_a_port_of_its_entry(
    egress: dict[str, Any], names: dict[str, str], target: str
) -> None:
    [pod] = [body for body in objects({"egress": egress, "test": names}) if body["kind"] == "Pod"]
    assert pod["spec"]["containers"][0]["args"][3] == target
