"""The chart as others render and package it: as Argo CD does, without a cluster to ask; a package; its metadata."""

import base64
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.markdown import links
from tools.render.helm import located

CHART = Path("charts/sark-network")
METADATA: dict[str, Any] = yaml.safe_load((CHART / "Chart.yaml").read_text())
VALUES: dict[str, Any] = yaml.load((CHART / "values.yaml").read_text(), yaml.CSafeLoader)
# What Argo CD passes of a cluster with Calico; each is a flag of its own.
APIS = (
    *("v1", "apps/v1", "batch/v1", "policy/v1", "networking.k8s.io/v1", "apiregistration.k8s.io/v1"),
    *("admissionregistration.k8s.io/v1", "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy"),
    *("projectcalico.org/v3", "projectcalico.org/v3/Tier"),
)


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([located(), *arguments], capture_output=True, text=True, check=False)


def as_argo_cd_does(*arguments: str) -> subprocess.CompletedProcess[str]:
    apis = [word for api in APIS for word in ("--api-versions", api)]
    command = ("template", ".", "--name-template", "sark-network", "--namespace", "sark", "--kube-version", "1.34.0")
    ran = [located(), *command, *apis, "--include-crds", *arguments]
    return subprocess.run(ran, cwd=CHART, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("environment", sorted((CHART / "ci").glob("*-values.yaml")), ids=lambda path: path.stem)
def test_it_renders_with_a_clusters_apis_and_without_a_cluster(environment: Path) -> None:
    given = ("--values", str(environment.resolve()), "--set", "proxy.push.apiServer.cidrs={10.0.0.1/32}")
    ran = as_argo_cd_does(*given)
    assert ran.stderr == ""
    direct_render = helm("template", "sark-network", str(CHART), "-n", "sark", "--kube-version", "1.34.0", *given)
    assert kinds(ran.stdout) == kinds(direct_render.stdout)


def kinds(text: str) -> set[tuple[str, str]]:
    return {(body["kind"], body["metadata"]["name"]) for body in yaml.load_all(text, yaml.CSafeLoader) if body}


def test_the_icon_is_the_file() -> None:
    kind, _, data = METADATA["icon"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data) == (CHART / "icon.svg").read_bytes()


def test_the_images_of_the_metadata_are_those_of_the_values() -> None:
    named = {entry["image"] for entry in yaml.safe_load(METADATA["annotations"]["artifacthub.io/images"])}
    images = [VALUES[block]["image"] for block in ("proxy", "dnsGuard", "test")]
    assert named == {f"{image['repository']}:{image['tag']}" for image in images}


@pytest.mark.parametrize(("name", "keys"), [("links", {"name", "url"}), ("changes", {"kind", "description"})])
def test_the_lists_of_the_metadata_have_their_keys(name: str, keys: set[str]) -> None:
    entries = yaml.safe_load(METADATA["annotations"][f"artifacthub.io/{name}"])
    assert entries
    assert [set(entry) for entry in entries] == [keys] * len(entries)


def test_no_key_is_claimed_that_signs_nothing() -> None:
    assert "artifacthub.io/signKey" not in METADATA["annotations"]


def test_links_of_the_readme_work_in_a_package() -> None:
    targets = [target for target, _ in links((CHART / "README.md").read_text())]
    assert [target for target in targets if re.match(r"\.\./|/", target)] == []


def test_the_package_holds_what_it_is_judged_with(tmp_path: Path) -> None:
    ran = helm("package", str(CHART), "--destination", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    [package] = tmp_path.glob("*.tgz")
    with tarfile.open(package) as opened:
        names = {name.removeprefix("sark-network/") for name in opened.getnames()}
    kept = {str(path.relative_to(CHART)) for path in CHART.rglob("*") if path.is_file()} - {".helmignore"}
    assert kept - names == set()
