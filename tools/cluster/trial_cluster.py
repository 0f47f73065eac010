"""The cluster with everything in it, as the trial uses it: rows are probed here until they are as they should be."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tools.cluster import diagnostics, leftovers, probes, verdict
from tools.cluster.errors import CannotRunError
from tools.cluster.internet import Internet
from tools.cluster.kube import Kube, until
from tools.cluster.options import NAMESPACE, RELEASE, TrialOptions
from tools.cluster.plan import RESOLVER, STAND_IN
from tools.cluster.release import Release
from tools.cluster.verdict import FAIL, PASS, Addresses, ProbeReport, Result
from tools.findings.progress import Progress
from tools.reach.flows.read import Flow, FlowPod, FlowTarget, Specification

PROXY = {"app.kubernetes.io/component": "egress-proxy"}
COMPONENT = "app.kubernetes.io/component"
GUARD = {"app.kubernetes.io/component": "dns-guard"}
WORKLOAD = "sark-network/workload"
_tokens = itertools.count(1)


def _component(service: Any) -> str:
    """Which of the chart's components a Service leads to."""
    return str((service.spec.selector or {}).get(COMPONENT, ""))


def is_ready(pod: Any) -> bool:
    """Whether Services may use it."""
    return any(it.type == "Ready" and it.status == "True" for it in pod.status.conditions or ())


