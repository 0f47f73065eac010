"""Runs inside a stand-in pod and tries connections. Reads one line of JSON from standard input, a list of attempts:

    {"id", "host", "port", "protocol": "TCP"|"UDP", "speak": "line"|"tls"|"http"|"dns"|"handshake"|"knock", "sni": "…",
     "authority": "name", "proxy": ["10.96.0.5", 3128] or null, "token": "…", "timeout": 2.0, "hold": false,
     "steered": false}

Writes one line of JSON an attempt as soon as it ends, `{"id", "outcome", "detail", "seconds"}`, then `{"done": n}`.
Outcomes: `answer` (the target spoke), `refused` (somebody said no or hung up), `timeout`, `unprobed` (none of these:
no route, no such thing on this machine). With `hold` the connection is kept and a line sent each half second until the
far side hangs up or `stop` is read from standard input; the attempt then ends with `closed` or `open`. To `knock` is to
connect and say nothing; that nobody listens is an answer then, for only the target itself can say so.
"""

import errno
import json
import socket
import ssl
import struct
import sys
import threading
import time
from typing import Any

Attempt = dict[str, Any]
STOP = threading.Event()
PRINTING = threading.Lock()
LOCAL_ERRORS = {errno.ENETUNREACH, errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.EACCES, errno.ENOBUFS}


class RefusedProbeError(Exception):
    """The far side, or one on the way, said no in words or by hanging up."""


class UnprobedError(Exception):
    """What came back proves nothing."""


def connect(attempt: Attempt) -> socket.socket:
    """A TCP connection to the target, or a tunnel to it through the proxy."""
    timeout = attempt["timeout"]
    if not attempt["proxy"]:
        return socket.create_connection((attempt["host"], attempt["port"]), timeout)
    sock = socket.create_connection(tuple(attempt["proxy"]), timeout)
    try:
        if attempt["speak"] != "http":
            ask_for_tunnel(sock, f"{attempt['authority']}:{attempt['port']}")
    except BaseException:
        sock.close()
        raise
    return sock


def ask_for_tunnel(sock: socket.socket, authority: str) -> None:
    """CONNECT, and the proxy's yes."""
    sock.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    judge_status(read_head(sock))


def read_head(sock: socket.socket) -> str:
    """An HTTP response's head, byte by byte: what follows belongs to the tunnel."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            raise RefusedProbeError("hung up" if not head else "hung up within an answer's head")
        head += byte
    return head.decode("latin-1")


def judge_status(head: str) -> None:
    """Only 200 and 403 are verdicts of a proxy; any other status says that it could not do its work."""
    status = head.split(None, 2)[1]
    if status == "403":
        raise RefusedProbeError(head.splitlines()[0])
    if status != "200":
        raise UnprobedError(f"the proxy answered {head.splitlines()[0]}")


def wrap(sock: socket.socket, attempt: Attempt) -> ssl.SSLSocket:
    """TLS over the connection, without checking whose certificate it is: the answer's text says who speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(sock, server_hostname=attempt["sni"] or None)


def say_line(sock: socket.socket, attempt: Attempt) -> str:
    """One line out, one line back."""
    sock.sendall(f"sark-probe {attempt['token']}\n".encode())
    return read_line(sock)


def read_line(sock: socket.socket) -> str:
    line = b""
    while not line.endswith(b"\n"):
        byte = sock.recv(4096)
        if not byte:
            raise RefusedProbeError("hung up")
        line += byte
    return line.decode("ascii", "replace").strip()


def say_http(sock: socket.socket, attempt: Attempt) -> str:
    """A GET, with an absolute URL when a proxy is to fetch it."""
    host = f"{attempt['authority']}:{attempt['port']}"
    url = f"http://{host}" if attempt["proxy"] else ""
    request = f"GET {url}/{attempt['token']} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    sock.sendall(request.encode())
    head = read_head(sock)
    if attempt["proxy"] or attempt.get("steered"):
        judge_status(head)
    body = sock.makefile("rb").read().decode("ascii", "replace").strip()
    return body if body.startswith("sark-answer") else head.splitlines()[0]


