"""Imports go one way, from room to room and inside a room; and the pure core does no I/O."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
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

# Every room stands on a floor, and imports from lower ones alone.
FLOORS = {
    **dict.fromkeys(("cluster", "validate"), 6),
    **dict.fromkeys(("reach", "terraform"), 5),
    "egress": 4,
    **dict.fromkeys(("policies", "render"), 3),
    "manifests": 2,
    "findings": 1,
}

# What does I/O, and why.
SHELL = {
    "tools/__init__.py": "is interrupted while it loads",
    "tools/validate/docs/parts_page.py": "writes what follows from the list of parts",
    "tools/validate/docs/__main__.py": "a command line",
    "tools/validate/docs/chart_page.py": "writes the chart's README",
    "tools/findings/cli.py": "ends processes",
    "tools/findings/home.py": "looks for files",
    "tools/validate/pytest_plugin.py": "runs Helm",
    "tools/cluster": "makes clusters",
    "tools/manifests/configuration.py": "reads the configuration",
    "tools/egress/__main__.py": "a command line",
    "tools/egress/live/about_log.py": "reads logs",
    "tools/egress/live/adding.py": "writes values files",
    "tools/egress/live/cluster.py": "talks to a cluster",
    "tools/egress/live/commands.py": "a command line",
    "tools/egress/live/granting.py": "runs Helm",
    "tools/egress/live/lookup.py": "asks DNS",
    "tools/egress/live/options.py": "a command line",
    "tools/egress/live/replicas_now.py": "talks to a cluster",
    "tools/egress/envoy/verdict.py": "runs Envoy",
    "tools/validate/guarded.py": "reads the environment",
    "tools/render/helm.py": "finds helm",
    "tools/manifests/files.py": "reads files",
    "tools/validate/manifests.py": "runs stages",
    "tools/render/chart.py": "reads a chart",
    "tools/findings/output.py": "writes answers",
    "tools/render/own.py": "knows where the chart is",
    "tools/render/command.py": "renders",
    "tools/validate/command.py": "runs stages",
    "tools/egress/command.py": "answers",
    "tools/terraform/command.py": "reads modules",
    "tools/validate/options.py": "a command line",
    "tools/render/options.py": "a command line",
    "tools/egress/options.py": "a command line",
    "tools/terraform/options.py": "a command line",
    "tools/reach/command/run.py": "runs commands",
    "tools/manifests/configuration_file.py": "reads the configuration",
    "tools/render/load.py": "reads values files",
    "tools/render/template.py": "runs Helm",
    "tools/reach/command/configured.py": "reads the configuration",
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


@cache
def arrows() -> frozenset[tuple[str, str]]:
    """Which module of the toolkit imports which, by their paths: `tools/reach/world`, `tools/reach/sets`."""
    known = {path_of(module) for module in MODULES}
    edges = set()
    for module in MODULES:
        names = (name.replace(".", "/") for name in imported(module.read_text()))
        edges |= {(path_of(module), name) for name in names if name in known and name != path_of(module)}
    return frozenset(edges)


def path_of(module: Path) -> str:
    return str(module.parent if module.name == "__init__.py" else module.with_suffix(""))


def at(depth: int, path: str) -> str:
    """The part of a path: 1 is the room, 2 the folder or module in it; "" where the path is not that deep."""
    return (*path.split("/"), "", "")[depth]


def in_circles(arrows: Iterable[tuple[str, str]]) -> set[str]:
    """What stands in a circle, or between two: what is left when ends are taken away, until there is none."""
    left, before = set(arrows), set[tuple[str, str]]()
    while left != before:
        before = left
        passed = {src for src, _ in left} & {dst for _, dst in left}
        left = {(src, dst) for src, dst in left if {src, dst} <= passed}
    return {name for arrow in left for name in arrow}


def test_imports_go_down_from_floor_to_floor() -> None:
    """A room is a folder of tools/."""
    rooms = {(at(1, src), at(1, dst)) for src, dst in arrows() if at(1, src) and at(1, dst)}
    assert {room for arrow in rooms for room in arrow} == FLOORS.keys()
    assert {(src, dst) for src, dst in rooms if src != dst and FLOORS[src] <= FLOORS[dst]} == set()


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_has_no_circle_inside(room: str) -> None:
    """Neither among its modules nor among its folders."""
    inside = {(src, dst) for src, dst in arrows() if at(1, src) == at(1, dst) == room}
    assert in_circles(inside) == set()
    folders = {(at(2, src), at(2, dst)) for src, dst in inside}
    assert in_circles({(src, dst) for src, dst in folders if src != dst}) == set()


@pytest.mark.parametrize(
    ("given", "circle"),
    [
        ({("a", "b"), ("b", "c")}, set()),
        ({("a", "b"), ("b", "a"), ("b", "c"), ("d", "a")}, {"a", "b"}),
    ],
)
def test_circles_are_seen(given: set[tuple[str, str]], circle: set[str]) -> None:
    assert in_circles(given) == circle


def test_nothing_is_imported_for_types_alone() -> None:
    """`TYPE_CHECKING` would hide a circle; what stands under it in findings/cli.py is no module of the toolkit."""
    hidden = {str(module) for module in MODULES if "TYPE_CHECKING" in module.read_text()}
    assert hidden == {"tools/findings/cli.py"}


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