@dataclass
class Scene:
    """One cluster under trial. `results` grows as the trial goes on."""

    options: TrialOptions
    spec: Specification
    kube: Kube
    internet: Internet
    release: Release
    progress: Progress
    results: list[Result] = field(default_factory=list)
    seen_failing: bool = False

    def addresses(self) -> Addresses:
        """Where everything is now."""
        pods = {name: self._address(pod) for name, pod in self.spec.pods.items()}
        staying = [pod for pod in self.proxy_pods() if pod.status.pod_ip and not pod.metadata.deletion_timestamp]
        proxies = tuple(pod.status.pod_ip for pod in staying)
        return Addresses(pods, self._services(), self.spec.internet, proxies)

    def _address(self, pod: FlowPod) -> str:
        there = self._shipped(pod) if pod.shipped else self.kube.core.read_namespaced_pod(pod.name, pod.namespace)
        return str(there.status.pod_ip or "") if there else ""

    def _shipped(self, pod: FlowPod) -> Any | None:
        """One of the pods that SARK's manifests make, by its labels; one that is ready, where there is such."""
        selector = ",".join(f"{key}={value}" for key, value in pod.labels.items())
        pods = self.kube.core.list_namespaced_pod(pod.namespace, label_selector=selector).items
        staying = [it for it in pods if not it.metadata.deletion_timestamp]
        return next((it for it in staying if is_ready(it)), staying[0] if staying else None)

    def _named(self, pod: FlowPod) -> FlowPod:
        """The pod by the name that it has in the cluster."""
        there = self._shipped(pod) if pod.shipped else None
        return replace(pod, name=there.metadata.name) if there else pod

    def _services(self) -> dict[str, str]:
        """The services' addresses; the proxy and the parts' DNS guards have some only while the chart is installed."""
        core = self.kube.core
        services = {
            "dns": core.read_namespaced_service("kube-dns", "kube-system").spec.cluster_ip,
            "apiserver": core.read_namespaced_service("kubernetes", "default").spec.cluster_ip,
            "node": self._node(),
        }
        for service in core.list_namespaced_service(NAMESPACE).items:
            component, part = _component(service), (service.metadata.labels or {}).get(WORKLOAD)
            kind = {"dns-guard": "guard", "egress-proxy": "steering" if part else "proxy"}.get(component)
            if kind:
                services[f"{kind}:{part}" if part else kind] = service.spec.cluster_ip
        return services

    def _node(self) -> str:
        """The address of a node that is not the control plane's, where there is one."""
        nodes = self.kube.core.list_node(label_selector="!node-role.kubernetes.io/control-plane").items
        nodes = nodes or self.kube.core.list_node().items
        return next(str(it.address) for it in nodes[0].status.addresses if it.type == "InternalIP")

    def without_policies(self, state: str) -> None:
        """Takes every policy of the release away, and has each denied row's twin answer."""
        removed = leftovers.remove_policies(self.kube)
        self.note("policies-removed", state, [] if removed else ["there were none"], f"{removed} policies")
        self.twins(state, through_proxy=True)

    def helm_test(self, state: str) -> None:
        """The chart's own test, as a user runs it."""
        faults: list[str] = []
        with self.progress.step("helm test"):
            # Without --logs: Helm 3 fails on it when the chart has a pod that passed deleted, and a failed one stays.
            try:
                self.release.helm("test", RELEASE)
            except CannotRunError as error:
                faults = [str(error), *leftovers.hook_logs(self.kube, NAMESPACE)]
        self.note("helm-test", state, faults)

    def proxy_pods(self) -> list[Any]:
        """The proxy's pods, without the stand-in that wears its labels."""
        selector = ",".join(f"{key}={value}" for key, value in PROXY.items())
        pods = self.kube.core.list_namespaced_pod(NAMESPACE, label_selector=selector).items
        return [pod for pod in pods if STAND_IN not in (pod.metadata.annotations or {})]

    def proxy_deployment(self) -> Any:
        """The Deployment that makes those pods."""
        for deployment in self.kube.apps.list_namespaced_deployment(NAMESPACE).items:
            if deployment.spec.selector.match_labels.items() >= PROXY.items():
                return deployment
        raise CannotRunError(
            f"no Deployment in namespace {NAMESPACE} makes the egress proxy: there is none to scale down"
        )

    def probe(
        self, flows: Iterable[Flow], addresses: Addresses, seconds: float
    ) -> tuple[dict[str, ProbeReport], list[dict[str, Any]]]:
        """Try every row once, all at the same time; what came back, and what the test internet saw meanwhile."""
        attempts: dict[str, list[Mapping[str, Any]]] = {}
        tokens: dict[str, str] = {}
        for flow in flows:
            token = f"{flow.name}-{next(_tokens)}"
            tokens[token] = flow.name
            attempts.setdefault(flow.source, []).extend(verdict.attempts(flow, addresses, token, seconds))
        before = len(self.internet.log())
        by_pod = [(self._named(self.spec.pods[name]), tried) for name, tried in attempts.items()]
        reports = probes.ask(self.kube, by_pod, seconds=seconds + 30)
        return reports, verdict.with_rows(self.internet.log()[before:], tokens)

    def settle(self, state: str, flows: Sequence[Flow], *, seconds: float = 2.0, bound: float = 45.0) -> None:
        """Probe until every row is as it should be or the time is up, and note the results.

        `seconds` is what one attempt may take; only the rows that are not right yet are tried again.
        """
        started = time.monotonic()
        pending, results = list(flows), {}
        stray: list[str] = []
        while pending:
            addresses = self.addresses()
            reports, events = self.probe(pending, addresses, seconds)
            for flow in pending:
                status, message = verdict.judge_all(flow, reports, addresses, events)
                spent = time.monotonic() - started
                results[flow.name] = Result(flow.name, state, status, message, spent, flow.line, flow)
            denied = not any(flow.allowed for flow in pending)
            stray = verdict.strays(pending, events, addresses) if denied else []
            pending = [flow for flow in pending if results[flow.name].status != PASS]
            if time.monotonic() - started > bound:
                break
            if pending:
                time.sleep(1)
        self.results.extend(results[flow.name] for flow in flows)
        if any(result.status != PASS for result in results.values()):
            self.look_now(state)
        if stray:
            self.note("nothing-else-arrived", state, [f"a connection reached {it} that no row names" for it in stray])

    def look_now(self, state: str) -> None:
        """Gather diagnostics when rows fail first: at the end of the trial the chart is gone."""
        if not self.seen_failing:
            self.seen_failing = True
            with self.progress.step("diagnostics"):
                diagnostics.write(self.options, state)

    def note(self, name: str, state: str, troubles: Sequence[str], detail: str = "") -> None:
        """Note a fact that is no row: what is wrong with it, or nothing and `detail`."""
        status = FAIL if troubles else PASS
        self.results.append(Result(name, state, status, "; ".join(troubles) or detail))

    def rows(self, state: str, flows: Sequence[Flow] | None = None) -> None:
        """Every row of a state, or those given: first those that must be answered, then, alone, those that must not."""
        flows = self.spec.during(state) if flows is None else flows
        with self.progress.step(f"rows: {state}"):
            self.settle(state, [flow for flow in flows if flow.allowed], seconds=5)
            self.settle(state, [flow for flow in flows if not flow.allowed])

    def twins(self, state: str, *, through_proxy: bool) -> None:
        """Every denied row once more, with nothing to forbid it: all must be answered."""
        flows = {flow.name: verdict.twin(flow) for flow in self.spec.flows if not flow.allowed}
        flows_with_twin = [flow for name, flow in flows.items() if self._has_twin(flow, through_proxy)]
        with self.progress.step(f"twins: {state}"):
            self.settle(state, flows_with_twin, seconds=5)

    def _has_twin(self, twin: Flow, through_proxy: bool) -> bool:
        if twin.twin == "never":
            return False
        return through_proxy if twin.twin == "proxy" else True

    def names(self, state: str) -> None:
        """Cluster DNS gives every name of the test internet its own address: else a denial could be a missing name."""
        pod = next(iter(self.spec.pods.values()))
        addresses = self.addresses()
        target = Flow("", pod.name, FlowTarget("dns"), 53, "allow", "", protocol="UDP", speak="dns")
        attempt = verdict.attempt(target, addresses, "", 5)
        attempts = [attempt | {"id": name, "authority": name} for name in self.spec.internet]
        expected = {name: f"{name} is {address}, code 0" for name, address in self.spec.internet.items()}

        def all_resolve() -> bool:
            reports = probes.ask(self.kube, [(pod, attempts)])
            wrong.clear()
            wrong.extend(
                f"{name}: {reports[name].detail}" for name in expected if reports[name].detail != expected[name]
            )
            return not wrong

        wrong: list[str] = []
        with self.progress.step("cluster DNS asks the test internet"):
            until(f"cluster DNS asks {RESOLVER} for the names of the test internet", 60, all_resolve)
        self.note("names-resolve", state, wrong, f"{len(expected)} names")
