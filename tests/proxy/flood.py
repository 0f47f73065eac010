"""A server that sends without end to whoever asks for anything: what nobody reads fills every buffer on its way.

It runs as a program of its own, so that it does not take turns with those that open the connections.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator

BLOCK = bytes(1 << 16)


@contextlib.contextmanager
def flooding(listener: socket.socket) -> Iterator[None]:
    """Serve a socket that is bound and listens."""
    listener.listen(4096)
    command = [sys.executable, __file__, str(listener.fileno())]
    with subprocess.Popen(command, pass_fds=[listener.fileno()]) as server:
        # Whatever happens: leaving the block waits for its end.
        try:
            yield
        finally:
            server.kill()


def serve(listener: socket.socket) -> None:
    """Send to every connection for as long as it takes more."""
    selector = selectors.DefaultSelector()
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                sock = listener.accept()[0]
                sock.setblocking(False)
                selector.register(sock, selectors.EVENT_WRITE)
            elif isinstance(key.fileobj, socket.socket):
                _send(selector, key.fileobj)


def _send(selector: selectors.BaseSelector, sock: socket.socket) -> None:
    try:
        sock.send(BLOCK)
    except BlockingIOError:
        pass
    except OSError:
        selector.unregister(sock)
        sock.close()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
