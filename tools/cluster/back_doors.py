"""Tries the lock-down's back doors: shut by what the chart installs, open without it, shut by the pods' CIDRs alone.

The second is what makes the first mean something: with the admission policies away the same objects go in, and the same
row that was silent is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import yaml
from kubernetes import config, dynamic

from tools.cluster import doors, plan
from tools.cluster.doors import BackDoor
from tools.cluster.errors import CannotRunError
from tools.cluster.kube import explain, until
from tools.cluster.options import NAMESPACE
from tools.cluster.release import values
from tools.cluster.trial_cluster import Scene
from tools.reach.flows.read import Flow, FlowTarget
from tools.render.merge import overlay

STATE = "back doors"
OPEN = "back doors, admission off"
POD_CIDRS = "back doors, pods' CIDRs alone"
ALLOW_ALL = ("networking.k8s.io/v1", "NetworkPolicy", "allow-all-for-back-doors", NAMESPACE)
REFUSED = (dynamic.exceptions.DynamicApiError,)
# How a refusal by the chart's own admission policies reads.
OURS = "denied request: SARK's lock-down"
# An admission policy is in force some seconds after it was written, and some seconds after it was removed.
SECONDS = 30.0


def check(scene: Scene) -> None:
    """All three, with an allow-all NetworkPolicy beside them; at the end the release is as it was."""
    scene.kube.apply([plan.policy(ALLOW_ALL[2], NAMESPACE, {}, allow=True)])
    try:
        _shut(scene)
        _labels_are_bound(scene)
        _open_without_admission(scene)
        _shut_by_pod_cidrs(scene)
    finally:
        scene.kube.delete(*ALLOW_ALL)
        with scene.progress.step("helm upgrade puts admission back"):
            scene.release.install(values(scene.options))


def _shut(scene: Scene) -> None:
    with scene.progress.step("back doors: every way in"):
        for door in doors.doors():
            scene.note(f"{door.name}-is-refused", STATE, *_refused(scene, door))
        for door in doors.honest():
            scene.note(f"{door.name}-is-accepted", STATE, _accepted(scene, door))
    scene.rows(STATE, [_outside("gateway", "deny"), _outside("frontend", "deny")])


def _refused(scene: Scene, door: BackDoor) -> tuple[list[str], str]:
    """What is wrong, and the API server's sentence: it must refuse the object within SECONDS."""
    try:
        sentence = until(f"refuse {door.name}", SECONDS, lambda: _refusal(scene, door), every=1)
    except CannotRunError:
        return [f"{door.body['apiVersion']} {door.body['kind']} was accepted"], ""
    return ([] if OURS in sentence else [f"refused, and not by SARK's admission policy: {sentence}"]), sentence


def _refusal(scene: Scene, door: BackDoor) -> str:
    """The API server's refusal, "" for an object that it took, which is removed again."""
    try:
        _create(scene, door.body)
    except REFUSED as error:
        return explain(error)
    _delete(scene, door.body)
    return ""


def _accepted(scene: Scene, door: BackDoor) -> list[str]:
    refusal = _refusal(scene, door)
    return [f"was refused: {refusal}"] if refusal else []


def _labels_are_bound(scene: Scene) -> None:
    """Only whoever is named in values may give a pod the labels that carry rights."""
    somebody = _as(scene, "somebody-with-every-right")
    with scene.progress.step("back doors: labels"):
        for door in doors.labelled_pods():
            refused = _tried(somebody, door.body)
            wrong = (
                [] if "these labels have the rights of" in refused else [f"was not refused: {refused or 'accepted'}"]
            )
            scene.note(f"{door.name}-by-somebody-is-refused", STATE, wrong, refused)
            named = _tried(scene.kube.resources, door.body)
            scene.note(f"{door.name}-by-who-may-is-accepted", STATE, [f"was refused: {named}"] if named else [])
        without_labels = _tried(somebody, doors.pod_without_rights().body)
        scene.note(
            "pod-without-rights-is-accepted", STATE, [f"was refused: {without_labels}"] if without_labels else []
        )


