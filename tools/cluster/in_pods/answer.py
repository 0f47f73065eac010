"""A stand-in for a part of SARK: answers every line on its ports with its own name.

Usage: answer.py NAME PORT… where a port is 8000, or 53/UDP.
"""

import socketserver
import sys
import threading


def answer(line: bytes) -> bytes:
    """`sark-probe TOKEN` is answered `sark-answer NAME token=TOKEN`: only a peer that got through learns both."""
    words = line.decode("ascii", "replace").split() or [""]
    return f"sark-answer {sys.argv[1]} token={words[-1]}\n".encode()


class Answer(socketserver.StreamRequestHandler):
    """Every line of a TCP connection."""

    timeout = 30

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(answer(line))


class AnsweredDatagram(socketserver.BaseRequestHandler):
    """Every datagram."""

    def handle(self) -> None:
        self.request[1].sendto(answer(self.request[0]), self.client_address)


class AnswerServer(socketserver.ThreadingTCPServer):
    """Quick to rebind, and patient with many visitors at once."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def server(port: str) -> socketserver.BaseServer:
    """What listens on that port."""
    number, _, protocol = port.partition("/")
    if protocol == "UDP":
        return socketserver.UDPServer(("0.0.0.0", int(number)), AnsweredDatagram)
    return AnswerServer(("0.0.0.0", int(number)), Answer)


if __name__ == "__main__":
    servers = [server(port) for port in sys.argv[2:]]
    for other in servers[1:]:
        threading.Thread(target=other.serve_forever, daemon=True).start()
    servers[0].serve_forever()
