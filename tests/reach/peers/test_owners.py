"""Pods that exist are named by what made them, and nothing is there twice."""

import pytest

from tools.manifests.documents import manifests, parse
from tools.manifests.pods import pods
from tools.reach.peers.owners import settled

DEPLOYMENT = "{kind: Deployment, metadata: {name: api}}"
REPLICA_SET = (
    "{kind: ReplicaSet, metadata: {name: api-7d9, ownerReferences: [{kind: Deployment, name: api, controller: true}]}}"
)
OLD = REPLICA_SET.replace("api-7d9", "api-666")
POD = "{kind: Pod, metadata: {name: api-7d9-x, ownerReferences: [{kind: ReplicaSet, name: api-7d9, controller: true}]}}"
HASHED = POD.replace("ownerReferences", "labels: {pod-template-hash: 7d9}, ownerReferences")
CRON_JOB = "{kind: CronJob, metadata: {name: backup}}"
JOB = "{kind: Job, metadata: {name: backup-1, ownerReferences: [{kind: CronJob, name: backup, controller: true}]}}"
JOBS_POD = "{kind: Pod, metadata: {name: backup-1-x, ownerReferences: [{kind: Job, name: backup-1, controller: true}]}}"
BARE = "{kind: Pod, metadata: {name: bare}}"
OWNERS = "[{kind: Thing, name: a}, {kind: DaemonSet, name: b, controller: true}]"
TWO = f"{{kind: Pod, metadata: {{name: x, ownerReferences: {OWNERS}}}}}"


@pytest.mark.parametrize(
    ("objects", "names"),
    [
        ([DEPLOYMENT], ["d/api[Deployment]"]),
        ([DEPLOYMENT, REPLICA_SET, OLD], ["d/api[Deployment]"]),
        ([DEPLOYMENT, REPLICA_SET, OLD, POD], ["d/api[Deployment]"]),
        ([REPLICA_SET, POD], ["d/api[Deployment]"]),
        ([REPLICA_SET], ["d/api-7d9[ReplicaSet]"]),
        ([POD], ["d/api-7d9[ReplicaSet]"]),
        ([HASHED], ["d/api[Deployment]"]),
        ([DEPLOYMENT, HASHED], ["d/api[Deployment]"]),
        ([CRON_JOB, JOB], ["d/backup[CronJob]"]),
        ([CRON_JOB, JOB, JOBS_POD], ["d/backup[CronJob]"]),
        ([JOBS_POD], ["d/backup-1[Job]"]),
        ([BARE, BARE.replace("bare", "other")], ["d/bare[Pod]", "d/other[Pod]"]),
        ([TWO], ["d/b[DaemonSet]"]),
        (
            [DEPLOYMENT.replace("name: api", "name: api, namespace: e"), HASHED],
            ["d/api[Deployment]", "e/api[Deployment]"],
        ),
    ],
)
def test_each_workload_is_there_once(objects: list[str], names: list[str]) -> None:
    text = "\n---\n".join(objects)
    kept = settled(manifests(parse(text, "x"), "x"), "d")
    assert sorted(pod.name for pod in pods(kept, "d")) == names


def test_two_pods_of_one_owner_are_both_there() -> None:
    text = "\n---\n".join((DEPLOYMENT, HASHED, HASHED.replace("7d9-x", "7d9-y")))
    assert [it.name for it in settled(manifests(parse(text, "x"), "x"), "d")] == ["api-7d9-x", "api-7d9-y"]


@pytest.mark.parametrize(
    "text", ["kind: Pod", "{kind: Pod, metadata: {ownerReferences: 3}}", "{kind: Job, metadata: []}"]
)
def test_any_shape_is_read(text: str) -> None:
    assert len(settled(manifests(parse(text, "x"), "x"))) == 1
