"""SARK as shipped, without a cluster: what kustomize would build, stand-ins for images and stores, a checkout read."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tools.cluster import plan, probes
from tools.cluster.errors import CannotRunError
from tools.cluster.in_pods import workload
from tools.cluster.internet import IN_PODS, Internet
from tools.cluster.kube import Kube
from tools.cluster.options import TrialOptions
from tools.cluster.release import shipped_values
from tools.cluster.sark import images, kustomize, shipped, state
from tools.cluster.sark.checkout import read
from tools.cluster.sark.placing import split_image
from tools.cluster.sark.waiting import waits_for
from tools.cluster.trial_cluster import Scene
from tools.cluster.tried import SHIPPED, specification
from tools.cluster.verdict import Addresses, Result
from tools.findings.progress import Progress
from tools.manifests.documents import manifests, parse
from tools.reach.flows.judge import judge
from tools.reach.flows.read import FlowPod
from tools.render.chart import chart
from tools.render.own import CHART
from tools.render.template import render


def loaded(text: str) -> list[dict[str, Any]]:
    return [body for body in yaml.safe_load_all(text) if body]


KUSTOMIZATION = """
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
resources: [all.yaml]
commonLabels: {by: us}
images:
  - {name: api, newTag: "2"}
  - {name: web, newName: registry.example:5000/web}
  - {name: job, digest: "sha256:00"}
"""
RESOURCES = """
apiVersion: v1
kind: Namespace
metadata: {name: old, labels: {name: old}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: api, namespace: old}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: api, namespace: old}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: api}
subjects:
  - {kind: ServiceAccount, name: api, namespace: old}
  - {kind: ServiceAccount, name: api, namespace: elsewhere}
  - {kind: ServiceAccount, name: default, namespace: elsewhere}
  - {kind: ServiceAccount, name: other, namespace: old}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, labels: {app: api}}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      initContainers: [{name: wait, image: "web:1"}]
      containers: [{name: api, image: "api:1"}, {name: beside, image: "registry.example:5000/api:1"}]
      topologySpreadConstraints: [{maxSkew: 1, labelSelector: {matchLabels: {app: api}}}]
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - {weight: 1, podAffinityTerm: {labelSelector: {matchLabels: {app: api}}}}
        podAffinity:
          requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchExpressions: []}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: job}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: job, image: job}]}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: in}
spec: {podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}
"""
# What `kubectl kustomize` (kustomize 5.5.0) makes of these, but for the order of objects.
BUILT = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {name: old, by: us}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: api, namespace: shop, labels: {by: us}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: api, namespace: shop, labels: {by: us}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: api}
subjects:
  - {kind: ServiceAccount, name: api, namespace: shop}
  - {kind: ServiceAccount, name: api, namespace: elsewhere}
  - {kind: ServiceAccount, name: default, namespace: shop}
  - {kind: ServiceAccount, name: other, namespace: old}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader, labels: {by: us}}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop, labels: {by: us}}
spec: {selector: {app: api, by: us}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop, labels: {app: api, by: us}}
spec:
  selector: {matchLabels: {app: api, by: us}}
  template:
    metadata: {labels: {app: api, by: us}}
    spec:
      initContainers: [{name: wait, image: "registry.example:5000/web:1"}]
      containers: [{name: api, image: "api:2"}, {name: beside, image: "registry.example:5000/api:1"}]
      topologySpreadConstraints: [{maxSkew: 1, labelSelector: {matchLabels: {app: api, by: us}}}]
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - {weight: 1, podAffinityTerm: {labelSelector: {matchLabels: {app: api, by: us}}}}
        podAffinity:
          requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchExpressions: []}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: job, namespace: shop, labels: {by: us}}
spec:
  jobTemplate:
    metadata: {labels: {by: us}}
    spec:
      template:
        metadata: {labels: {by: us}}
        spec: {containers: [{name: job, image: "job@sha256:00"}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: in, namespace: shop, labels: {by: us}}
spec: {podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web, by: us}}}]}]}
"""


