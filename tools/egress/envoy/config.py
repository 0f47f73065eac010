"""Envoy's configuration as one static file: what `envoy --mode validate` can judge.

Envoy validates its bootstrap and does not read the files that it would watch, so listeners, clusters and routes are put
into it. Field names are those of envoy.config.bootstrap.v3, listener.v3, cluster.v3 and route.v3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tools.findings.model import Manifest, Where
from tools.manifests.documents import LOADER

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EnvoyPod:
    """A workload that runs Envoy: the path of its bootstrap, and each mounted file's text and place."""

    workload: Manifest
    bootstrap: str
    files: Mapping[str, tuple[str, Where]]


class ConfigError(Exception):
    """What keeps the files from being one configuration, and where."""

    def __init__(self, where: Where, message: str) -> None:
        super().__init__(message)
        self.where = where
        self.message = message


def pods(manifests: tuple[Manifest, ...]) -> tuple[EnvoyPod, ...]:
    """The workloads whose container is started with `--config-path FILE`."""
    return tuple(_pods(manifests))


def _pods(manifests: tuple[Manifest, ...]) -> Iterator[EnvoyPod]:
    maps = {(manifest.namespace, manifest.name): manifest for manifest in manifests if manifest.kind == "ConfigMap"}
    for manifest in manifests:
        spec = _at(manifest.body, "spec", "template", "spec")
        for container in _at(spec, "containers") or ():
            arguments = [*(container.get("command") or ()), *(container.get("args") or ())]
            if "--config-path" in arguments[:-1]:
                path = arguments[arguments.index("--config-path") + 1]
                yield EnvoyPod(manifest, path, dict(_mounted(manifest, spec, container, maps)))


def _mounted(
    workload: Manifest, spec: Tree, container: Tree, maps: Mapping[tuple[str, str], Manifest]
) -> Iterator[tuple[str, tuple[str, Where]]]:
    volumes = {volume["name"]: volume for volume in spec.get("volumes") or ()}
    for mount in container.get("volumeMounts") or ():
        for name in _config_maps(volumes.get(mount["name"], {})):
            config_map = maps.get((workload.namespace, name))
            for key, text in (_at(config_map.body, "data") or {}).items() if config_map else ():
                yield (
                    f"{mount['mountPath']}/{key}",
                    (text, config_map.where(f'data["{key}"]') if config_map else Where("")),
                )


def _config_maps(volume: Tree) -> Iterator[str]:
    if "configMap" in volume:
        yield volume["configMap"].get("name", "")
    for source in _at(volume, "projected", "sources") or ():
        if "configMap" in source:
            yield source["configMap"].get("name", "")


def static(pod: EnvoyPod) -> Tree:
    """The bootstrap with everything in it that it would have watched. Raises ConfigError."""
    bootstrap = _file(pod, pod.bootstrap, pod.workload.where("spec.template.spec.containers"))
    resources = bootstrap.setdefault("static_resources", {})
    watched = bootstrap.pop("dynamic_resources", {})
    for key, kind in (("lds_config", "listeners"), ("cds_config", "clusters")):
        if path := _at(watched, key, "path_config_source", "path"):
            resources.setdefault(kind, []).extend(_resources(pod, path))
    for layer in _at(bootstrap, "layered_runtime", "layers") or ():
        _inline_runtime(pod, layer)
    for listener in resources.get("listeners", ()):
        for chain in (*(listener.get("filter_chains") or ()), listener.get("default_filter_chain") or {}):
            for each in chain.get("filters") or ():
                _inline_filter(pod, each)
                _inline_routes(pod, each["typed_config"])
    return bootstrap


def _inline_runtime(pod: EnvoyPod, layer: Tree) -> None:
    watched = layer.pop("rtds_layer", None)
    if watched is None:
        return
    path = _at(watched, "rtds_config", "path_config_source", "path") or ""
    layer["static_layer"] = _named(pod, path, "runtime", watched["name"], "the bootstrap")["layer"]


def _inline_filter(pod: EnvoyPod, named: Tree) -> None:
    discovery = named.pop("config_discovery", None)
    if discovery is None:
        return
    path = _at(discovery, "config_source", "path_config_source", "path") or ""
    named["typed_config"] = _named(pod, path, "filter", named["name"], "a listener")["typed_config"]


def _named(pod: EnvoyPod, path: str, kind: str, name: str, who: str) -> Tree:
    """The resource of that name in a file that Envoy watches. Raises ConfigError: `who` asks for it."""
    resources = {resource["name"]: resource for resource in _resources(pod, path)}
    if name not in resources:
        raise ConfigError(pod.files[path][1], f"{path} has no {kind} named {name}, which {who} asks for")
    return resources[name]


def _inline_routes(pod: EnvoyPod, settings: Tree) -> None:
    rds = settings.pop("rds", None)
    if rds is None:
        return
    path = _at(rds, "config_source", "path_config_source", "path") or ""
    settings["route_config"] = _named(pod, path, "routes", rds["route_config_name"], "a listener")


def _resources(pod: EnvoyPod, path: str) -> list[Tree]:
    content = _file(pod, path, pod.files[pod.bootstrap][1])
    return [
        {key: value for key, value in resource.items() if key != "@type"} for resource in content.get("resources") or ()
    ]


def _file(pod: EnvoyPod, path: str, asked: Where) -> Tree:
    if path not in pod.files:
        raise ConfigError(asked, f"{path} is asked for, and no ConfigMap that is mounted has it")
    text, where = pod.files[path]
    try:
        content = yaml.load(text, LOADER)
    except yaml.YAMLError as error:
        raise ConfigError(where, f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise ConfigError(where, f"{path} is not a mapping")
    return content


def _at(tree: Any, *keys: str) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree
