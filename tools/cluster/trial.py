"""The trial: the whole life of a release, and in each state of it the rows of the specification that hold there.

The order is what makes a denial mean something. Before the chart, and after it, every denied row's twin is answered;
and between, while the chart's policies are taken away and its proxy still runs. Only they can be what denied it.
"""

from __future__ import annotations

import time

from tools.cluster import (
    back_doors,
    granted,
    guarded,
    leftovers,
    plan,
    probes,
    pushed,
    rollout,
    steered,
    tunnels,
    verdict,
)
from tools.cluster import fuzz_run as fuzz
from tools.cluster import judge_agrees as agreement
from tools.cluster.fuzz_pods import Ground
from tools.cluster.kube import until, waited
from tools.cluster.options import NAMESPACE, RELEASE
from tools.cluster.release import can_enforce, values
from tools.cluster.sark import state as shipped
from tools.cluster.sark.checkout import Sark
from tools.cluster.trial_cluster import Scene
from tools.reach.flows.read import Flow
from tools.render.merge import overlay

BACK = (
    "intruder-to-proxy",
    "direct-to-unlisted-name",
    "stranger-to-database",
    "gateway-to-database",
    "listed-wildcard",
)
ALLOW_ALL = ("networking.k8s.io/v1", "NetworkPolicy", "allow-all-by-somebody", NAMESPACE)


def run(scene: Scene, sark: Sark | None = None) -> None:
    """Every step, in order. What is found is in `scene.results`; what stops it is a `CannotRunError`."""
    with scene.progress.step("remove what an earlier trial left"):
        scene.release.uninstall()
        until("the proxy's pods are gone", 90, lambda: not scene.proxy_pods())
        scene.kube.delete(*ALLOW_ALL)
        leftovers.remove_hooks(scene.kube, NAMESPACE)
        if sark:
            shipped.remove(scene.kube, sark)
    scene.names("before the chart")
    scene.twins("before the chart", through_proxy=False)
    install(scene)
    scene.rows("installed")
    agreement.check(scene, "installed")
    scene.helm_test("installed")
    allow_all(scene)
    back_doors.check(scene)
    upgrade(scene)
    roll_back(scene)
    granted.check(scene)
    pushed.check(scene)
    proxy_down_and_back(scene)
    network_policies_alone(scene)
    without_policies(scene)
    uninstall(scene)
    scene.twins("after the chart", through_proxy=False)
    guarded.run(scene)
    steered.run(scene)
    shipped.run(scene, sark)
    random_policies(scene)
    rollout.run(scene)


def install(scene: Scene) -> None:
    """The chart, with the values of the tests."""
    release_values = values(scene.options)
    can_enforce(scene.kube, release_values)
    with scene.progress.step("helm install"):
        scene.release.install(release_values)
    scene.note("helm-install", "installed", [], f"ready after {scene.progress.timings['helm install']:.1f} s")
    replicas_apart(scene)


def replicas_apart(scene: Scene) -> None:
    """Two replicas are on two nodes, though no node has a zone's label: losing one leaves a proxy."""
    nodes = [str(pod.spec.node_name) for pod in scene.proxy_pods()]
    alone = (
        [] if len(set(nodes)) == len(nodes) > 1 else [f"{len(nodes)} replicas run on {', '.join(sorted(set(nodes)))}"]
    )
    scene.note("proxy-replicas-apart", "installed", alone, ", ".join(nodes))


def allow_all(scene: Scene) -> None:
    """Somebody adds a NetworkPolicy that allows everything to and from every pod of the namespace."""
    scene.kube.apply([plan.policy(ALLOW_ALL[2], NAMESPACE, {}, allow=True)])
    try:
        scene.rows("allow-all")
    finally:
        scene.kube.delete(*ALLOW_ALL)


def upgrade(scene: Scene) -> None:
    """Another list, by `helm upgrade`, while a connection to a name that goes and one to a name that stays are open."""
    before = _proxy_state(scene)
    gateway = scene.spec.pods["gateway"]
    goes, stays = tunnels.tunnel("old.partner.example"), tunnels.tunnel("api.openai.com")
    addresses = scene.addresses()
    attempts = [verdict.attempt(flow, addresses, flow.name, 5) for flow in (goes, stays)]
    with probes.holding(scene.kube, gateway, attempts) as held:
        opened = set(held.opened)
        with scene.progress.step("helm upgrade with another list"):
            scene.release.install(values(scene.options, scene.options.changed_values))
        started = time.monotonic()
        scene.rows("upgraded")
        spent = time.monotonic() - started
        waited(lambda: goes.name in held.reports, 30)
    scene.note("list-changed", "upgraded", [], f"enforced {spent:.1f} s after helm upgrade came back, probes included")
    _note_held(scene, held, opened, goes, stays)
    after = _proxy_state(scene)
    changed = [f"{pod} was restarted or replaced" for pod in before if before[pod] != after.get(pod)]
    scene.note("proxy-not-restarted", "upgraded", changed or ([] if before else ["there was no proxy to watch"]))


def _note_held(scene: Scene, held: probes.Held, opened: set[str], goes: Flow, stays: Flow) -> None:
    for flow, due, name in ((goes, "closed", "revoked"), (stays, "open", "kept")):
        detail = held.reports.get(flow.name, verdict.UNPROBED).detail
        scene.note(f"open-connection-to-{name}-name", "upgraded", tunnels.faults(held, flow, due, opened), detail)


def _proxy_state(scene: Scene) -> dict[str, int]:
    """Each proxy pod, by its unique id, and how often it was restarted."""
    return {it.metadata.uid: sum(c.restart_count for c in it.status.container_statuses) for it in scene.proxy_pods()}


def roll_back(scene: Scene) -> None:
    """`helm rollback` brings the first list back."""
    with scene.progress.step("helm rollback"):
        scene.release.helm("rollback", RELEASE, "1", "--wait", "--timeout", "120s")
    scene.rows("rolled-back")


def proxy_down_and_back(scene: Scene) -> None:
    """No proxy pod at all, and then as many as before."""
    apps = scene.kube.apps
    deployment = scene.proxy_deployment()
    name, replicas = deployment.metadata.name, deployment.spec.replicas
    with scene.progress.step("scale the proxy to 0"):
        apps.patch_namespaced_deployment_scale(name, NAMESPACE, {"spec": {"replicas": 0}})
        until("the proxy's pods are gone", 90, lambda: not scene.proxy_pods())
    scene.rows("proxy-down")
    with scene.progress.step(f"scale the proxy to {replicas}"):
        apps.patch_namespaced_deployment_scale(name, NAMESPACE, {"spec": {"replicas": replicas}})
        ask = apps.read_namespaced_deployment_status
        until("the proxy is back", 120, lambda: ask(name, NAMESPACE).status.ready_replicas == replicas)
    scene.rows("proxy-back")


def network_policies_alone(scene: Scene) -> None:
    """The same rows without Calico's lock-down, as on any other CNI: it must not hide a hole in the NetworkPolicies."""
    release_values = overlay(values(scene.options), {"calico": {"enabled": False}})
    with scene.progress.step("helm upgrade without Calico's lock-down"):
        scene.release.install(release_values)
    left = [name for kind, name in leftovers.policy_names(scene.kube) if kind == "GlobalNetworkPolicy"]
    scene.note("lock-down-removed", "NetworkPolicies alone", [f"{name} is still there" for name in left])
    scene.rows("NetworkPolicies alone", scene.spec.during("installed"))
    agreement.check(scene, "NetworkPolicies alone")


def without_policies(scene: Scene) -> None:
    """The chart's policies deleted behind Helm's back and its proxy left.

    Denied rows to the proxy must be answered now; and what Envoy is to deny, it must deny with no policy behind it.
    """
    scene.without_policies("without policies")
    envoys = [flow for flow in scene.spec.during("installed") if flow.via == "proxy" and flow.twin != "proxy"]
    scene.rows("Envoy alone", envoys)
    with scene.progress.step("helm upgrade puts the policies back"):
        scene.release.install(values(scene.options))
    scene.rows("policies back", [flow for flow in scene.spec.during("installed") if flow.name in BACK])


def uninstall(scene: Scene) -> None:
    """`helm uninstall` leaves nothing: neither what the manifest says nor anything that carries the release's label."""
    objects = leftovers.written(scene.release.helm("get", "manifest", RELEASE))
    labelled = leftovers.labelled(scene.kube)
    with scene.progress.step("helm uninstall"):
        scene.release.uninstall()
    left: list[str] = []

    def gone() -> bool:
        left[:] = sorted({*leftovers.remaining(scene.kube, objects, NAMESPACE), *leftovers.labelled(scene.kube)})
        return not left

    waited(gone, 60)
    blind = (
        []
        if len(labelled) >= len(objects) > 0
        else [f"only {len(labelled)} objects carry the label, of {len(objects)}"]
    )
    scene.note("nothing-left-behind", "uninstalled", left + blind, f"{len(objects)} objects, all gone")


def random_policies(scene: Scene) -> None:
    """The property test, small: `python -m tools.cluster fuzz` is the large one."""
    ground = Ground(scene.kube, scene.options.name, scene.internet, scene.progress)
    run = fuzz.FuzzRun(ground, scene.options, scene.results)
    run.run_cases(scene.options.seed or fuzz.USUAL_SEED, scene.options.policies or fuzz.FEW)
