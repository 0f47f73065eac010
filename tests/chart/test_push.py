"""The hook that pushes a list: its program beside stand-ins for the API server and two replicas, and its rights."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.proxy.proxy import objects
from tools.render.own import CHART

NEW, OLD = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
PUSH = {"push": {"enabled": True, "apiServer": {"cidrs": ["10.0.0.1/32"]}}}


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("egress_push", CHART / "files" / "egress_push.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    return module


def pod(name: str, port: str = "metrics", **meta: Any) -> dict[str, Any]:
    ports = [{"name": port, "containerPort": 9902}]
    return {"metadata": {"name": name, **meta}, "status": {"podIP": name}, "spec": {"containers": [{"ports": ports}]}}


PODS = [pod("a"), pod("b"), pod("going", deletionTimestamp="now"), pod("another", port="http")]


def test_it_patches_each_replica_and_waits_for_it(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    patched: list[str] = []

    def api(path: str, body: Any = None) -> Any:
        if body is None:
            return {"items": PODS}
        assert list(body) == ["metadata"]
        assert list(body["metadata"]) == ["annotations"]
        assert list(body["metadata"]["annotations"]) == ["sark-network/pushed"]
        patched.append(path.rpartition("/")[2])
        return {}

    asked: list[str] = []

    def serves(address: str, port: str) -> list[str]:
        asked.append(address)
        return [NEW] if len(asked) > 3 else [OLD]

    monkeypatch.setattr(program, "api", api)
    monkeypatch.setattr(program, "serves", serves)
    assert program.main("sark", "x=y", NEW, "9902", "5") == 0
    assert patched == ["a", "b"]
    assert capsys.readouterr().out.startswith(f"list {NEW} is in force on a, b after ")


def test_a_replica_that_stays_behind_fails_it(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def api(path: str, body: Any = None) -> Any:
        if body is None:
            return {"items": PODS[:2]}
        raise HTTPError(path, 403, "Forbidden", {}, None)  # type: ignore[arg-type]

    monkeypatch.setattr(program, "api", api)
    monkeypatch.setattr(program, "serves", lambda address, port: [NEW if address == "a" else OLD])
    assert program.main("sark", "x=y", NEW, "9902", "0.2") == 1
    output = capsys.readouterr().out
    assert f"b serves {OLD}, and not {NEW}; if Envoy refused it, its log says why\n" in output
    assert "a serves" not in output
    assert "the annotation could not be patched on b: HTTP Error 403: Forbidden\n" in output


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


def test_it_waits_for_the_list_that_is_rendered() -> None:
    made = objects({"proxy": PUSH})
    (job,) = [body for body in made if body["kind"] == "Job"]
    arguments = job["spec"]["template"]["spec"]["containers"][0]["args"]
    files = [text for body in made if body["kind"] == "ConfigMap" for text in body["data"].values()]
    assert any(f'version_info: "{arguments[3]}"\n' in text for text in files)
