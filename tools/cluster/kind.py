"""The life of the kind cluster."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tools.cluster.options import TrialOptions
from tools.cluster.process import attempt, run


def exists(name: str) -> bool:
    """Whether kind knows a cluster of that name."""
    return name in run(["kind", "get", "clusters"]).split()


def create(options: TrialOptions) -> None:
    """Make the cluster. Its nodes stay NotReady until a CNI is there, so kind does not wait for them."""
    options.state.mkdir(parents=True, exist_ok=True)
    image = ["--image", options.node_image] if options.node_image else []
    where = ["--config", str(options.kind_config), "--kubeconfig", str(options.kubeconfig)]
    run(["kind", "create", "cluster", "--name", options.name, *image, *where], seconds=600)


def connect(options: TrialOptions) -> None:
    """Write the kubeconfig of a cluster that exists."""
    options.state.mkdir(parents=True, exist_ok=True)
    text = run(["kind", "get", "kubeconfig", "--name", options.name])
    options.kubeconfig.touch(mode=0o600)
    options.kubeconfig.write_text(text, encoding="utf-8")


def delete(options: TrialOptions) -> None:
    """Remove the cluster and what is kept of it here; one that is not there is fine."""
    run(["kind", "delete", "cluster", "--name", options.name, "--kubeconfig", str(options.kubeconfig)], seconds=180)
    shutil.rmtree(options.state, ignore_errors=True)


def nodes(name: str) -> tuple[str, ...]:
    """The nodes' containers."""
    return tuple(run(["kind", "get", "nodes", "--name", name]).split())


def load(name: str, images: Iterable[str]) -> tuple[str, ...]:
    """Put the images that local Docker has into the nodes, and return them; the nodes pull the others themselves."""
    local = tuple(image for image in images if attempt(["docker", "image", "inspect", image]).returncode == 0)
    if local and attempt(["kind", "load", "docker-image", "--name", name, *local], seconds=300).returncode:
        _load_archive(name, local)
    return local


def missing(name: str, images: Iterable[str]) -> tuple[str, ...]:
    """Those of the images that some node does not have, by their names. kind itself asks `crictl`, if a node has it."""
    listed = ["ctr", "--namespace", "k8s.io", "images", "list", "--quiet"]
    there = [set(run(["docker", "exec", node, *listed]).split()) for node in nodes(name)]
    return tuple(image for image in images if not all(f"docker.io/{image}" in names for names in there))


def _load_archive(name: str, images: tuple[str, ...]) -> None:
    """By way of a file: with containerd's image store `kind load docker-image` misses the layers of other platforms."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "images.tar"
        run(["docker", "save", "--output", str(archive), *images], seconds=300)
        run(["kind", "load", "image-archive", "--name", name, str(archive)], seconds=300)
