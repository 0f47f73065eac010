"""What the rules over objects look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tools.findings.model import Manifest


class Objects(Protocol):
    """Objects to judge, by the schemas of a version of Kubernetes and by `definitions`, which somebody gave.

    `objects` has those that stand beside them too, each once.
    """

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """The objects to judge."""

    @property
    def objects(self) -> tuple[Manifest, ...]:
        """Those, and the workloads beside them."""

    @property
    def kube_version(self) -> str:
        """The version of Kubernetes."""

    @property
    def definitions(self) -> Mapping[str, Any]:
        """Schemas by `group/version/Kind`."""
