"""CONTRIBUTING's recipes, followed: what a row of its table says to touch is all that has to be touched."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.egress import engines
from tools.egress.allowlist import AllowRule, Suffixes, parse_values
from tools.egress.engines import ENGINES, Engine
from tools.egress.rules import Egress, rendered_list_is_the_list
from tools.findings.model import Manifest
from tools.manifests.documents import manifests, parse
from tools.render.own import CHART
from tools.render.template import render

PARTS = ("tools", "charts", "docs", "terraform", "README.md", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".terraform", "*.pyc")
EGRESS = {"engine": "ledger", "domains": ["a.example.com", {"name": "*.b.example.com", "ports": [443, 8443]}]}

# The engine: it writes the list into a ConfigMap, and nothing reads that.
LINE = "  - {name: ledger}\n"
TEMPLATE = """
{{- if and .Values.egress.enabled (eq .Values.egress.engine "ledger") }}
{{- include "sark-network.model" . }}
apiVersion: v1
kind: ConfigMap
metadata: {name: ledger}
data: {list: {{ .Values._model.entries | toJson | quote }}}
{{- end }}
"""

RULE = '''

def configs_are_named_in_full(cluster: Cluster) -> Iterator[Problem]:
    """A ConfigMap has a name of more than three letters.

    A shorter one says nothing to who reads it. Write the whole word.
    """
    for manifest in cluster.manifests:
        if manifest.kind == "ConfigMap" and len(manifest.name) < 4:
            yield Problem(manifest.where("metadata.name"), f"{manifest.name} is too short; write the whole word")


CHECKS = (*CHECKS, configs_are_named_in_full)
'''
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME, namespace: sark}\n"


def row(change: str) -> set[str]:
    """The files and folders that the table of CONTRIBUTING says to touch for a change."""
    text = Path("CONTRIBUTING.md").read_text()
    [touch] = re.findall(rf"^\| {change} \| ([^|]*) \|", text, re.MULTILINE)
    return {word for word in re.findall(r"`([^`]+)`", touch) if "/" in word}


def read_ledger(objects: tuple[Manifest, ...]) -> frozenset[AllowRule]:
    """The second half of the engine: the list, read back."""
    lists = [json.loads(item.body["data"]["list"]) for item in objects if item.name == "ledger"]
    entries = [entry for listed in lists for entry in listed]
    return frozenset(
        AllowRule(workload, entry["name"], int(port))
        for entry in entries
        for workload in entry["workloads"]
        for port in entry["ports"]
    )


def test_an_engine_is_one_line_one_template_and_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert row("an engine") == {
        "charts/sark-network/files/engines.yaml",
        "charts/sark-network/templates/",
        "tools/egress/engines.py",
    }
    chart = tmp_path / "sark-network"
    shutil.copytree(CHART, chart)
    table = chart / "files" / "engines.yaml"
    table.write_text(table.read_text() + LINE)
    (chart / "templates" / "engine-ledger.yaml").write_text(TEMPLATE)
    monkeypatch.setattr(engines, "ENGINES", (*ENGINES, Engine("ledger", read_ledger, needs="somebody who reads it")))

    text = asyncio.run(render(chart, {"egress": EGRESS}))
    objects = manifests(parse(text, "render"), "render")
    assert {item.kind for item in objects} >= {"ConfigMap", "NetworkPolicy"}
    assert not any("proxy" in item.name for item in objects)
    listed, problems = parse_values({"egress": EGRESS}, suffixes=Suffixes(frozenset()))
    subject = Egress("ledger", "enforce", True, listed, objects, datetime(2026, 1, 1, tzinfo=UTC), "v.yaml")
    assert (problems, list(rendered_list_is_the_list(subject))) == ((), [])

    # The twin: an engine that forgets a rule is seen.
    forgetful = Engine("ledger", lambda objects: frozenset(list(read_ledger(objects))[1:]), needs="")
    monkeypatch.setattr(engines, "ENGINES", (*ENGINES, forgetful))
    [problem] = rendered_list_is_the_list(subject)
    assert problem.message.startswith("ledger does not allow gateway ")


def test_the_chart_and_the_toolkit_know_the_same_engines() -> None:
    [document] = parse((CHART / "files" / "engines.yaml").read_text(), "engines.yaml").documents
    assert [row["name"] for row in document.body["engines"]] == [engine.name for engine in ENGINES]


def test_the_page_says_what_an_engine_needs() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| ([^|]+) \|$", Path("docs/engines.md").read_text(), re.MULTILINE)
    assert rows == [(engine.name, engine.needs) for engine in ENGINES]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the toolkit reads, to follow a recipe in."""
    folder = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        if Path(part).is_dir():
            shutil.copytree(part, folder / part, ignore=LEFT_OUT)
        else:
            shutil.copy(part, folder / part)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """The text of every file that is no compiled module."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def run(folder: Path, *words: str, given: str = "") -> tuple[int, str]:
    command = [sys.executable, "-m", *words]
    ran = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_a_rule_is_one_function_and_its_name(checkout: Path) -> None:
    assert "tools/policies/rules/" in row("a rule")
    before = files(checkout)
    module = "tools/policies/rules/admin.py"
    text = (checkout / module).read_text()
    assert "import Cluster" in text
    (checkout / module).write_text(text + RULE)

    code, output = run(checkout, "tools.validate", "--list-rules")
    assert code == 0
    assert re.search(r"^configs-are-named-in-full +A ConfigMap has a name of more", output, re.MULTILINE)
    code, output = run(checkout, "tools.validate", "--manifests", "-", given=CONFIG.replace("NAME", "abc"))
    assert code == 1
    assert "abc is too short; write the whole word [configs-are-named-in-full]" in output
    code, output = run(checkout, "tools.validate", "--manifests", "-", given=CONFIG.replace("NAME", "letters"))
    assert (code, "configs-are-named-in-full" in output) == (0, False)

    # `make format` writes its entry, and nothing else has to know of it.
    assert run(checkout, "tools.validate.docs", "--check")[0] == 1
    assert run(checkout, "tools.validate.docs")[0] == 0
    after = files(checkout)
    assert {name for name in after if after[name] != before.get(name)} == {module, "docs/rules.md"}
