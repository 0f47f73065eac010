"""Reads from a cluster what the judge needs, and nothing else: only list calls, page by page.

The cluster's own discovery says which kinds it has. Those that are judged are read, and also those that are not judged
but may change an answer, so that they can be named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.findings.model import Manifest
from tools.policies.lockdowns import ADMISSION
from tools.policies.network_sets import CALICO, STORE
from tools.policies.unmodelled import SECOND_INTERFACES, judged, notable

Body = Mapping[str, Any]
# A path below the server's root and the query's parameters -> the answer. Raises AnswerError.
Get = Callable[[str, Mapping[str, str]], Body]

PAGE = 500
MOST_PAGES = 2000
NOT_FOUND, GONE = 404, 410
# Every cluster has these groups; nothing in them is read but the resources in ALWAYS.
_OF_KUBERNETES = (
    *("admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "certificates"),
    *("coordination", "discovery", "events", "flowcontrol.apiserver", "internal.apiserver", "metrics", "networking"),
    *("node", "rbac.authorization", "resource", "scheduling", "storage", "storagemigration"),
)
BUILT_IN = frozenset(
    ("apps", "autoscaling", "batch", "extensions", "policy", *(f"{name}.k8s.io" for name in _OF_KUBERNETES))
)


class AnswerError(Exception):
    """The API server's refusal: its status and its own message. Status 0 means that it did not answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class ApiResource:
    """A resource that can be listed. `notes_only`: no verdict depends on it, only notes do."""

    api_version: str
    plural: str
    kind: str
    notes_only: bool = False

    @property
    def path(self) -> str:
        """The path of the list over all namespaces."""
        root = "/apis" if "/" in self.api_version else "/api"
        return f"{root}/{self.api_version}/{self.plural}"

    def __str__(self) -> str:
        return f"{self.plural} of {self.api_version}"


ALWAYS = (
    ApiResource("v1", "namespaces", "Namespace"),
    ApiResource("v1", "pods", "Pod"),
    ApiResource("v1", "services", "Service"),
    ApiResource("v1", "serviceaccounts", "ServiceAccount"),
    ApiResource("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"),
    ApiResource("networking.k8s.io/v1", "ingresses", "Ingress"),
    # These can refuse the objects that would open a lock-down; older clusters do not have the resource.
    ApiResource("admissionregistration.k8s.io/v1", "validatingadmissionpolicies", ADMISSION, notes_only=True),
)


@dataclass(slots=True)
class ClusterListing:
    """A cluster's objects. `unread`: the resources that could not be read, each with the reason; `unseen`: the same for
    resources that no verdict depends on.
    """

    manifests: list[Manifest] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


def listed(get: Get, cluster: str, on_step: Callable[[str], None] = lambda step: None) -> ClusterListing:
    """Read a cluster, which messages call `cluster`. `on_step` is called for each kind that was read.

    Raises AnswerError when the server does not answer at all or does not accept the caller's credentials.
    """
    listing = ClusterListing()
    for resource in (*ALWAYS, *_others(get, listing)):
        try:
            listing.manifests.extend(_manifest(item, resource, cluster) for item in _items(get, resource.path))
        except AnswerError as error:
            if error.status in (0, 401):
                raise
            if error.status != NOT_FOUND:
                (listing.unseen if resource.notes_only else listing.unread).append(f"{resource}: {error}")
        on_step(str(resource))
    return listing


def _others(get: Get, listing: ClusterListing) -> tuple[ApiResource, ...]:
    """The resources worth reading beyond those that every cluster has, each kind in one version."""
    chosen: dict[tuple[str, str], ApiResource] = {}
    for group, versions in _groups(get):
        for version in versions:
            api_version = f"{group}/{version}"
            try:
                resources = _mappings(get(f"/apis/{api_version}", {}).get("resources"))
            except AnswerError as error:
                if error.status != NOT_FOUND:
                    listing.unread.append(f"the list of resources in {api_version}: {error}")
                continue
            for resource in _worth_reading(resources, group, api_version):
                preferred = version in judged().get((group, resource.kind), ())
                if preferred or (group, resource.kind) not in chosen:
                    chosen[group, resource.kind] = resource
    public = any(group == CALICO for group, _ in chosen)
    # The objects in the store are those that the public API shows.
    return tuple(resource for (group, _), resource in chosen.items() if not (public and group == STORE))


