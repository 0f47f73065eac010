"""The pure core does no I/O: the shell is what is named here, and nothing else may touch the world."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

FORBIDDEN = {
    "os",
    "pathlib",
    "subprocess",
    "asyncio",
    "pyhelm3",
    "kubernetes",
    "socket",
    "shutil",
    "tempfile",
    "threading",
}

# What does I/O, and why.
SHELL = {
    "tools/__init__.py": "is interrupted while it loads",
    "tools/validate/docs/parts_page.py": "writes what follows from the list of parts",
    "tools/validate/docs/__main__.py": "a command line",
    "tools/validate/docs/chart_page.py": "writes the chart's README",
    "tools/findings/cli.py": "ends processes",
    "tools/cluster": "makes clusters",
    "tools/findings/configuration.py": "reads the configuration",
    "tools/egress/__main__.py": "a command line",
    "tools/egress/live/about_log.py": "reads logs",
    "tools/egress/live/adding.py": "writes values files",
    "tools/egress/live/cluster.py": "talks to a cluster",
    "tools/egress/live/commands.py": "a command line",
    "tools/egress/live/options.py": "a command line",
    "tools/egress/live/replicas_now.py": "talks to a cluster",
    "tools/egress/envoy/verdict.py": "runs Envoy",
    "tools/validate/guarded.py": "reads the environment",
    "tools/render/helm.py": "finds helm",
    "tools/manifests/files.py": "reads files",
    "tools/validate/manifests.py": "runs stages",
    "tools/render/values.py": "reads values files",
    "tools/validate/pipeline.py": "awaits Helm",
    "tools/render/manifest_files.py": "writes manifests",
    "tools/reach/__main__.py": "a command line",
    "tools/reach/command/check.py": "reads the specification",
    "tools/reach/command/commands.py": "a command line",
    "tools/reach/inputs/live.py": "talks to a cluster",
    "tools/reach/command/diff_sides.py": "looks at files",
    "tools/reach/command/options.py": "a command line",
    "tools/reach/command/output.py": "writes answers",
    "tools/reach/inputs/sources.py": "reads files, runs Helm",
    "tools/findings/recorder.py": "reads the environment",
    "tools/render/__main__.py": "runs Helm",
    "tools/validate/docs/rules_page.py": "writes docs/rules.md",
    "tools/manifests/schemas/structural.py": "writes the schemas that are kept here",
    "tools/manifests/schemas/terraform_schemas.py": "writes the schemas that are kept here",
    "tools/egress/suffixes.py": "writes the chart's list of suffixes",
    "tools/terraform/offline/__main__.py": "a command line",
    "tools/terraform/offline/check.py": "runs Terraform",
    "tools/terraform/offline/server.py": "serves Terraform",
    "tools/validate/docs/terraform_page.py": "writes the modules' READMEs",
    "tools/terraform/__main__.py": "a command line",
    "tools/terraform/modules/cache.py": "keeps what was parsed",
    "tools/terraform/modules/files.py": "reads Terraform's files",
    "tools/terraform/stage.py": "runs stages",
    "tools/validate/__main__.py": "a command line",
}
# Of the folders above, what belongs to the core all the same.
CORE = Path("tools/cluster/fuzz")
MODULES = sorted(Path("tools").rglob("*.py"))


def in_shell(module: Path) -> bool:
    if CORE in (module.with_suffix(""), *module.parents):
        return False
    return any(module == Path(name) or Path(name) in module.parents for name in SHELL)


def imported(source: str) -> Iterator[str]:
    """Every module that is imported anywhere in it, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", [module for module in MODULES if not in_shell(module)], ids=str)
def test_the_core_does_no_io(module: Path) -> None:
    names = set(imported(module.read_text()))
    assert {name for name in names if name.partition(".")[0] in FORBIDDEN} == set()
    assert {name for name in names if in_shell(Path(name.replace(".", "/") + ".py"))} == set(), (
        "the core uses the shell"
    )
    assert not re.search(r"(?<!\w)open\(", module.read_text()), "the core opens a file"


def test_every_shell_module_needs_to_be_one() -> None:
    """A module that no longer does I/O belongs to the core, and is then held to it."""
    for name in SHELL:
        files = [module for module in MODULES if module == Path(name) or Path(name) in module.parents]
        names = {name for module in files for name in imported(module.read_text())}
        shell = {result for result in names if in_shell(Path(result.replace(".", "/") + ".py"))}
        assert shell or {name for name in names if name.partition(".")[0] in FORBIDDEN}, f"{name} does no I/O"


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import os.path", "os.path"),
        ("from pathlib import Path", "pathlib"),
        ("def f():\n    import kubernetes", "kubernetes"),
    ],
)
def test_imports_are_found_wherever_they_stand(source: str, module: str) -> None:
    assert module in set(imported(source))
