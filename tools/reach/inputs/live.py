"""Reads a live cluster through the `kubernetes` client: only lists, and nothing is written, not even the kubeconfig."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import urllib3
from kubernetes import dynamic
from kubernetes.client.exceptions import ApiException
from kubernetes.config import kube_config

from tools.findings.errors import InputError
from tools.manifests import kubeconfig
from tools.reach.inputs.listing import AnswerError, Body, ClusterListing, Get, listed

# Seconds to wait for the connection, and for each further piece of an answer.
TIMEOUT = (5.0, 60.0)


class UnknownContextError(Exception):
    """The kubeconfig has no such context; the message says which contexts it has."""


class UnreachableError(Exception):
    """A cluster that does not answer, or does not accept the credentials."""


def read(context: str, on_step: Callable[[str], None] = lambda step: None) -> ClusterListing:
    """The objects of the cluster that a kubeconfig context names. Raises UnknownContextError or UnreachableError."""
    get = connected(context)
    try:
        return listed(get, context, on_step)
    except AnswerError as error:
        raise UnreachableError(f"context {context}: {error}") from None


def connected(context: str) -> Get:
    """A function that sends a request to a context's cluster. Raises UnknownContextError, or UnreachableError for a
    context that cannot be used.
    """
    names = _contexts()
    if context not in names:
        near = get_close_matches(context, names, 1)
        suggestion = f"did you mean {near[0]}?" if near else f"there are {', '.join(names) or 'none'}"
        raise UnknownContextError(f"the kubeconfig has no context {context}; {suggestion}")
    try:
        api = kubeconfig.connected(context)
    except InputError as error:
        raise UnreachableError(f"context {context} cannot be used: {error}") from None
    # Without the client's own discovery, which would read far more than is needed here.
    dynamic_client: Any = dynamic.DynamicClient(api, discoverer=lambda *_: None)  # type: ignore[no-untyped-call]

    def get(path: str, query: Mapping[str, str]) -> Body:
        return _answer(dynamic_client, path, query)

    return get


def _contexts() -> list[str]:
    """The contexts of the kubeconfig. `list_kube_config_contexts` would fail when the current one is incomplete."""
    try:
        kubeconfig.regular_files()
        merged: Any = kube_config.KubeConfigMerger(kube_config.KUBE_CONFIG_DEFAULT_LOCATION)  # type: ignore[no-untyped-call]
        contexts = merged.config.value["contexts"] if merged.config else None
    except InputError as error:
        raise UnknownContextError(f"no kubeconfig can be read: {error}") from None
    except kubeconfig.UNREADABLE as error:
        raise UnknownContextError(f"no kubeconfig can be read: {kubeconfig.reason(error)}") from None
    if not isinstance(contexts, list):
        raise UnknownContextError(f"there is no kubeconfig in {kube_config.KUBE_CONFIG_DEFAULT_LOCATION}")
    bodies = (getattr(context, "value", context) for context in contexts)
    return [str(body["name"]) for body in bodies if isinstance(body, Mapping) and "name" in body]


def _answer(dynamic_client: Any, path: str, query: Mapping[str, str]) -> Body:
    try:
        # A fresh list each time, because the client appends to it.
        response = dynamic_client.request(
            "get", path, query_params=list(query.items()), header_params={}, serialize=False, _request_timeout=TIMEOUT
        )
        body = json.loads(response.data)
    except ApiException as error:
        raise AnswerError(int(error.status or 0), _sentence(error)) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise AnswerError(0, f"the API server does not answer: {_line(error)}") from None
    except ValueError:
        raise AnswerError(500, "the answer is not JSON") from None
    if not isinstance(body, Mapping):
        raise AnswerError(500, "the answer is not an object")
    return body


def _sentence(error: ApiException) -> str:
    """The API server's own message."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (ValueError, KeyError, TypeError):
        return _line(error.reason or error)


def _line(error: object) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
