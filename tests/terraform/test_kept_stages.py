"""Terraform stages that were worked out before: what they follow from, and that nothing else is taken for them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tools.findings.kept import KeptStore
from tools.findings.model import Stage
from tools.findings.report import Gate
from tools.render.chart import Chart, chart
from tools.render.load import Chosen
from tools.render.own import CHART
from tools.terraform import kept_stages, stage
from tools.terraform.job import TerraformRequest
from tools.terraform.lint import lint

OPEN = """
resource "aws_security_group" "sark" {
  name = "sark"
}
resource "aws_vpc_security_group_ingress_rule" "ssh" {
  security_group_id = aws_security_group.sark.id
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = "0.0.0.0/0"
}
"""


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TerraformRequest:
    """A small tree of modules, a chart and two environments, and a toolkit of one file."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    tree = tmp_path / "terraform"
    (tree / "examples" / "own").mkdir(parents=True)
    (tree / "examples" / "own" / "main.tf").write_text(OPEN)
    copy = tmp_path / "chart"
    shutil.copytree(CHART, copy)
    toolkit = tmp_path / "toolkit"
    toolkit.mkdir()
    (toolkit / "rule.py").write_text("")
    monkeypatch.setattr(kept_stages, "TOOLKIT", toolkit)
    environments = {name: Chosen((chart(copy).environments[name],), name) for name in ("dev", "production")}
    return TerraformRequest(Chart(copy), environments, date(2026, 1, 1), frozenset({"a-rule"}), Gate(), directory=tree)


def ran(request: TerraformRequest, folder: Path) -> tuple[tuple[Stage, ...], list[str]]:
    """The stages, without their times, and which of them were worked out."""
    worked_out: list[str] = []

    def begin(work: kept_stages.Work) -> kept_stages.Work:
        stages = work()
        worked_out.extend(f"{stage.name} {stage.environment}".strip() for stage in stages)
        return lambda: stages

    stages = kept_stages.begun(request, begin, KeptStore(folder, 100))()
    return tuple(replace(stage, seconds=0.0) for stage in stages), worked_out


EVERY = ["terraform", "layers dev", "layers production"]


def test_the_second_run_works_out_nothing_and_says_the_same(request_: TerraformRequest, tmp_path: Path) -> None:
    first, worked_out = ran(request_, tmp_path / "c" / "stages")
    assert worked_out == EVERY
    assert [(item.name, item.environment) for item in first] == [
        ("terraform", ""),
        ("layers", "dev"),
        ("layers", "production"),
    ]
    assert first[0].findings, "or this test would show nothing"
    assert ran(request_, tmp_path / "c" / "stages") == (first, [])
    assert [replace(item, seconds=0.0) for item in stage.stages(stage.TerraformJob(**vars(request_)))] == list(first)


def a_module(request: TerraformRequest) -> TerraformRequest:
    file = request.directory / "examples" / "own" / "main.tf"
    file.write_text(file.read_text().replace("22", "23"))
    return request


def another_file(request: TerraformRequest) -> TerraformRequest:
    (request.directory / "examples" / "own" / "more.tf").write_text("locals {\n  a = 1\n}\n")
    return request


def of_the_chart(request: TerraformRequest) -> TerraformRequest:
    with (request.chart.path / "values.yaml").open("a") as file:
        file.write("# more\n")
    return request


def of_an_environment(request: TerraformRequest) -> TerraformRequest:
    with request.environments["dev"].files[0].open("a") as file:
        file.write("# more\n")
    return request


def of_the_toolkit(request: TerraformRequest) -> TerraformRequest:
    (kept_stages.TOOLKIT / "rule.py").write_text("# more\n")
    return request


def another_day(request: TerraformRequest) -> TerraformRequest:
    return replace(request, today=date(2026, 1, 2))


def another_rule(request: TerraformRequest) -> TerraformRequest:
    return replace(request, known=frozenset({"a-rule", "b-rule"}))


def a_disabled_rule(request: TerraformRequest) -> TerraformRequest:
    return replace(request, gate=Gate(disabled=frozenset({"a-rule"})))


def another_environment(request: TerraformRequest) -> TerraformRequest:
    chosen = request.environments["dev"]
    return replace(request, environments={"dev": chosen, "other": replace(chosen, environment="other")})


