"""The programs that run inside the cluster, run here on loopback: answerer, probe, test internet."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.cluster.in_pods import ask_many as asker
from tools.cluster.in_pods import internet as world
from tools.cluster.in_pods import probe
from tools.cluster.internet import IN_PODS


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def answerer() -> Iterator[int]:
    """The port of an answerer named `database`."""
    port = free_port()
    command = [sys.executable, str(IN_PODS / "answer.py"), "database", str(port)]
    with subprocess.Popen(command) as process:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.kill()


@contextlib.contextmanager
def serving(handle: Any) -> Iterator[int]:
    """A server on loopback whose every connection is given to `handle(socket)`."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            handle(self.request)

    with world.InternetServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def attempt(port: int, **changes: Any) -> dict[str, Any]:
    usual = {"id": "a", "host": "127.0.0.1", "port": port, "protocol": "TCP", "speak": "line", "sni": "", "token": "t1"}
    return usual | {"authority": "api.test", "proxy": None, "timeout": 1.0} | changes


def reply(text: str) -> Any:
    """A handler that reads what comes first and answers with the text."""

    def handle(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(text.encode())

    return handle


def test_a_line_is_answered_with_the_answerers_name_and_the_token(answerer: int) -> None:
    assert probe.outcome(attempt(answerer)) == ("answer", "sark-answer database token=t1")


def test_a_closed_port_is_a_refusal() -> None:
    assert probe.outcome(attempt(free_port())) == ("refused", "Connection refused")


def test_a_knock_is_answered_by_whoever_is_there_and_listens_or_not(answerer: int) -> None:
    assert probe.outcome(attempt(answerer, speak="knock")) == ("answer", "it was reached, and somebody listens")
    assert probe.outcome(attempt(free_port(), speak="knock")) == ("answer", "it was reached, and nobody listens")
    assert probe.outcome(attempt(answerer, speak="knock", host="no.such.name.invalid"))[0] == "unprobed"


def test_silence_is_a_timeout() -> None:
    with serving(lambda sock: time.sleep(1)) as port:
        assert probe.outcome(attempt(port, timeout=0.2)) == ("timeout", "nothing within 0.2 s")


def test_hanging_up_is_a_refusal() -> None:
    with serving(lambda sock: sock.recv(4096)) as port:
        assert probe.outcome(attempt(port))[0] == "refused"
    with serving(lambda sock: sock.recv(4096)) as port:
        assert probe.outcome(attempt(port, speak="tls"))[0] == "refused"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"host": ""}, "no address"),
        ({"host": "no.such.name.invalid"}, "no address"),
        ({"speak": "smoke"}, "KeyError"),
    ],
)
def test_what_proves_nothing_is_unprobed_and_never_a_denial(answerer: int, changes: dict[str, Any], why: str) -> None:
    word, detail = probe.outcome(attempt(answerer, **changes))
    assert (word, why in detail) == ("unprobed", True), detail