def _as(scene: Scene, user: str) -> Any:
    """A client that acts as another administrator."""
    api: Any = config.new_client_from_config(str(scene.options.kubeconfig))  # type: ignore[no-untyped-call]
    api.set_default_header("Impersonate-User", user)
    api.set_default_header("Impersonate-Group", "system:masters")
    return dynamic.DynamicClient(api)  # type: ignore[no-untyped-call]


def _tried(resources: Any, body: Mapping[str, Any]) -> str:
    """The API server's refusal of a dry run, "" for none."""
    resource = resources.resources.get(api_version=body["apiVersion"], kind=body["kind"])
    try:
        resource.create(body=dict(body), namespace=body["metadata"]["namespace"], dry_run="All")
    except REFUSED as error:
        return explain(error)
    return ""


def _open_without_admission(scene: Scene) -> None:
    """The control: nothing but the admission policies kept the doors shut."""
    without = overlay(values(scene.options), {"admission": {"calico": {"enabled": False}}})
    with scene.progress.step("helm upgrade without admission"):
        scene.release.install(without)
    for door in (door for door in doors.doors() if door.opens):
        with _opened(scene, door):
            flow = _outside("gateway", "allow", f"{door.name}-opens-it")
            scene.rows(OPEN, [flow])
    scene.rows(OPEN, [_outside("gateway", "deny", "closed-again")])


def _shut_by_pod_cidrs(scene: Scene) -> None:
    """Whatever pretends to be a pod must have a pod's address too."""
    changed = {"admission": {"calico": {"enabled": False}}, "cluster": {"podCidrs": _pod_cidrs(scene)}}
    with scene.progress.step("helm upgrade with the pods' CIDRs"):
        scene.release.install(overlay(values(scene.options), changed))
    for door in doors.doors():
        if "policy" not in door.name:
            with _opened(scene, door):
                scene.rows(POD_CIDRS, [_outside("gateway", "deny", f"{door.name}-opens-nothing")])
    scene.rows(POD_CIDRS, [flow for flow in scene.spec.during("installed") if flow.name in BETWEEN_PODS])


# Between pods nothing changes, and what is listed by address stays open.
BETWEEN_PODS = ("gateway-to-database", "gateway-to-opa", "gateway-to-dns-udp", "external-ldaps", "listed-wildcard")


def _pod_cidrs(scene: Scene) -> list[str]:
    """The pods' CIDRs, of kind's own configuration."""
    try:
        networking = yaml.safe_load(scene.options.kind_config.read_text(encoding="utf-8"))["networking"]
        return [cidr.strip() for cidr in str(networking["podSubnet"]).split(",")]
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        raise CannotRunError(f"{scene.options.kind_config} does not say networking.podSubnet: {error}") from error


def _outside(source: str, expect: str, name: str = "") -> Flow:
    """A direct connection to a name that no list has."""
    why = "nothing leaves but through the proxy" if expect == "deny" else "the control: this door is really one"
    target = FlowTarget("internet", "evil.test")
    return Flow(name or f"{source}-stays-locked", source, target, 443, expect, why, speak="tls")


@contextmanager
def _opened(scene: Scene, door: BackDoor) -> Iterator[None]:
    create_without_admission(scene, door)
    try:
        yield
    finally:
        _delete(scene, door.body)


def create_without_admission(scene: Scene, door: BackDoor) -> None:
    """Waits out an admission policy that was removed a moment ago; any other refusal ends the trial.

    Raises CannotRunError when the object is still refused after the bound.
    """
    until(f"{door.name}: could not be tried, because it was refused", SECONDS, lambda: _created(scene, door))


def _created(scene: Scene, door: BackDoor) -> bool:
    """True once it is there. Raises CannotRunError for a refusal that waiting does not end."""
    try:
        _create(scene, door.body)
    except REFUSED as error:
        sentence = explain(error)
        if OURS in sentence:
            raise
        raise CannotRunError(f"{door.name}: could not be tried, because it was refused: {sentence}") from error
    return True


def _create(scene: Scene, body: Mapping[str, Any]) -> None:
    resource = scene.kube.kind(body["apiVersion"], body["kind"])
    resource.create(body=dict(body), namespace=body["metadata"].get("namespace"))


def _delete(scene: Scene, body: Mapping[str, Any]) -> None:
    metadata = body["metadata"]
    scene.kube.delete(body["apiVersion"], body["kind"], metadata["name"], metadata.get("namespace"))
