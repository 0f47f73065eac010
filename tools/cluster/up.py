"""From nothing to a cluster with Calico, a test internet and SARK's stand-ins, in which policies are seen to work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tools.cluster import calico, kind, plan, probes, verdict
from tools.cluster.errors import CannotRunError
from tools.cluster.internet import Internet, ask_it_for_names
from tools.cluster.kube import Kube, until
from tools.cluster.options import IMAGE, NAMESPACE, TrialOptions
from tools.cluster.release import images
from tools.cluster.sark import images as sark_images
from tools.cluster.trial_cluster import Scene
from tools.cluster.tried import programs
from tools.findings.progress import Progress
from tools.reach.flows.read import Flow, FlowPod, FlowTarget, Specification


def bring_up(options: TrialOptions, spec: Specification, progress: Progress) -> Kube:
    """Everything that the trial needs, save the chart."""
    with progress.step("read what is to be installed"):
        image_names = [IMAGE, *images(options)]
        objects = calico.read(options.calico_manifest)
        there = kind.exists(options.name)
    if there:
        kind.connect(options)
        kube = Kube.at(options.kubeconfig)
    else:
        with progress.step("kind create cluster"):
            kind.create(options)
        kube = Kube.at(options.kubeconfig)
        until("cluster DNS is configured", 60, lambda: ask_it_for_names(kube))
    with progress.step("Calico, images, test internet"), ThreadPoolExecutor() as pool:
        loading = pool.submit(_load, options, image_names)
        starting = pool.submit(Internet.of(options.name).start, options.name, spec)
        kube.apply(objects)
        calico.wait(kube)
        loading.result()
        starting.result()
    calico.calico_enforces(kube)
    deploy_stand_ins(kube, spec, progress)
    return kube


def _load(options: TrialOptions, image_names: list[str]) -> None:
    """With SARK's stand-ins in one go, where they will be needed: they share most of what they are made of."""
    more = sark_images.built() if options.sark else []
    kind.load(options.name, list(dict.fromkeys([*image_names, *more])))


def deploy_stand_ins(kube: Kube, spec: Specification, progress: Progress) -> None:
    """One pod for every name in the specification, all running."""
    with progress.step("stand-ins for SARK's parts"):
        kube.apply(plan.stand_ins(spec, programs(), IMAGE))
        until("the stand-ins run", 120, lambda: all(_runs(kube, it) for it in spec.pods.values() if not it.shipped))


def _runs(kube: Kube, pod: FlowPod) -> bool:
    status = kube.core.read_namespaced_pod(pod.name, pod.namespace).status
    return bool(
        status.phase == "Running" and status.pod_ip and all(it.state.running for it in status.container_statuses)
    )


def enforcement_is_real(scene: Scene) -> None:
    """A pod is reached; under a policy that denies it is not; without it, it is again. Else no row means a thing."""
    source, pod = _bystanders(scene.spec)
    flow = Flow("control", source.name, FlowTarget("pod", pod.name), pod.ports[0], "allow", "")
    denying = plan.policy("control", pod.namespace, {"matchLabels": dict(pod.labels)}, allow=False)
    with scene.progress.step("control: Calico enforces"):
        _becomes(scene, flow, "answer", "without any policy")
        scene.kube.apply([denying])
        try:
            _becomes(scene, flow, "timeout", "under a policy that denies it")
        finally:
            scene.kube.delete("networking.k8s.io/v1", "NetworkPolicy", "control", pod.namespace)
        _becomes(scene, flow, "answer", "after that policy was removed")


def _bystanders(spec: Specification) -> tuple[FlowPod, FlowPod]:
    """Two pods of namespaces that the chart writes no policy into: what an earlier run left does not disturb them."""
    parts = {NAMESPACE, spec.pods["opa"].namespace}
    aside = [pod for pod in spec.pods.values() if pod.namespace not in parts]
    source = aside[0]
    return source, next(pod for pod in aside if pod.namespace != source.namespace)


def _becomes(scene: Scene, flow: Flow, expected: str, when: str) -> None:
    addresses = scene.addresses()
    last = verdict.UNPROBED

    def ask() -> bool:
        nonlocal last
        attempt = verdict.attempt(flow, addresses, "control", 1.5)
        last = probes.ask(scene.kube, [(scene.spec.pods[flow.source], [attempt])]).get(flow.name, last)
        return last.outcome == expected

    try:
        until("control", 30, ask)
    except CannotRunError as error:
        raise CannotRunError(
            f"a connection between two pods should end in {expected} {when}, but ended in {last.outcome}: "
            f"{last.detail}. "
            "Policies do not work in this cluster, so no row could mean anything"
        ) from error