def say_dns(sock: socket.socket, attempt: Attempt) -> str:
    """A DNS query, with a length before it over TCP. Any well-formed reply to it is an answer, whatever it says."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in attempt["authority"].split("."))
    query = b"\x53\x4b" + struct.pack(">HHHHH", 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)
    if attempt["protocol"] == "TCP":
        sock.sendall(struct.pack(">H", len(query)) + query)
        reply = sock.recv(4096)[2:]
    else:
        sock.send(query)
        reply = sock.recv(4096)
    if reply[:2] != query[:2]:
        raise UnprobedError("what came back is no reply to the query")
    address = socket.inet_ntoa(reply[-4:]) if reply[7] else "nothing"
    return f"{attempt['authority']} is {address}, code {reply[3] & 15}"


def knock(attempt: Attempt) -> str:
    """Whether somebody listens, from the target itself: a denied connection is met with silence."""
    try:
        connect(attempt).close()
    except ConnectionRefusedError:
        return "it was reached, and nobody listens"
    return "it was reached, and somebody listens"


def converse(attempt: Attempt) -> str:
    """Say what the attempt says and return the answer."""
    if attempt["protocol"] == "UDP":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(attempt["timeout"])
            sock.connect((attempt["host"], attempt["port"]))
            return say_dns(sock, attempt)
    if attempt["speak"] == "knock":
        return knock(attempt)
    with connect(attempt) as sock:
        speak = attempt["speak"]
        if speak in ("tls", "handshake"):
            with wrap(sock, attempt) as tls:
                if speak == "handshake":
                    return f"handshake {tls.version()}"
                return hold(tls, attempt) if attempt.get("hold") else say_line(tls, attempt)
        return {"line": say_line, "http": say_http, "dns": say_dns}[speak](sock, attempt)


def hold(sock: socket.socket, attempt: Attempt) -> str:
    """Keep the connection busy until it dies or the order to stop comes."""
    started, lines = time.monotonic(), 0
    report(attempt, "held", say_line(sock, attempt), 0.0)
    try:
        while not STOP.wait(0.5):
            say_line(sock, attempt)
            lines += 1
    except (OSError, RefusedProbeError) as error:
        raise ClosedError(f"closed after {time.monotonic() - started:.1f} s and {lines} lines: {error}") from error
    return f"open after {time.monotonic() - started:.1f} s and {lines} lines"


class ClosedError(Exception):
    """A held connection came to its end."""


def outcome(attempt: Attempt) -> tuple[str, str]:
    """What became of it, and in which words."""
    try:
        return "open" if attempt.get("hold") else "answer", converse(attempt)
    except ClosedError as closed:
        return "closed", str(closed)
    except RefusedProbeError as refused:
        return "refused", str(refused)
    except UnprobedError as unprobed:
        return "unprobed", str(unprobed)
    except TimeoutError:
        return "timeout", f"nothing within {attempt['timeout']} s"
    except ssl.SSLError as error:
        ended = isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) or "EOF" in str(error)
        return ("refused" if ended else "unprobed"), f"TLS: {error.reason or error}"
    except socket.gaierror as error:
        return "unprobed", f"{attempt['host']!r} or the proxy has no address: {error.strerror}"
    except (ConnectionRefusedError, ConnectionResetError, ConnectionAbortedError, BrokenPipeError) as error:
        return "refused", error.strerror or str(error)
    except OSError as error:
        word = "unprobed" if error.errno in LOCAL_ERRORS or error.errno == errno.EHOSTUNREACH else "refused"
        return word, str(error)
    except Exception as error:
        return "unprobed", f"{type(error).__name__}: {error}"


def report(attempt: Attempt, word: str, detail: str, seconds: float) -> None:
    """One line, whole, whichever thread writes."""
    with PRINTING:
        print(
            json.dumps({"id": attempt["id"], "outcome": word, "detail": detail, "seconds": round(seconds, 3)}),
            flush=True,
        )


def run(attempt: Attempt) -> None:
    """One attempt from start to report."""
    started = time.monotonic()
    word, detail = outcome(attempt)
    report(attempt, word, detail, time.monotonic() - started)


def main() -> None:
    """All attempts at once."""
    attempts = json.loads(sys.stdin.readline())
    threads = [threading.Thread(target=run, args=(attempt,), daemon=True) for attempt in attempts]
    for thread in threads:
        thread.start()
    if any(attempt.get("hold") for attempt in attempts):
        sys.stdin.readline()
        STOP.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"done": len(attempts)}), flush=True)


if __name__ == "__main__":
    main()
