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
    "runpy",
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

# What does I/O by its name, whichever room it is in: modules and folders (a name that begins with _ is the end of one).
SHELL_NAMES = {
    "__main__": "a command line",
    "command": "runs commands",
    "commands": "runs commands",
    "options": "ends a process on a usage error",
    "_page": "writes a page of the docs",
    "files": "reads files",
    "_file": "reads a file",
    "_files": "writes files",
}
# What else does, and why.
SHELL = {
    "tools/__init__": "is interrupted while it loads",
    "tools/cluster": "makes clusters",
    "tools/egress/envoy/verdict": "runs Envoy",
    "tools/egress/live/about_log": "reads logs",
    "tools/egress/live/arrivals": "talks to a cluster",
    "tools/egress/live/adding": "writes values files",
    "tools/egress/live/cluster": "talks to a cluster",
    "tools/egress/live/granting": "runs Helm",
    "tools/egress/live/lookup": "asks DNS",
    "tools/egress/live/replicas_now": "talks to a cluster",
    "tools/egress/live/upgrading": "runs what upgrades a release",
    "tools/egress/suffixes": "writes the chart's list of suffixes",
    "tools/findings/cli": "ends processes",
    "tools/findings/home": "looks for files",
    "tools/findings/kept": "keeps what was worked out",
    "tools/findings/output": "writes answers",
    "tools/findings/whole": "asks every command for its options",
    "tools/manifests/kubeconfig": "talks to a cluster",
    "tools/manifests/configuration": "reads the command line and the configuration",
    "tools/manifests/schemas/structural": "writes the schemas that are kept here",
    "tools/manifests/schemas/terraform_schemas": "writes the schemas that are kept here",
    "tools/reach/inputs/live": "talks to a cluster",
    "tools/reach/inputs/sources": "reads files, runs Helm",
    "tools/render/chart": "reads a chart",
    "tools/render/early": "runs Helm",
    "tools/render/helm": "finds helm",
    "tools/render/kept_schema": "keeps what was judged",
    "tools/render/load": "reads values files",
    "tools/render/own": "knows where the chart is",
    "tools/render/template": "runs Helm",
    "tools/terraform/job": "names directories",
    "tools/terraform/kept_stages": "keeps what was judged",
    "tools/terraform/modules/cache": "keeps what was parsed",
    "tools/terraform/offline/check": "runs Terraform",
    "tools/terraform/offline/server": "serves Terraform",
    "tools/terraform/stage": "reads the clouds' modules",
    "tools/validate/ahead": "runs Helm",
    "tools/validate/asked": "ends a process on a usage error",
    "tools/validate/forked": "copies the process",
    "tools/validate/pipeline": "awaits Helm",
    "tools/validate/pytest_plugin": "runs Helm",
    "tools/render/pulled": "has Helm pull a chart",
    "tools/terraform/releases": "reads charts",
    "tools/validate/chart/compared": "awaits Helm",
    "tools/validate/chart/coverage": "copies a chart, awaits Helm",
    "tools/validate/chart/refused": "reads values, awaits Helm",
}
# Of the folders above, what belongs to the core all the same.
CORE = ("tools/cluster/fuzz", "tools/reach/command/named_peers", "tools/reach/command/notices")
MODULES = sorted(Path("tools").rglob("*.py"))
TEXTS = {str(module.with_suffix("")): module.read_text() for module in MODULES}


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


def in_shell(path: str) -> bool:
    """Whether a module does I/O, by its path: `tools/render/helm`."""
    if any(within(path, core) for core in CORE):
        return False
    return any(within(path, shell) for shell in SHELL) or any(map(by_name, path.split("/")[1:]))


def within(path: str, folder: str) -> bool:
    """Whether the path is that one, or below it."""
    return f"{path}/".startswith(f"{folder}/")


def by_name(part: str) -> bool:
    """Whether a part of a path is a name of the shell, or ends in one."""
    return any(part.endswith(name) if name.startswith("_") else part == name for name in SHELL_NAMES)


def does_io(path: str) -> bool:
    """Whether it imports what does I/O, or a module of the shell, or opens a file."""
    text = TEXTS[path]
    names = set(imported(text))
    return (
        any(name.partition(".")[0] in FORBIDDEN for name in names)
        or any(map(in_shell, of_the_toolkit(names)))
        or re.search(r"(?<!\w)open\(", text) is not None
    )


def of_the_toolkit(names: Iterable[str]) -> set[str]:
    """Those that are modules of the toolkit, by their paths; what is imported from one is none."""
    return {path for name in names if (path := name.replace(".", "/")) in TEXTS}


def imported(source: str) -> Iterator[str]:
    """Every module that is imported anywhere in it, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def needs_a_reason(path: str) -> bool:
    """All but what says that a folder is a package, and the folder that is of the shell as a whole."""
    return path == "tools/__init__" or not (path.endswith("/__init__") or within(path, "tools/cluster"))


@pytest.mark.parametrize("path", [path for path in TEXTS if not in_shell(path)])
def test_the_core_does_no_io(path: str) -> None:
    names = set(imported(TEXTS[path]))
    assert {name for name in names if name.partition(".")[0] in FORBIDDEN} == set()
    assert set(filter(in_shell, of_the_toolkit(names))) == set(), "the core uses the shell"
    assert not does_io(path), "the core opens a file"


@pytest.mark.parametrize("path", [path for path in TEXTS if in_shell(path) and needs_a_reason(path)])
def test_every_shell_module_needs_to_be_one(path: str) -> None:
    """A module that no longer does I/O belongs to the core, and is then held to it."""
    assert does_io(path), f"{path} does no I/O"


@pytest.mark.parametrize("name", [*SHELL, *CORE])
def test_what_is_listed_is_there(name: str) -> None:
    """And is listed once: what has a name of the shell needs no line."""
    assert any(within(path, name) for path in TEXTS)
    assert name in CORE or not any(map(by_name, name.split("/")[1:])), f"{name} is of the shell by its name"


@pytest.mark.parametrize("name", SHELL_NAMES)
def test_every_name_of_the_shell_is_somebodys(name: str) -> None:
    parts = {part for path in TEXTS for part in path.split("/")[1:]}
    assert any(part.endswith(name) if name.startswith("_") else part == name for part in parts)


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
