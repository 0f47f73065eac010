"""Runs inside the namespace: gives it addresses, and makes sockets there for whoever asks. See namespace.py."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

# Whole ranges on the loopback: every address of them answers. 198.51.100.7 is one that swallows whatever is sent to it.
ADDRESSES = """
link set lo up
addr add 203.0.113.0/24 dev lo
addr add 10.0.0.0/8 dev lo
addr add 100.64.0.0/10 dev lo
addr add 172.16.0.0/12 dev lo
addr add 192.168.0.0/16 dev lo
addr add 169.254.169.254/32 dev lo
addr add 168.63.129.16/32 dev lo
-6 addr add 2600:1901::10/128 dev lo nodad
-6 addr add fd00::1/128 dev lo nodad
-6 addr add 64:ff9b::a01:101/128 dev lo nodad
-6 addr add 2002:a01:101::1/128 dev lo nodad
link add hole type veth peer name bottom
addr add 198.51.100.1/24 dev hole
link set hole up
link set bottom up
neigh add 198.51.100.7 lladdr 02:00:00:00:00:07 dev hole
"""


def addresses() -> str:
    """Add them; what went wrong, or nothing."""
    for line in ADDRESSES.split("\n"):
        if line:
            ran = subprocess.run(["ip", *line.split()], capture_output=True, text=True, check=False)
            if ran.returncode:
                return f"ip {line}: {ran.stderr.strip()}"
    return ""


def make(question: dict[str, Any]) -> socket.socket:
    """A socket of a family and a type, bound and listening when asked."""
    made = socket.socket(question["family"], question["type"])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if question["family"] == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if question["bind"]:
        made.bind(tuple(question["bind"]))
        if question["type"] == socket.SOCK_STREAM:
            made.listen(512)
    return made


def serve(channel: socket.socket) -> None:
    """Answer requests until the other side is gone. The first message is empty when all went well."""
    channel.send(json.dumps(addresses()).encode())
    while message := channel.recv(4096):
        try:
            made = make(json.loads(message))
        except OSError as error:
            channel.send(json.dumps(str(error)).encode())
        else:
            socket.send_fds(channel, [b'""'], [made.fileno()])
            made.close()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
