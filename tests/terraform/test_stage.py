"""The validator's Terraform stage and the cache of parsed files: it is kept, tidied, and left alone on request."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from tools.findings.report import Gate
from tools.render.chart import chart
from tools.render.load import Chosen
from tools.render.own import CHART
from tools.terraform import stage
from tools.terraform.clouds import CLOUDS
from tools.terraform.modules import cache
from tools.terraform.modules.cache import folder
from tools.validate import options as validate

FILES = 6


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a user's cache, with nothing in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    directory = folder()
    assert directory == tmp_path / "cache" / "sark-network" / "terraform"
    return directory


def job(tmp_path: Path, *, cached: bool) -> stage.TerraformJob:
    """A run over a directory of files that are large enough to be kept."""
    tree = tmp_path / "terraform"
    tree.mkdir(exist_ok=True)
    for number in range(FILES):
        (tree / f"f{number}.tf").write_text(f"locals {{\n  a{number} = 1\n}}\n" + "# more\n" * 100)
    return stage.TerraformJob(
        chart(CHART), {}, date(2026, 1, 1), frozenset(), Gate(), lambda _: None, tree, cached=cached
    )


def kept(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir()) if home.exists() else []


def test_the_stage_takes_the_oldest_out(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir(parents=True, mode=0o700)
    old = home / "old.json"
    old.write_text("{}")
    os.utime(old, (0, 0))
    monkeypatch.setattr(cache, "MOST", FILES)
    [ran] = stage.stages(job(tmp_path, cached=True))
    assert ran.skipped == ""
    assert len(kept(home)) == FILES
    assert "old.json" not in kept(home)


def test_the_stage_finds_what_it_kept(tmp_path: Path, home: Path) -> None:
    first = stage.stages(job(tmp_path, cached=True))
    before = kept(home)
    again = job(tmp_path, cached=True)
    assert [item.findings for item in stage.stages(again)] == [item.findings for item in first]
    assert (again.cache.store.written, kept(home)) == (0, before)


def test_without_the_cache_nothing_is_kept_or_read(tmp_path: Path, home: Path) -> None:
    judged = job(tmp_path, cached=False)
    stage.stages(judged)
    assert kept(home) == []
    assert (judged.cache.store.usable, judged.cache.store.written) == (False, 0)


@pytest.mark.parametrize(("arguments", "cached"), [([], True), (["--no-cache"], False)])
def test_the_option_of_the_validator(arguments: list[str], cached: bool) -> None:
    assert validate.parser().parse_args(arguments).cache is cached


EKS = """
resource "aws_security_group" "sark" {
  name = "sark"
}
resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.sark.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.0.0.0/16"
}
resource "aws_eks_node_group" "sark" {
  cluster_name = "sark"
}
resource "aws_elasticache_replication_group" "sark" {
  port = 6380
}
"""


def test_every_example_is_judged_beside_the_values(tmp_path: Path, home: Path) -> None:
    example = tmp_path / "terraform" / "examples" / "eks"
    example.mkdir(parents=True)
    (example / "main.tf").write_text(EKS)
    environments = {"production": Chosen((chart(CHART).environments["production"],), "production")}
    day, tree = date(2026, 1, 1), tmp_path / "terraform"
    judged = stage.TerraformJob(
        chart(CHART), environments, day, frozenset(), Gate(), lambda _: None, tree, cached=False
    )
    _, layers = stage.stages(judged)
    assert (layers.name, layers.environment) == ("layers", "production")
    assert [(item.rule, item.problem.where.line) for item in layers.findings] == [
        ("stores-listen-on-the-charts-ports", 16),
        ("cluster-groups-do-not-undo-egress", 12),
    ]


def test_the_projects_own_examples_are_all_there() -> None:
    judged = stage.TerraformJob(chart(CHART), {}, date(2026, 1, 1), frozenset(), Gate(), lambda _: None, cached=False)
    stage.stages(judged)
    folders = {path.name for path in (judged.directory / "examples").iterdir() if list(path.glob("*.tf"))}
    assert judged.others.keys() == folders - set(CLOUDS)