def test_a_kustomization_is_built_as_kustomize_builds_it() -> None:
    before = loaded(RESOURCES)
    assert kustomize.build(loaded(KUSTOMIZATION)[0], before) == loaded(BUILT)
    assert before == loaded(RESOURCES)


def test_the_resources_are_files_beside_it_in_their_order() -> None:
    assert kustomize.resources({"resources": ["b.yaml", "a.yml"]}) == ("b.yaml", "a.yml")
    assert kustomize.resources({}) == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patches": []}, "the kustomization's key patches is not read here; known are apiVersion, kind, metadata, "
         "namespace, resources, commonLabels, images"),
        ({"nameSuffix": "-prod"}, "the kustomization's key nameSuffix is not read here; known are apiVersion, kind, "
         "metadata, namespace, resources, commonLabels, images"),
        ({"resources": ["../base"]}, "the kustomization's resource ../base is no YAML file beside it, and only such "
         "are read"),
        ({"resources": ["base"]}, "the kustomization's resource base is no YAML file beside it, and only such are "
         "read"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_and_not_left_out(changes: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        kustomize.resources(changes)


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("busybox:1.36", ("busybox", ":1.36")),
        ("openpolicyagent/opa:latest", ("openpolicyagent/opa", ":latest")),
        ("registry.example:5000/sark", ("registry.example:5000/sark", "")),
        ("registry.example:5000/sark:1", ("registry.example:5000/sark", ":1")),
        ("sark@sha256:00", ("sark", "@sha256:00")),
        ("sark:1@sha256:00", ("sark", ":1@sha256:00")),
        ("sark", ("sark", "")),
    ],
)
def test_an_images_name_is_told_from_its_version(image: str, parts: tuple[str, str]) -> None:
    assert split_image(image) == parts


API = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: sark-api, namespace: sark}
spec:
  replicas: 3
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api, tier: web}}
    spec:
      initContainers: [{name: wait, image: "busybox:1.36", command: [sh, -c], args: [until nc -z db 5432]}]
      containers: [{name: api, image: "sark:latest", imagePullPolicy: IfNotPresent}]
