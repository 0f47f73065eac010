"""What a render is for."""

from __future__ import annotations

from dataclasses import dataclass

RELEASE = "sark"
NAMESPACE = "sark"
KUBE_VERSION = "1.34.0"


@dataclass(frozen=True, slots=True)
class RenderTarget:
    """What a render is for: the release, its namespace, and the cluster's version and APIs.

    The version is always said, because Helm's own default changes from one release to the next.
    """

    release: str = RELEASE
    namespace: str = NAMESPACE
    kube_version: str = KUBE_VERSION
    api_versions: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        """The flags of `helm template`."""
        apis = [part for api in self.api_versions for part in ("--api-versions", api)]
        return ["--namespace", self.namespace, "--kube-version", self.kube_version, *apis]
