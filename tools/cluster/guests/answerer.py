"""A stand-in for a part of SARK: answers every line on its ports with its own name. Usage: answerer.py NAME PORT…"""

import socketserver
import sys
import threading


class Answer(socketserver.StreamRequestHandler):
    """`sark-probe TOKEN` is answered `sark-answer NAME token=TOKEN`: only a peer that got through learns both."""

    timeout = 30

    def handle(self) -> None:
        for line in self.rfile:
            words = line.decode("ascii", "replace").split() or [""]
            self.wfile.write(f"sark-answer {sys.argv[1]} token={words[-1]}\n".encode())


class Server(socketserver.ThreadingTCPServer):
    """Quick to rebind, and patient with many visitors at once."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    servers = [Server(("0.0.0.0", int(port)), Answer) for port in sys.argv[2:]]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()
