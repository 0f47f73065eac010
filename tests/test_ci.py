"""What CI runs, in which order, and how its log ends."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.programs import program

PROJECT = Path(__file__).parent.parent
MAKE = """
echo "make $*" >> "$LOG"
case $1 in
  test) echo 'tests'; echo '3 passed in 0.1s' ;;
  cluster) echo "with $NODE"; exit "${CLUSTER:-0}" ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    (tmp_path / "project" / ".ci").mkdir(parents=True)
    shutil.copy(PROJECT / ".ci" / "run", tmp_path / "project" / ".ci")
    program(tmp_path / "bin" / "make", MAKE)
    program(tmp_path / "bin" / "docker", "exit 1")
    program(tmp_path / "bin" / "apt-get", "exit 0")
    return tmp_path


def ci(machine: Path, **environment: str) -> tuple[int, list[str], list[str]]:
    """The exit code, what was made, and the lines of the log."""
    done = subprocess.run(
        ["bash", ".ci/run"],
        cwd=machine / "project",
        env={"PATH": f"{machine / 'bin'}:/usr/local/bin:/usr/bin:/bin", "LOG": str(machine / "log"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (machine / "log").read_text().splitlines(), done.stdout.splitlines()


def test_without_docker_the_cluster_tests_are_skipped_out_loud(machine: Path) -> None:
    code, made, log = ci(machine)
    assert (code, made) == (0, ["make check", "make test"])
    assert any(line.startswith("SKIPPED: make cluster. There is no Docker daemon here") for line in log)
    assert log[-1] == "3 passed in 0.1s"


def test_with_docker_the_cluster_tests_run(machine: Path) -> None:
    program(machine / "bin" / "docker", "exit 0")
    code, made, log = ci(machine)
    assert (code, made, log[-1]) == (0, ["make check", "make test", "make cluster"], "3 passed in 0.1s")


def test_images_that_are_made_here_are_used(machine: Path) -> None:
    program(machine / "shared" / "kind-offline" / "up", 'echo "export NODE=made-here"')
    code, made, log = ci(machine)
    assert (code, made[-1]) == (0, "make cluster")
    assert "with made-here" in log


@pytest.mark.parametrize("images", [True, False])
def test_sarks_own_manifests_are_tried_where_they_are(machine: Path, images: bool) -> None:
    (machine / "shared" / "sark").mkdir(parents=True)
    if images:
        program(machine / "shared" / "kind-offline" / "up", 'echo "export NODE=made-here"')
    else:
        program(machine / "bin" / "docker", "exit 0")
    code, made, _ = ci(machine)
    assert (code, made[1:]) == (0, ["make test SARK=../shared/sark", "make cluster SARK=../shared/sark"])


@pytest.mark.parametrize("up", ["exit 3", "echo 'export NODE=x'; exit 3"])
def test_images_that_could_not_be_made_fail_the_run(machine: Path, up: str) -> None:
    program(machine / "shared" / "kind-offline" / "up", up)
    code, made, _ = ci(machine)
    assert (code, made) == (3, ["make check", "make test"])


def test_a_failed_cluster_fails_the_run(machine: Path) -> None:
    program(machine / "bin" / "docker", "exit 0")
    assert ci(machine, CLUSTER="2")[0] == 2


@pytest.mark.parametrize("target", ["check", "test"])
def test_a_failed_target_ends_the_run(machine: Path, target: str) -> None:
    program(machine / "bin" / "make", f'[[ $1 == {target} ]] && exit 2; echo "make $*" >> "$LOG"')
    (machine / "log").touch()
    code, made, _ = ci(machine)
    assert code == 2
    assert f"make {target}" not in made
    assert "make cluster" not in made
