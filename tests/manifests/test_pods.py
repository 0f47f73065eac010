"""One reader of pods: as they are written, for the rules, and those that the API server takes, for the judge."""

import pytest
import yaml

from tests.policies.test_matching import objects
from tools.manifests.fields import Dropped
from tools.manifests.node import root
from tools.manifests.pod_templates import TEMPLATES, template
from tools.manifests.pods import Pod, accepted, pods

POD = "{metadata: {labels: {app: web}}, spec: {serviceAccountName: robot, hostNetwork: true, containers: [CONTAINER]}}"
CONTAINER = "{name: c, ports: [{name: http, containerPort: 80}, {containerPort: 53, protocol: UDP}, {name: none}]}"


def workload(kind: str, pod: str = POD) -> str:
    body = yaml.safe_load(pod.replace("CONTAINER", CONTAINER))
    for key in reversed(TEMPLATES.get(kind, ())):
        body = {key: body}
    metadata = {"name": "a", **body.pop("metadata", {})}
    return yaml.safe_dump({"apiVersion": "v1", "kind": kind, "metadata": metadata, **body})


@pytest.mark.parametrize("kind", ["Pod", *TEMPLATES])
def test_every_kind_is_read_alike(kind: str) -> None:
    [manifest] = objects(workload(kind))
    [pod] = pods([manifest], "s")
    assert pod == Pod(
        manifest=manifest,
        name=f"s/a[{kind}]",
        namespace="s",
        labels={"app": "web"},
        account="robot",
        listening=(("http", "TCP", 80), ("", "UDP", 53), ("none", "TCP", 0)),
        serving=(("http", "TCP", 80),),
        host=True,
        single=kind == "Pod",
    )
    assert pod.ports == (("http", "TCP", 80),)
    assert list(accepted([manifest], "s")) == [pod]
    assert template(root(manifest))["spec"]["serviceAccountName"].text() == "robot"


@pytest.mark.parametrize(
    ("pod", "message"),
    [
        ("{metadata: {labels: {app: -web}}, spec: {}}", "'-web' is not a label value; write letters"),
        ("{metadata: {labels: {app: 1}}, spec: {}}", "is a number, where text belongs; write it in quotes"),
        ("{spec: [x]}", "is a list, where a mapping belongs; write `key: value` lines"),
    ],
)
def test_pods_that_are_refused_are_left_out_for_the_judge_alone(pod: str, message: str) -> None:
    manifests = objects(workload("Deployment", pod))
    assert len(list(pods(manifests))) == 1
    dropped = Dropped()
    assert list(accepted(manifests, "s", dropped)) == []
    [problem] = dropped.problems
    assert message in problem.message
    assert list(accepted(manifests, "s")) == []


def test_a_namespace_that_nobody_names_stays_open_for_the_rules() -> None:
    [pod] = pods(objects(workload("Job")))
    assert (pod.namespace, pod.done) == ("", False)


@pytest.mark.parametrize(("phase", "done"), [("Succeeded", True), ("Failed", True), ("Running", False)])
def test_a_pod_that_has_finished_is_done(phase: str, done: bool) -> None:
    [pod] = pods(objects(workload("Pod", f"{{spec: {{}}, status: {{phase: {phase}}}}}")))
    assert pod.done is done
