"""Programs that try connections and stay: one in each pod of a crowd, and one in the test internet's container."""

from __future__ import annotations

import json
import select
import subprocess
from collections.abc import Mapping, Sequence
from queue import Empty, Queue
from threading import Thread
from typing import Any, Protocol

from tools.cluster import kind, probes
from tools.cluster.errors import CannotRunError
from tools.cluster.internet import IN_PODS, Internet
from tools.cluster.kube import Kube
from tools.cluster.plan import MOUNT as MOUNTED
from tools.cluster.process import run

# Seconds that an answer may take beyond what the attempts themselves may.
PATIENCE = 20.0


class Prober(Protocol):
    """Somebody who takes orders as in_pods/ask_many.py describes them."""

    def ask(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to one order. Raises `CannotRunError` when there is none."""

    def close(self) -> None:
        """No more orders."""


class InPod:
    """The program in a pod, by `namespace/name`."""

    def __init__(self, kube: Kube, pod: str) -> None:
        self.pod = pod
        space, _, name = pod.partition("/")
        self.channel = kube.open(space, name, ("python3", f"{MOUNTED}/ask_many.py"))

    def ask(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """See Prober."""
        self.channel.write_stdin(json.dumps(order) + "\n")
        answer: Mapping[str, Any] = next(probes.lines(self.channel, order["timeout"] + PATIENCE), {})
        if "done" not in answer:
            why = self.channel.read_stderr().strip() if self.channel.peek_stderr() else "no word came back"
            raise CannotRunError(f"the prober in pod {self.pod} does not answer: {why}")
        return answer

    def close(self) -> None:
        """See Prober."""
        self.channel.close()


def opened(kube: Kube, pod: str, tries: int = 3, seconds: float = 30.0) -> InPod:
    """The program in a pod, started. The client waits without end for a node that is too busy to start it: here it is
    tried again. Raises `CannotRunError`.
    """
    why: Exception | None = None
    for _ in range(tries):
        made: Queue[InPod | Exception] = Queue()
        Thread(target=_open, args=(kube, pod, made), daemon=True).start()
        try:
            prober = made.get(timeout=seconds)
        except Empty:
            continue
        if isinstance(prober, InPod):
            return prober
        why = prober
    raise CannotRunError(f"no prober could be started in pod {pod}: {why or f'not within {seconds:.0f} s'}")


def _open(kube: Kube, pod: str, made: Queue[InPod | Exception]) -> None:
    try:
        made.put(InPod(kube, pod))
    except Exception as error:
        made.put(error)


class InInternet:
    """The program in the test internet's container, from whose addresses it comes."""

    def __init__(self, internet: Internet) -> None:
        script = (IN_PODS / "ask_many.py").read_text(encoding="utf-8")
        command = ["docker", "exec", "--interactive", internet.container, "python3", "-c", script]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """See Prober."""
        there, back = self.process.stdin, self.process.stdout
        assert there is not None
        assert back is not None
        print(json.dumps(order), file=there, flush=True)
        ready, _, _ = select.select([back], [], [], order["timeout"] + PATIENCE)
        line = back.readline() if ready else ""
        if not line:
            raise CannotRunError("the prober in the test internet does not answer")
        answer: Mapping[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """See Prober."""
        self.process.kill()
        self.process.wait()


def lead_to_pods(cluster: str, internet: Internet, pods: Sequence[tuple[str, str]]) -> None:
    """Routes from the test internet to pods, each given as its own address and its node's.

    The container's image has no `ip`; the node's has, and is run once in the container's network.
    """
    node = kind.nodes(cluster)[0]
    image = run(["docker", "inspect", "--format", "{{.Config.Image}}", node]).strip()
    where = ["--network", f"container:{internet.container}", "--cap-add", "NET_ADMIN", "--entrypoint", "ip"]
    batch = "".join(f"route replace {pod}/32 via {node}\n" for pod, node in pods if pod != node)
    run(["docker", "run", "--rm", "--interactive", *where, image, "-batch", "-"], stdin=batch)
