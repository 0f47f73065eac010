"""Where a workload's pods, containers and images stand in its object. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tools.manifests.pod_templates import TEMPLATES

# A tag has no slash: what follows a colon before one is a registry's port.
_VERSION = re.compile(r"(?:@[^/]+|:[^/:@]+(?:@[^/]+)?)$")


def template(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The pod template of a workload, the pod itself, or None for what makes no pods."""
    if body["kind"] == "Pod":
        return body
    if body["kind"] not in TEMPLATES:
        return None
    made = body
    for key in TEMPLATES[body["kind"]]:
        made = made[key]
    return made


def containers(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every container that an object's pods run, in the order in which they start."""
    made = template(body)
    if made is not None:
        yield from made["spec"].get("initContainers") or ()
        yield from made["spec"].get("containers") or ()


def split_image(image: str) -> tuple[str, str]:
    """An image's name, and its tag or digest with the sign before it: `busybox`, `:1.36`."""
    version = _VERSION.search(image)
    return (image[: version.start()], version[0]) if version else (image, "")
