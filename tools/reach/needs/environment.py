"""The environment of a container, as Kubernetes makes it: `envFrom`, then `env`, with `$(NAME)` replaced.

Sources: k8s.io/api core/v1 EnvVar, EnvFromSource; kubernetes third_party/forked/golang/expansion. Secrets are not
read, and values that the node fills in (fieldRef) are not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.findings.model import Manifest
from tools.manifests.node import Node, root

# Longer names are not looked for, so that no text makes the search for the end of a name long.
LONGEST_NAME = 256
# (namespace, name) of a ConfigMap → its object.
ConfigMaps = Mapping[tuple[str, str], Node]


@dataclass(frozen=True, slots=True)
class EnvironmentVariable:
    """A variable, and the node with its value: in the container, or in a ConfigMap."""

    name: str
    value: str
    node: Node


def config_maps(manifests: Iterable[Manifest], namespace: str) -> ConfigMaps:
    """Every ConfigMap by its namespace and name. Those that name no namespace are in `namespace`."""
    objects = (manifest for manifest in manifests if manifest.kind == "ConfigMap")
    return {(manifest.namespace or namespace, manifest.name): root(manifest) for manifest in objects}


def environment(container: Node, namespace: str, maps: ConfigMaps) -> dict[str, EnvironmentVariable]:
    """The variables of a container whose values are known; of two with one name, the later."""
    variables: dict[str, EnvironmentVariable] = {}
    for source in container["envFrom"].items():
        data = _data(source["configMapRef"]["name"].text(), namespace, maps)
        prefix = source["prefix"].text()
        variables |= {f"{prefix}{key}": EnvironmentVariable(f"{prefix}{key}", node.text(), node) for key, node in data}
    for item in container["env"].items():
        name = item["name"].text()
        node = item["value"]
        if item["valueFrom"].present:
            reference = item["valueFrom"]["configMapKeyRef"]
            node = dict(_data(reference["name"].text(), namespace, maps)).get(
                reference["key"].text(), item["valueFrom"]
            )
        if name and isinstance(node.value, str):
            text = node.text() if item["valueFrom"].present else substituted(node.text(), variables)
            variables[name] = EnvironmentVariable(name, text, node)
        else:
            variables.pop(name, None)
    return variables


def substituted(text: str, known: Mapping[str, EnvironmentVariable]) -> str:
    """A text with `$(NAME)` replaced as Kubernetes does: unknown names stay as they are, and `$$` becomes `$`."""
    pieces: list[str] = []
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        pieces.append(text[at:dollar])
        following = text[dollar + 1 : dollar + 2]
        end = text.find(")", dollar, dollar + LONGEST_NAME) if following == "(" else -1
        name = text[dollar + 2 : end] if end >= 0 else ""
        if following == "$":
            pieces.append("$")
            at = dollar + 2
        elif name in known:
            pieces.append(known[name].value)
            at = end + 1
        else:
            pieces.append("$")
            at = dollar + 1
    return "".join((*pieces, text[at:]))


def _data(name: str, namespace: str, maps: ConfigMaps) -> Iterator[tuple[str, Node]]:
    """The entries of a ConfigMap whose values are text."""
    entries = maps[namespace, name]["data"].fields() if (namespace, name) in maps else ()
    return ((key, node) for key, node in entries if isinstance(node.value, str))
