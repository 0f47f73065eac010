"""A release's proxy in a cluster, through the `kubernetes` client: its pods, their log, their metrics, its list.

The DNS guard's pods belong to it: a changed list is pushed to both.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import urllib3
from kubernetes import client, config, stream
from kubernetes.client.exceptions import ApiException

from tools.egress.live.replicas import (
    GUARD_STATS,
    STATS,
    Replica,
    guard_replica,
    installed,
    installed_corefile,
    replica,
)
from tools.findings.cli import complain
from tools.findings.errors import InputError
from tools.manifests import kubeconfig

COMPONENT = "app.kubernetes.io/component=egress-proxy"
GUARD = "app.kubernetes.io/component=dns-guard"
INSTANCE = "app.kubernetes.io/instance"
PUSHED = "sark-network/pushed"
# Seconds to connect, and seconds between two pieces of an answer.
TIMEOUT = (5.0, 60.0)


@dataclass(frozen=True)
class ProxyInCluster:
    """The proxy of one release."""

    api: Any
    namespace: str
    release: str
    pods: tuple[Any, ...]
    guards: tuple[Any, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Its pods."""
        return tuple(str(pod.metadata.name) for pod in self.pods)

    def texts(self) -> dict[str, tuple[str, ...]]:
        """The files of each ConfigMap that the proxy's and the guard's pods mount, by its name. Raises InputError."""
        return self._texts((*self.pods, *self.guards))

    def installed(self) -> str:
        """The hash of the list that is installed. Raises InputError when there is none, or a half-written one."""
        versions = installed(text for texts in self._texts(self.pods).values() for text in texts)
        if len(versions) != 1:
            what = f"files of lists {', '.join(versions)}" if versions else "no hash of a list"
            raise InputError(f"the configuration of release {self.release} holds {what}; is an upgrade under way?")
        return versions[0]

    def corefile(self) -> str:
        """The hash of the guard's Corefile that is installed; "" without a guard, or where it carries none."""
        return installed_corefile(text for texts in self._texts(self.guards).values() for text in texts)

    def _texts(self, pods: Iterable[Any]) -> dict[str, tuple[str, ...]]:
        texts = {}
        for name in sorted({name for pod in pods for name in _config_maps(pod)}):
            body = asked(lambda name=name: self.core.read_namespaced_config_map(name, self.namespace))
            texts[name] = tuple((body.data or {}).values())
        return texts

    @property
    def core(self) -> Any:
        """The core API."""
        return client.CoreV1Api(self.api)

    def replicas(self) -> tuple[Replica, ...]:
        """What each replica serves, asked at once."""
        with ThreadPoolExecutor(8) as pool:
            return tuple(pool.map(lambda pod: self._replica(pod, STATS, replica), self.pods))

    def guard_replicas(self) -> tuple[Replica, ...]:
        """What each replica of the guard serves."""
        with ThreadPoolExecutor(8) as pool:
            return tuple(pool.map(lambda pod: self._replica(pod, GUARD_STATS, guard_replica), self.guards))

    def _replica(self, pod: Any, path: str, read: Callable[[str, str, bool], Replica]) -> Replica:
        """What one replica serves; why it cannot be asked is part of the answer."""
        name, ready = str(pod.metadata.name), _ready(pod)
        try:
            return read(name, self._stats(pod, path), ready)
        except ApiException as error:
            return Replica(name, ready=ready, fault=explain(error))
        except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException, ValueError) as error:
            return Replica(name, ready=ready, fault=first_line(error))

    def _stats(self, pod: Any, path: str) -> str:
        """The metrics, through the API server: no policy has to open the port to whoever asks."""
        port = _metrics(pod)[1]
        # On a client of its own: the stream helper changes the one that it is given.
        own = client.CoreV1Api(client.ApiClient(self.api.configuration))
        forward = stream.portforward(
            own.connect_get_namespaced_pod_portforward, pod.metadata.name, self.namespace, ports=str(port)
        )
        sock = forward.socket(port)
        try:
            sock.setblocking(True)
            sock.settimeout(TIMEOUT[0])
            page = http.client.HTTPConnection("metrics", port)
            page.sock = sock
            page.request("GET", path, headers={"Connection": "close"})
            answer = page.getresponse()
            if answer.status != 200:
                raise ValueError(f"its metrics port answers {answer.status}")
            return answer.read().decode("utf-8", "replace")
        finally:
            forward.close()

    def push(self, version: str) -> None:
        """Change an annotation of each pod, which makes its kubelet bring the pod's ConfigMaps up to date at once."""
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        body = {"metadata": {"annotations": {PUSHED: f"{version} {stamp}"}}}
        for pod in (*self.pods, *self.guards):
            asked(lambda pod=pod: self._patch(str(pod.metadata.name), body))

    def _patch(self, name: str, body: Mapping[str, Any]) -> None:
        """Patch a pod. One that has gone meanwhile, as in a rollout, needs no list."""
        try:
            self.core.patch_namespaced_pod(name, self.namespace, body)
        except ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise


