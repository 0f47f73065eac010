"""The cluster that a specification is about: the rendered manifests, and the pods that the rows name in addition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.egress.envoy.decide import Proxy
from tools.findings.model import Manifest
from tools.manifests.addresses import Net
from tools.manifests.node import root
from tools.manifests.pod_templates import TEMPLATES, template
from tools.manifests.pods import Pod
from tools.reach.flows.model import FlowPod, FlowTarget, Specification
from tools.reach.model import NamedPeer
from tools.reach.objects import stacked
from tools.reach.peers.services import Service, behind, running, services
from tools.reach.world import UnknownPeerError, World

METADATA = "169.254.169.254"
API_SERVER_PORT = 6443
DNS = FlowPod("kube-dns", "kube-system", {"k8s-app": "kube-dns"}, ())
HOOK = "helm.sh/hook"
# The label of objects that belong to one part.
WORKLOAD = "sark-network/workload"
BEHIND = {"guard": "dns-guard", "steering": "egress-proxy"}


@dataclass(frozen=True, slots=True)
class ProxyEndpoint:
    """Where connections to the proxy's Service arrive: pods of the proxy, and the port on which they are called.

    `missing`: why no Service leads there; the port is then the one in question.
    """

    peer: NamedPeer
    port: int
    missing: str = ""


@dataclass(frozen=True)
class ClusterState:
    """The cluster in one state. `envoys`: the pods of the workloads that run the proxy; `installed`: the pods of all
    rendered workloads.
    """

    world: World
    proxy: Proxy
    spec: Specification
    services: tuple[Service, ...]
    envoys: tuple[Pod, ...]
    installed: tuple[Pod, ...] = ()

    @classmethod
    def of(
        cls,
        manifests: tuple[Manifest, ...],
        spec: Specification,
        pod_cidrs: tuple[Net, ...],
        namespace: str,
        proxy: Proxy | None = None,
    ) -> ClusterState:
        """The cluster that a chart rendered. `proxy`: its configuration, if that has been read before."""
        installed = tuple(manifest for manifest in manifests if not is_test(manifest))
        # A stand-in replaces a pod of the same name.
        everything, _ = stacked((installed, tuple(stand_ins(spec))), namespace)
        world = World(everything, pod_cidrs=pod_cidrs, namespace=namespace)
        # What the API server refuses is not there, and is no peer.
        there = {peer.name for peer in world.peers}
        envoys = tuple(pod for pod in running(filter(_runs_envoy, installed), namespace) if pod.name in there)
        return cls(
            world=world,
            proxy=proxy or Proxy.of(installed),
            spec=spec,
            services=tuple(services(installed, namespace).values()),
            envoys=envoys,
            installed=running((manifest for manifest in installed if manifest.kind in TEMPLATES), namespace),
        )

    def pod(self, name: str) -> NamedPeer:
        """The stand-in of that name."""
        pod = self.spec.pods[name]
        return self.world.peer(f"{pod.namespace}/{pod.name}[Pod]")

    def proxy_endpoints(self, port: int) -> tuple[ProxyEndpoint, ...]:
        """The proxy's workloads at which connections to its Service on a port may arrive."""
        routes = [behind(service, port, "TCP", self.envoys) for service in self.services]
        targets = dict.fromkeys(target for resolved in routes for target in resolved.targets)
        if targets:
            return tuple(ProxyEndpoint(self.world.peer(target.pod), target.port) for target in targets)
        missing = f"no Service leads to port {port} of the proxy"
        return tuple(ProxyEndpoint(self.world.peer(pod.name), port, missing) for pod in self.envoys)

    def place(self, target: FlowTarget, port: int, protocol: str = "TCP") -> tuple[NamedPeer, int]:
        """A target other than the proxy, as the peer and the port that policies see, which is after DNAT."""
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

    def _of_part(self, target: FlowTarget, port: int, protocol: str) -> tuple[NamedPeer, int]:
        """The pods behind a part's own Service, and the port to which it leads there."""
        own = (service for service in self.services if _is_own(service, target))
        targets = [pod for service in own for pod in behind(service, port, protocol, self.installed).targets]
        if not targets:
            name = f"{target.kind}:{target.name}"
            raise UnknownPeerError(
                f"{name}: the part has no Service of its own that leads anywhere on {protocol} {port}"
            )
        return self.world.peer(targets[0].pod), targets[0].port

    def address(self, target: FlowTarget) -> str:
        """The address of a target outside the cluster."""
        names = {"internet": self.spec.internet.get(target.name, ""), "metadata": METADATA}
        return names.get(target.kind, target.name)

    def resolvers(self) -> Iterator[tuple[NamedPeer, int]]:
        """The resolvers that the proxy asks for addresses: its own, or cluster DNS."""
        for host, port in self.proxy.resolvers:
            yield self.world.peer(host), port
        if not self.proxy.resolvers:
            yield self.place(FlowTarget("dns"), 53)


def is_test(manifest: Manifest) -> bool:
    """Whether an object exists only while `helm test` runs."""
    hooks = root(manifest)["metadata"]["annotations"][HOOK].text()
    return bool(hooks) and all(hook.strip() in ("test", "test-success") for hook in hooks.split(","))


def _is_own(service: Service, target: FlowTarget) -> bool:
    """Whether a Service is the part's own one for the DNS guard or the proxy."""
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
    """A Pod for each pod of the specification, and one for cluster DNS, with the labels of the DNS add-on."""
    yield _pod(DNS, spec.file, [("dns", "UDP", 53), ("dns-tcp", "TCP", 53)])
    for pod in spec.pods.values():
        yield _pod(pod, spec.file, [("", "TCP", port) for port in pod.ports])


def _pod(pod: FlowPod, file: str, ports: Iterable[tuple[str, str, int]]) -> Manifest:
    named = [
        {"containerPort": number, "protocol": protocol} | ({"name": name} if name else {})
        for name, protocol, number in ports
    ]
    metadata = {"name": pod.name, "namespace": pod.namespace, "labels": dict(pod.labels)}
    spec = {"containers": [{"name": "stand-in", "image": "stand-in", "ports": named}]}
    return _manifest(file, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def allow_all(namespace: str) -> Manifest:
    """The NetworkPolicy with which the trial opens a namespace: it allows every pod everything in both directions."""
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
