"""Runs inside a stand-in pod and asks every replica of the proxy for a tunnel to one name, again and again, so that
whoever changes the list sees when each replica obeys. Reads one line of JSON from standard input:

    {"name", "port", "seconds": 0.05, "replicas": {"pod-a": ["10.244.0.5", 3128], …}}

Writes one line of JSON whenever a replica's answer is not the one before, `{"replica", "status", "at"}`: the HTTP
status, or 0 when there was none, and when the question was sent, in seconds since 1970. Stops when another line comes,
and then writes `{"done": n}`.
"""

import json
import socket
import sys
import threading
import time

STOP = threading.Event()
PRINTING = threading.Lock()


def status(address: tuple[str, int], authority: str) -> int:
    """What the proxy answers to CONNECT; 0 when it does not."""
    try:
        with socket.create_connection(address, 4) as connection:
            connection.settimeout(4)
            connection.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
            head = connection.recv(4096).split()
            return int(head[1]) if len(head) > 1 else 0
    except (OSError, ValueError):
        return 0


def ask(replica: str, address: tuple[str, int], authority: str, seconds: float) -> None:
    """Until it is to stop."""
    before = -1
    while not STOP.is_set():
        at = time.time()
        answer = status(address, authority)
        if answer != before:
            with PRINTING:
                print(json.dumps({"replica": replica, "status": answer, "at": at}), flush=True)
        before = answer
        STOP.wait(seconds)


def main() -> None:
    """All replicas at once."""
    order = json.loads(sys.stdin.readline())
    authority = f"{order['name']}:{order['port']}"
    threads = [
        threading.Thread(target=ask, args=(replica, tuple(address), authority, order["seconds"]), daemon=True)
        for replica, address in order["replicas"].items()
    ]
    for thread in threads:
        thread.start()
    sys.stdin.readline()
    STOP.set()
    for thread in threads:
        thread.join(10)
    print(json.dumps({"done": len(threads)}), flush=True)


if __name__ == "__main__":
    main()
