"""Each environment for several versions of Kubernetes, and without and with the APIs that the templates ask for."""

from pathlib import Path

import pytest

from tests.validate.chart.conftest import POLICY, Report
from tools.validate.__main__ import main
from tools.validate.chart.variants import Variant, asked_for, variants

API = "monitoring.example.com/v1"


@pytest.mark.parametrize(
    ("versions", "apis", "expected"),
    [
        (["1.34.0"], None, [Variant("1.34.0")]),
        (["1.34.0"], [], [Variant("1.34.0")]),
        (["1.34.0", "1.34.0"], None, [Variant("1.34.0")]),
        (["1.34.0"], [API], [Variant("1.34.0"), Variant("1.34.0", (API,), "+apis")]),
        (["1.33.0", "1.34.0"], None, [Variant("1.33.0", (), "@1.33.0"), Variant("1.34.0", (), "@1.34.0")]),
        (
            ["1.33.0", "1.34.0"],
            [API],
            [
                Variant("1.33.0", (), "@1.33.0"),
                Variant("1.33.0", (API,), "@1.33.0+apis"),
                Variant("1.34.0", (), "@1.34.0"),
                Variant("1.34.0", (API,), "@1.34.0+apis"),
            ],
        ),
    ],
)
def test_the_clusters_that_an_environment_is_rendered_for(
    versions: list[str], apis: list[str] | None, expected: list[Variant]
) -> None:
    assert list(variants(versions, apis)) == expected


@pytest.mark.parametrize(
    ("template", "apis"),
    [
        ('{{ if .Capabilities.APIVersions.Has "a.example/v1/Kind" }}', ("a.example/v1/Kind",)),
        ("{{ if $.Capabilities.APIVersions.Has `a.example/v1` }}", ("a.example/v1",)),
        ('{{ $api := "a.example/v1beta1" }}{{ if .Capabilities.APIVersions.Has $api }}', ("a.example/v1beta1",)),
        ('{{ $api := "a.example/v1" }}', ()),
        ('{{ .Capabilities.APIVersions.Has $api }} "no/api" "app.kubernetes.io/name"', ()),
    ],
)
def test_the_apis_that_a_template_asks_for(template: str, apis: tuple[str, ...]) -> None:
    assert asked_for([template]) == apis


def environments(report: Report, *words: str) -> dict[str, int]:
    """Each environment of a run, with the number of errors in it."""
    counted: dict[str, int] = {}
    for stage in report(*words)["stages"]:
        counted[stage["environment"]] = counted.get(stage["environment"], 0) + sum(
            finding["severity"] == "error" for finding in stage["findings"]
        )
    return counted


def test_a_fault_that_only_an_api_brings_is_seen_with_it(small: Path, report: Report) -> None:
    broken = POLICY.replace("policyTypes", "polcyTypes").replace("name: ", "name: b-")
    (small / "templates" / "b.yaml").write_text(
        f'{{{{ if .Capabilities.APIVersions.Has "{API}" }}}}\n{broken}{{{{ end }}}}\n'
    )
    assert environments(report) == {"dev": 0}
    for words in (["--api-versions"], ["--api-versions", API]):
        counted = environments(report, *words)
        assert (set(counted), counted["dev"], counted["dev+apis"] > 0) == ({"dev", "dev+apis"}, 0, True)


def test_a_fault_that_only_a_version_brings_is_seen_with_it(small: Path, report: Report) -> None:
    broken = POLICY.replace("policyTypes", "polcyTypes").replace("name: ", "name: b-")
    condition = '{{ if semverCompare "<1.31.0" .Capabilities.KubeVersion.Version }}'
    (small / "templates" / "b.yaml").write_text(f"{condition}\n{broken}{{{{ end }}}}\n")
    counted = environments(report, "--kube-version", "1.30.0", "--kube-version", "1.34.0")
    assert (set(counted), counted["dev@1.30.0"] > 0, counted["dev@1.34.0"]) == ({"dev@1.30.0", "dev@1.34.0"}, True, 0)


def test_templates_that_ask_for_nothing_are_named(report: Report) -> None:
    stage = report("--api-versions")["stages"][-1]
    reason = "no template of small asks for an API, so each environment was rendered once; name some"
    assert (stage["name"], stage["skipped"]) == ("api-versions", reason)


def test_the_configuration_file_names_both(report: Report) -> None:
    Path(".sark-network.yaml").write_text(f"kube-version: [1.33.0, 1.34.0]\napi-versions: {API}\n")
    assert set(environments(report)) == {"dev@1.33.0", "dev@1.33.0+apis", "dev@1.34.0", "dev@1.34.0+apis"}


def test_one_version_that_is_unknown_is_a_usage_error(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--chart", "small", "--kube-version", "1.34.0", "1.2.0"])
    assert raised.value.code == 64
    assert "1.2" in capsys.readouterr().err
