"""SARK's objects as they are put into a cluster: with stand-ins for images, and for what it does not bring. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tools.cluster.plan import MOUNT
from tools.cluster.sark.placing import containers, split_image, template

Object = dict[str, Any]
# Programs of tools/cluster/in_pods that the stand-ins' images hold.
PROGRAMS = ("answer.py", "nc.py", "probe.py", "workload.py")


@dataclass(frozen=True, slots=True)
class StandIn:
    """The image that takes the place of a published one, by its own name. `program`: what runs when nothing is said.

    `netcat`: it has the command `nc`.
    """

    name: str
    program: tuple[str, ...] = ()
    netcat: bool = False

    def dockerfile(self, base: str) -> str:
        """How it is built: copies alone, so that no network is needed."""
        lines = [f"FROM {base}", f"COPY . {MOUNT}/"]
        if self.netcat:
            lines.append("COPY nc.py /usr/local/bin/nc")
        if self.program:
            words = ", ".join(f'"{word}"' for word in ("python3", f"{MOUNT}/{self.program[0]}", *self.program[1:]))
            lines.append(f"ENTRYPOINT [{words}]")
        return "\n".join(lines) + "\n"


# By the published image's name; its tag is SARK's business. The names of parts are those of tests/flows.yaml.
STAND_INS: Mapping[str, StandIn] = {
    "sark": StandIn("sark-api", ("workload.py", "api", "sark-api")),
    "sark-frontend": StandIn("sark-frontend", ("workload.py", "frontend", "sark-frontend")),
    "openpolicyagent/opa": StandIn("sark-opa", ("workload.py", "opa", "sark-opa")),
    "busybox": StandIn("sark-busybox", netcat=True),
}


def with_images(objects: Iterable[Mapping[str, Any]], images: Mapping[str, str]) -> list[Object]:
    """The objects with other images, by the published ones' names, and otherwise as they were."""
    changed = [deepcopy(dict(it)) for it in objects]
    for body in changed:
        for container in containers(body):
            container["image"] = images[split_image(container["image"])[0]]
    return changed


def without_stand_in(objects: Iterable[Mapping[str, Any]]) -> list[str]:
    """The images for which there is none."""
    images = (container["image"] for body in objects for container in containers(body))
    return [image for image in dict.fromkeys(images) if split_image(image)[0] not in STAND_INS]


def missing_namespaces(objects: Sequence[Mapping[str, Any]]) -> list[Object]:
    """The namespaces that objects are in and that none of them makes."""
    made = {it["metadata"]["name"] for it in objects if it["kind"] == "Namespace"}
    used = dict.fromkeys(it["metadata"].get("namespace") for it in objects)
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in used
        if name and name not in made
    ]


def unserved(objects: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The Services that select pods which no workload among the objects makes: SARK's stores."""
    made = [(it["metadata"].get("namespace"), pod["metadata"].get("labels") or {}) for it, pod in _templates(objects)]
    for body in objects:
        if body["kind"] == "Service" and (selector := body["spec"].get("selector")):
            place = body["metadata"].get("namespace")
            if not any(place == where and labels.items() >= selector.items() for where, labels in made):
                yield body


def _templates(objects: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for body in objects:
        if (pod := template(body)) is not None:
            yield body, pod


def store(service: Mapping[str, Any], image: str) -> Object:
    """A Deployment behind such a Service: one pod with the labels that it selects, which answers on its ports."""
    name, labels = service["metadata"]["name"], dict(service["spec"]["selector"])
    ports = [str(port.get("targetPort", port["port"])) for port in service["spec"]["ports"]]
    container = {
        "name": "stand-in",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", f"{MOUNT}/answer.py", name, *ports],
        "readinessProbe": {"tcpSocket": {"port": int(ports[0])}, "periodSeconds": 1},
    }
    pod = {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0, "containers": [container]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": service["metadata"]["namespace"]},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }


def pod_labels(objects: Iterable[Mapping[str, Any]]) -> list[Mapping[str, str]]:
    """The labels of the pods that each workload makes."""
    return [pod["metadata"]["labels"] for _, pod in _templates(objects)]


def deployments(objects: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The namespace and name of each Deployment."""
    return [(it["metadata"]["namespace"], it["metadata"]["name"]) for it in objects if it["kind"] == "Deployment"]
