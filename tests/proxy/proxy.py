"""Envoy with the chart's configuration, outside a cluster."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.helm import helm
from tests.proxy.cgroup import Cgroup
from tests.proxy.namespace import Namespace
from tests.proxy.world import RESOLVER
from tools.egress.envoy.verdict import UNFINISHED
from tools.render.helm_errors import classify
from tools.render.merge import merge
from tools.render.own import CHART
from tools.render.target import RenderTarget
from tools.render.template import as_yaml

MOUNT = "/etc/envoy"
LIST = "/etc/envoy-list"
PARTS = ("gateway", "database", "cache", "opa")
# A search domain, as a pod's resolv.conf has some: c-ares takes it from LOCALDOMAIN.
SEARCH = "search.test"
_numbers = itertools.count()


def objects(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the chart makes of `values`."""
    target = RenderTarget()
    words = ["template", target.release, str(CHART), *target.arguments, "--values=-"]
    ran = helm(words, as_yaml(values))
    if ran.returncode:
        raise classify(ran.stderr, ran.returncode)
    return [document for document in yaml.load_all(ran.stdout, yaml.CSafeLoader) if document]


def files(manifests: list[dict[str, Any]]) -> dict[str, str]:
    """Envoy's configuration files, from the ConfigMaps that the Deployment mounts."""
    texts: dict[str, str] = {}
    for manifest in manifests:
        if manifest["kind"] == "ConfigMap" and "egress-proxy" in manifest["metadata"]["name"]:
            texts.update(manifest["data"])
    return texts


class Proxy:
    """A running Envoy. Its ports are its own, so that several live in one namespace."""

    def __init__(
        self,
        namespace: Namespace,
        folder: Path,
        envoy: str,
        values: Mapping[str, Any],
        patch: Mapping[str, str] = {},
        group: Cgroup | None = None,
    ) -> None:
        number = next(_numbers)
        self.ports = {part: 3128 + 10 * number + i for i, part in enumerate(PARTS)}
        self.metrics, self.admin = 3137 + 10 * number, 9801 + number
        own = {
            "ports": self.ports,
            "metricsPort": self.metrics,
            "resolvers": [RESOLVER],
            "drainSeconds": 1,
            "connectTimeoutSeconds": 1,
        }
        self._values = {"proxy": own}
        self._patch = {**patch, LIST: str(folder / "list"), "port_value: 9901": f"port_value: {self.admin}"}
        self.namespace, self.folder, self._versions = namespace, folder, itertools.count()
        self._group = group
        (folder / "list").mkdir(parents=True)
        manifests = objects(merge(self._values, values))
        self.log_file = folder / "envoy.log"
        self._write(files(manifests))
        self._start(envoy, manifests)

    def _start(self, envoy: str, manifests: list[dict[str, Any]]) -> None:
        deployments = [it for it in manifests if it["kind"] == "Deployment"]
        deployment = next(it for it in deployments if "egress-proxy" in it["metadata"]["name"])
        arguments = list(deployment["spec"]["template"]["spec"]["containers"][0]["args"])
        for flag, value in (("--config-path", str(self.folder / "envoy.yaml")), ("--file-flush-interval-msec", "50")):
            arguments[arguments.index(flag) + 1] = value
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                self.namespace.command([envoy, *arguments]),
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "LOCALDOMAIN": SEARCH},
                preexec_fn=self._group.enter if self._group else None,
            )
        self._await_port()

    def _await_port(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            with self.namespace.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.ports["gateway"])) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"Envoy does not listen:\n{self.log_file.read_text()[:2000]}")

    def update(self, values: Mapping[str, Any]) -> None:
        """A changed list, as the kubelet brings it."""
        self._write(files(objects(merge(self._values, values))))

    def _write(self, texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            for old, new in self._patch.items():
                text = text.replace(old, new)
            if name == "envoy.yaml":
                (self.folder / name).write_text(text)
            else:
                self._staged(name, text)
        self._swap()

    def _staged(self, name: str, text: str) -> None:
        staging = self.folder / "list" / "..next"
        staging.mkdir(exist_ok=True)
        (staging / name).write_text(text)

    def put(self, texts: Mapping[str, str]) -> None:
        """Files as they are, right or wrong."""
        for name, text in texts.items():
            self._staged(name, text)
        self._swap()

    def _swap(self) -> None:
        """As the kubelet's AtomicWriter does: a new directory, and one rename of the ..data link."""
        folder = self.folder / "list"
        version = f"..version-{next(self._versions)}"
        (folder / "..next").rename(folder / version)
        for file in (folder / version).iterdir():
            link = folder / file.name
            if not link.is_symlink():
                link.symlink_to(f"..data/{file.name}")
        link = folder / "..data_tmp"
        link.symlink_to(version)
        link.replace(folder / "..data")

    def lines(self, client: str, wait: float = 3) -> list[dict[str, Any]]:
        """The log's lines about a client, once there is one."""
        deadline = time.monotonic() + wait
        while True:
            lines_of_client = [line for line in self.log() if line["client"] == client]
            if lines_of_client or time.monotonic() > deadline:
                return lines_of_client
            time.sleep(0.05)

    def log(self) -> list[dict[str, Any]]:
        """Every line of the access log."""
        return [json.loads(line) for line in self.log_file.read_text().splitlines() if line.startswith("{")]

    def complaints(self) -> list[str]:
        """What Envoy said beside the access log, without what it says of the address filter each time it reads one."""
        lines = self.log_file.read_text().splitlines()
        return [line for line in lines if not line.startswith("{") and UNFINISHED not in line]

    def get(self, path: str, port: int = 0) -> tuple[int, str]:
        """A page of the metrics port."""
        with self.namespace.socket() as sock:
            sock.settimeout(8)
            sock.connect(("127.0.0.1", port or self.metrics))
            page = http.client.HTTPConnection("metrics")
            page.sock = sock
            page.request("GET", path)
            answer = page.getresponse()
            return answer.status, answer.read().decode()

    def memory(self, kind: str = "VmRSS") -> int:
        """Resident bytes: now, or the most there were (VmHWM)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split(f"{kind}:")[1].split()[0]) * 1024

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)


__all__ = ["CHART", "LIST", "MOUNT", "Proxy", "files", "objects"]
