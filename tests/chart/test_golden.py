"""The rendered manifests of each environment, one file a template: a label or a name cannot drift unseen.

A golden alone gets waved through, so the same manifests are also judged by what they mean (test_engines, flows).
`pytest tests/chart/test_golden.py --update` writes them anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.render.chart import chart
from tools.render.own import CHART

GOLDEN = Path("tests/golden")
SOURCE = re.compile(r"^# Source: sark-network/templates/(?P<template>\S+)\n", re.MULTILINE)
# Changes with every release of the chart, and says nothing about a network.
CHART_LABEL = re.compile(r"^ *helm\.sh/chart: \S+\n", re.MULTILINE)
ENVIRONMENTS = sorted(chart(CHART).environments)


def by_template(text: str) -> dict[str, str]:
    """What Helm printed, as one text a template."""
    files: dict[str, str] = {}
    for document in CHART_LABEL.sub("", text).split("---\n"):
        source = SOURCE.search(document)
        if source:
            body = "\n".join(line.rstrip() for line in SOURCE.sub("", document).strip().splitlines() if line.strip())
            files[source["template"]] = files.get(source["template"], "") + "---\n" + body + "\n"
    return files


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_rendered_manifests_are_the_golden_ones(
    environment: str, rendered_text: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    folder, files = GOLDEN / environment, by_template(rendered_text(environment))
    if request.config.getoption("--update"):
        write(folder, files)
    kept = {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.yaml"))}
    refresh = f"pytest {Path(__file__).relative_to(Path.cwd())} --update"
    assert sorted(kept) == sorted(files), f"templates came or went; if that is meant: {refresh}"
    for template, text in files.items():
        assert kept[template] == text, f"{folder / template} differs; if that is meant: {refresh}"


def write(folder: Path, files: dict[str, str]) -> None:
    for path in folder.rglob("*.yaml"):
        path.unlink()
    for template, text in files.items():
        path = folder / template
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_every_template_that_renders_is_in_some_golden() -> None:
    templates = {
        str(path.relative_to(CHART / "templates"))
        for path in (CHART / "templates").rglob("*.yaml")
        if path.name != "refused.yaml"
    }
    assert templates == {
        str(path.relative_to(folder)) for folder in GOLDEN.iterdir() for path in folder.rglob("*.yaml")
    }
