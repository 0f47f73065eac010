"""Renders that are begun early are those that are asked for, once; none outlives the run."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.programs import program
from tools.render import template
from tools.render.early import EarlyRenders
from tools.render.helm import likely
from tools.render.helm_errors import RenderError
from tools.render.own import CHART
from tools.render.target import RenderTarget
from tools.render.template import command, render

HELM = """#!/bin/sh
printf '%s\\n' "$*" >> "$LOG"
case "$1" in
  version) echo v3.22.0;;
  *) printf 'Error: nothing is rendered here\\n' >&2; exit 1;;
esac
"""


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A helm that logs how it is called, and refuses to render."""
    file = tmp_path / "helm"
    file.write_text(HELM)
    file.chmod(0o755)
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setenv("SARK_HELM", str(file))
    return str(file)


def calls(folder: Path) -> list[str]:
    log = folder / "log"
    return log.read_text().splitlines() if log.exists() else []


def refusal(helm: str, early: EarlyRenders, target: RenderTarget = RenderTarget()) -> str:
    with pytest.raises(RenderError) as raised:
        asyncio.run(render(CHART, files=[Path("a.yaml")], helm=helm, early=early, target=target))
    return str(raised.value)


def test_a_render_that_was_begun_is_the_one_that_is_asked_for(tmp_path: Path, helm: str) -> None:
    with EarlyRenders() as early:
        early.begin(command(helm, CHART, [Path("a.yaml")], RenderTarget()))
        assert refusal(helm, early) == "nothing is rendered here"
        assert len(calls(tmp_path)) == 1
        # It was for one caller.
        assert refusal(helm, early) == "nothing is rendered here"
    assert len(calls(tmp_path)) == 2


@pytest.mark.parametrize(
    ("files", "target"),
    [([Path("b.yaml")], RenderTarget()), ([], RenderTarget()), ([Path("a.yaml")], RenderTarget(kube_version="1.33.0"))],
)
def test_another_render_is_no_answer(tmp_path: Path, helm: str, files: Sequence[Path], target: RenderTarget) -> None:
    with EarlyRenders() as early:
        begun = command(helm, CHART, files, target)
        early.begin(begun)
        refusal(helm, early)
        assert early.processes[tuple(begun)].wait() == 1
    assert len(calls(tmp_path)) == 2


def test_what_nobody_asks_for_ends_with_the_block() -> None:
    with EarlyRenders() as early:
        early.begin(("sleep", "600"))
        (process,) = early.processes.values()
    assert process.returncode == -9


def test_what_does_not_run_is_not_begun() -> None:
    with EarlyRenders() as early:
        early.begin(("/no/such/helm", "template"))
        assert not early.processes


def test_output_that_is_larger_than_a_pipe_arrives_whole(tmp_path: Path) -> None:
    body = "printf '# Source: a/templates/a.yaml\\n# '; head -c 3000000 /dev/zero | tr '\\0' x"
    helm = program(tmp_path / "helm", body)
    with EarlyRenders() as early:
        early.begin(command(str(helm), CHART, (), RenderTarget()))
        assert (
            len(asyncio.run(render(CHART, helm=str(helm), early=early)))
            == len("# Source: a/templates/a.yaml\n# ") + 3_000_000
        )


@pytest.mark.parametrize("begun", [False, True])
def test_a_helm_that_never_answers_is_ended_and_said(
    begun: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child of a wrapper may hold the pipe for longer, and is not waited for."""
    monkeypatch.setattr(template, "SECONDS", 1)
    helm = str(program(tmp_path / "helm", "sleep 20 & wait"))
    with EarlyRenders() as early:
        if begun:
            early.begin(command(helm, CHART, [Path("a.yaml")], RenderTarget()))
        assert refusal(helm, early) == f"{helm} did not render the chart within 1 s, and was ended"


@pytest.mark.parametrize(
    ("environment", "path"),
    [({"SARK_HELM": "/a/helm"}, "/a/helm"), ({"SARK_HELM": "", "PATH": "/no"}, ""), ({"PATH": "/no"}, "")],
)
def test_the_likely_helm_is_the_first_that_is_tried(environment: dict[str, str], path: str, tmp_path: Path) -> None:
    assert likely(environment, tmp_path / "helm") == path


@pytest.mark.parametrize(
    ("words", "renders"),
    [
        (("--env", "dev", "production"), ["dev", "production"]),
        (("--env", "dev", "--kube-version", "1.33.0", "1.34.0"), ["dev", "dev"]),
        # More than are begun early.
        ((), ["app-sark", "dev", "full", "guarded", "production", "staging", "steered"]),
    ],
)
def test_a_run_renders_each_environment_once(
    tmp_path: Path, helm: str, words: Sequence[str], renders: Sequence[str]
) -> None:
    ran = validate(*words, home=tmp_path)
    assert f"SARK_HELM names {helm}" not in ran.stdout
    assert "nothing is rendered here" in ran.stdout
    called = calls(tmp_path)
    assert sum(call.startswith("version") for call in called) == 1
    rendered = sorted(call.rpartition("/")[2].removesuffix('-values.yaml"') for call in called if "--values=" in call)
    assert rendered == renders
    assert len(called) == len(renders) + 1


@pytest.mark.parametrize("words", [("--env", "nowhere"), ("--list-rules",), ("--chart", "/no/chart"), ("--env",)])
def test_a_run_that_judges_nothing_renders_nothing(tmp_path: Path, helm: str, words: Sequence[str]) -> None:
    assert helm
    validate(*words, home=tmp_path)
    assert calls(tmp_path) == []


def validate(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"XDG_CACHE_HOME": str(home / "cache")}
    command = [sys.executable, "-m", "tools.validate", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
