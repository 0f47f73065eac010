"""What to look at after a failure: written to a folder before the cluster goes away."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import urllib3
import yaml
from kubernetes import client, stream
from kubernetes.client.exceptions import ApiException

from tools.cluster import leftovers
from tools.cluster.errors import CannotRunError
from tools.cluster.internet import Internet
from tools.cluster.kube import Kube
from tools.cluster.options import NAMESPACE, RELEASE, TrialOptions
from tools.cluster.plan import STAND_IN
from tools.cluster.process import attempt
from tools.cluster.release import Release

ADMIN = 9901
PAGES = ("config_dump", "clusters", "listeners", "stats")


def write(options: TrialOptions, moment: str) -> Path:
    """Events, pods, logs, policies, Envoy's state, the test internet's log, the manifests: whatever can be had now.

    `moment` names the folder below `options.evidence`: the state of the trial that failed first, or `end`.
    """
    folder = options.evidence / moment.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    internet = Internet.of(options.name)
    _save(folder / "internet.log", lambda: attempt(["docker", "logs", internet.container]).stdout)
    if not options.kubeconfig.is_file():
        return folder
    try:
        kube = Kube.at(options.kubeconfig)
    except CannotRunError as error:
        (folder / "unreachable.txt").write_text(f"{error}\n", encoding="utf-8")
        return folder
    _save(folder / "events.txt", lambda: _events(kube))
    _save(folder / "pods.yaml", lambda: _as_text(kube, kube.core.list_pod_for_all_namespaces()))
    _save(folder / "nodes.yaml", lambda: _as_text(kube, kube.core.list_node()))
    _save(folder / "policies.yaml", lambda: yaml.safe_dump(dict(leftovers.policies(kube))))
    _save(folder / "manifest.yaml", lambda: Release.of(options).helm("get", "manifest", RELEASE))
    _save(folder / "values.yaml", lambda: Release.of(options).helm("get", "values", RELEASE))
    for pod in _pods(kube):
        _logs(kube, pod, folder / "logs")
        if _is_envoy(pod):
            _envoy(kube, pod.metadata.name, folder / "envoy")
    return folder


def _save(path: Path, make: Callable[[], str]) -> None:
    """Write what can be had, or why it cannot: one missing piece must not hide the others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        text = make()
    except Exception as error:
        text = f"could not be had: {type(error).__name__}: {error}\n"
    path.write_text(text, encoding="utf-8")


def _as_text(kube: Kube, result: Any) -> str:
    return str(yaml.safe_dump(kube.api.sanitize_for_serialization(result)))


def _pods(kube: Kube) -> list[Any]:
    try:
        return list(kube.core.list_pod_for_all_namespaces().items)
    except (ApiException, urllib3.exceptions.HTTPError):
        return []


def _is_envoy(pod: Any) -> bool:
    labels, annotations = pod.metadata.labels or {}, pod.metadata.annotations or {}
    return labels.get("app.kubernetes.io/component") == "egress-proxy" and STAND_IN not in annotations


def _events(kube: Kube) -> str:
    events = kube.core.list_event_for_all_namespaces().items
    events.sort(key=lambda it: str(it.last_timestamp or it.event_time or ""))
    return "".join(
        f"{it.last_timestamp or it.event_time} {it.type} {it.involved_object.kind} "
        f"{it.involved_object.namespace}/{it.involved_object.name} {it.reason}: {it.message}\n"
        for it in events
    )


def _logs(kube: Kube, pod: Any, folder: Path) -> None:
    read = kube.core.read_namespaced_pod_log
    where = pod.metadata.namespace, pod.metadata.name
    for container in [*(pod.spec.init_containers or []), *pod.spec.containers]:
        name = container.name
        path = folder / f"{where[0]}_{where[1]}_{name}.log"
        _save(path, lambda name=name: str(read(where[1], where[0], container=name, tail_lines=2000)))  # type: ignore[misc]


def _envoy(kube: Kube, pod: str, folder: Path) -> None:
    """Envoy's admin pages, through a forwarded port: they are on the pod's loopback, and its image has no shell."""
    for page in PAGES:
        _save(folder / f"{pod}_{page}.txt", lambda page=page: _admin(kube, pod, page))  # type: ignore[misc]


def _admin(kube: Kube, pod: str, page: str) -> str:
    own = client.CoreV1Api(client.ApiClient(kube.api.configuration))
    forwarded = stream.portforward(own.connect_get_namespaced_pod_portforward, pod, NAMESPACE, ports=str(ADMIN))
    connection = http.client.HTTPConnection("localhost")
    connection.sock = forwarded.socket(ADMIN)
    connection.sock.setblocking(True)
    connection.request("GET", f"/{page}", headers={"Connection": "close"})
    text = connection.getresponse().read().decode("utf-8", "replace")
    connection.close()
    return text


def summary(folder: Path, stopped: str, results: list[dict[str, str]]) -> None:
    """What failed, beside what was gathered."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"stopped": stopped, "failed": results}, indent=2, ensure_ascii=False)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
