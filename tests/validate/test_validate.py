"""`python -m tools.validate` from the outside: what it finds, where, how it ends, and that it never throws."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.programs import program
from tests.validate import small_chart
from tools.findings.faults import revealed
from tools.findings.model import Finding, Manifest, Problem, Stage
from tools.findings.progress import line
from tools.findings.recorder import Recorder
from tools.findings.stages import STAGES, manual
from tools.validate.__main__ import main

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .Release.Name }}-deny
  namespace: {{ .Release.Namespace }}
spec:
  podSelector: {}
  policyTypes: [Ingress]
"""
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "additionalProperties": False,
    "properties": {"host": {"type": "string"}, "size": {"type": "integer"}, "global": {"type": "object"}},
}


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small sound chart with one environment, below the current directory."""
    monkeypatch.chdir(tmp_path)
    return small_chart.write(tmp_path, SCHEMA, POLICY)


def judged(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The JSON report of a run, which ends with the code that the report names."""
    code = main([*arguments, "--format", "json"])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert report["exit"] == code
    return report


def findings(report: Mapping[str, Any]) -> list[tuple[str, str, int, str]]:
    return [
        (finding["rule"], finding["file"], finding["line"], finding["message"])
        for stage in report["stages"]
        for finding in stage["findings"]
        if finding["severity"] != "note"
    ]


def skipped(report: Mapping[str, Any]) -> dict[str, str]:
    return {stage["name"]: stage["skipped"] for stage in report["stages"] if stage["skipped"]}


def test_every_environment_of_the_project_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    report = judged(capsys)
    assert findings(report) == []
    assert report["exit"] == 0
    names = ("app-sark", "dev", "full", "guarded", "production", "staging", "steered")
    assert [(stage["environment"], stage["name"]) for stage in report["stages"]] == [
        *((environment, stage) for environment in names for stage in STAGES),
        ("", "terraform"),
        *((environment, "layers") for environment in names),
    ]
    assert set(skipped(report)) <= {"envoy"}