class NoProxyError(InputError):
    """No pod of an egress proxy runs there."""


def proxy(context: str, namespace: str, release: str) -> ProxyInCluster:
    """The proxy of a release. Raises NoProxyError when there is none, and InputError when several could be meant."""
    try:
        api = kubeconfig.connected(context)
        namespace = namespace or _namespace(context)
    except InputError as error:
        raise InputError(f"no cluster can be asked: {error}") from None
    except kubeconfig.UNREADABLE as error:
        raise InputError(f"no cluster can be asked: {kubeconfig.reason(error)}") from None
    selector = f"{COMPONENT},{INSTANCE}={release}" if release else COMPONENT
    core = client.CoreV1Api(api)
    living = _living(core, namespace, selector)
    releases = sorted({str((pod.metadata.labels or {}).get(INSTANCE)) for pod in living})
    if not releases:
        whose = f" of release {release}" if release else ""
        raise NoProxyError(f"no pod of an egress proxy{whose} runs in namespace {namespace}; name one with --namespace")
    if len(releases) > 1:
        raise InputError(f"namespace {namespace} has the releases {', '.join(releases)}; name one with --release")
    return ProxyInCluster(
        api, namespace, releases[0], living, _living(core, namespace, f"{GUARD},{INSTANCE}={releases[0]}")
    )


def logs(context: str, namespace: str, release: str, since: timedelta | None) -> Iterator[tuple[str, Iterable[str]]]:
    """Each replica, and the lines of its log that the cluster still holds. Raises InputError."""
    running = proxy(context, namespace, release)
    for pod in running.pods:
        name = str(pod.metadata.name)
        if pod.status.phase == "Pending":
            complain("egress", f"{name} has not started, and has no log yet")
        else:
            yield name, asked(lambda pod=pod: _log(running, pod, since))


def _log(running: ProxyInCluster, pod: Any, since: timedelta | None) -> list[str]:
    """Envoy's own log, whatever else runs in the pod; its lines end in a newline, and in no other mark of Unicode's."""
    options = {"since_seconds": int(since.total_seconds())} if since else {}
    answer = running.core.read_namespaced_pod_log(
        pod.metadata.name, running.namespace, container=_metrics(pod)[0], _preload_content=False, **options
    )
    return str(answer.data, "utf-8", "replace").split("\n")


def again(running: ProxyInCluster) -> ProxyInCluster:
    """The same proxy with the pods that it has now."""
    selectors = (f"{component},{INSTANCE}={running.release}" for component in (COMPONENT, GUARD))
    pods, guards = (_living(running.core, running.namespace, selector) for selector in selectors)
    return replace(running, pods=pods, guards=guards)


def _living(core: Any, namespace: str, selector: str) -> tuple[Any, ...]:
    pods = asked(lambda: core.list_namespaced_pod(namespace, label_selector=selector)).items
    living = (pod for pod in pods if pod.status.phase not in ("Succeeded", "Failed"))
    # Whatever else carries the labels is no proxy.
    replicas = (pod for pod in living if not pod.metadata.deletion_timestamp and _metrics(pod)[1])
    return tuple(sorted(replicas, key=_name))


def _metrics(pod: Any) -> tuple[str, int]:
    """The container of the proxy, or of the guard, and its port for metrics; ("", 0) where a pod has none."""
    ports = ((container.name, port) for container in pod.spec.containers for port in container.ports or ())
    return next(((str(name), int(port.container_port)) for name, port in ports if port.name == "metrics"), ("", 0))


def _name(pod: Any) -> str:
    return str(pod.metadata.name)


def asked(ask: Any) -> Any:
    """An answer of the API server. Raises InputError with its own words."""
    try:
        return ask()
    except ApiException as error:
        raise InputError(f"the API server refuses: {explain(error)}") from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise InputError(f"the API server does not answer: {(str(error).splitlines() or ['no reason'])[0]}") from None


def explain(error: ApiException) -> str:
    """The API server's own sentence."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (ValueError, KeyError, TypeError):
        return first_line(error.reason or error)


def first_line(error: object) -> str:
    """What an error says in a line; its kind where it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def _namespace(context: str) -> str:
    contexts, current = config.list_kube_config_contexts()  # type: ignore[no-untyped-call]
    chosen = next((each for each in contexts if each["name"] == context), current)
    return str(chosen["context"].get("namespace") or "default")


def _config_maps(pod: Any) -> Iterator[str]:
    for volume in pod.spec.volumes or ():
        if volume.config_map:
            yield str(volume.config_map.name)
        for source in (volume.projected.sources if volume.projected else None) or ():
            if source.config_map:
                yield str(source.config_map.name)


def _ready(pod: Any) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or ())
