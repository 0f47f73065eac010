"""A live cluster, read through the `kubernetes` client: lists alone, nothing is written, not even the kubeconfig."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import urllib3
from kubernetes import client, config, dynamic
from kubernetes.client.exceptions import ApiException
from kubernetes.config import kube_config
from kubernetes.config.config_exception import ConfigException
from yaml import YAMLError

from tools.reach.inputs.listing import AnswerError, Body, ClusterListing, Get, listed

# Seconds to connect, and seconds between two pieces of an answer.
TIMEOUT = (5.0, 60.0)


class UnknownContextError(Exception):
    """There is no such context; the message says which there are."""


class UnreachableError(Exception):
    """A cluster that does not answer, or does not know who asks."""


def read(context: str, done: Callable[[str], None] = lambda what: None) -> ClusterListing:
    """The objects of the cluster that a context of the kubeconfig names. Raises the two errors above."""
    get = connected(context)
    try:
        return listed(get, context, done)
    except AnswerError as error:
        raise UnreachableError(f"context {context}: {error}") from None


def connected(context: str) -> Get:
    """How to ask that cluster. Raises UnknownContextError, and UnreachableError for a context that is no use."""
    names = _contexts()
    if context not in names:
        near = get_close_matches(context, names, 1)
        meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(names) or 'none'}"
        raise UnknownContextError(f"the kubeconfig has no context {context}; {meant}")
    settings: Any = client.Configuration()
    settings.retries = False
    try:
        api: Any = config.new_client_from_config(  # type: ignore[no-untyped-call]
            context=context, client_configuration=settings, persist_config=False
        )
    except (ConfigException, OSError, ValueError) as error:
        raise UnreachableError(f"context {context} is no use: {_line(error)}") from None
    # Without its discovery, which would read far more than is asked for here.
    asking: Any = dynamic.DynamicClient(api, discoverer=lambda *_: None)  # type: ignore[no-untyped-call]

    def get(path: str, query: Mapping[str, str]) -> Body:
        return _answer(asking, path, query)

    return get


def _contexts() -> list[str]:
    """The contexts of the kubeconfig; `list_kube_config_contexts` would have the current one be whole as well."""
    try:
        merged: Any = kube_config.KubeConfigMerger(kube_config.KUBE_CONFIG_DEFAULT_LOCATION)  # type: ignore[no-untyped-call]
        contexts = merged.config.value["contexts"] if merged.config else None
    except (ConfigException, OSError, ValueError, TypeError, KeyError, YAMLError) as error:
        raise UnknownContextError(f"no kubeconfig can be read: {_line(error)}") from None
    if not isinstance(contexts, list):
        raise UnknownContextError(f"there is no kubeconfig in {kube_config.KUBE_CONFIG_DEFAULT_LOCATION}")
    bodies = (getattr(context, "value", context) for context in contexts)
    return [str(body["name"]) for body in bodies if isinstance(body, Mapping) and "name" in body]


def _answer(asking: Any, path: str, query: Mapping[str, str]) -> Body:
    try:
        # A fresh list each time: the client appends to it.
        response = asking.request(
            "get", path, query_params=list(query.items()), header_params={}, serialize=False, _request_timeout=TIMEOUT
        )
        body = json.loads(response.data)
    except ApiException as error:
        raise AnswerError(int(error.status or 0), _sentence(error)) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise AnswerError(0, f"the API server does not answer: {_line(error)}") from None
    except ValueError:
        raise AnswerError(500, "the answer is no JSON") from None
    if not isinstance(body, Mapping):
        raise AnswerError(500, "the answer is no object")
    return body


def _sentence(error: ApiException) -> str:
    """The API server's own words."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (ValueError, KeyError, TypeError):
        return _line(error.reason or error)


def _line(error: object) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