def test_a_sound_chart_is_clean(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = judged(capsys, "--chart", str(chart))
    assert (report["exit"], findings(report)) == (0, [])
    assert [stage["name"] for stage in report["stages"]] == ["values", "render", "manifests", "policies"]


FLOWS = """\
environments: [dev]
pods:
  one: {namespace: sark, labels: {app: one}, ports: [80]}
  two: {namespace: elsewhere, labels: {app: two}, ports: [80]}
internet: {}
flows:
  - {flow: in, source: two, target: one, port: 80, expect: EXPECT, why: a test}
  - {flow: out, source: one, target: two, port: 80, environments: [dev], expect: allow, why: a test}
"""
NO_FLOWS = "no specification of flows is for these values; --flows FILE names one"


def test_another_charts_flows_are_judged_when_a_specification_is_given(
    chart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = judged(capsys, "--chart", str(chart))
    assert "flows" not in {stage["name"] for stage in report["stages"]}
    Path("flows.yaml").write_text(FLOWS.replace("EXPECT", "deny"))
    report = judged(capsys, "--chart", str(chart), "--flows", "flows.yaml")
    assert (report["exit"], findings(report), skipped(report).get("flows")) == (0, [], None)


def test_a_flow_that_does_not_hold_names_the_policy_in_its_template(
    chart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("flows.yaml").write_text(FLOWS.replace("EXPECT", "allow"))
    report = judged(capsys, "--chart", str(chart), "--flows", "flows.yaml")
    message = (
        "in should be allowed, but it is denied: elsewhere/two[Pod] to sark/one[Pod], TCP 80: entering sark/one[Pod]: "
        "denied at the end of NetworkPolicy sark/sark-deny at small/templates/policy.yaml:6"
    )
    assert findings(report) == [("flows-hold", "flows.yaml", 7, message)]
    assert report["exit"] == 1


def test_a_flow_can_be_suppressed_in_place(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comment = "  # sark:ignore flows-hold until 2999-01-01: a test\n  - {flow: in,"
    Path("flows.yaml").write_text(FLOWS.replace("EXPECT", "allow").replace("  - {flow: in,", comment))
    assert findings(judged(capsys, "--chart", str(chart), "--flows", "flows.yaml")) == []


def test_values_of_ones_own_have_the_rows_that_hold_everywhere(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("own.yaml").write_text("size: 3\n")
    text = FLOWS.replace("EXPECT", "deny").replace("[dev], expect: allow", "[dev], expect: deny")
    Path("flows.yaml").write_text(text)
    report = judged(capsys, "--chart", str(chart), "--values", "own.yaml", "--flows", "flows.yaml")
    assert findings(report) == []


def test_an_environment_that_the_specification_does_not_name_is_no_pass(
    chart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (chart / "ci" / "qa-values.yaml").write_text("size: 3\n")
    Path("flows.yaml").write_text(FLOWS.replace("EXPECT", "deny"))
    report = judged(capsys, "--chart", str(chart), "--env", "qa", "--flows", "flows.yaml")
    message = "qa is not in environments, which are dev; add it and its rows"
    assert findings(report) == [("environments-have-flows", "flows.yaml", 0, message)]


def test_a_specification_without_a_row_for_the_values_is_no_pass(
    chart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("own.yaml").write_text("size: 3\n")
    text = FLOWS.replace("EXPECT", "deny").replace("port: 80, expect", "port: 80, environments: [dev], expect")
    Path("flows.yaml").write_text(text)
    report = judged(capsys, "--chart", str(chart), "--values", "own.yaml", "--flows", "flows.yaml")
    message = "no row is for these values, so nothing is judged; write some"
    assert findings(report) == [("environments-have-flows", "flows.yaml", 0, message)]


def test_a_row_after_an_upgrade_is_noted_as_not_judged(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = FLOWS.replace("EXPECT", "deny").replace("[dev], expect: allow", "[dev], during: [upgraded], expect: allow")
    Path("flows.yaml").write_text(text)
    report = judged(capsys, "--chart", str(chart), "--flows", "flows.yaml")
    notes = [finding for stage in report["stages"] for finding in stage["findings"] if finding["rule"] == "flows-hold"]
    assert [(note["severity"], note["message"]) for note in notes] == [
        (
            "note",
            "out (upgraded) should be allowed, but is not judged: the values of the upgrade were not given",
        )
    ]


def test_a_specification_that_is_none_is_a_finding_and_one_that_is_not_there_could_not_run(
    chart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("flows.yaml").write_text(FLOWS.replace("EXPECT", "perhaps"))
    report = judged(capsys, "--chart", str(chart), "--flows", "flows.yaml")
    message = "'perhaps' is not one of allow, deny"
    assert findings(report) == [("specification-is-well-formed", "flows.yaml", 7, message)]
    report = judged(capsys, "--chart", str(chart), "--flows", "nowhere.yaml")
    assert report["exit"] == 2
    assert skipped(report)["flows"] == "cannot read nowhere.yaml: No such file or directory"


def test_plain_manifests_are_judged_by_a_specification_that_is_given(
    chart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = POLICY.replace("{{ .Release.Name }}", "own").replace("{{ .Release.Namespace }}", "sark")
    Path("own.yaml").write_text(policy)
    Path("flows.yaml").write_text(FLOWS.replace("EXPECT", "allow"))
    report = judged(capsys, "--manifests", "own.yaml", "--flows", "flows.yaml")
    assert [stage["name"] for stage in report["stages"]] == ["manifests", "policies", "flows"]
    messages = [message for rule, _, _, message in findings(report) if rule == "flows-hold"]
    assert messages == [
        "in should be allowed, but it is denied: elsewhere/two[Pod] to sark/one[Pod], TCP 80: entering sark/one[Pod]: "
        "denied at the end of NetworkPolicy sark/own-deny at own.yaml:6"
    ]


REFUSED = "Helm refused the values"
NOT_RENDERED = "the chart did not render"


@pytest.mark.parametrize(
    ("file", "text", "rule", "place", "message", "later"),
    [
        (
            "ci/dev-values.yaml",
            "\nsise: 2\n",
            "values-match-schema",
            ("small/ci/dev-values.yaml", 2),
            "sise: unknown key `sise`; did you mean `size`?",
            REFUSED,
        ),
        (
            "values.yaml",
            "host: 3\nsize: 1\n",
            "values-match-schema",
            ("small/values.yaml", 1),
            "host: 3 is a whole number: write text",
            REFUSED,
        ),
        (
            "ci/dev-values.yaml",
            "size: 2\nsize: 3\n",
            "yaml-is-unambiguous",
            ("small/ci/dev-values.yaml", 2),
            "key 'size' is already set on line 1, and the last one wins in silence; keep one of the two",
            "",
        ),
        (
            "ci/dev-values.yaml",
            "- 1\n",
            "values-are-one-mapping",
            ("small/ci/dev-values.yaml", 1),
            "values are no mapping; write `key: value` lines",
            "the values are no mapping",
        ),
        (
            "ci/dev-values.yaml",
            "a: [\n",
            "yaml-is-unambiguous",
            ("small/ci/dev-values.yaml", 2),
            "not YAML: did not find expected node content (line 2, column 1)",
            "the values are no mapping",
        ),
        (
            "values.schema.json",
            json.dumps(SCHEMA | {"properties": SCHEMA["properties"] | {"host": {"format": "ipv4"}}}),  # type: ignore[operator]
            "schema-verdicts-agree",
            ("small/values.yaml", 1),
            "Helm's schema check refuses what passes here: host: 'a.example' is not valid ipv4: ",
            REFUSED,
        ),
        (
            "templates/policy.yaml",
            '# a comment\n{{ fail "size: too small; write 3 or more" }}\n',
            "chart-renders",
            ("small/ci/dev-values.yaml", 1),
            "size: too small; write 3 or more",
            NOT_RENDERED,
        ),
        (
            "templates/policy.yaml",
            '# a comment\n{{ fail "it is broken" }}\n',
            "chart-renders",
            ("small/templates/policy.yaml", 2),
            "it is broken",
            NOT_RENDERED,
        ),
        (
            "templates/policy.yaml",
            "{{ .Values.none.below }}\n",
            "chart-renders",
            ("small/templates/policy.yaml", 1),
            "nil pointer evaluating interface {}.below",
            NOT_RENDERED,
        ),
        (
            "templates/policy.yaml",
            "a: b: c\n",
            "chart-renders",
            ("small/templates/policy.yaml", 0),
            "YAML parse error on small/templates/policy.yaml",
            NOT_RENDERED,
        ),
        (
            "templates/policy.yaml",
            POLICY.replace("  podSelector: {}\n", "  podSelector: {}\n  podSelector: {matchLabels: {a: b}}\n"),
            "yaml-is-unambiguous",
            ("small/templates/policy.yaml", 8),
            "key 'podSelector' is already set on line 9, and the last one wins in silence; keep one of the two",
            "",
        ),
        (
            "templates/policy.yaml",
            POLICY.replace("policyTypes:", "polcyTypes:"),
            "objects-fit-their-schema",
            ("small/templates/policy.yaml", 8),
            "unknown field polcyTypes: refused, or dropped in silence by a client that does not validate; ",
            "",
        ),
    ],
)
def test_a_fault_is_found_where_it_stands(
    chart: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    text: str,
    rule: str,
    place: tuple[str, int],
    message: str,
    later: str,
) -> None:
    (chart / file).write_text(text)
    report = judged(capsys, "--chart", str(chart))
    stands = [(rule, (file, line), message) for rule, file, line, message in findings(report)]
    assert [(rule_id, where) for rule_id, where, _ in stands if rule_id == rule] == [(rule, place)]
    assert message in next(text for rule_id, _, text in stands if rule_id == rule)
    assert report["exit"] == 1
    assert skipped(report).get("policies", "") == later


def test_a_suppressed_finding_is_gone_until_its_day(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = chart / "ci" / "dev-values.yaml"
    values.write_text("# sark:ignore yaml-is-unambiguous until 2999-01-01: a test\nsize: 2\nsize: 2\n")
    assert [line for _, _, line, _ in findings(judged(capsys, "--chart", str(chart)))] == [3]
    values.write_text("size: 2\nsize: 2  # sark:ignore yaml-is-unambiguous until 2999-01-01: a test\n")
    assert findings(judged(capsys, "--chart", str(chart))) == []
    values.write_text("size: 2\nsize: 2  # sark:ignore yaml-is-unambiguous until 2020-01-01: a test\n")
    assert [rule for rule, *_ in findings(judged(capsys, "--chart", str(chart)))] == [
        "yaml-is-unambiguous",
        "suppressions-have-not-expired",
    ]


def test_an_annotation_suppresses_findings_of_its_object(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template = chart / "templates" / "policy.yaml"
    faulty = POLICY.replace("policyTypes: [Ingress]", "policyTypes: [Inbound]")
    template.write_text(faulty)
    rules = {rule for rule, *_ in findings(judged(capsys, "--chart", str(chart)))}
    lines = "".join(f"\n      {rule} until 2999-01-01: a test" for rule in sorted(rules))
    template.write_text(faulty.replace("metadata:", f"metadata:\n  annotations:\n    sark-network/ignore: |{lines}"))
    assert rules
    assert findings(judged(capsys, "--chart", str(chart))) == []


def test_a_suppression_does_not_make_a_chart_that_cannot_render_pass(
    chart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = chart / "ci" / "dev-values.yaml"
    values.write_text("size: two  # sark:ignore values-match-schema until 2999-01-01: a test\n")
    report = judged(capsys, "--chart", str(chart))
    assert (report["exit"], findings(report)) == (2, [])
    assert skipped(report)["render"] == "Helm refused the values"


def test_a_chart_without_environments_is_judged_by_its_own_values(
    chart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (chart / "ci" / "dev-values.yaml").unlink()
    message = (
        "the chart has no environment (ci/NAME-values.yaml), so it is judged by its own values; --values FILE names "
    )
    report = judged(capsys, "--chart", str(chart))
    notes = [finding for stage in report["stages"] for finding in stage["findings"] if finding["severity"] == "note"]
    assert [(note["rule"], note["file"], note["message"]) for note in notes] == [
        ("environments-are-there", "small/values.yaml", f"{message}others"),
        (
            "policies-select-something",
            "small/templates/policy.yaml",
            "1 policy selects no known workload (sark-deny); name workloads with --workloads",
        ),
    ]
    assert findings(report) == []
    assert (report["exit"], skipped(report).keys() - {"envoy"}) == (0, set())
    # Values that somebody names are no environment that is missing.
    Path("one.yaml").write_text("size: 3\n")
    assert findings(judged(capsys, "--chart", str(chart), "--values", "one.yaml")) == []
    (chart / "values.yaml").write_text("size: many\n")
    report = judged(capsys, "--chart", str(chart))
    assert report["exit"] == 1
    assert "values-match-schema" in {rule for rule, *_ in findings(report)}


def test_an_option_that_is_given_twice_adds_up(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (chart / "ci" / "other-values.yaml").write_text("size: 3\n")
    report = judged(capsys, "--chart", str(chart), "--env", "dev", "--env", "other")
    assert {stage["environment"] for stage in report["stages"]} == {"dev", "other"}


def test_values_files_are_an_environment_of_their_own(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.yaml").write_text("host: one.example\nsize: 3\n")
    Path("two.yaml").write_text("size: many\n")
    report = judged(capsys, "--chart", str(chart), "--values", "one.yaml", "two.yaml")
    assert {stage["environment"] for stage in report["stages"]} == {"one.yaml+two.yaml"}
    assert findings(report) == [("values-match-schema", "two.yaml", 1, 'size: "many" is text: write a whole number')]


def test_manifests_are_judged_without_a_chart(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("m").mkdir()
    Path("m/a.yaml").write_text("kind: Pod\nkind: Pod\n")
    report = judged(capsys, "--manifests", "m")
    assert [stage["name"] for stage in report["stages"]] == ["manifests", "policies"]
    assert ("yaml-is-unambiguous", "m/a.yaml", 2) in [finding[:3] for finding in findings(report)]


def test_both_at_once(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text("kind: Pod\nkind: Pod\n")
    report = judged(capsys, "--chart", str(chart), "--env", "dev", "--manifests", "a.yaml")
    assert [(stage["environment"], stage["name"]) for stage in report["stages"]][-2:] == [
        ("", "manifests"),
        ("", "policies"),
    ]


NO_HELM = {"SARK_HELM": "/no/helm"}


def test_without_helm_the_values_are_judged_and_the_rest_did_not_run(
    chart: Path,
) -> None:
    (chart / "ci" / "dev-values.yaml").write_text("size: two\n")
    report = ran("--chart", str(chart), "--format", "json", environment=NO_HELM)
    assert report.returncode == 2
    document = json.loads(report.stdout)
    assert [rule for rule, *_ in findings(document)] == ["values-match-schema"]
    assert skipped(document)["render"].startswith("SARK_HELM names /no/helm, which does not run")
    assert skipped(document)["policies"] == "nothing was rendered"


def ran(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    project = Path(__file__).parent.parent.parent
    return subprocess.run(
        [sys.executable, "-m", "tools.validate", *arguments],
        env={**os.environ, "PYTHONPATH": str(project), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            ["--env", "nowhere"],
            64,
            "there is no environment nowhere; there are app-sark, dev, full, guarded, production, staging, steered;",
        ),
        (["--env"], 64, "argument --env: expected at least one argument"),
        (["--format", "xml"], 64, "argument --format: invalid choice: 'xml'"),
        (["--nope"], 64, "unrecognized arguments: --nope"),
        (["--explain", "no-such-rule"], 64, "there is no rule no-such-rule; --list-rules lists them"),
        (["--kube-version", "new"], 64, "no schemas for Kubernetes new"),
        (["--chart", "/no/chart"], 2, "not run: values: /no/chart is no chart: it has no Chart.yaml"),
        (["--values", "/no/file"], 2, "not run: values (file): cannot read /no/file: No such file or directory"),
        (["--values", "empty"], 2, "not run: values (empty): cannot read empty: it is a directory"),
        (["--values", "bytes"], 2, "not run: values (bytes): cannot read bytes: line 1 is not UTF-8; save it as UTF-8"),
        (
            ["--manifests", "/no/file"],
            2,
            "not run: manifests, policies: cannot read /no/file: No such file or directory",
        ),
        (["--manifests", "empty"], 2, "not run: manifests, policies: empty holds no .yaml, .yml, .json file"),
        (["--manifests", "bytes"], 2, "not run: manifests, policies: cannot read bytes: line 1 is not UTF-8"),
        (["--workloads", "/no/file"], 2, "not run: workloads: cannot read /no/file: No such file or directory"),
        (["--manifests", "list.yaml"], 1, "list.yaml:1: error: "),
        (["--manifests", "deep.json"], 1, "deep.json:1: error: "),
        (["--env", "dev", "--output", "/no/folder/file"], 2, "validate: cannot write /no/folder/file: No such file"),
        (["--env", "dev", "--output", "empty"], 2, "validate: cannot write empty: Is a directory"),
    ],
)
def test_bad_input(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bytes").write_bytes(b"\xff\xfe")
    Path("empty").mkdir()
    Path("list.yaml").write_text("- a\n- b\n")
    Path("deep.json").write_text("[" * 100_000)
    assert ended(arguments) == code
    output = capsys.readouterr()
    assert says in output.out + output.err
    assert "Traceback" not in output.out + output.err


def ended(arguments: list[str]) -> object:
    """The exit code of the command line."""
    try:
        return main(arguments)
    except SystemExit as leaving:
        return leaving.code


def test_the_report_goes_to_a_file(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chart", str(chart), "--format", "sarif", "--output", "out.sarif"]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(Path("out.sarif").read_text())["version"] == "2.1.0"


def test_rules_are_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-rules"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(manual())
    assert main(["--explain", "yaml-is-unambiguous"]) == 0
    assert capsys.readouterr().out.startswith("yaml-is-unambiguous\n\nYAML parses, and each key stands once.\n\n")


def test_every_rule_has_a_manual_entry() -> None:
    for rule, entry in manual().items():
        first, _, rest = entry.partition("\n\n")
        assert first.endswith("."), f"{rule}: {first}"
        assert "\n" not in first, rule
        assert rest.strip(), rule


def test_in_a_pipe_there_is_neither_colour_nor_progress() -> None:
    done = ran("--env", "dev")
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_a_closed_pipe_ends_it_quietly() -> None:
    project = Path(__file__).parent.parent.parent
    command = f"{sys.executable} -m tools.validate --list-rules"
    script = f"{{ {command}; echo $? >&2; }} | true"
    done = subprocess.run(["bash", "-c", script], cwd=project, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.stderr.strip() in ("141", "0")


def wait_for(sign: Path, process: subprocess.Popen[str]) -> None:
    """Until a file is there, or the process ended."""
    while not sign.exists() and process.poll() is None:
        time.sleep(0.01)


def test_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    body = f"[ $1 = version ] && echo v3.22.0 && exit\ntouch {tmp_path}/started\nexec sleep 30"
    helm = program(tmp_path / "helm", body)
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.validate"],
        env={**os.environ, "SARK_HELM": str(helm)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background jobs are started with SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for(tmp_path / "started", process)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "interrupted\n")


@pytest.mark.parametrize("module", ["yaml", "tools.findings.model", "tools.findings.report"])
def test_ctrl_c_while_modules_load_ends_it_quietly(tmp_path: Path, module: str) -> None:
    """The module that is loading gives the sign, and waits for the signal."""
    project = Path(__file__).parent.parent.parent
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.abc, pathlib, sys, time\n"
        "class Slow(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}:\n"
        f"            pathlib.Path({str(tmp_path / 'started')!r}).touch()\n"
        "            time.sleep(30)\n"
        "sys.meta_path.insert(0, Slow())\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.validate", "--list-rules"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{project}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for(tmp_path / "started", process)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20) == ("", "interrupted\n")
    assert process.returncode == 130


def test_ctrl_c_while_helm_waits_ends_it_and_leaves_no_file(tmp_path: Path) -> None:
    """Helm keeps its pipes open for whatever started it, and nobody waits for that."""
    body = f"[ $1 = version ] && echo v3.22.0 && exit\ntouch {tmp_path}/started\ncat; sleep 30"
    helm = program(tmp_path / "helm", body)
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.reach", "matrix", "--env", "dev"],
        env={**os.environ, "SARK_HELM": str(helm), "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for(tmp_path / "started", process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    os.killpg(process.pid, signal.SIGKILL)
    assert process.communicate()[1] == "interrupted\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["helm", "started"]


def test_ctrl_c_removes_what_other_programs_were_to_read(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/envoy.json").touch()
    script = f"import tools\ntools.TEMPORARY.add({str(tmp_path / 'own/envoy.json')!r})\ntools.interrupted(2, None)\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, list(tmp_path.iterdir())) == (130, "interrupted\n", [])


def test_ctrl_c_where_python_can_raise_nothing_is_ctrl_c_all_the_same() -> None:
    script = (
        "import signal, sys\n"
        "from tools.findings import cli\n"
        "cli.COMMAND = True\n"
        "class Fragile:\n"
        "    def __del__(self): raise KeyboardInterrupt\n"
        "def main():\n"
        "    Fragile()\n"
        "    return 0\n"
        "cli.run(main, patient=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_a_fault_of_the_toolkit_is_a_stage_that_did_not_run() -> None:
    def broken() -> tuple[()]:
        raise ZeroDivisionError("by zero")

    notices: list[Stage] = []
    recorder = Recorder("dev", notices.append)
    recorder.run("policies", broken)
    recorder.run("egress", tuple)
    fault = "internal error (please report): ZeroDivisionError: by zero (SARK_TRACEBACK=1 shows where)"
    assert [(stage.name, stage.skipped) for stage in recorder.stages] == [("policies", fault), ("egress", "")]
    assert notices == recorder.stages
    with pytest.raises(ZeroDivisionError), revealed(True):
        recorder.run("policies", broken)


def test_progress_lines() -> None:
    assert line(Stage("values", "dev", seconds=0.5)) == "dev          values     ok         0.50 s"
    assert line(Stage("render", skipped="no helm")) == "-            render     not run    0.00 s"


def test_envoys_findings_stand_in_templates_and_can_be_suppressed(
    chart: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def verdict(objects: tuple[Manifest, ...], environment: str, store: object) -> Stage:
        problem = Problem(objects[0].where("spec.policyTypes"), "Envoy does not accept it")
        return Stage("envoy", environment, (Finding("envoy-accepts-its-configuration", problem),))

    monkeypatch.setattr("tools.validate.command.envoy.verdict", verdict)
    template = chart / "templates" / "policy.yaml"
    place = ("envoy-accepts-its-configuration", "small/templates/policy.yaml", 8, "Envoy does not accept it")
    assert findings(judged(capsys, "--chart", str(chart))) == [place]
    reason = "envoy-accepts-its-configuration until 2999-01-01: a test"
    template.write_text(POLICY.replace("metadata:", f'metadata:\n  annotations: {{sark-network/ignore: "{reason}"}}'))
    assert findings(judged(capsys, "--chart", str(chart))) == []
