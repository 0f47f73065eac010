"""The set-up script on machines that lack things: it says what, and what to do."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.programs import program

PROJECT = Path(__file__).parent.parent
NEEDED = ("bash", "dirname", "env", "mkdir", "touch", "chmod", "cat")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A copy of the script, and a PATH with nothing but what every machine has."""
    (tmp_path / "project" / "tools").mkdir(parents=True)
    shutil.copy(PROJECT / "tools" / "bootstrap", tmp_path / "project" / "tools")
    (tmp_path / "bin").mkdir()
    for name in NEEDED:
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    return tmp_path


def bootstrap(machine: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """The exit code and what is said."""
    done = subprocess.run(
        [machine / "project" / "tools" / "bootstrap", *arguments],
        env={"PATH": str(machine / "bin"), "HOME": str(machine), "LOG": str(machine / "log"), **more},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


OLD_PYTHON = '[[ $1 == -c ]] && exit 1; echo "must not be used" >&2; exit 9'
# Makes a virtual environment whose python writes down what it is asked to do.
GOOD_PYTHON = """
[[ $1 == -c ]] && exit 0
[[ $2 == venv ]] || exit 9
mkdir -p .venv/bin
printf '#!/bin/bash\\necho "$*" >> "$LOG"\\n' > .venv/bin/python
chmod +x .venv/bin/python
"""


def test_no_python(machine: Path) -> None:
    program(machine / "bin" / "python3", OLD_PYTHON)
    assert bootstrap(machine, "venv", "requirements.lock") == (
        2,
        "bootstrap: no Python 3.11 or later on PATH; install one, or name it: make PYTHON=/path/to/python3 …\n",
    )


def test_a_shim_for_an_absent_python_is_passed_over(machine: Path) -> None:
    program(machine / "bin" / "python3.13", OLD_PYTHON)
    program(machine / "bin" / "python3.11", GOOD_PYTHON)
    assert bootstrap(machine, "venv", "requirements.lock") == (0, "installing requirements.lock into .venv\n")
    assert (machine / "log").read_text() == (
        "-m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock\n"
        "-c from hcl2.parser import parser; parser()\n"
        "-m compileall -q tools\n"
    )


def test_python_without_venv(machine: Path) -> None:
    program(machine / "bin" / "python3", "[[ $1 == -c ]] && exit 0; exit 1")
    code, output = bootstrap(machine, "venv", "requirements.lock")
    assert (code, output) == (
        2,
        "bootstrap: `python3 -m venv` failed; on Debian and Ubuntu: apt-get install python3-venv\n",
    )


def test_pip_that_fails(machine: Path) -> None:
    program(machine / "bin" / "python3", GOOD_PYTHON.replace('echo "$*"', "exit 1; echo"))
    code, output = bootstrap(machine, "venv", "requirements.lock")
    assert code == 2
    assert output.endswith("bootstrap: pip could not install requirements.lock (its message is above)\n")


HELM_IS_THERE, HELM_IS_NOT = "exit 0", "exit 2"


def test_a_helm_that_fits_is_used(machine: Path) -> None:
    program(machine / "project" / ".venv" / "bin" / "python", HELM_IS_THERE)
    assert bootstrap(machine, "helm") == (0, "")


def test_a_named_helm_that_does_not_fit_is_not_replaced(machine: Path) -> None:
    """It would take minutes, and nothing would use it."""
    program(machine / "project" / ".venv" / "bin" / "python", 'echo "helm: SARK_HELM names old, too old" >&2; exit 2')
    program(machine / "bin" / "go", "exit 1")
    assert bootstrap(machine, "helm", SARK_HELM="old") == (2, "bootstrap: SARK_HELM names old, too old\n")


@pytest.mark.parametrize("name", ["helm", "kind"])
def test_neither_the_program_nor_go(machine: Path, name: str) -> None:
    program(machine / "project" / ".venv" / "bin" / "python", HELM_IS_NOT)
    assert bootstrap(machine, name) == (
        2,
        f"bootstrap: {name} is not there, and neither is Go to build it; install {name} or Go\n",
    )


@pytest.mark.parametrize(
    ("name", "module"), [("helm", r"helm\.sh/helm/v3/cmd/helm@v3\.22\.0"), ("kind", r"sigs\.k8s\.io/kind@v0\.33\.0")]
)
def test_go_builds_a_pinned_version_into_the_cache(machine: Path, name: str, module: str) -> None:
    program(machine / "project" / ".venv" / "bin" / "python", HELM_IS_NOT)
    program(machine / "bin" / "go", 'echo "$GOBIN $*" >> "$LOG"')
    code, output = bootstrap(machine, name)
    assert code == 0
    assert re.fullmatch(rf"building {module} into \.cache/bin, once: a few minutes\n", output)
    logged = (machine / "log").read_text()
    assert re.fullmatch(rf"{re.escape(str(machine / 'project' / '.cache' / 'bin'))} install {module}\n", logged)


def test_go_that_fails(machine: Path) -> None:
    program(machine / "bin" / "go", "exit 1")
    code, output = bootstrap(machine, "kind")
    assert code == 2
    assert output.endswith("bootstrap: go could not build sigs.k8s.io/kind@v0.33.0 (its message is above)\n")


def test_a_kind_that_was_built_is_used(machine: Path) -> None:
    program(machine / "project" / ".cache" / "bin" / "kind", "exit 0")
    assert bootstrap(machine, "kind") == (0, "")


def test_usage(machine: Path) -> None:
    assert bootstrap(machine, "nonsense") == (2, "bootstrap: usage: bootstrap venv LOCK | helm | kind\n")


def test_make_lists_every_target() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    documented = set(re.findall(r"^([a-z-]+):.* ## ", makefile, re.MULTILINE))
    assert set(phony[1].split()) - documented == {"helm", "kind"}
    help_text = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert {row.split()[1] for row in help_text.splitlines()} == documented


def test_a_repeat_does_nothing() -> None:
    """With the environment in place, `make` has nothing left to set up."""
    stamps = [PROJECT / ".venv" / name for name in (".requirements", ".requirements-dev")]
    if not all(stamp.exists() for stamp in stamps):
        pytest.skip("not run from the environment that make sets up")
    command = ["make", "--question", *(str(stamp.relative_to(PROJECT)) for stamp in stamps)]
    assert subprocess.run(command, cwd=PROJECT, env=dict(os.environ), check=False).returncode == 0


@pytest.mark.parametrize("target", ["validate", "test"])
def test_make_has_python_keep_what_it_compiles(target: str, tmp_path: Path) -> None:
    """Somebody's machine forbids it, and each run would compile every module."""
    program(tmp_path / "python", 'echo "$2 with ${PYTHONDONTWRITEBYTECODE:-nothing} forbidden"')
    there = [f"--assume-old={name}" for name in (".venv/.requirements", ".venv/.requirements-dev", "helm")]
    command = ["make", *there, target, f"PY={tmp_path / 'python'}"]
    machine = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(command, cwd=PROJECT, env=machine, capture_output=True, text=True, check=True)
    module = {"validate": "tools.validate", "test": "pytest"}[target]
    assert ran.stdout == f"{module} with nothing forbidden\n"
