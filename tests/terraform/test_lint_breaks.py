"""The modules, broken one way after the other: each break is found by the linter, on the line that is wrong.

breaks.yaml says what is broken, lint_breaks.yaml which rule says so and what stands on the line that it names; `null`
is a break that Terraform's own tests catch and the linter does not. `--update` writes the latter anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.terraform.lint_roots import DIRECTORIES, files, root
from tools.findings.model import Finding, Problem, Severity, run
from tools.render.merge import merge
from tools.render.own import CHART
from tools.terraform.clouds.chart import Layers
from tools.terraform.language.model import Module
from tools.terraform.language.syntax import ParsedFile
from tools.terraform.modules import directory
from tools.terraform.modules.directory import Directory, read
from tools.terraform.modules.read import Loader, evaluate_directory
from tools.terraform.modules.sources import Texts
from tools.terraform.rules import comments, registry
from tools.terraform.rules import layers as terraform_layers

HERE = Path(__file__).parent
ROWS = yaml.load((HERE / "breaks.yaml").read_text("utf-8"), yaml.CSafeLoader)
BREAKS = {f"{row['module']}/{row['name']}": row for row in ROWS}
EXPECTED = HERE / "lint_breaks.yaml"
CAUGHT = yaml.load(EXPECTED.read_text("utf-8"), yaml.CSafeLoader) if EXPECTED.exists() else {}
FOLDERS = {"aws": "net", "gcp": "net/gcp", "azure": "net/azure", "policy": "net/policy"}
CLOUDS = ("aws", "gcp", "azure")
# The values that say what the roots of lint_roots.py are given.
VALUES = {
    "database": {"externalCidrs": ["10.0.2.0/24"]},
    "cache": {"externalCidrs": ["10.0.3.0/24"]},
    "opa": {"externalCidrs": ["10.0.4.0/24"]},
    "egress": {"domains": ["*.openai.com", {"name": "mcp.partner.example", "ports": [8443]}]},
}


@dataclass(frozen=True)
class Broken:
    """The files with one break, and the place of it."""

    files: Mapping[str, str]
    file: str = ""
    first: int = 0
    last: int = 0


def broken(row: Mapping[str, Any]) -> Broken:
    """The modules with a break of breaks.yaml."""
    texts = files()
    name = f"{FOLDERS[row['module']]}/{row['file']}"
    parts = texts[name].split(row["from"])
    where = row.get("occurrence", 1)
    assert len(parts) > where, f"{row['from']!r} does not stand in {name}"
    before, after = row["from"].join(parts[:where]), row["from"].join(parts[where:])
    first = before.count("\n") + 1
    changed = {**texts, name: before + row["to"] + after}
    return Broken(changed, name, first, first + max(row["to"].rstrip("\n").count("\n"), 0))


@cache
def values() -> dict[str, Any]:
    """The chart's values with those of VALUES."""
    merged = merge(yaml.load((CHART / "values.yaml").read_text("utf-8"), yaml.CSafeLoader), VALUES)
    assert isinstance(merged, dict)
    return merged


@cache
def parsed() -> dict[str, Directory]:
    """The modules' directories as they are, parsed."""
    sources = Texts(files())
    return {path: read(path, sources.directory(path) or {}, parsed_file) for path in FOLDERS.values()}


@cache
def parsed_file(text: str, file: str) -> ParsedFile:
    """A file of the modules, broken or not, parsed."""
    return directory.parsed(text, file)


def unchanged(texts: Mapping[str, str], path: str) -> bool:
    """Whether a directory is as it was."""
    return Texts(texts).directory(path) == Texts(files()).directory(path)


def findings(texts: Mapping[str, str], clouds: tuple[str, ...]) -> Iterator[Finding]:
    """What the linter says of the modules of some clouds, as roots and called."""
    roots: dict[str, Module] = {}
    for cloud in clouds:
        sources = Texts({**texts, "root/main.tf": root(cloud)})
        # What a break leaves alone is parsed once for all of them.
        trees = {path: tree for path, tree in parsed().items() if unchanged(texts, path)}
        loader = Loader(sources, trees=trees, parser=parsed_file)
        roots[cloud] = evaluate_directory("root", sources, loader=loader)
        for module in (roots[cloud], evaluate_directory(DIRECTORIES[cloud], sources, loader=loader)):
            yield from (Finding(fault.kind, fault.problem) for inner in module.walk() for fault in inner.faults)
            yield from run((*registry.CHECKS, *comments.CHECKS), module)
    yield from run(terraform_layers.CHECKS, Layers(roots, values(), "production", "values.yaml"))


def summary(finding: Finding) -> tuple[str, str, str, str]:
    """What tells findings apart, wherever they stand."""
    problem: Problem = finding.problem
    return finding.rule, problem.where.file, problem.where.path, problem.message


@cache
def clean(clouds: tuple[str, ...]) -> frozenset[tuple[str, str, str, str]]:
    """The findings on the modules as they are: notes alone."""
    items = tuple(findings(files(), clouds))
    assert [item for item in items if item.problem.severity is not Severity.NOTE] == []
    return frozenset(map(summary, items))


def fresh(name: str) -> tuple[Broken, list[Finding]]:
    """What a break adds."""
    row = BREAKS[name]
    clouds = CLOUDS if row["module"] == "policy" else (row["module"],)
    case = broken(row)
    items = [item for item in findings(case.files, clouds) if summary(item) not in clean(clouds)]
    return case, [item for item in items if item.problem.severity is not Severity.NOTE]


def line(case: Broken, finding: Finding) -> str:
    """What stands where a finding is."""
    where = finding.problem.where
    lines = case.files.get(where.file, "").splitlines()
    return lines[where.line - 1].strip() if 0 < where.line <= len(lines) else where.path


def best(case: Broken, findings: list[Finding]) -> Finding | None:
    """The finding that is nearest to the break."""

    def distance(finding: Finding) -> tuple[bool, int]:
        where = finding.problem.where
        inside = case.first <= where.line <= case.last
        return where.file != case.file, 0 if inside else abs(where.line - case.first)

    return min(findings, key=distance, default=None)


def test_every_break_is_listed(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        rows = {}
        for name in BREAKS:
            case, findings = fresh(name)
            finding = best(case, findings)
            rows[name] = {"rule": finding.rule, "at": line(case, finding)} if finding else None
        EXPECTED.write_text(yaml.safe_dump(rows, sort_keys=False, width=200, allow_unicode=True), "utf-8")
    assert list(BREAKS) == list(CAUGHT), "pytest tests/terraform --update writes lint_breaks.yaml anew"


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_found_where_it_is(name: str) -> None:
    expected = CAUGHT[name]
    case, findings = fresh(name)
    places = [{"rule": finding.rule, "at": line(case, finding)} for finding in findings]
    if expected is None:
        assert BREAKS[name]["caught"] == "test", "neither the linter nor Terraform's tests find it"
        assert places == []
    else:
        assert expected in places


@pytest.mark.parametrize("module", ["aws", "gcp", "azure"])
def test_ten_ways_of_breaking_each_module_are_found(module: str) -> None:
    assert sum(bool(CAUGHT[name]) for name in BREAKS if name.startswith(f"{module}/")) >= 10
