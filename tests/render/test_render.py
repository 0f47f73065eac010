"""Rendering: what Helm is given, what its refusals become, and the plain manifests that are written."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.programs import program
from tools.findings.errors import InputError
from tools.manifests.documents import manifests, parse
from tools.render.__main__ import main
from tools.render.helm import located
from tools.render.helm_errors import RenderError
from tools.render.manifest_files import HEADER, by_template, write
from tools.render.own import CHART
from tools.render.target import RenderTarget
from tools.render.template import render


def helm_that(says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helm that says its version, and whatever it is asked besides this."""
    helm = program(tmp_path / "helm", f'if [ "$1" = version ]; then echo v3.19.0; else {says}; fi')
    monkeypatch.setenv("SARK_HELM", str(helm))
    located.cache_clear()


def outcome(values: dict[str, Any], chart: Path = CHART, target: RenderTarget = RenderTarget()) -> RenderError:
    with pytest.raises(RenderError) as raised:
        asyncio.run(render(chart, values, target=target))
    return raised.value


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("echo hello", "helm printed no manifests, though it says that it rendered; is it Helm that ran?"),
        ("printf '\\377'", "helm printed no manifests, though it says that it rendered; is it Helm that ran?"),
        (":", "the chart renders no object with these values; nothing was written, and nothing removed"),
        ("kill -9 $$", "helm ended with -9 and said nothing"),
        ("printf 'no \\377' >&2; exit 3", "no \ufffd"),
    ],
)
def test_a_helm_that_renders_nothing_removes_no_manifest(
    says: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    before = tmp_path / "out" / "default-deny.yaml"
    before.write_text(HEADER)
    helm_that(says, tmp_path, monkeypatch)
    try:
        assert main(["--to", str(tmp_path / "out")]) == 2
    finally:
        located.cache_clear()
    assert capsys.readouterr() == ("", f"render: {message}\n")
    assert [path.read_text() for path in (tmp_path / "out").iterdir()] == [HEADER]


def test_the_chart_renders_with_its_own_values() -> None:
    output = asyncio.run(render(CHART))
    kinds = {manifest.kind for manifest in manifests(parse(output, "out"), "out")}
    assert "NetworkPolicy" in kinds
    assert "# Source: sark-network/templates/default-deny.yaml" in output


def test_the_target_reaches_the_templates(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: target, version: 0.1.0}")
    (tmp_path / "templates" / "x.yaml").write_text(
        "# {{ .Release.Name }} {{ .Release.Namespace }} {{ .Capabilities.KubeVersion }} "
        '{{ .Capabilities.APIVersions.Has "a/v1" }} {{ .Values.given }}\n'
    )
    target = RenderTarget("mine", "place", "1.31.0", ("a/v1",))
    assert "# mine place v1.31.0 true\n" in asyncio.run(render(tmp_path, target=target))
    assert "true 3" in asyncio.run(render(tmp_path, {"given": 3}, target=target))


def test_the_same_values_render_the_same_text() -> None:
    """Else each upgrade would change what nobody changed."""
    many = {
        "egress": {
            "domains": [{"name": f"n{port}.example", "ports": [port, port + 1000]} for port in range(400, 412)],
            "internal": [{"name": "a.corp.example", "cidrs": ["10.0.0.0/28", "10.1.0.0/28"], "ports": [7, 8, 9]}],
        },
        "commonLabels": {f"label{number}": "x" for number in range(12)},
        "database": {"externalCidrs": ["10.2.0.0/28"]},
        "calico": {"enabled": True},
    }
    first, *others = [asyncio.run(render(CHART, many)) for _ in range(3)]
    assert others == [first, first]


@pytest.mark.parametrize("text", ["\U0001f600", "a\\ud83d\\ude00", "\\\U0001f600", "\u2028\u00e9", '"'])
def test_text_reaches_helm_as_it_is(text: str) -> None:
    rendered = asyncio.run(render(CHART, {"commonAnnotations": {"example.com/note": text}}))
    objects = [body for body in yaml.safe_load_all(rendered) if body]
    assert {body["metadata"]["annotations"]["example.com/note"] for body in objects} == {text}


def test_refusals_of_the_schema() -> None:
    error = outcome({"egress": {"nope": 1, "domains": ["*"]}})
    assert error.kind == "schema"
    assert {path for path, _ in error.details} == {"egress", "egress.domains[0]"}


def test_refusals_of_a_template() -> None:
    error = outcome({"egress": {"engine": "cilium"}})
    assert (error.kind, error.where.file) == ("template", "templates/values/refused.yaml")
    assert error.message.startswith("egress.engine: cilium is no engine of this chart; it has proxy")


@pytest.mark.parametrize(
    ("chart", "target", "says"),
    [
        (Path("/no/chart"), RenderTarget(), 'path "/no/chart" not found'),
        (CHART, RenderTarget(kube_version="1.19.0"), "chart requires kubeVersion: >=1.20.0-0 which is incompatible"),
        (CHART, RenderTarget(kube_version="new"), "invalid kube version"),
        (CHART, RenderTarget(release="Not_A_Name"), "invalid release name"),
    ],
)
def test_helm_that_could_not_begin(chart: Path, target: RenderTarget, says: str) -> None:
    error = outcome({}, chart, target)
    assert error.kind == "helm"
    assert says in error.message


def test_a_helm_that_is_not_there() -> None:
    with pytest.raises(RenderError, match=r"^/no/helm does not run: No such file or directory$"):
        asyncio.run(render(CHART, helm="/no/helm"))


OUTPUT = """\
---
# Source: sark/templates/b.yaml
kind: A
---
# Source: sark/templates/b.yaml
kind: B
---
# Source: sark/templates/tests/t.yaml
kind: Pod
metadata:
  annotations:
    "helm.sh/hook": test
---
# Source: sark/templates/empty.yaml

---
# Source: sark/templates/sub/c.yaml
kind: C
data:
  x: |
    --- not a document
"""


def test_one_file_for_each_template_and_no_hooks() -> None:
    assert by_template(OUTPUT) == {
        "b.yaml": f"{HEADER}---\nkind: A\n---\nkind: B\n",
        "sub-c.yaml": f"{HEADER}---\nkind: C\ndata:\n  x: |\n    --- not a document\n",
    }


def test_what_the_chart_no_longer_has_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(f"{HEADER}---\nkind: Old\n")
    (tmp_path / "mine.yaml").write_text("kind: Mine\n")
    (tmp_path / "folder.yaml").mkdir()
    assert write({"a.yaml": f"{HEADER}x"}, tmp_path) == [tmp_path / "a.yaml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "folder.yaml", "mine.yaml"]


def test_every_object_but_the_hooks_is_written(tmp_path: Path, rendered_text: Callable[[str], str]) -> None:
    assert main(["--env", "production", "--to", str(tmp_path)]) == 0
    written = {
        (manifest.kind, manifest.namespace, manifest.name)
        for path in tmp_path.iterdir()
        for manifest in manifests(parse(path.read_text(), str(path)), str(path))
    }
    expected = {
        (manifest.kind, manifest.namespace, manifest.name)
        for manifest in manifests(parse(rendered_text("production"), "out"), "out")
        if "helm.sh/hook" not in manifest.body["metadata"].get("annotations", {})
    }
    assert written == expected


def test_a_copy_of_the_chart_can_be_named(tmp_path: Path) -> None:
    shutil.copytree(CHART, tmp_path / "chart")
    assert main(["--chart", str(tmp_path / "chart"), "--to", str(tmp_path / "out"), "--namespace", "other"]) == 0
    assert 'namespace: "other"\n' in (tmp_path / "out" / "default-deny.yaml").read_text()


def ended(arguments: list[str]) -> object:
    """The exit code of the command line."""
    try:
        return main(arguments)
    except SystemExit as leaving:
        return leaving.code


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            ["--env", "nowhere", "--to", "x"],
            64,
            "there is no environment nowhere; there are app-sark, dev, full, guarded, production, staging, steered;",
        ),
        ([], 64, "the following arguments are required: --to"),
        (["--to", "x", "--nope"], 64, "unrecognized arguments: --nope"),
        (["--values", "/no/file", "--to", "x"], 2, "render: cannot read /no/file: No such file or directory"),
        (["--chart", "/no/chart", "--to", "x"], 2, "render: /no/chart is no chart: it has no Chart.yaml"),
        (["--to", "/dev/null/x"], 2, "cannot write into /dev/null/x: Not a directory"),
        (["--to", "x", "--kube-version", "1.2.3"], 2, "render: chart requires kubeVersion: >=1.20.0-0"),
    ],
)
def test_bad_input(arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(arguments) == code
    assert says in capsys.readouterr().err


def test_values_that_the_chart_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "v.yaml").write_text("egress: {engine: cilium}\n")
    assert main(["--values", str(tmp_path / "v.yaml"), "--to", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith("render: egress.engine: cilium is no engine of this chart")
    assert not (tmp_path / "out").exists()


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(InputError, match=r"^cannot write .*a\.yaml: Is a directory$"):
        write({"a.yaml": HEADER}, tmp_path)
