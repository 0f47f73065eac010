"""Options that are written down, and options that mean the same wherever they are given."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tools import __version__
from tools.cluster import __main__ as cluster_main
from tools.cluster.__main__ import main as cluster
from tools.egress import options as egress_options
from tools.egress.__main__ import main as egress
from tools.reach.__main__ import main as reach
from tools.reach.command import configured as reach_configured
from tools.reach.command import options as reach_options
from tools.render import options as render_options
from tools.render.__main__ import main as render
from tools.render.own import CHART
from tools.terraform import options as terraform_options
from tools.terraform.__main__ import main as terraform
from tools.validate.__main__ import main as validate
from tools.validate.options import CONFIGURABLE, parser

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n"
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size]
              properties:
                size: {type: integer}
                action: {type: string}
                port: {x-kubernetes-int-or-string: true}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: string}}}
                names: {type: array, items: {type: object, properties: {name: {type: string}}}}
"""
THING = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: {spec}\nstatus: {anything: 1}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own."""
    monkeypatch.chdir(tmp_path)
    Path("pod.yaml").write_text(POD)
    return tmp_path


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What a run of the validator says."""
    code = validate([*arguments, "--format", "json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["exit"] == code
    return document


def rules(document: dict[str, Any]) -> list[str]:
    return [finding["rule"] for stage in document["stages"] for finding in stage["findings"]]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a usage error says."""
    with pytest.raises(SystemExit) as raised:
        validate(list(arguments))
    assert raised.value.code == 64
    return capsys.readouterr().err


def test_every_command_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    mains: list[tuple[Callable[[list[str]], int], list[str]]] = [
        *((main, []) for main in (validate, reach, egress, render, terraform)),
        *((reach, [command]) for command in ("matrix", "explain", "diff", "check")),
        *((egress, [command]) for command in ("check", "list")),
        (terraform, ["lint"]),
    ]
    for main, words in mains:
        with pytest.raises(SystemExit) as raised:
            main([*words, "--version"])
        assert (raised.value.code, capsys.readouterr().out) == (0, f"sark-network {__version__}\n")


def test_what_fails_a_run_and_which_rules_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    Path("policy.yaml").write_text(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n"
        "spec: {podSelector: {matchLabels: {a: b}}, policyTypes: [Ingress], ingress: [{}]}\n"
    )
    subject = ("--manifests", "policy.yaml")
    document = report(capsys, *subject)
    assert (document["exit"], rules(document)) == (1, ["openings-carry-a-reason", "policies-select-something"])
    assert report(capsys, *subject, "--fail-on", "error")["exit"] == 0
    assert report(capsys, *subject, "--fail-on", "note")["exit"] == 1
    document = report(capsys, *subject, "--disable", "openings-carry-a-reason", "--fail-on", "warning")
    assert (document["exit"], rules(document)) == (0, ["policies-select-something"])
    assert document["disabled"] == ["openings-carry-a-reason"]
    assert "there is no rule opening; " in refused(capsys, *subject, "--disable", "opening")


def test_a_disabled_rule_is_no_reason_for_a_stage_that_did_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("values.yaml").write_text("sise: 1\n")
    document = report(capsys, "--values", "values.yaml", "--disable", "values-match-schema", "schema-verdicts-agree")
    assert (document["exit"], {"values-match-schema", "schema-verdicts-agree"} & set(rules(document))) == (2, set())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".sark-network.yaml", "manifests: [pod.yaml]\ndisable: [names-are-legal]\nfail-on: note\n"),
        (
            "pyproject.toml",
            '[tool.sark-network]\nmanifests = ["pod.yaml"]\ndisable = ["names-are-legal"]\nfail-on = "note"\n',
        ),
    ],
)
def test_options_are_read_from_a_file(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(name).write_text(text)
    document = report(capsys)
    assert [stage["name"] for stage in document["stages"]] == ["manifests", "policies"]
    assert (document["configuration"], document["disabled"]) == (name, ["names-are-legal"])
    assert validate([]) == 0
    summary = "no findings; 1 environment, 2 of 2 stages ran; disabled: names-are-legal; configuration: {}\n"
    assert capsys.readouterr().out == summary.format(name)


def test_the_command_line_goes_before_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".sark-network.yaml").write_text("env: [dev]\ndisable: names-are-legal\nformat: sarif\n")
    document = report(capsys, "--manifests", "pod.yaml", "--disable", "labels-are-legal")
    assert [stage["name"] for stage in document["stages"]] == ["manifests", "policies"]
    assert document["disabled"] == ["labels-are-legal"]


def test_a_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.yaml").write_text("manifests: pod.yaml\n")
    assert report(capsys, "--config", "other.yaml")["configuration"] == "other.yaml"
    Path("other.toml").write_text('[tool.sark-network]\nmanifests = "pod.yaml"\n')
    assert report(capsys, "--config=other.toml")["configuration"] == "other.toml"


def test_somebody_elses_pyproject_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pyproject.toml").write_text('[project]\nname = "a"\n')
    assert "configuration" not in report(capsys, "--manifests", "pod.yaml")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({".sark-network.yaml": "fail_on: note"}, ": .sark-network.yaml:1: fail_on cannot be set "
         "there; did you mean fail-on?"),
        ({".sark-network.yaml": "explain: x"}, "explain cannot be set there; there are: api-versions, "),
        ({".sark-network.yaml": "disable: 3"}, "disable is neither text nor a list of texts; write it as on the "),
        ({".sark-network.yaml": "disable: []"}, "disable is neither text nor a list of texts; write it as on the "),
        ({".sark-network.yaml": "fail-on: never"}, "argument --fail-on: invalid choice: 'never'"),
        ({".sark-network.yaml": "- a"}, "values are no mapping"),
        ({".sark-network.yaml": "a: ["}, ".sark-network.yaml:2: not YAML: "),
        ({"pyproject.toml": "tool = "}, "pyproject.toml: not TOML that can be read: "),
        ({"pyproject.toml": "tool = 3"}, "pyproject.toml: tool is no table; write [tool.sark-network]"),
        (
            {".sark-network.yaml": "disable: [--output=x]"},
            ".sark-network.yaml:1: --output=x begins as an option does, and disable takes none; "
            "write a file's path as ./--output=x",
        ),
        ({".sark-network.yaml": "manifests: [a, --]"}, "1: -- begins as an option does, and manifests takes none"),
        ({"pyproject.toml": "[tool]\nsark-network = 3"}, "pyproject.toml: tool.sark-network is no table"),
        (
            {"pyproject.toml": "[tool.sark-network]", ".sark-network.yaml": "chart: a"},
            "there are options in .sark-network.yaml and in pyproject.toml; keep one of the two",
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_a_usage_error(
    files: dict[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in files.items():
        Path(name).write_text(text)
    assert says in refused(capsys)


def test_every_key_is_an_option() -> None:
    known = {option.removeprefix("--") for action in parser()._actions for option in action.option_strings}
    assert known >= CONFIGURABLE.keys()


def test_a_kind_without_a_schema_is_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    Path("thing.yaml").write_text(THING.replace("{spec}", "{size: many}"))
    document = report(capsys, "--manifests", "thing.yaml")
    message = "no schema of Thing (example.com/v1) is known here, so it was not checked; name its CRD with --schemas"
    [finding] = document["stages"][0]["findings"]
    assert (document["exit"], finding["severity"], finding["message"]) == (0, "note", message)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{size: 3, action: anything, port: http, free: {b: 1}, names: [{name: a}]}", ""),
        ("{size: many}", "'many' is not a whole number"),
        ("{}", "size is missing; write it"),
        (
            "{size: 1, sise: 2}",
            "unknown field sise: refused, or dropped in silence by a client that does not validate; did you mean size?",
        ),
        (
            "{size: 1, names: [{nam: a}]}",
            "unknown field nam: refused, or dropped in silence by a client that does not validate; did you mean name?",
        ),
    ],
)
def test_a_kind_is_judged_by_the_definition_that_is_given(
    spec: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("crds").mkdir()
    Path("crds/thing.yaml").write_text(CRD)
    Path("thing.yaml").write_text(THING.replace("{spec}", spec))
    document = report(capsys, "--manifests", "thing.yaml", "--schemas", "crds")
    messages = [finding["message"] for stage in document["stages"] for finding in stage["findings"]]
    assert (document["exit"], messages) == ((1, [message]) if message else (0, []))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (POD, "no CustomResourceDefinition is in crds.yaml; --schemas names files that hold some"),
        (
            CRD.replace("openAPIV3Schema", "schema"),
            "crds.yaml:4: the definition things.example.com cannot be read: a part of ",
        ),
        (
            CRD.replace("type: integer", "type: number of"),
            "crds.yaml:4: the definition things.example.com cannot be read",
        ),
        (
            CRD.replace("versions:", "versions: 3\n  others:"),
            "crds.yaml:4: the definition things.example.com cannot be ",
        ),
        ("", "no Kubernetes object is in crds.yaml, so nothing was judged"),
    ],
)
def test_a_definition_that_is_none_could_not_run(text: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("crds.yaml").write_text(text)
    assert validate(["--manifests", "pod.yaml", "--schemas", "crds.yaml"]) == 2
    assert says in capsys.readouterr().out


POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""


def test_a_chart_without_a_schema_is_judged_with_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in {
        "Chart.yaml": "{apiVersion: v2, name: plain, version: 0.1.0}",
        "ci/dev-values.yaml": "any: thing\n",
        "templates/a.yaml": POLICY.replace("policyTypes", "polcyTypes"),
    }.items():
        Path("plain", name).parent.mkdir(parents=True, exist_ok=True)
        Path("plain", name).write_text(text)
    document = report(capsys, "--chart", "plain")
    assert [stage["name"] for stage in document["stages"]] == ["values", "render", "manifests", "policies"]
    assert {stage["skipped"] for stage in document["stages"]} == {""}
    assert "objects-fit-their-schema" in rules(document)
    [note] = document["stages"][0]["findings"]
    message = "the chart has no values.schema.json, so nothing says which values are right, and they are not judged"
    assert (note["rule"], note["severity"], note["message"]) == ("values-match-schema", "note", message)


def test_a_chart_that_renders_nothing_is_not_clean(capsys: pytest.CaptureFixture[str]) -> None:
    Path("plain/templates").mkdir(parents=True)
    Path("plain/Chart.yaml").write_text("{apiVersion: v2, name: plain, version: 0.1.0}")
    Path("plain/templates/a.yaml").write_text("{{ if .Values.on }}\n" + POLICY + "{{ end }}\n")
    Path("v.yaml").write_text("on: false\n")
    document = report(capsys, "--chart", "plain", "--values", "v.yaml")
    reason = "the chart renders no object with these values, so there is nothing to judge"
    skipped = {stage["name"]: stage["skipped"] for stage in document["stages"] if stage["skipped"]}
    assert (document["exit"], skipped) == (2, dict.fromkeys(("manifests", "policies"), reason))


def copied(name: str = "sark-network") -> None:
    shutil.copytree(CHART, "copy")
    file = Path("copy/Chart.yaml")
    file.write_text(file.read_text().replace("name: sark-network", f"name: {name}"))


def test_a_copied_chart_keeps_its_flows_and_its_layers(capsys: pytest.CaptureFixture[str]) -> None:
    copied()
    document = report(capsys, "--chart", "copy", "--env", "dev")
    stages = {stage["name"]: stage["skipped"] for stage in document["stages"]}
    assert {name: stages[name] for name in ("flows", "terraform", "layers")} == dict.fromkeys(
        ("flows", "terraform", "layers"), ""
    )
    # They are judged by the copy's own values.
    values = Path("copy/ci/dev-values.yaml")
    values.write_text(values.read_text() + "\ndatabaseAccess: {enabled: false}\n")
    document = report(capsys, "--chart", "copy", "--env", "dev")
    assert "flows-hold" in rules(document) or document["exit"] != 0


def test_a_renamed_chart_says_what_is_not_judged_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    copied("ours")
    document = report(capsys, "--chart", "copy", "--env", "dev")
    skipped = {stage["name"]: stage["skipped"] for stage in document["stages"] if stage["skipped"]}
    reason = "terraform/ is for sark-network, and copy calls itself ours"
    assert skipped == {
        "flows": "no specification of flows is for these values; --flows FILE names one",
        "terraform": reason,
        "layers": reason,
    } | {name: why for name, why in skipped.items() if name == "envoy"}


def test_values_are_laid_over_an_environment_in_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    Path("v.yaml").write_text("egress:\n  domains: [only.example.com]\n")
    asked = ("--env", "production", "--values", "v.yaml")
    document = report(capsys, *asked)
    names = {stage["environment"] for stage in document["stages"]} - {""}
    assert names == {"production+v.yaml"}
    # The rows of the environment are judged, by the list that is laid over it.
    held = [finding for stage in document["stages"] for finding in stage["findings"] if finding["rule"] == "flows-hold"]
    assert any("api.openai.com" in finding["message"] or "denied" in finding["message"] for finding in held)
    assert egress(["list", *asked, "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {name: [entry["name"] for entry in entries] for name, entries in listed.items()} == {
        "production": ["only.example.com", "mcp.internal.example", "tickets.internal.example"]
    }
    assert egress(["check", "only.example.com", *asked]) == 0
    assert capsys.readouterr().out.startswith("production   allowed  gateway may reach only.example.com:443 by ")
    assert render([*asked[:2], "--values", "v.yaml", "--to", "out"]) == 0
    assert any("only.example.com" in path.read_text() for path in Path("out").glob("*.yaml"))
    # What the environment says and the values do not is as the environment has it.
    assert any("mcp.internal.example" in path.read_text() for path in Path("out").glob("*.yaml"))


def test_values_alone_are_laid_over_the_charts_own(capsys: pytest.CaptureFixture[str]) -> None:
    Path("v.yaml").write_text("egress:\n  domains: [only.example.com]\n")
    assert {stage["environment"] for stage in report(capsys, "--values", "v.yaml")["stages"]} - {""} == {"v.yaml"}
    assert egress(["list", "--values", "v.yaml", "--format", "json"]) == 0
    assert [*json.loads(capsys.readouterr().out)] == ["values"]


def test_an_option_that_is_given_twice_adds_up_in_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert egress(["list", "--env", "dev", "--env", "production", "--format", "json"]) == 0
    assert [*json.loads(capsys.readouterr().out)] == ["dev", "production"]
    Path("a.yaml").write_text("egress:\n  domains: [a.example.com]\n")
    Path("b.yaml").write_text("egress:\n  mode: audit\n")
    assert egress(["check", "a.example.com", "--values", "a.yaml", "--values", "b.yaml"]) == 0


@pytest.mark.parametrize("option", ["--manifests", "--workloads"])
def test_manifests_are_what_they_are_to_the_judge_of_reach(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("chart").mkdir()
    Path("chart/Chart.yaml").write_text("{apiVersion: v2, name: a, version: 0.1.0}")
    for paths, says in (
        (["chart"], "chart is a chart, whose templates are not manifests; write --chart chart"),
        (["-", "-"], "standard input can be read only once; write - only once"),
    ):
        assert says in refused(capsys, option, *paths)
        assert reach(["matrix", option, *paths]) == 64
        assert capsys.readouterr().err == f"reach: {says}\n"


def test_options_cannot_be_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    assert "unrecognized arguments: --manifest; " in refused(capsys, "--manifest", "pod.yaml")


def test_the_chart_of_egress_is_the_one_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    copied()
    Path("copy/ci/own-values.yaml").write_text("egress:\n  domains: [own.example.com]\n")
    assert egress(["list", "--chart", "copy", "--env", "own"]) == 0
    assert "own.example.com" in capsys.readouterr().out
    assert egress(["list", "--chart", "nowhere"]) == 2
    assert "nowhere is no chart: it has no Chart.yaml; name one with --chart DIR" in capsys.readouterr().err


OWN = ".sark-network.yaml"
VALUES = "egress:\n  domains: [only.example.com]\n"


def written(text: str) -> None:
    Path(OWN).write_text(text)


def test_every_command_reads_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("v.yaml").write_text(VALUES)
    written("env: [production]\nvalues: [v.yaml]\nfail-on: error\ndisable: [names-are-legal]\n")
    assert egress(["list", "--format", "json"]) == 0
    assert next(entry["name"] for entry in json.loads(capsys.readouterr().out)["production"]) == "only.example.com"
    assert egress(["check", "only.example.com"]) == 0
    assert render(["--to", "out"]) == 0
    assert any("only.example.com" in path.read_text() for path in Path("out").glob("*.yaml"))
    capsys.readouterr()
    assert terraform(["vars", "--cloud", "aws"]) == 0
    by_file = capsys.readouterr().out
    assert terraform(["vars", "--cloud", "aws", "--env", "production"]) == 0
    assert capsys.readouterr().out == by_file
    # A rule of another stage means nothing to Terraform's, and is no fault of the file.
    Path("main.tf").write_text('output "a" {\n  value = 1\n}\n')
    assert terraform(["lint", "main.tf"]) == 0
    assert "declarations-are-described" in capsys.readouterr().out
    assert reach(["matrix", "--format", "json"]) == 0
    assert "sark/sark-api[Deployment]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "seen", "unseen"),
    [
        (["matrix", "--format", "json"], "sark/filed[Pod]", "default/a[Pod]"),
        (["matrix", "pod.yaml", "--format", "json"], "default/a[Pod]", "filed"),
        (["matrix", "--manifests", "pod.yaml", "--format", "json"], "default/a[Pod]", "filed"),
        (["matrix", "--env", "dev", "--format", "json"], "sark/sark-api[Deployment]", "filed"),
        (["explain", "filed", "8.8.8.8", "53"], "sark/filed[Pod]", "default/a"),
        (["policies"], "sark/filed[Pod]", "default/a"),
    ],
)
def test_who_is_named_on_the_command_line_goes_before_the_file(
    words: list[str], seen: str, unseen: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("filed.yaml").write_text(POD.replace("{name: a}", "{name: filed, namespace: sark}"))
    written("manifests: filed.yaml\n")
    assert reach(words) == 0
    text = capsys.readouterr().out
    assert seen in text
    assert unseen not in text


def test_the_chart_of_a_file_is_no_part_of_named_manifests(capsys: pytest.CaptureFixture[str]) -> None:
    copied()
    written("chart: copy\n")
    assert reach(["matrix", "pod.yaml", "--format", "json"]) == 0
    assert {row["src"] for row in json.loads(capsys.readouterr().out)} == {"0.0.0.0-255.255.255.255", "default/a[Pod]"}
    Path("copy/ci/own-values.yaml").write_text("egress:\n  domains: [own.example.com]\n")
    assert egress(["check", "own.example.com", "--env", "own"]) == 0
    assert reach(["diff", "own", "dev", "--format", "json"]) == 0


def test_the_specification_of_a_file_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    Path("flows.yaml").write_text("flows: []\n")
    written("flows: flows.yaml\nformat: json\noutput: report.json\n")
    code = reach(["check", "--env", "dev"])
    assert (code, capsys.readouterr().out) == (1, "")
    assert "flows.yaml" in Path("report.json").read_text()
    # The answers of other commands are no reports, and go where they went.
    assert reach(["matrix", "pod.yaml"]) == 0
    assert capsys.readouterr().out.startswith("Who may reach whom")


@pytest.mark.parametrize(
    ("main", "words", "says"),
    [
        (render, ["--to", "out"], "env has 2 values, and this command takes 1; name it with --env"),
        (reach, ["matrix"], "env has 2 values, and this command takes 1; name it with --env"),
        (terraform, ["vars", "--cloud", "aws"], "env has 2 values, and this command takes 1; name it with --env"),
        (cluster, ["down"], "env has 2 values, and this command takes 1; name it with --env"),
    ],
)
def test_one_environment_is_asked_for(
    main: Callable[[list[str]], int], words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written("fail-on: error\nenv: [dev, production]\n")
    with pytest.raises(SystemExit) as raised:
        main(words)
    assert raised.value.code == 64
    assert f": {OWN}:2: {says}; " in capsys.readouterr().err


COMMANDS: list[tuple[Callable[[list[str]], int], list[str]]] = [
    (reach, ["matrix", "pod.yaml"]),
    (reach, ["check"]),
    (egress, ["list"]),
    (render, ["--to", "out"]),
    (terraform, ["lint", "."]),
    (cluster, ["down"]),
]


@pytest.mark.parametrize(("main", "words"), COMMANDS)
@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (OWN, "# ours\nfail_on: note\n", f"{OWN}:2: fail_on cannot be set there; did you mean fail"),
        (
            OWN,
            "env: dev\n1: note\n",
            f"{OWN}:2: 1 cannot be set there; there are: api-versions, baseline, ",
        ),
        (OWN, "env: dev\ndisable: 3\n", f"{OWN}:2: disable is neither text nor a list of texts; write it as on the "),
        (
            "pyproject.toml",
            '[project]\nname = "a"\n[tool.sark-network]\nenv = "dev"\n"flow" = "x"\n[tool.other]\nchart = 1\n',
            "pyproject.toml:5: flow cannot be set there; did you mean flows?",
        ),
    ],
)
def test_a_wrong_key_is_an_error_with_its_line_in_every_command(
    main: Callable[[list[str]], int],
    words: list[str],
    name: str,
    text: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path(name).write_text(text)
    with pytest.raises(SystemExit) as raised:
        main(words)
    assert raised.value.code == 64
    assert f": {says}" in capsys.readouterr().err


def test_a_file_is_named_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.yaml").write_text("env: dev\n")
    assert egress(["list", "--config", "other.yaml", "--format", "json"]) == 0
    assert [*json.loads(capsys.readouterr().out)] == ["dev"]
    assert reach(["matrix", "--config=other.yaml", "--format", "json"]) == 0
    assert "sark/sark-api[Deployment]" in capsys.readouterr().out


@pytest.mark.parametrize("name", [OWN, "pyproject.toml"])
@pytest.mark.parametrize("made", ["link to a device", "pipe", "directory", "link to nothing"])
def test_a_file_that_is_none_is_not_passed_over(name: str, made: str, capsys: pytest.CaptureFixture[str]) -> None:
    match made:
        case "link to a device":
            Path(name).symlink_to("/dev/zero")
        case "pipe":
            os.mkfifo(name)
        case "directory":
            Path(name).mkdir()
        case _:
            Path(name).symlink_to("nowhere")
    assert f": cannot read {name}: " in refused(capsys, "--manifests", "pod.yaml")


def options_of(made: argparse.ArgumentParser) -> dict[str, set[str]]:
    """The options and arguments of each command of a command line; "" for one that has no commands."""
    commands = {"": made}
    for action in made._actions:
        if isinstance(action, argparse._SubParsersAction):
            commands = dict(action.choices)
    return {
        name: {word.lstrip("-") for action in command._actions for word in (*action.option_strings, action.dest)}
        for name, command in commands.items()
    }


@pytest.mark.parametrize(
    ("made", "configurable"),
    [
        (parser(), {"": CONFIGURABLE}),
        (egress_options.parser(), egress_options.CONFIGURABLE),
        (reach_options.parser(), reach_configured.CONFIGURABLE),
        (render_options.parser(), {"": render_options.CONFIGURABLE}),
        (terraform_options.parser(), terraform_options.CONFIGURABLE),
        (cluster_main.parser({}), {"": cluster_main.CONFIGURABLE}),
    ],
    ids=("validate", "egress", "reach", "render", "terraform", "cluster"),
)
def test_a_command_takes_no_option_from_the_file_that_it_lacks(
    made: argparse.ArgumentParser, configurable: Mapping[str, Mapping[str, int | None]]
) -> None:
    there = options_of(made)
    assert {name: set(keys) - there[name] for name, keys in configurable.items()} == {
        name: set() for name in configurable
    }


def test_a_list_in_the_file_is_nothing_to_a_command_that_reads_none(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text("egress:\n  domains:\n    - api.openai.com\n")
    Path(".sark-network.yaml").write_text("values: [mine.yaml]\n")
    assert egress(["add", "api.example.com", "--to", "mine.yaml"]) == 0
    assert capsys.readouterr().out == "added to egress.domains of mine.yaml: - api.example.com\n"
    assert egress(["check", "api.example.com"]) == 0
    assert capsys.readouterr().out.startswith("values       allowed")


WRONG = POD.replace("image:", "imag:")


@pytest.mark.parametrize(
    "line",
    [
        ["b d.yaml"],
        ["--fail-on", "note", "pod.yaml", "b d.yaml"],
        ["--arguments", '--manifests pod.yaml "b d.yaml"'],
        ["--arguments=--fail-on note\n'b d.yaml'"],
        ["--manifests", "pod.yaml", "--arguments", "--fail-on note -- 'b d.yaml'"],
        ["--arguments", "--arguments \"'b d.yaml'\""],
    ],
)
def test_manifests_are_named_in_several_ways(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("b d.yaml").write_text(WRONG)
    # What the file would judge is replaced.
    written("manifests: nowhere.yaml\n")
    assert validate(line) == 1
    assert "b d.yaml:4: error: " in capsys.readouterr().out


@pytest.mark.parametrize("line", [["--arguments", '"a'], ['--arguments="a'], ["--arguments", "--arguments '\"a'"]])
def test_a_text_that_no_shell_would_read_is_a_usage_error(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "validate: argument --arguments: no closing quotation in '\"a'; " in refused(capsys, *line)


@pytest.mark.parametrize("line", [["pod.yaml"], ["--manifests", "pod.yaml"]])
def test_what_the_file_tries_of_a_chart_means_nothing_to_manifests(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    written("wrong-values: true\ncoverage: 100\nrefused: nowhere.yaml\nhelm: nowhere\napi-versions: []\n")
    assert {stage["name"] for stage in report(capsys, *line)["stages"]} == {"manifests", "policies"}


def test_a_file_asks_for_the_apis_that_the_templates_ask_for(capsys: pytest.CaptureFixture[str]) -> None:
    written("env: [staging]\napi-versions: []\n")
    assert {stage["environment"] for stage in report(capsys)["stages"]} - {""} == {"staging", "staging+apis"}


def test_a_format_of_the_command_line_does_not_go_where_the_files_goes(capsys: pytest.CaptureFixture[str]) -> None:
    written("manifests: pod.yaml\nformat: junit\noutput: report.xml\n")
    assert validate([]) == 0
    assert capsys.readouterr().out == ""
    assert "<testsuites>" in Path("report.xml").read_text()
    assert report(capsys)["exit"] == 0
    assert validate(["--format", "tap", "--output", "other"]) == 0
    assert Path("other").read_text().startswith("TAP")
