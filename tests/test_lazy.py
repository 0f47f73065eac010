"""A command loads what it needs: looked up in what was imported, and not by the clock."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

# Each takes longer to load than a person may wait for --help.
SLOW = ("asyncio", "hcl2", "jsonschema", "kubernetes", "kubernetes_validate", "lark", "pyhelm3", "shtab", "yaml")
COMMANDS = ("validate", "reach", "render", "egress", "terraform", "cluster", "validate.docs", "terraform.offline")
OF_REACH = ("matrix", "explain", "diff", "policies", "check")
PODS = """
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: s}, spec: {containers: []}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: s}, spec: {containers: []}}
"""
PROGRAM = """
import json, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except SystemExit as leaving:
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    print(json.dumps([leaving.code, loaded]), file=sys.stderr)
"""


def loaded(module: str, *words: str) -> set[str]:
    """The packages that a command line has loaded when it ends well."""
    command = [sys.executable, "-c", PROGRAM, module, *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    code, names = json.loads(ran.stderr.splitlines()[-1])
    assert (code, ran.stdout != "") == (0, True)
    return set(names)


@pytest.mark.parametrize("command", [*COMMANDS, *(f"reach {question}" for question in OF_REACH)])
def test_help_loads_nothing_slow(command: str) -> None:
    module, *words = command.split()
    assert loaded(f"tools.{module}", *words, "--help") & set(SLOW) == set()


def test_an_explanation_of_a_file_needs_no_schema_and_no_helm(tmp_path: Path) -> None:
    file = tmp_path / "pods.yaml"
    file.write_text(PODS)
    names = loaded("tools.reach", "explain", "s/a", "s/b", "80", "--manifests", str(file))
    assert names & set(SLOW) == {"yaml"}


def test_a_render_needs_helm(tmp_path: Path) -> None:
    """The twin of the above: what is looked for is seen where it is loaded."""
    names = loaded("tools.render", "--env", "production", "--to", str(tmp_path))
    assert names & set(SLOW) == {"asyncio", "yaml"}
