"""What must be true before a cluster can be made, asked first, so that a failure says what to do about it."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.cluster import kind
from tools.cluster.errors import CannotRunError
from tools.cluster.options import TrialOptions
from tools.cluster.process import attempt
from tools.render.helm import HelmError, find

OLDEST_KIND = (0, 30, 0)
INSTALL_KIND = "go install sigs.k8s.io/kind@v0.33.0"


def check(options: TrialOptions) -> None:
    """Raise `CannotRunError` for the first thing that is missing."""
    docker_answers()
    kind_is_new_enough()
    helm_is_there()
    config = read_config(options.kind_config)
    if not kind.exists(options.name):
        ports_are_free(config, options.kind_config)
        image_is_there(options.node_image)
    elif not options.reuse:
        raise CannotRunError(
            f"a kind cluster named {options.name} exists already. Use it with --reuse, remove it with "
            f"`python -m tools.cluster down --name {options.name}`, or choose another --name"
        )
    manifest_is_there(options.calico_manifest)


def docker_answers() -> None:
    """Docker is installed, and its daemon answers this user."""
    if not shutil.which("docker"):
        raise CannotRunError("docker is not on PATH: the cluster tests run in Docker. Install Docker Engine")
    done = attempt(["docker", "version", "--format", "{{.Server.Version}}"], seconds=20)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise CannotRunError(
            f"Docker's daemon does not answer ({reason[0]}). Start it, or let this user reach its socket"
        )


def kind_is_new_enough() -> None:
    """A kind that knows the node images of today."""
    if not shutil.which("kind"):
        raise CannotRunError(f"kind is not on PATH. Install it: {INSTALL_KIND}")
    version_text = attempt(["kind", "version"], seconds=20).stdout
    match = re.search(r"v(\d+)\.(\d+)\.(\d+)", version_text)
    if not match:
        raise CannotRunError(
            f"`kind version` says {version_text.strip()!r}, which names no version. Install it: {INSTALL_KIND}"
        )
    if tuple(map(int, match.groups())) < OLDEST_KIND:
        oldest = ".".join(map(str, OLDEST_KIND))
        raise CannotRunError(
            f"kind {match[0]} is too old, v{oldest} is the oldest that works. Install it: {INSTALL_KIND}"
        )


def helm_is_there() -> None:
    """A helm that can install the chart."""
    try:
        find()
    except HelmError as error:
        raise CannotRunError(str(error)) from error


def read_config(path: Path) -> Mapping[str, Any]:
    """The kind configuration, which must leave the CNI to Calico."""
    try:
        body: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CannotRunError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CannotRunError(f"{path} is not YAML: {error}") from error
    config: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    networking = config.get("networking")
    if not isinstance(networking, Mapping) or networking.get("disableDefaultCNI") is not True:
        raise CannotRunError(f"{path}: set networking.disableDefaultCNI to true, or kindnet enforces instead of Calico")
    return config


def host_ports(config: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The addresses and ports of this machine that the configuration asks for; 0 means any free one."""
    networking = config.get("networking") or {}
    yield str(networking.get("apiServerAddress", "127.0.0.1")), int(networking.get("apiServerPort", 0))
    for node in config.get("nodes") or []:
        for mapping in node.get("extraPortMappings") or []:
            if mapping.get("protocol", "TCP") == "TCP":
                yield str(mapping.get("listenAddress", "0.0.0.0")), int(mapping.get("hostPort", 0))


def ports_are_free(config: Mapping[str, Any], path: Path) -> None:
    """Nobody else listens on them."""
    for address, port in host_ports(config):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((address, port))
            except OSError as error:
                raise CannotRunError(
                    f"port {port} of {address}, which {path} asks for, cannot be had: {error.strerror}. "
                    "Stop what listens there, or take the port out of the file"
                ) from error


def image_is_there(image: str) -> None:
    """The node image is in local Docker, or can be pulled."""
    if not image or attempt(["docker", "image", "inspect", image]).returncode == 0:
        return
    done = attempt(["docker", "pull", "--quiet", image], seconds=300)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise CannotRunError(
            f"the node image {image} is not in Docker and cannot be pulled ({reason[0]}). "
            "Name another with --node-image or KIND_NODE_IMAGE, or build it"
        )


def manifest_is_there(manifests: str) -> None:
    """Calico's manifests, where they are files."""
    for manifest in manifests.split(","):
        if not manifest.startswith(("https://", "http://")) and not Path(manifest).is_file():
            raise CannotRunError(
                f"{manifest}, the Calico manifest, is no file. Give a file or an address to --calico-manifest"
            )
