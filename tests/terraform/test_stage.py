"""The validator's Terraform stage and the cache of parsed files: it is kept, tidied, and left alone on request."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from tools.manifests.files import CHART, chart
from tools.terraform import stage
from tools.terraform.modules import cache
from tools.terraform.modules.cache import folder
from tools.validate import __main__ as validate
from tools.validate.manifests import Rules

FILES = 6


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a user's cache, with nothing in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = folder()
    assert found == tmp_path / "cache" / "sark-network" / "terraform"
    return found


def job(tmp_path: Path, *, cached: bool) -> stage.Job:
    """A run over a directory of files that are large enough to be kept."""
    tree = tmp_path / "terraform"
    tree.mkdir(exist_ok=True)
    for number in range(FILES):
        (tree / f"f{number}.tf").write_text(f"locals {{\n  a{number} = 1\n}}\n" + "# more\n" * 100)
    return stage.Job(chart(CHART), {}, Rules(date(2026, 1, 1), frozenset()), lambda _: None, tree, cached=cached)


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
    assert [one.findings for one in stage.stages(again)] == [one.findings for one in first]
    assert (again.cache.written, kept(home)) == (0, before)


def test_without_the_cache_nothing_is_kept_or_read(tmp_path: Path, home: Path) -> None:
    judged = job(tmp_path, cached=False)
    stage.stages(judged)
    assert kept(home) == []
    assert (judged.cache.usable, judged.cache.written) == (False, 0)


@pytest.mark.parametrize(("arguments", "cached"), [([], True), (["--no-cache"], False)])
def test_the_option_of_the_validator(arguments: list[str], cached: bool) -> None:
    assert validate.parser().parse_args(arguments).cache is cached
