"""The hook that pushes a list: its program beside stand-ins for the API server and two replicas, and its rights."""

from __future__ import annotations

import importlib.util
import io
import sys
from types import ModuleType
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.proxy.proxy import objects
from tools.render.own import CHART

NEW, OLD, GUARD = "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"
PUSH = {"push": {"enabled": True, "apiServer": {"cidrs": ["10.0.0.1/32"]}}}


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("egress_push", CHART / "files" / "egress_push.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    # Nothing is left in the chart, of which packages are made.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    return module


def pod(name: str, port: str = "metrics", **meta: Any) -> dict[str, Any]:
    ports = [{"name": port, "containerPort": 9902}]
    return {"metadata": {"name": name, **meta}, "status": {"podIP": name}, "spec": {"containers": [{"ports": ports}]}}


GUARDS = [pod("g")]
PODS = [pod("a"), pod("b"), pod("going", deletionTimestamp="now"), pod("another", port="http")]


def test_it_patches_each_replica_and_waits_for_it(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    patched: list[str] = []

    def api(path: str, body: Any = None) -> Any:
        if body is None:
            return {"items": GUARDS if "guard" in path else PODS}
        assert list(body) == ["metadata"]
        assert list(body["metadata"]) == ["annotations"]
        assert list(body["metadata"]["annotations"]) == ["sark-network/pushed"]
        patched.append(path.rpartition("/")[2])
        return {}

    asked: list[str] = []

    def serves(address: str, port: str, path: str) -> list[str]:
        asked.append(f"{address}:{port}{path}")
        return [OLD] if len(asked) < 4 else [GUARD] if port == "9153" else [NEW]

    monkeypatch.setattr(program, "api", api)
    monkeypatch.setattr(program, "serves", serves)
    guard = ("z=guard", GUARD, "9153", "/metrics")
    assert program.main("sark", "5", "x=y", NEW, "9902", "/stats", *guard) == 0
    assert patched == ["a", "b", "g"]
    assert asked[:3] == ["a:9902/stats", "b:9902/stats", "g:9153/metrics"]
    assert capsys.readouterr().out.startswith(f"list {NEW} and {GUARD} is in force on a, b, g after ")


def test_a_replica_that_stays_behind_fails_it(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def api(path: str, body: Any = None) -> Any:
        if body is None:
            return {"items": PODS[:2]}
        raise HTTPError(path, 403, "Forbidden", {}, None)  # type: ignore[arg-type]

    monkeypatch.setattr(program, "api", api)
    monkeypatch.setattr(program, "serves", lambda address, port, path: [NEW if address == "a" else OLD])
    assert program.main("sark", "0.2", "x=y", NEW, "9902", "/stats") == 1
    output = capsys.readouterr().out
    assert f"b serves {OLD}, and not {NEW}; if it refused it, its log says why\n" in output
    assert "a serves" not in output
    assert "the annotation could not be patched on b: HTTP Error 403: Forbidden\n" in output


@pytest.mark.parametrize("living", ["", "guard"])
def test_a_kind_without_pods_fails_it(
    living: str, program: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "api", lambda path, body=None: {"items": GUARDS if living in path and living else []})
    monkeypatch.setattr(program, "serves", lambda address, port, path: [GUARD])
    guard = ("z=guard", GUARD, "9153", "/metrics")
    assert program.main("sark", "0.2", "x=y", NEW, "9902", "/stats", *guard) == 1
    assert f"list {NEW} is in force nowhere (x=y): there is no replica\n" in capsys.readouterr().out


METRICS = {
    "Envoy": (
        'envoy_runtime_version_text{text_value="aaaaaaaaaaaa"} 0\nenvoy_listener_manager_lds_version_text'
        '{text_value="bbbbbbbbbbbb"} 0\nenvoy_cluster_manager_cds_update_time{} 1\n',
        [NEW, OLD],
    ),
    "CoreDNS": (
        'coredns_plugin_enabled{name="template",server="dns://:17000",view="",zone="."} 1\ncoredns_plugin_enabled'
        '{name="template",server="dns://:17000",view="",zone="cccccccccccc.corefile.dns-guard."} 1\n',
        [GUARD],
    ),
    "nobody": ("up 1\n", ["nothing that it names"]),
}


@pytest.mark.parametrize(("page", "versions"), METRICS.values(), ids=METRICS)
def test_versions_are_read_from_metrics(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch, page: str, versions: list[str]
) -> None:
    monkeypatch.setattr(program.urllib.request, "urlopen", lambda url, timeout: io.BytesIO(page.encode()))
    assert program.serves("10.0.0.1", "9902", "/stats") == versions


def test_the_hook_is_off_unless_asked_for() -> None:
    assert not [body for body in objects({}) if body["kind"] in ("Job", "Role", "RoleBinding")]


def test_its_rights_go_with_it() -> None:
    made = [body for body in objects({"proxy": PUSH}) if body["metadata"]["name"].find("egress-push") > 0]
    kept = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    for body in made:
        annotations = body["metadata"].get("annotations", {})
        if body["kind"] in kept:
            assert "helm.sh/hook" not in annotations
        else:
            assert annotations["helm.sh/hook"] == "post-upgrade,post-rollback"
            assert "hook-succeeded" in annotations["helm.sh/hook-delete-policy"]
    (role,) = [body for body in made if body["kind"] == "Role"]
    assert [(rule["resources"], rule["verbs"]) for rule in role["rules"]] == [
        (["pods"], ["list"]),
        (["pods"], ["patch"]),
    ]


@pytest.mark.parametrize("guarded", [False, True])
def test_it_waits_for_what_is_rendered(guarded: bool) -> None:
    made = objects({"proxy": PUSH, "dnsGuard": {"enabled": guarded}})
    (job,) = [body for body in made if body["kind"] == "Job"]
    arguments = job["spec"]["template"]["spec"]["containers"][0]["args"]
    files = [text for body in made if body["kind"] == "ConfigMap" for text in body["data"].values()]
    assert len(arguments) == (11 if guarded else 7)
    assert arguments[1:3] == ["sark", "60"]
    assert any(f'version_info: "{arguments[4]}"\n' in text for text in files)
    if guarded:
        assert any(f"\n{arguments[8]}.corefile.dns-guard:" in text for text in files)


def test_it_may_ask_the_guard_and_patch_its_pods() -> None:
    made = objects({"proxy": PUSH, "dnsGuard": {"enabled": True}})
    policies = {body["metadata"]["name"]: body["spec"] for body in made if body["kind"] == "NetworkPolicy"}
    into = policies["sark-sark-network-egress-push-guard"]
    assert into["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "dns-guard"
    assert into["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 9153}]
    ports = [rule["ports"][0]["port"] for rule in policies["sark-sark-network-egress-push"]["egress"] if "to" in rule]
    assert {9153, 9902} <= set(ports)
    (held,) = [
        body for body in made
        if body["kind"] == "ValidatingAdmissionPolicy" and "push" in body["metadata"]["name"]
    ]  # fmt: skip
    expression = held["spec"]["validations"][0]["expression"]
    assert "== 'egress-proxy'" in expression
    assert "== 'dns-guard'" in expression