def _groups(get: Get) -> Iterator[tuple[str, Sequence[str]]]:
    """Each group beyond those that every cluster has, with its versions, the preferred one first."""
    for group in _mappings(get("/apis", {}).get("groups")):
        name, preferred = _text(group.get("name")), group.get("preferredVersion")
        versions = [_text(version.get("version")) for version in _mappings(group.get("versions"))]
        first = _text(preferred.get("version")) if isinstance(preferred, Mapping) else ""
        if name not in BUILT_IN:
            yield name, sorted(filter(None, versions), key=lambda version: version != first)


def _worth_reading(resources: Iterable[Body], group: str, api_version: str) -> Iterator[ApiResource]:
    for resource in resources:
        name, kind, verbs = _text(resource.get("name")), _text(resource.get("kind")), resource.get("verbs")
        public = CALICO if group == STORE else group
        useful = (group, kind) in judged() or (public, kind) in judged() or notable(public, kind)
        if useful and "/" not in name and isinstance(verbs, list) and "list" in verbs:
            yield ApiResource(api_version, name, kind)


def _items(get: Get, path: str) -> list[Body]:
    """Every object of a kind. A list that expires between two pages is read again, once."""
    try:
        return list(_pages(get, path))
    except AnswerError as error:
        if error.status != GONE:
            raise
        return list(_pages(get, path))


def _pages(get: Get, path: str) -> Iterator[Body]:
    following = ""
    for _ in range(MOST_PAGES):
        answer = get(path, {"limit": str(PAGE), **({"continue": following} if following else {})})
        items, meta = answer.get("items"), answer.get("metadata")
        if not isinstance(items, list) and items is not None:
            raise AnswerError(500, "the answer is not a list")
        yield from _mappings(items)
        following = _text(meta.get("continue")) if isinstance(meta, Mapping) else ""
        if not following:
            return
    raise AnswerError(500, f"the cluster has more than {MOST_PAGES * PAGE} of them")


def _manifest(item: Body, resource: ApiResource, cluster: str) -> Manifest:
    meta = item.get("metadata")
    meta = meta if isinstance(meta, Mapping) else {}
    name, namespace = _text(meta.get("name")), _text(meta.get("namespace"))
    own = _pod(item, meta) if resource.kind == "Pod" else {**item, "metadata": _without(meta, "managedFields")}
    body = {**own, "apiVersion": resource.api_version, "kind": resource.kind}
    place = "/".join(filter(None, (namespace, resource.plural, name)))
    return Manifest(f"{cluster}: {place}", resource.kind, name, namespace, body)


def _pod(item: Body, meta: Body) -> dict[str, Any]:
    """The parts of a pod that policies see, without its environment or commands."""
    spec, status, notes = (
        part if isinstance(part, Mapping) else {}
        for part in (item.get("spec"), item.get("status"), meta.get("annotations"))
    )
    kept = {key: meta[key] for key in ("name", "namespace", "labels", "ownerReferences") if key in meta}
    containers = {
        key: [{"ports": container.get("ports") or []} for container in _mappings(spec.get(key))]
        for key in ("containers", "initContainers")
    }
    account = {key: spec[key] for key in ("serviceAccountName", "hostNetwork") if key in spec}
    return {
        "metadata": {**kept, "annotations": {key: notes[key] for key in (SECOND_INTERFACES,) if key in notes}},
        "spec": {**account, **containers},
        "status": {key: status[key] for key in ("podIP", "podIPs", "phase") if key in status},
    }


def _without(body: Body, key: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != key}


def _mappings(value: object) -> tuple[Body, ...]:
    return tuple(item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
