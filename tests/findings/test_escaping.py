"""Nothing that comes from input reaches a terminal, a log of CI, CSV, XML, Markdown, SVG or Mermaid unescaped.

Hostile texts are put wherever input can have text, and every format of every command is read back: by what a terminal
would print, by what GitHub's runner and Azure's agent take for a command, and by a reader of the format.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools.cluster.results import junit, stages, table
from tools.cluster.verdict import FAIL, Result
from tools.egress.__main__ import main as egress
from tools.findings import escaping
from tools.findings.cli import complain
from tools.findings.model import Finding, Identity, Problem, Severity, Stage, Where
from tools.findings.report import FORMATS, Report, formats
from tools.reach.__main__ import main as reach
from tools.reach.formats import ANSWERS, MATRIX
from tools.terraform.__main__ import main as terraform
from tools.validate.__main__ import main as validate

HOSTILE = (
    "\x1b[2J\x1b]0;own\x07",
    "\r\n::stop-commands::t",
    "::stop-commands::t",
    "  ::add-mask::x",
    "::error file=a,line=1::x",
    "##[stop-commands]t",
    "##vso[task.setvariable variable=a]b",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\u202eevil\u202c",
    "\u2066a\u2069",
    "\x9b31m",
    "\x7f",
    "\x00",
    "\ud800",
    "\udcff",
    "\ufeff",
    "\u2028::stop-commands::t",
    "]]>&<!--\"'",
    "</title><script>alert(1)</script>",
    "`|*_[a](javascript:b)",
    '"]; click g1 "javascript:c"',
    "%%{init: {}}%%",
    "section_start:1:a\r\x1b[0K",
)
# What begins a workflow command, and what is one wherever it stands.
BEGINS = re.compile(r"^\s*::(?:stop-commands|add-mask|error)", re.MULTILINE)
WITHIN = re.compile(r"##(?:\[|vso\[)")


def safe(text: str, own: str = "") -> None:
    """Hold a text to what every output is held to. `own`: how a line of the format itself begins."""
    for line in text.replace("\r\n", "\n").split("\n"):
        assert line.isprintable() or not line, ascii(line)
        begins = BEGINS.match(line)
        assert not begins or (own and line.startswith(own)), line
        assert not WITHIN.search(line), line
    text.encode("utf-8")


def parsed(form: str, text: str) -> None:
    """Hold a text to its own format."""
    if form in ("json", "sarif"):
        json.loads(text)
    elif form in ("junit", "svg"):
        ElementTree.fromstring(text)
    elif form == "csv":
        for row in csv.reader(io.StringIO(text, newline="")):
            assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row), row


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_each_function_takes_each_text(text: str) -> None:
    for shown in (escaping.line(text), escaping.line(f"a {text}"), escaping.xml(text)):
        safe(shown)
        assert "\n" not in shown
    assert escaping.printable(shown) == shown
    safe(escaping.begun(escaping.printable(text)))
    assert list(csv.reader([f"{escaping.csv(text)},b"])) == [[cell := next(csv.reader([escaping.csv(text)]))[0], "b"]]
    assert not cell.startswith(("=", "+", "-", "@"))
    for ascii_only in (True, False):
        written = escaping.json_text({text: [text]}, ascii=ascii_only)
        safe(written)
        assert json.loads(written) == {text: [text]}
    assert escaping.uri(text).isascii()
    safe(f"::error title={escaping.workflow_property(text)}::{escaping.workflow_data(text)}", "::error")
    assert "," not in escaping.workflow_property(text)


@pytest.mark.parametrize(
    "text", ["::", "::/0", "::1", "2001:db8::-2001:db8::ff", "::ffff:0:0-::ffff:ffff:ffff", "a::b"]
)
def test_an_address_is_no_command(text: str) -> None:
    assert escaping.line(text) == text


def test_what_is_printable_stays_as_it_is() -> None:
    for text in ("zürich → 北京", '50% of <a> & "b", # c', "C:\\path"):
        assert escaping.line(text) == text


def hostile_report(text: str) -> Report:
    """A report with the text wherever one can have text."""
    places = [
        Where(text, text, 3, Identity(text, text, text)),
        Where(f"a/{text}", text, 0, Identity("Pod", "", text)),
        Where(text),
        Where(""),
    ]
    findings = tuple(
        Finding("a-rule", Problem(where, message, severity))
        for where in places
        for severity in Severity
        for message in (text, f"a\n{text}")
    )
    return Report(
        (
            Stage("policies", text, findings),
            Stage(f"cluster: {text}", "", findings, skipped=text),
            Stage("envoy", text, skipped=text, excused=True),
        ),
        rules={"a-rule": f"A rule.\n\n{text}"},
        configuration=text,
    )


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_report(form: str, text: str) -> None:
    written = formats()[form](hostile_report(text))
    safe(written, "::" if form == "github" else "")
    parsed(form, written)
    if form == "github":
        assert all(re.match(r"::(error|warning|notice) ", line) for line in written.splitlines())


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_the_results_of_a_trial(text: str) -> None:
    results = [Result(text, text, FAIL, text), Result("a", text, FAIL, f"a\n{text}", line=3)]
    safe(table(results))
    written = junit(results, text)
    safe(written)
    parsed("junit", written)
    for form in FORMATS:
        safe(formats()[form](Report(stages(results, text, {}, text))), "::" if form == "github" else "")


def test_what_is_said_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    for text in HOSTILE:
        complain("validate", text)
    safe(capsys.readouterr().err)


def quoted(text: str) -> str:
    """The text as YAML, or JSON, can write it."""
    return json.dumps(text)


def manifests(chance: random.Random) -> str:
    """Objects of which every text is hostile somewhere."""

    def word(usual: str) -> str:
        return quoted(chance.choice(HOSTILE) + chance.choice(("", usual)) if chance.random() < 0.4 else usual)

    def labels() -> str:
        return f"{{{word('app')}: {word('web')}}}"

    objects = [
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {word(name)}, namespace: {word('shop')}, labels: {labels()}, "
        f"annotations: {{sark-network/ignore: {word('x')}}}}}\n"
        f"spec: {{containers: [{{name: {word('c')}, image: {word('i')}, "
        f"ports: [{{name: {word('http')}, containerPort: 80}}]}}], {word('restartPolicy')}: {word('Always')}}}\n"
        for name in ("web", "db", "api")
    ]
    objects += [
        f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {word('np')}, namespace: shop}}\n"
        f"spec:\n  podSelector: {{matchLabels: {labels()}}}\n  policyTypes: [{word('Ingress')}]\n"
        f"  ingress: [{{from: [{{podSelector: {{matchLabels: {labels()}}}}}, {{ipBlock: {{cidr: {word('::/0')}}}}}],"
        f" ports: [{{port: {word('http')}, protocol: {word('TCP')}}}]}}]\n",
        f"apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: {word('c')}, namespace: shop}}\n"
        f"spec: {{selector: {word('all()')}, types: [Ingress], ingress: [{{action: {word('Allow')}, "
        f"source: {{selector: {word('has(a)')}, nets: [{word('10.0.0.0/8')}]}}}}]}}\n",
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {word('db')}, namespace: shop}}\n"
        f"spec: {{selector: {labels()}, ports: [{{port: 80, targetPort: {word('http')}}}]}}\n",
        f"apiVersion: {word('example.com/v1')}\nkind: {word('Thing')}\nmetadata: {{name: {word('a')}}}\n",
    ]
    return "---\n".join(objects)


Run = Callable[[Callable[[list[str]], int], list[str], tuple[str, ...]], None]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in each format, and holds what it writes."""
    monkeypatch.chdir(tmp_path)

    def ran(main: Callable[[list[str]], int], arguments: list[str], forms: tuple[str, ...]) -> None:
        for form in forms:
            with contextlib.suppress(SystemExit):
                main([*arguments, "--format", form])
            written = capsys.readouterr()
            safe(written.err)
            safe(written.out, "::" if form == "github" else "")
            if written.out:
                parsed(form, written.out)
            assert "internal error (please report)" not in written.out + written.err

    return ran


SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_manifests_of_any_text_in_every_format_of_validate_and_reach(run: Run, seed: int) -> None:
    chance = random.Random(seed)
    names = ["a\x1b[2J.yaml", "::stop-commands::t.yaml", "b\n::stop-commands::t.yaml", "=c.yaml", "##[group]d.yaml"]
    Path("m").mkdir()
    for name in names:
        Path("m", name).write_text(manifests(chance), encoding="utf-8", errors="surrogatepass")
    Path("m", names[0]).with_suffix(".json").write_text("{")
    run(validate, ["--manifests", "m"], FORMATS)
    run(validate, ["--manifests", f"m/{names[2]}", "--workloads", f"m/{names[1]}"], FORMATS)
    run(reach, ["matrix", "m"], MATRIX)
    run(reach, ["matrix", "m", "--all"], ("csv", "json", "text"))
    run(reach, ["diff", f"manifests:m/{names[0]}", f"manifests:m/{names[3]}"], ANSWERS)
    Path("pods.yaml").write_text(manifests(random.Random(seed + 100)))
    for target in ("svc/db", "10.1.2.3", "db", chance.choice(HOSTILE).replace("\x00", "") or "x"):
        run(reach, ["explain", "web", target, "80", "--manifests", "m"], ANSWERS)
    run(reach, ["matrix", "m", "--focus", chance.choice(HOSTILE)], MATRIX)


