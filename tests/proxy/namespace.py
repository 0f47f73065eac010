"""A network namespace of its own, without being root: the tests' whole internet."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

AGENT = Path(__file__).with_name("agent.py")


class NoNamespaceError(Exception):
    """This machine gives us none; the message says why."""


class Namespace:
    """Sockets and commands inside a new network namespace. A socket stays in the namespace that it was made in, so it
    can be handed out and used from here."""

    def __init__(self) -> None:
        for program in ("unshare", "nsenter", "ip"):
            if not shutil.which(program):
                raise NoNamespaceError(f"{program} is not on PATH; install util-linux and iproute2")
        self.privileged = self._is_privileged()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        self._agent = subprocess.Popen(
            ["unshare", *self._flags(), sys.executable, str(AGENT), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stderr=subprocess.PIPE,
            text=True,
        )
        theirs.close()
        first = self._channel.recv(4096)
        if not first:
            _, why = self._agent.communicate()
            raise NoNamespaceError(f"no network namespace: {why.strip()}; allow user namespaces, or run as root")
        if why := json.loads(first):
            self.close()
            raise NoNamespaceError(f"the network namespace cannot be furnished: {why}")

    def _flags(self) -> list[str]:
        return ["--net"] if self.privileged else ["--user", "--map-root-user", "--net"]

    @staticmethod
    def _is_privileged() -> bool:
        """Root as root, unless it is a root that may make no namespace, as in most containers."""
        if os.geteuid() != 0:
            return False
        return subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0

    def socket(
        self,
        family: socket.AddressFamily = socket.AF_INET,
        kind: socket.SocketKind = socket.SOCK_STREAM,
        bind: tuple[str, int] | None = None,
    ) -> socket.socket:
        """A socket inside; with `bind` a listening one."""
        with self._lock:
            self._channel.send(json.dumps({"family": family, "type": kind, "bind": bind}).encode())
            answer, descriptors, _, _ = socket.recv_fds(self._channel, 4096, 1)
        if why := json.loads(answer):
            raise OSError(f"{bind}: {why}")
        return socket.socket(fileno=descriptors[0])

    def command_with_hosts(self, arguments: Sequence[str], hosts: Path) -> list[str]:
        """The command line that runs `arguments` inside, where `hosts` stands in the place of /etc/hosts."""
        user = [] if self.privileged else ["--user", "--preserve-credentials"]
        mounted = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts)]
        return ["nsenter", "--target", str(self._agent.pid), *user, "--net", "--", *mounted, *arguments]

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The command line that runs `arguments` inside. Root runs it as the pod's user, if that one can reach it."""
        target = str(self._agent.pid)
        program, real = Path(arguments[0]), Path(arguments[0]).resolve()
        if not self.privileged:
            user = ["--user", "--preserve-credentials"]
        elif all(path.stat().st_mode & 0o001 for path in (real, *real.parents, *program.parents)):
            user = ["--setuid", "65532", "--setgid", "65532"]
        else:
            user = []
        return ["nsenter", "--target", target, *user, "--net", "--", *arguments]

    def close(self) -> None:
        """End the agent, and with it the namespace."""
        self._channel.close()
        self._agent.wait(5)
        if self._agent.stderr:
            self._agent.stderr.close()
