"""The cluster that a specification speaks of, made of rendered manifests and of what the rows name beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.egress.envoy.decide import Proxy
from tools.findings.model import Manifest
from tools.manifests.addresses import Net
from tools.manifests.node import root
from tools.manifests.pod_templates import TEMPLATES, template
from tools.manifests.pods import Pod as RenderedPod
from tools.reach.flows.model import Pod, Specification, Target
from tools.reach.model import Peer
from tools.reach.objects import stacked
from tools.reach.peers.services import Service, behind, running, services
from tools.reach.world import UnknownPeerError, World

METADATA = "169.254.169.254"
API_SERVER_PORT = 6443
DNS = Pod("kube-dns", "kube-system", {"k8s-app": "kube-dns"}, ())
HOOK = "helm.sh/hook"
# On objects that are one part's.
WORKLOAD = "sark-network/workload"
BEHIND = {"guard": "dns-guard", "steering": "egress-proxy"}


@dataclass(frozen=True, slots=True)
class Door:
    """Where a connection to the proxy's Service arrives: pods of the proxy, and the port that they are called on.

    `missing`: why the Service does not lead there; the port is then the one that was asked for.
    """

    peer: Peer
    port: int
    missing: str = ""


@dataclass(frozen=True)
class Scenery:
    """One state of the cluster. `envoys`: the pods of the workloads that run the proxy; `installed`: those of all
    workloads that were rendered.
    """

    world: World
    proxy: Proxy
    spec: Specification
    services: tuple[Service, ...]
    envoys: tuple[RenderedPod, ...]
    installed: tuple[RenderedPod, ...] = ()

    @classmethod
    def of(
        cls,
        manifests: tuple[Manifest, ...],
        spec: Specification,
        pod_cidrs: tuple[Net, ...],
        namespace: str,
        proxy: Proxy | None = None,
    ) -> Scenery:
        """The scenery of what a chart rendered. `proxy`: what its ConfigMaps say, when they have been read before."""
        installed = tuple(manifest for manifest in manifests if not is_test(manifest))
        # A stand-in takes the place of a pod of its name.
        everything, _ = stacked((installed, tuple(stand_ins(spec))), namespace)
        envoys = running((one for one in installed if _runs_envoy(one)), namespace)
        return cls(
            world=World(everything, pod_cidrs=pod_cidrs, namespace=namespace),
            proxy=proxy or Proxy.of(installed),
            spec=spec,
            services=tuple(services(installed, namespace).values()),
            envoys=envoys,
            installed=running((one for one in installed if one.kind in TEMPLATES), namespace),
        )

    def pod(self, name: str) -> Peer:
        """The stand-in of that name."""
        pod = self.spec.pods[name]
        return self.world.peer(f"{pod.namespace}/{pod.name}[Pod]")

    def doors(self, port: int) -> tuple[Door, ...]:
        """Every workload of the proxy that a connection to its Service on a port may arrive at."""
        led = [behind(service, port, "TCP", self.envoys) for service in self.services]
        targets = dict.fromkeys(target for one in led for target in one.targets)
        if targets:
            return tuple(Door(self.world.peer(target.pod), target.port) for target in targets)
        missing = f"no Service leads to port {port} of the proxy"
        return tuple(Door(self.world.peer(pod.name), port, missing) for pod in self.envoys)

    def place(self, target: Target, port: int, protocol: str = "TCP") -> tuple[Peer, int]:
        """A target that is not the proxy, as the peer and the port that policies see: after DNAT."""
        match target.kind:
            case "pod":
                return self.pod(target.name), port
            case "guard" | "steering":
                return self._of_part(target, port, protocol)
            case "dns":
                return self.world.peer(f"{DNS.namespace}/{DNS.name}[Pod]"), port
            case "apiserver":
                return self.world.peer("{node}"), API_SERVER_PORT
            case "node":
                return self.world.peer("{node}"), port
        return self.world.peer(self.address(target)), port

    def _of_part(self, target: Target, port: int, protocol: str) -> tuple[Peer, int]:
        """The pods behind a Service of a part's own, and the port that it leads to there."""
        own = (service for service in self.services if _is_own(service, target))
        targets = [pod for service in own for pod in behind(service, port, protocol, self.installed).targets]
        if not targets:
            name = f"{target.kind}:{target.name}"
            raise UnknownPeerError(f"{name}: no Service of the part's own leads anywhere on {protocol} {port}")
        return self.world.peer(targets[0].pod), targets[0].port

    def address(self, target: Target) -> str:
        """The address of a target outside the cluster."""
        names = {"internet": self.spec.internet.get(target.name, ""), "metadata": METADATA}
        return names.get(target.kind, target.name)

    def resolvers(self) -> Iterator[tuple[Peer, int]]:
        """Whom the proxy asks for addresses: resolvers of its own, or cluster DNS."""
        for host, port in self.proxy.resolvers:
            yield self.world.peer(host), port
        if not self.proxy.resolvers:
            yield self.place(Target("dns"), 53)


def is_test(manifest: Manifest) -> bool:
    """Whether an object is there only while `helm test` runs."""
    hooks = root(manifest)["metadata"]["annotations"][HOOK].text()
    return bool(hooks) and all(hook.strip() in ("test", "test-success") for hook in hooks.split(","))


def _is_own(service: Service, target: Target) -> bool:
    """Whether a Service is the one that a part has for the DNS guard, or for the proxy."""
    selected = root(service.manifest)["spec"]["selector"]["app.kubernetes.io/component"].text()
    part = root(service.manifest)["metadata"]["labels"][WORKLOAD].text()
    return (selected, part) == (BEHIND[target.kind], target.name)


def _runs_envoy(manifest: Manifest) -> bool:
    if manifest.kind not in TEMPLATES:
        return False
    containers = template(root(manifest))["spec"]["containers"].items()
    return any(
        "--config-path" in (*container["command"].texts(), *container["args"].texts()) for container in containers
    )


def stand_ins(spec: Specification) -> Iterator[Manifest]:
    """A Pod for each that the specification names, and cluster DNS, as the DNS add-on labels it."""
    yield _pod(DNS, spec.file, [("dns", "UDP", 53), ("dns-tcp", "TCP", 53)])
    for pod in spec.pods.values():
        yield _pod(pod, spec.file, [("", "TCP", port) for port in pod.ports])


def _pod(pod: Pod, file: str, ports: Iterable[tuple[str, str, int]]) -> Manifest:
    named = [
        {"containerPort": number, "protocol": protocol} | ({"name": name} if name else {})
        for name, protocol, number in ports
    ]
    metadata = {"name": pod.name, "namespace": pod.namespace, "labels": dict(pod.labels)}
    spec = {"containers": [{"name": "stand-in", "image": "stand-in", "ports": named}]}
    return _manifest(file, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def allow_all(namespace: str) -> Manifest:
    """The NetworkPolicy with which the trial widens a namespace: everything, both ways, for every pod."""
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "allow-all-by-somebody", "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]},
    }
    return _manifest("state allow-all", body)


def _manifest(file: str, body: Mapping[str, Any]) -> Manifest:
    metadata = body["metadata"]
    return Manifest(file, body["kind"], metadata["name"], metadata["namespace"], body)