@pytest.mark.parametrize(
    ("status", "word"), [("403 Forbidden", "refused"), ("503 Unavailable", "unprobed"), ("407 Login", "unprobed")]
)
def test_only_403_is_a_proxys_no(status: str, word: str) -> None:
    with serving(reply(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")) as port:
        for speak in ("tls", "http"):
            made = attempt(443, speak=speak, proxy=["127.0.0.1", port])
            assert probe.outcome(made)[0] == word
        assert probe.outcome(attempt(port, speak="http", steered=True))[0] == word
        assert probe.outcome(attempt(port, speak="http"))[0] == "answer"


def test_a_tunnel_is_asked_for_by_name_and_used_after_200() -> None:
    seen: list[bytes] = []

    def proxy(sock: socket.socket) -> None:
        seen.append(sock.recv(4096))
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        seen.append(sock.recv(4096))
        sock.sendall(b"sark-answer x token=t1\n")

    with serving(proxy) as port:
        made = attempt(8443, proxy=["127.0.0.1", port])
        assert probe.outcome(made) == ("answer", "sark-answer x token=t1")
    assert seen == [b"CONNECT api.test:8443 HTTP/1.1\r\nHost: api.test:8443\r\n\r\n", b"sark-probe t1\n"]


def test_plain_http_goes_to_a_proxy_with_an_absolute_url_and_to_a_server_without() -> None:
    seen: list[bytes] = []

    def server(sock: socket.socket) -> None:
        seen.append(sock.recv(4096))
        sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsark-answer y token=t1\n")

    with serving(server) as port:
        assert probe.outcome(attempt(80, speak="http", proxy=["127.0.0.1", port]))[0] == "answer"
        assert probe.outcome(attempt(port, speak="http")) == ("answer", "sark-answer y token=t1")
    assert seen[0].startswith(b"GET http://api.test:80/t1 HTTP/1.1\r\nHost: api.test:80\r\n")
    assert seen[1].startswith(b"GET /t1 HTTP/1.1\r\n")


ZONE = {"api.test": "203.0.113.10"}


def query(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x12\x34" + struct.pack(">HHHHH", 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


@pytest.mark.parametrize(
    ("name", "kind", "code", "answers"),
    [("api.test", 1, 0, 1), ("API.test", 1, 0, 1), ("api.test", 28, 0, 0), ("evil.test", 1, 3, 0)],
)
def test_the_zone_answers_its_names_and_no_others(
    capsys: pytest.CaptureFixture[str], name: str, kind: int, code: int, answers: int
) -> None:
    answer = world.resolve(query(name, kind), "172.18.0.3", ZONE)
    assert answer[:2] == b"\x12\x34"
    assert (answer[3] & 15, answer[7]) == (code, answers)
    if answers:
        assert answer[-4:] == socket.inet_aton("203.0.113.10")
    logged = json.loads(capsys.readouterr().out)
    assert logged == {"event": "query", "name": name.lower(), "type": kind, "peer": "172.18.0.3"}


def test_the_probe_understands_what_the_zone_answers() -> None:
    def dns(sock: socket.socket) -> None:
        asked = sock.recv(4096)[2:]
        answer = world.resolve(asked, "here", ZONE)
        sock.sendall(struct.pack(">H", len(answer)) + answer)

    with serving(dns) as port:
        assert probe.outcome(attempt(port, speak="dns")) == ("answer", "api.test is 203.0.113.10, code 0")
        assert probe.outcome(attempt(port, speak="dns", authority="evil.test")) == (
            "answer",
            "evil.test is nothing, code 3",
        )


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the test internet's certificate, made as its container makes it."""
    folder = tmp_path_factory.mktemp("tls")
    world.certify(str(folder))
    return folder


@pytest.mark.usefixtures("tls")
def test_the_test_internet_answers_tls_http_and_text_on_one_port_and_logs_the_sni(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with world.InternetServer(("127.0.0.1", 0), world.InternetVisit) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        port = server.server_address[1]
        here = f"sark-answer 127.0.0.1:{port}"
        assert probe.outcome(attempt(port, speak="tls", sni="api.test")) == ("answer", f"{here} sni=api.test token=t1")
        assert probe.outcome(attempt(port, speak="tls", sni="")) == ("answer", f"{here} sni=- token=t1")
        assert probe.outcome(attempt(port, speak="http")) == ("answer", f"{here} sni=- token=t1")
        assert probe.outcome(attempt(port)) == ("answer", f"{here} sni=- token=t1")
        assert probe.outcome(attempt(port, speak="handshake"))[0] == "answer"
        server.shutdown()
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [it["sni"] for it in events if it["event"] == "hello"][:2] == ["api.test", None]
    assert sum(it["event"] == "accept" for it in events) == 5
    assert {it["token"] for it in events if it["event"] == "answer"} == {"t1"}


def test_the_probe_reads_attempts_from_standard_input_and_reports_each(answerer: int) -> None:
    attempts = [attempt(answerer, id="one"), attempt(free_port(), id="two")]
    done = subprocess.run(
        [sys.executable, str(IN_PODS / "probe.py")],
        input=json.dumps(attempts) + "\n",
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert {it["id"]: it["outcome"] for it in reports[:-1]} == {"one": "answer", "two": "refused"}
    assert reports[-1] == {"done": 2}


def test_a_held_connection_says_when_it_is_up_and_whether_it_lived(tls: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
    held: list[ssl.SSLSocket] = []

    def visit(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as secured, contextlib.suppress(OSError):
            held.append(secured)
            while line := secured.recv(4096):
                secured.sendall(line)

    with serving(visit) as port, serving(visit) as doomed:
        attempts = [
            attempt(port, id="lives", speak="tls", hold=True),
            attempt(doomed, id="dies", speak="tls", hold=True),
        ]
        with subprocess.Popen(
            [sys.executable, str(IN_PODS / "probe.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(attempts) + "\n")
            process.stdin.flush()
            first = [json.loads(process.stdout.readline()) for _ in range(2)]
            assert {(it["id"], it["outcome"]) for it in first} == {("lives", "held"), ("dies", "held")}
            for sock in held:
                if sock.getsockname()[1] == doomed:
                    sock.shutdown(socket.SHUT_RDWR)
            died = json.loads(process.stdout.readline())
            assert (died["id"], died["outcome"]) == ("dies", "closed")
            process.stdin.write("stop\n")
            process.stdin.flush()
            lived = json.loads(process.stdout.readline())
            assert (lived["id"], lived["outcome"]) == ("lives", "open")
    for sock in held:
        sock.close()


@pytest.fixture(scope="module")
def both() -> Iterator[int]:
    """A port on which an answerer named `n/a` answers over TCP and over UDP."""
    port = free_port()
    command = [sys.executable, str(IN_PODS / "answer.py"), "n/a", f"{port}/TCP", f"{port}/UDP"]
    with subprocess.Popen(command) as process:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.kill()


def order(*attempts: list[Any], timeout: float = 1.0) -> dict[str, Any]:
    return {"timeout": timeout, "attempts": list(attempts)}


def test_an_asker_tries_both_protocols_at_once(both: int) -> None:
    tried = [["a", "127.0.0.1", both, "TCP", "t7", ""], ["b", "127.0.0.1", both, "UDP", "t7", ""]]
    answer = "sark-answer n/a token=t7"
    assert asyncio.run(asker.ask(order(*tried))) == {"done": 2, "answers": {"a": answer, "b": answer}, "refused": {}}


def test_an_asker_comes_from_where_it_is_told() -> None:
    seen: list[str] = []

    def tell(sock: socket.socket) -> None:
        seen.append(sock.getpeername()[0])
        sock.sendall(b"here\n")

    with serving(tell) as port:
        report = asyncio.run(asker.ask(order(["a", "127.0.0.1", port, "TCP", "t", "127.0.0.9"])))
    assert (report["answers"], seen) == ({"a": "here"}, ["127.0.0.9"])


def test_an_asker_tells_silence_from_a_refusal() -> None:
    over = threading.Event()
    with serving(lambda _: over.wait(60)) as silent, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        tried = [
            ["silent", "127.0.0.1", silent, "TCP", "t", ""],
            ["mute", "127.0.0.1", mute.getsockname()[1], "UDP", "t", ""],
            ["nobody", "127.0.0.1", free_port(), "TCP", "t", ""],
            ["nowhere", "127.0.0.1", free_port(), "UDP", "t", ""],
        ]
        report = asyncio.run(asker.ask(order(*tried, timeout=0.4)))
        over.set()
    assert report == {"done": 4, "answers": {}, "refused": dict.fromkeys(("nobody", "nowhere"), "Connection refused")}


def test_an_asker_says_a_datagram_again_when_it_is_lost() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def forgetful() -> None:
            server.recvfrom(4096)
            data, peer = server.recvfrom(4096)
            server.sendto(b"second " + data, peer)

        threading.Thread(target=forgetful, daemon=True).start()
        port = server.getsockname()[1]
        report = asyncio.run(asker.ask(order(["a", "127.0.0.1", port, "UDP", "t", ""], timeout=2.0)))
    assert report["answers"] == {"a": "second sark-probe t"}


def test_any_reply_to_a_question_is_an_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def resolve() -> None:
            query, peer = server.recvfrom(4096)
            server.sendto(world.resolve(query, "p", {}), peer)

        threading.Thread(target=resolve, daemon=True).start()
        report = asyncio.run(asker.ask(order(["a", "127.0.0.1", server.getsockname()[1], "DNS", "t", ""])))
    assert report["answers"] == {"a": "sark-answer dns"}


def test_an_asker_takes_order_after_order(both: int) -> None:
    lines = [json.dumps(order([name, "127.0.0.1", both, "TCP", name, ""])) for name in ("x", "y")]
    command = [sys.executable, str(IN_PODS / "ask_many.py")]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    assert [json.loads(line)["answers"] for line in done.stdout.splitlines()] == [
        {name: f"sark-answer n/a token={name}"} for name in ("x", "y")
    ]