def test_values_of_any_text_in_every_format(run: Run) -> None:
    entries = [
        f"    - {{name: a{number}.example.com, owner: {quoted(text)}, reason: {quoted(text)}, expires: {quoted(text)}}}"
        for number, text in enumerate(HOSTILE)
    ]
    entries += [f"    - {quoted(text)}" for text in HOSTILE]
    keys = [f"{quoted(text)}: {quoted(text)}" for text in HOSTILE]
    Path("v.yaml").write_text("\n".join(("egress:", "  domains:", *entries, *keys)))
    run(validate, ["--values", "v.yaml"], FORMATS)
    run(egress, ["list", "--values", "v.yaml"], ("text", "json"))
    for number, text in tuple(enumerate(HOSTILE))[::5]:
        run(egress, ["check", f"a{number}.example.com", "--values", "v.yaml"], ("text", "json"))
        run(egress, ["check", text, "--values", "v.yaml"], ("text",))
        run(egress, ["check", "a", "--env", text], ("text",))


def test_terraform_of_any_text_in_every_format(run: Run) -> None:
    Path("tf").mkdir()
    for number, text in enumerate(HOSTILE):
        written = quoted(text.replace("${", "").replace("%{", ""))
        Path(f"tf/f{number}.tf").write_text(
            f'resource "aws_security_group" "a{number}" {{\n  name = {written}\n  ingress {{\n    from_port = 22\n'
            f'    to_port = 22\n    protocol = {written}\n    cidr_blocks = [{written}, "0.0.0.0/0"]\n  }}\n'
            f"  unknown = {{ {written} = 1 }}\n}}\nlocals {{\n  b{number} = {written}\n}}\n"
            f"resource {written} {written} {{}}\nmodule {written} {{\n  source = {written}\n}}\n"
        )
    run(terraform, ["lint", "tf"], FORMATS)
    for text in HOSTILE:
        run(terraform, ["lint", text], ("text",))


def test_several_lines_stay_lines_and_none_is_a_command() -> None:
    assert escaping.lines("one\n  two\n::stop-commands::x\n\x1b[2J") == "one\n  two\n\\x3a:stop-commands::x\n\\x1b[2J"
