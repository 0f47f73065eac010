"""A pod that does not exist yet, to ask which policies would select it and what it could reach."""

from __future__ import annotations

from tools.findings.model import Manifest
from tools.manifests.names import key_fault, label_fault, value_fault

NAME = "future"


class FutureError(Exception):
    """A word that does not describe a pod; the message says how to write one."""


def pod(word: str) -> Manifest:
    """The pod that `NAMESPACE` or `NAMESPACE:KEY=VALUE,…` describes. Raises FutureError."""
    namespace, _, written = word.partition(":")
    labels: dict[str, str] = {}
    for pair in filter(None, written.split(",")):
        key, equals, value = pair.partition("=")
        if fault := key_fault(key) or value_fault(value) or ("" if equals else f"{pair!r} has no value"):
            raise FutureError(f"{fault}; write NAMESPACE, or NAMESPACE:KEY=VALUE with commas between several")
        labels[key] = value
    if fault := label_fault(namespace):
        raise FutureError(f"{fault}; write NAMESPACE, or NAMESPACE:KEY=VALUE with commas between several")
    metadata = {"name": NAME, "namespace": namespace, "labels": labels}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}
    return Manifest("", "Pod", NAME, namespace, body)