def what_terraform_wrote(request: TerraformRequest) -> TerraformRequest:
    (request.directory / "examples" / "own" / ".terraform").mkdir()
    return request


@pytest.mark.parametrize(
    ("change", "worked_out"),
    [
        (a_module, EVERY),
        (another_file, EVERY),
        (of_the_chart, EVERY),
        (of_the_toolkit, EVERY),
        (another_day, EVERY),
        (another_rule, EVERY),
        (a_disabled_rule, EVERY),
        (of_an_environment, ["layers dev"]),
        (another_environment, ["layers other"]),
        (what_terraform_wrote, []),
    ],
)
def test_what_an_entry_follows_from(
    change: Callable[[TerraformRequest], TerraformRequest],
    worked_out: list[str],
    request_: TerraformRequest,
    tmp_path: Path,
) -> None:
    ran(request_, tmp_path / "c" / "stages")
    assert ran(change(request_), tmp_path / "c" / "stages")[1] == worked_out


def test_another_installed_library_is_another_entry(
    request_: TerraformRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(request_, tmp_path / "c" / "stages")
    (tmp_path / "site" / "other-99.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert ran(request_, tmp_path / "c" / "stages")[1] == EVERY


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"1", b"[[]]", b'[["a","b","c","1",[],"d","error"]]', b'[["a","b","c",1,[],"d","bad"]]', b"["]
)
def test_an_entry_of_another_shape_is_not_believed(data: bytes, request_: TerraformRequest, tmp_path: Path) -> None:
    folder = tmp_path / "c" / "stages"
    first, _ = ran(request_, folder)
    for path in folder.iterdir():
        path.write_bytes(hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
    assert ran(request_, folder) == (first, EVERY)


def test_a_damaged_entry_is_not_believed(request_: TerraformRequest, tmp_path: Path) -> None:
    folder = tmp_path / "c" / "stages"
    first, _ = ran(request_, folder)
    for path in folder.iterdir():
        digest, _, _ = path.read_bytes().partition(b"\n")
        path.write_bytes(digest + b"\n[ ]")
    assert ran(request_, folder) == (first, EVERY)


RELEASE = 'resource "helm_release" "a" {\n  name = "a"\n  chart = "../../../elsewhere"\n}\n'


@pytest.mark.parametrize(
    "text",
    [
        'locals {\n  a = file("../../../secret")\n}\n',
        'locals {\n  a = fileexists("${path.module}/../../.hidden")\n}\n',
        f'locals {{\n  a = file("{CHART}/ci/dev-values.yaml")\n}}\n',
        'module "m" {\n  source = "../../../elsewhere"\n}\n',
        RELEASE,
    ],
)
def test_what_looks_at_another_file_is_not_kept(text: str, request_: TerraformRequest, tmp_path: Path) -> None:
    (request_.directory / "examples" / "own" / "main.tf").write_text(text)
    ran(request_, tmp_path / "c" / "stages")
    assert ran(request_, tmp_path / "c" / "stages")[1] == EVERY


def test_what_could_not_run_is_not_kept(
    request_: TerraformRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> tuple[()]:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(stage, "lint", broken)
        [first, *_], _ = ran(request_, tmp_path / "c" / "stages")
        assert "ZeroDivisionError" in first.skipped
    assert ran(request_, tmp_path / "c" / "stages")[1] == ["terraform"]


def test_what_changed_meanwhile_is_not_kept(
    request_: TerraformRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(*arguments: object) -> object:
        another_file(request_)
        return lint(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(stage, "lint", changing)
    ran(request_, tmp_path / "c" / "stages")
    assert list((tmp_path / "c" / "stages").iterdir()) == []


def test_values_that_are_no_file_are_left_alone(request_: TerraformRequest, tmp_path: Path) -> None:
    """A pipe would be empty for whoever reads it after."""
    absent = replace(request_, environments={"dev": Chosen((tmp_path / "absent.yaml",), "dev")})
    for _ in range(2):
        assert ran(absent, tmp_path / "c" / "stages")[1] == ["terraform", "layers dev"]


def test_without_a_place_to_keep_them_all_are_worked_out(request_: TerraformRequest, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for _ in range(2):
        assert ran(request_, tmp_path / "file" / "stages")[1] == EVERY
