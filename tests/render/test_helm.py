"""Which helm is used, and what is said when none can be."""

import os
from pathlib import Path

import pytest

from tests.programs import program
from tools.render.helm import HelmError, advice, find, located, main

ADVICE = "install Helm 3.18.5 or later, run `make helm` to build one, or name one in SARK_HELM"


def fake(directory: Path, body: str) -> str:
    """A helm that is a shell script; gives its path."""
    path = program(directory / "helm", body)
    return str(path)


@pytest.mark.parametrize(
    ("says", "version"),
    [("v3.18.5", (3, 18, 5)), ("v3.22", (3, 22, 0)), ("v4.0.0-rc.1", (4, 0, 0)), ("v3.19.0+g1234", (3, 19, 0))],
)
def test_a_version_that_fits(tmp_path: Path, says: str, version: tuple[int, int, int]) -> None:
    path = fake(tmp_path / "bin", f"echo {says}")
    fits = find({"PATH": str(tmp_path / "bin")}, tmp_path / "none")
    assert (fits.path, fits.version) == (path, version)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("echo v3.18.4", "which is v3.18.4 and too old"),
        ("echo v3.18", "which is v3.18 and too old"),
        ("echo v2.17.0", "which is v2.17.0 and too old"),
        ("echo hello", "which does not say its version"),
        ("printf '\\377\\376'", "which does not say its version"),
        ("echo v" + "9" * 5000 + ".1", "which does not say its version"),
        ("echo v3.22.0; exit 1", "which does not say its version"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_helm_that_does_not_fit(tmp_path: Path, body: str, fault: str, named: bool) -> None:
    path = fake(tmp_path / "bin", body)
    environment = {"SARK_HELM": path} if named else {"PATH": str(tmp_path / "bin")}
    with pytest.raises(HelmError) as raised:
        find(environment, tmp_path / "none")
    assert str(raised.value) == f"{'SARK_HELM names ' if named else ''}{path}, {fault}; {ADVICE}"


def test_no_helm_at_all(tmp_path: Path) -> None:
    with pytest.raises(HelmError) as raised:
        find({"PATH": str(tmp_path)}, tmp_path / "none")
    assert str(raised.value) == f"helm is not on PATH; {ADVICE}"


def test_only_a_checkout_can_build_a_helm(tmp_path: Path) -> None:
    assert advice(tmp_path) == "install Helm 3.18.5 or later, or name one in SARK_HELM"
    assert advice() == ADVICE


def test_sark_helm_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HelmError) as raised:
        find({"SARK_HELM": str(tmp_path / "no"), "PATH": os.environ["PATH"]})
    assert str(raised.value) == (
        f"SARK_HELM names {tmp_path / 'no'}, which does not run (No such file or directory); {ADVICE}"
    )


def test_an_old_helm_on_path_does_not_hide_the_one_that_was_built(tmp_path: Path) -> None:
    fake(tmp_path / "bin", "echo v3.5.0")
    built = fake(tmp_path / "cache", "echo v3.22.0")
    assert find({"PATH": str(tmp_path / "bin")}, Path(built)).path == built


def test_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    located.cache_clear()
    assert main() == 0
    assert capsys.readouterr().out.strip() == find().path
    monkeypatch.setenv("SARK_HELM", "/no/helm")
    located.cache_clear()
    assert main() == 2
    assert capsys.readouterr().err.startswith("helm: SARK_HELM names /no/helm, which does not run")
