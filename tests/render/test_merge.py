"""Values merge as Helm merges them: Helm is asked."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tools.render.helm import located
from tools.render.merge import merge, overlay

BASE: dict[str, Any] = {"a": {"b": 1, "c": [1, 2], "d": {"e": 1, "f": 2}}, "s": "text", "t": {"u": 1}, "z": {}}
OVERRIDES: list[dict[str, Any]] = [
    {},
    {"a": None},
    {"a": {"d": None}},
    {"a": {"c": None}},
    {"a": {"d": {"e": None}}},
    {"a": {"c": [3]}},
    {"a": {"c": []}},
    {"unknown": None},
    {"a": {"unknown": None}},
    {"s": {"k": 1}},
    {"s": None},
    {"t": 5},
    {"t": {"u": {"v": None}}},
    {"z": {"q": None, "r": {"s": None}}},
    {"new": {"k": None}},
    {"new": [{"k": None}]},
]


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("merge")
    (path / "templates").mkdir()
    (path / "Chart.yaml").write_text("{apiVersion: v2, name: merge, version: 0.1.0}")
    (path / "templates" / "x.yaml").write_text("# {{ toJson .Values }}\n")
    (path / "values.yaml").write_text(json.dumps(BASE))
    return path


def helms(chart: Path, *files: dict[str, Any]) -> dict[str, Any]:
    """What a template sees when Helm is given these values files."""
    paths = [chart / f"{abs(hash(json.dumps(file)))}.json" for file in files]
    for path, file in zip(paths, files, strict=True):
        path.write_text(json.dumps(file))
    flags = [word for path in paths for word in ("--values", path)]
    ran = subprocess.run([located(), "template", chart, *flags], capture_output=True, text=True, check=True)
    seen: dict[str, Any] = json.loads(next(line for line in ran.stdout.splitlines() if line.startswith("# {"))[2:])
    return seen


def test_one_file_over_the_chart(chart: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        theirs = list(pool.map(lambda override: helms(chart, override), OVERRIDES))
    assert [merge(BASE, override) for override in OVERRIDES] == theirs


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"a": {"c": [9]}}, {"a": {"c": [8], "b": 2}}),
        ({"a": None}, {"a": {"b": 7}}),
        ({"a": {"b": 7}}, {"a": None}),
        ({"new": {"k": 1}}, {"new": {"k": None, "l": 2}}),
        ({"t": 5}, {"t": {"v": 1}}),
    ],
)
def test_two_files_over_the_chart(chart: Path, first: dict[str, Any], second: dict[str, Any]) -> None:
    assert merge(BASE, overlay(first, second)) == helms(chart, first, second)


def test_nothing_that_is_merged_is_changed() -> None:
    before = json.dumps(BASE)
    merge(BASE, {"a": {"d": {"e": 5, "new": 1}}})
    overlay(BASE, {"a": {"d": {"e": 5, "new": 1}}})
    assert json.dumps(BASE) == before
