"""Kubernetes through its Python client: apply, wait, list, and commands inside pods."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import urllib3
from kubernetes import client, config, dynamic, stream
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from tools.cluster.errors import CannotRunError

Answer = TypeVar("Answer")
MANAGER = "sark-network-tests"
_LATER: tuple[type[Exception], ...] = (
    ApiException,
    urllib3.exceptions.HTTPError,
    dynamic.exceptions.DynamicApiError,
    dynamic.exceptions.ResourceNotFoundError,
)


def until(what: str, seconds: float, ask: Callable[[], Answer | None], every: float = 0.5) -> Answer:
    """The first true answer of `ask`; errors of the API count as none. Raises CannotRunError after so many seconds."""
    deadline = time.monotonic() + seconds
    last_error = ""
    while True:
        try:
            if answer := ask():
                return answer
        except _LATER as error:
            last_error = f": {explain(error)}"
        if time.monotonic() > deadline:
            raise CannotRunError(f"{what}: not within {seconds:.0f} s{last_error}")
        time.sleep(every)


def waited(condition: Callable[[], bool], seconds: float, every: float = 0.2) -> bool:
    """Whether the condition came about within so many seconds. For who reports what is missing and goes on."""
    deadline = time.monotonic() + seconds
    while not (there := condition()) and time.monotonic() < deadline:
        time.sleep(every)
    return there


def explain(error: Exception) -> str:
    """The API server's own sentence, without headers."""
    body = getattr(error, "body", None)
    try:
        return str(json.loads(body or "")["message"])
    except (ValueError, KeyError, TypeError):
        return (str(getattr(error, "reason", "") or error).splitlines() or [type(error).__name__])[0]


@dataclass(frozen=True)
class Kube:
    """One cluster's API."""

    api: Any
    resources: Any

    @classmethod
    def at(cls, kubeconfig: Path) -> Kube:
        """Connect. The discovery cache lies beside the kubeconfig, because another cluster may have had the address."""
        cache = kubeconfig.with_name("discovery.json")
        cache.unlink(missing_ok=True)
        try:
            api: Any = config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]
        except (ConfigException, OSError) as error:
            raise CannotRunError(
                f"{kubeconfig} names no cluster: {error}. Make one: python -m tools.cluster up"
            ) from error
        until("the cluster's API answers", 60, client.VersionApi(api).get_code)
        dynamic_client: Any = dynamic.DynamicClient(api, cache_file=str(cache))  # type: ignore[no-untyped-call]
        return cls(api, dynamic_client)

    @property
    def core(self) -> Any:
        """The core API."""
        return client.CoreV1Api(self.api)

    @property
    def apps(self) -> Any:
        """The apps API."""
        return client.AppsV1Api(self.api)

    def kind(self, api_version: str, kind: str) -> Any:
        """The dynamic client's resource."""
        return self.resources.resources.get(api_version=api_version, kind=kind)

    def apply(self, objects: Iterable[Mapping[str, Any]], seconds: float = 60) -> None:
        """Server-side apply. What the API does not know yet (a CRD on its way, a default account) is tried again."""
        for body in objects:
            until(f"apply {body['kind']} {body['metadata']['name']}", seconds, lambda body=body: self._apply(body))  # type: ignore[misc]

    def _apply(self, body: Mapping[str, Any]) -> bool:
        try:
            resource = self.kind(body["apiVersion"], body["kind"])
            name, namespace = body["metadata"]["name"], body["metadata"].get("namespace")
            if resource.namespaced:
                namespace = namespace or "default"
            resource.server_side_apply(
                body=dict(body), name=name, namespace=namespace, field_manager=MANAGER, force_conflicts=True
            )
        except dynamic.exceptions.UnprocessibleEntityError as error:
            raise CannotRunError(f"{body['kind']} {body['metadata']['name']} was refused: {explain(error)}") from error
        return True

    def delete(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> None:
        """Delete an object; one that is not there is fine."""
        try:
            self.kind(api_version, kind).delete(name=name, namespace=namespace)
        except dynamic.exceptions.NotFoundError:
            return

    def delete_now(self, pod: str, namespace: str) -> None:
        """Delete a pod without a grace period; one that is not there is fine."""
        try:
            self.core.delete_namespaced_pod(pod, namespace, grace_period_seconds=0)
        except ApiException as error:
            if error.status != 404:
                raise

    def open(self, namespace: str, pod: str, command: Sequence[str]) -> Any:
        """A command inside a pod, as a stream, on its own client: the stream helper changes the one it is given."""
        own = client.CoreV1Api(client.ApiClient(self.api.configuration))
        return stream.stream(
            own.connect_get_namespaced_pod_exec,
            pod,
            namespace,
            command=list(command),
            stdin=True,
            stdout=True,
            stderr=True,
            tty=False,
            _preload_content=False,
        )