---
apiVersion: v1
kind: Service
metadata: {name: sark-api, namespace: sark}
spec: {selector: {app: api}, ports: [{port: 8000}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: sark}
spec: {selector: {app: db, by: us}, ports: [{port: 5432, targetPort: 6432}, {port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: sark}
spec: {type: ExternalName, externalName: db.example}
---
apiVersion: v1
kind: Service
metadata: {name: sark-api, namespace: elsewhere}
spec: {selector: {app: api}, ports: [{port: 8000}]}
"""


def test_only_images_are_changed() -> None:
    objects = loaded(API)
    changed = shipped.with_images(objects, {"sark": "ours/api:1", "busybox": "ours/box:1"})
    spec = changed[0]["spec"]["template"]["spec"]
    assert [spec[kind][0]["image"] for kind in ("initContainers", "containers")] == ["ours/box:1", "ours/api:1"]
    spec["initContainers"][0]["image"], spec["containers"][0]["image"] = "busybox:1.36", "sark:latest"
    assert changed == objects == loaded(API)


def test_an_image_without_a_stand_in_is_named_whatever_its_tag() -> None:
    text = API.replace("sark:latest", "redis:7").replace("busybox:1.36", "busybox:2")
    assert shipped.without_stand_in(loaded(text)) == ["redis:7"]
    assert shipped.without_stand_in(loaded(API)) == []


def test_a_service_that_nobody_serves_gets_a_store_with_the_labels_that_it_selects() -> None:
    bare = list(shipped.unserved(loaded(API)))
    assert [(it["metadata"]["namespace"], it["metadata"]["name"]) for it in bare] == [
        ("sark", "db"),
        ("elsewhere", "sark-api"),
    ]
    made = shipped.store(bare[0], "ours:1")
    pod = made["spec"]["template"]
    assert (made["metadata"], pod["metadata"]) == (
        {"name": "db", "namespace": "sark"},
        {"labels": {"app": "db", "by": "us"}},
    )
    assert made["spec"]["selector"]["matchLabels"] == {"app": "db", "by": "us"}
    container = pod["spec"]["containers"][0]
    assert (container["image"], container["command"]) == (
        "ours:1", ["python3", "/sark/answer.py", "db", "6432", "80"],
    )  # fmt: skip


def test_namespaces_that_nobody_makes_and_the_deployments_to_wait_for() -> None:
    objects = loaded(API) + loaded("{apiVersion: v1, kind: Namespace, metadata: {name: sark}}")
    assert [it["metadata"]["name"] for it in shipped.missing_namespaces(objects)] == ["elsewhere"]
    assert shipped.deployments(objects) == [("sark", "sark-api")]
    assert shipped.pod_labels(objects) == [{"app": "api", "tier": "web"}]


def test_stand_ins_are_built_of_copies_alone_and_their_tags_follow_their_content(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = {name: stand_in.dockerfile("python:x").splitlines() for name, stand_in in shipped.STAND_INS.items()}
    assert texts["sark"] == [
        "FROM python:x", "COPY . /sark/", 'ENTRYPOINT ["python3", "/sark/workload.py", "api", "sark-api"]',
    ]  # fmt: skip
    assert texts["busybox"] == ["FROM python:x", "COPY . /sark/", "COPY nc.py /usr/local/bin/nc"]
    assert {line.split()[0] for text in texts.values() for line in text} == {"FROM", "COPY", "ENTRYPOINT"}
    before = images.names()
    assert len(set(before.values())) == len(before) == 4
    assert images.names() == before
    monkeypatch.setattr(images, "PROGRAMS", ("nc.py",))
    assert not set(images.names().values()) & set(before.values())


def test_the_images_hold_what_is_run_in_them() -> None:
    named = {stand_in.program[0] for stand_in in shipped.STAND_INS.values() if stand_in.program}
    assert {*named, "answer.py", "probe.py", "nc.py"} == set(shipped.PROGRAMS)
    assert all((IN_PODS / name).is_file() for name in shipped.PROGRAMS)


# A checkout.
BASE = {
    "kustomization.yaml": "{namespace: sark, resources: [api.yaml]}",
    "api.yaml": API,
    "opa-deployment.yaml": "{apiVersion: v1, kind: Service, metadata: {name: opa, namespace: policy}, spec: {}}",
}


def checkout(folder: Path, **files: str | None) -> Path:
    base = folder / "k8s" / "base"
    base.mkdir(parents=True)
    for name, text in (BASE | {f"{key}.yaml".replace("_", "-"): text for key, text in files.items()}).items():
        if text is not None:
            (base / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("inside", ["", "k8s"])
def test_a_checkout_is_read_from_its_root_or_its_k8s_directory(tmp_path: Path, inside: str) -> None:
    sark = read(checkout(tmp_path) / inside)
    assert [(it["kind"], it["metadata"]["namespace"], it["metadata"]["name"]) for it in sark.objects] == [
        ("Deployment", "sark", "sark-api"),
        ("Service", "sark", "sark-api"),
        ("Service", "sark", "db"),
        ("Service", "sark", "outside"),
        ("Service", "sark", "sark-api"),
        ("Service", "policy", "opa"),
    ]
    assert sark.namespaces == ("sark", "policy")


def test_what_the_kustomization_names_is_not_read_twice(tmp_path: Path) -> None:
    named = "{namespace: sark, resources: [opa-deployment.yaml]}"
    sark = read(checkout(tmp_path, kustomization=named))
    assert [it["metadata"]["namespace"] for it in sark.objects] == ["sark"]


REFUSALS: list[tuple[dict[str, str | None], str]] = [
    ({"kustomization": None}, "{given} is no checkout of SARK: it has neither k8s/base/kustomization.yaml nor "
     "base/kustomization.yaml"),
    ({"kustomization": "{bases: [x]}"}, "{base}: the kustomization's key bases is not read here; known are "
     "apiVersion, kind, metadata, namespace, resources, commonLabels, images"),
    ({"opa_deployment": None}, "cannot read {base}/opa-deployment.yaml: No such file or directory"),
    ({"api": "a: 1\na: 2\n"}, "{base}/api.yaml:2: "),
    ({"api": API.replace("sark:latest", "redis:7")}, "{base}: there is no stand-in for the image redis:7; there are "
     "some for sark, sark-frontend, openpolicyagent/opa, busybox. Add it to STAND_INS of "
     "tools/cluster/sark/shipped.py"),
    ({"api": "{kind: Service}"}, "{base}: KeyError('metadata')"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "message"), REFUSALS)
def test_a_checkout_that_cannot_be_read_says_why(tmp_path: Path, files: dict[str, str | None], message: str) -> None:
    checkout(tmp_path, **files)
    with pytest.raises(CannotRunError) as refused:
        read(tmp_path)
    expected = message.format(given=tmp_path, base=tmp_path / "k8s" / "base")
    assert str(refused.value).startswith(expected)


# The rows.
def shipped_rows() -> Any:
    return specification(TrialOptions().flows, SHIPPED)


def test_what_the_rows_need_is_in_the_trials_world_already() -> None:
    trial, own = specification(TrialOptions().flows), shipped_rows()
    here, there = plan.world(own), plan.world(trial)
    assert set(here["addresses"]) <= set(there["addresses"])
    assert here["zone"].items() <= there["zone"].items()
    assert set(here["ports"]) <= set(there["ports"])
    assert {name for name, pod in own.pods.items() if not pod.shipped} <= set(trial.pods)


def test_the_values_are_the_defaults_with_one_internal_name() -> None:
    assert list(shipped_values(TrialOptions())) == ["egress"]
    assert [it["name"] for it in shipped_values(TrialOptions())["egress"]["internal"]] == ["mcp.internal.example"]


def red(values: Mapping[str, Any]) -> set[str]:
    """The rows of SARK as shipped that do not hold under these values, laid over what its trial installs."""
    text = asyncio.run(render(chart(CHART).path, {**shipped_values(TrialOptions()), **values}))
    objects = manifests(parse(text, "shipped"), "shipped", "sark-network")
    return {row.flow.name.removeprefix("shipped-") for row in judge(shipped_rows(), objects).rows if not row.holds}


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ({}, set()),
        (
            {"frontend": {"enabled": False}},
            {
                "frontend-to-dns", "frontend-to-api", "ingress-to-frontend", "ingress-to-frontend-tls",
                "monitoring-to-frontend-metrics",
            },
        ),
        ({"gateway": {"metrics": {"ports": ["metrics"]}}}, {"monitoring-to-api"}),
        ({"egress": {"internal": []}}, {"api-to-internal-name"}),
        ({"egress": {"domains": []}}, {"api-to-listed-name", "api-to-internal-name"}),
        ({"opa": {"namespace": "policy"}}, {"api-to-opa", "intruder-to-opa", "opa-to-outside"}),
    ],
)  # fmt: skip
def test_what_is_switched_off_turns_its_rows_red(values: Mapping[str, Any], rows: set[str]) -> None:
    assert red(values) == rows


# The programs.
@contextmanager
def served(role: workload.Role) -> Iterator[int]:
    with workload.server(role, 0) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()


def get(port: int, path: str) -> tuple[int, str]:
    return workload.asked(f"127.0.0.1:{port}", path)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_the_api_is_ready_once_database_cache_and_opa_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = free_port()
    with (
        served(workload.Role("db")) as store,
        served(workload.Opa("sark-opa")) as opa,
        served(workload.Api("sark-api")) as api,
    ):
        for kind, port in (("POSTGRES", store), ("VALKEY", absent)):
            monkeypatch.setenv(f"{kind}_HOST", "127.0.0.1")
            monkeypatch.setenv(f"{kind}_PORT", str(port))
        monkeypatch.setenv("OPA_URL", f"http://127.0.0.1:{absent}")
        reply = f"not ready: cache 127.0.0.1:{absent}, OPA 127.0.0.1:{absent}\n"
        assert get(api, "/health/ready") == (503, reply)
        monkeypatch.setenv("VALKEY_PORT", str(store))
        monkeypatch.setenv("OPA_URL", f"http://127.0.0.1:{opa}")
        assert get(api, "/health/ready") == (200, "ready\n")
        assert get(api, "/health") == (200, "healthy\n")
        assert get(api, "/metrics")[1].startswith("# TYPE ")
        assert get(api, "/t1") == (200, "sark-answer sark-api token=t1\n")


def test_the_web_ui_sends_api_calls_on_and_says_when_the_api_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(workload.Api("sark-api")) as api, served(workload.Frontend("sark-frontend")) as web:
        monkeypatch.setattr(workload, "API", f"127.0.0.1:{api}")
        assert get(web, "/api/v1/servers") == (200, "sark-answer sark-api token=servers\n")
        assert get(web, "/servers") == (200, "sark-answer sark-frontend token=servers\n")
        assert get(web, "/ready") == (200, "healthy\n")
        monkeypatch.setattr(workload, "API", f"127.0.0.1:{free_port()}")
        assert get(web, "/api/x")[0] == 502


def test_parts_listen_where_the_real_ones_do() -> None:
    addresses = ["run", "--server", "--addr=0.0.0.0:9191", "/policies"]
    assert workload.Api("a").ports([]) == [8000]
    assert workload.Frontend("f").ports([]) == [80, 443]
    assert (workload.Opa("o").ports(addresses), workload.Opa("o").ports([])) == ([9191], [8181])


def test_a_line_is_answered_as_a_request_is() -> None:
    with served(workload.Opa("sark-opa")) as port, socket.create_connection(("127.0.0.1", port), 2) as sock:
        sock.sendall(b"sark-probe t2\n")
        assert sock.recv(100) == b"sark-answer sark-opa token=t2\n"


def test_a_stand_in_stops_when_it_is_told_to() -> None:
    command = [sys.executable, str(IN_PODS / "workload.py"), "opa", "sark-opa", f"--addr=127.0.0.1:{free_port()}"]
    with subprocess.Popen(command) as process:
        port = int(command[-1].rpartition(":")[2])
        for _ in range(100):
            if get(port, "/health")[0] == 200:
                break
            time.sleep(0.05)
        try:
            process.terminate()
            assert process.wait(5) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("arguments", "code", "output"),
    [
        (["-z", "127.0.0.1", "{open}"], 0, ""),
        (["-z", "127.0.0.1", "{closed}"], 1, "nc: 127.0.0.1:{closed}: [Errno 111] Connection refused\n"),
        (["-l", "80"], 2, "this stand-in knows `nc -z HOST PORT` only, and not -l 80\n"),
    ],
)
def test_nc_knows_what_the_init_containers_ask(arguments: list[str], code: int, output: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ports = {"open": server.getsockname()[1], "closed": free_port()}
        words = [word.format(**ports) for word in arguments]
        done = subprocess.run(
            [sys.executable, str(IN_PODS / "nc.py"), *words], capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (code, output.format(**ports))


# The state.
def scene(kube: Any) -> Scene:
    return Scene(TrialOptions(), shipped_rows(), kube, Internet(""), None, Progress())  # type: ignore[arg-type]


def test_without_a_checkout_the_results_say_that_it_did_not_run_and_why() -> None:
    own = scene(None)
    state.run(own, None)
    assert own.results == [
        Result(
            "sark-as-shipped",
            "SARK as shipped",
            "not run",
            "it did not run: no checkout of SARK was given; --sark DIR says where one is",
        )
    ]


@pytest.mark.parametrize(
    ("pods", "name"),
    [
        ([], "sark-api"),
        ([("a", "False", False)], "a"),
        ([("a", "False", False), ("b", "True", False)], "b"),
        ([("a", "True", True), ("b", "False", False)], "b"),
        ([("a", "True", True)], "sark-api"),
    ],
)
def test_a_pod_of_sark_is_found_by_its_labels_and_a_ready_one_first(
    pods: list[tuple[str, str, bool]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [
        SimpleNamespace(
            metadata=SimpleNamespace(name=it, deletion_timestamp="now" if going else None),
            status=SimpleNamespace(pod_ip="", conditions=[SimpleNamespace(type="Ready", status=ready)]),
        )
        for it, ready, going in pods
    ]
    asked: list[str] = []

    def listed(namespace: str, label_selector: str) -> SimpleNamespace:
        asked.append(label_selector)
        return SimpleNamespace(items=made)

    reported: list[str] = []

    def ask(_kube: Kube, attempts: list[tuple[FlowPod, Any]], seconds: float) -> dict[str, Any]:
        reported.extend(attempt.name for attempt, _ in attempts)
        return {}

    monkeypatch.setattr(Kube, "core", SimpleNamespace(list_namespaced_pod=listed))
    monkeypatch.setattr(probes, "ask", ask)
    monkeypatch.setattr(Internet, "log", lambda self: [])
    own = scene(Kube(None, None))
    row = next(flow for flow in own.spec.flows if flow.name == "shipped-api-to-dns")
    own.probe([row], Addresses({}, {"dns": "10.96.0.10"}, {}), 1)
    assert reported == [name]
    assert asked == [
        "app.kubernetes.io/name=sark,app.kubernetes.io/component=api,app.kubernetes.io/managed-by=kustomize"
    ]


# Why a Deployment is not ready.
def status(name: str, *, ready: bool = False, **state: Any) -> SimpleNamespace:
    parts = {"terminated": None, "waiting": None, "running": None} | state
    return SimpleNamespace(name=name, ready=ready, state=SimpleNamespace(**parts))


def pod(name: str, *conditions: tuple[str, str, str], init: list[Any] = [], own: list[Any] = []) -> SimpleNamespace:  # noqa: B006
    made = [SimpleNamespace(type=kind, status=word, message=why) for kind, word, why in conditions]
    return SimpleNamespace(
        metadata=SimpleNamespace(name=name, namespace="sark"),
        status=SimpleNamespace(conditions=made, init_container_statuses=init, container_statuses=own),
    )


DONE = SimpleNamespace(exit_code=0)
PODS: list[tuple[list[SimpleNamespace], list[str]]] = [
    ([], ["it has no pods"]),
    ([pod("a", ("Ready", "True", ""))], ["it has no pods"]),
    ([pod("a", ("PodScheduled", "False", "0/2 nodes are available"))], ["a: not scheduled: 0/2 nodes are available"]),
    (
        [pod("a", init=[status("db", terminated=DONE, ready=True), status("api", running=True)])],
        ["a: init container api: it runs, and says: Waiting for API..."],
    ),
    (
        [pod("a", own=[status("api", waiting=SimpleNamespace(reason="ErrImagePull", message="no such image"))])],
        ["a: container api: no such image"],
    ),
    (
        [pod("a", own=[status("api", waiting=SimpleNamespace(reason="CrashLoopBackOff", message=None))]), pod("b")],
        ["a: container api: CrashLoopBackOff", "b: it is not ready, and nothing says why"],
    ),
]


@pytest.mark.parametrize(("pods", "sentences"), PODS)
def test_a_deployment_that_is_not_ready_says_what_it_waits_for(
    pods: list[SimpleNamespace], sentences: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    selector = SimpleNamespace(spec=SimpleNamespace(selector=SimpleNamespace(match_labels={"app": "x", "b": "c"})))
    asked: list[str] = []

    def listed(namespace: str, label_selector: str) -> SimpleNamespace:
        asked.append(f"{namespace} {label_selector}")
        return SimpleNamespace(items=pods)

    core = SimpleNamespace(list_namespaced_pod=listed, read_namespaced_pod_log=lambda *_, **__: "Waiting for API...\n")
    monkeypatch.setattr(Kube, "core", core)
    monkeypatch.setattr(Kube, "apps", SimpleNamespace(read_namespaced_deployment=lambda *_: selector))
    assert waits_for(Kube(None, None), "sark", "x") == sentences
    assert asked == ["sark app=x,b=c"]
