"""`--coverage`: branches that no environment reaches, and values that nothing reads, each with its line."""

from pathlib import Path

import pytest

from tests.validate.chart.conftest import POLICY, Report, of_stage
from tools.validate.chart.branches import Reads, branches, changed, instrumented, leaves, reached

TEMPLATE = """\
{{- /* if nothing: a comment opens nothing */ -}}
{{- if eq (int .Values.size) 1 }}
a: "{{ "}} {{ if" }}"
{{- else if gt (int .Values.size) 9 -}}
{{ fail "size: too big" }}
{{- else }}
{{- with .Values.host }}
b: {{ . }}
{{- end }}
{{- end }}
{{- define "helper" }}{{ range $i := until 3 }}{{ $i }}{{ else }}none{{ end }}{{ end }}
"""


def test_branches_have_their_lines_and_what_opens_them() -> None:
    assert [(each.line, each.opening, each.refuses) for each in branches(TEMPLATE, "t")] == [
        (2, "if eq (int .Values.size) 1", False),
        (4, "else if gt (int .Values.size) 9", True),
        (6, "else", False),
        (7, "with .Values.host", False),
        (11, 'define "helper"', False),
        (11, "range $i := until 3", False),
        (11, "else", False),
    ]


@pytest.mark.parametrize(
    ("text", "refuses"),
    [
        ('{{ if .a }}{{ fail "x" }}{{ end }}', True),
        ('{{ if .a }}{{ required "x" .b }}{{ end }}', True),
        ('{{ if .a }}{{ "fail" }}{{ end }}', False),
        ('{{ if .a }}{{ if .b }}{{ end }}{{ end }}{{ fail "x" }}', False),
        ('{{ define "a" }}{{ fail "x" }}{{ end }}', False),
    ],
)
def test_a_branch_that_ends_the_render_refuses(text: str, refuses: bool) -> None:
    assert branches(text, "t")[0].refuses is refuses


def test_a_marked_template_is_the_same_but_for_its_marks() -> None:
    every = dict(enumerate(branches(TEMPLATE, "t")))
    text = instrumented(TEMPLATE, every)
    for number in every:
        mark = f'{{{{ fail "sark-network reached branch {number}" }}}}'
        assert text.count(mark) == 1
        text = text.replace(mark, "")
    assert text == TEMPLATE
    assert (reached("Error: sark-network reached branch 12"), reached("size: too big")) == (12, None)


@pytest.mark.parametrize(
    ("template", "path", "certainly", "perhaps"),
    [
        ("{{ .Values.a.b }}", ("a", "b"), True, True),
        ("{{ $.Values.a.b.c }}", ("a", "b"), True, False),
        ("{{ with .Values.a }}{{ .b }}{{ end }}", ("a", "b"), False, True),
        ("{{ with .Values.a }}{{ .b }}{{ end }}", ("a", "c"), False, False),
        ('{{ index .Values "a" "b" }}', ("a", "b"), True, True),
        ('{{ index .Values $key "b" }}', ("a", "b"), False, True),
        ("{{ .Values.ab }}", ("a",), False, False),
        (".Values.a outside of an action", ("a",), False, False),
    ],
)
def test_what_a_template_reads(template: str, path: tuple[str, ...], certainly: bool, perhaps: bool) -> None:
    reads = Reads.of([template])
    assert (reads.certainly(path), reads.perhaps(path)) == (certainly, perhaps)


def test_the_leaves_of_values() -> None:
    values = {"a": {"b": 1, "c": {}}, "d": [{"e": 1}], "global": {"f": 1}}
    assert [*leaves(values, {"global"})] == [("a", "b"), ("a", "c"), ("d",)]


@pytest.mark.parametrize("value", [True, 0, 1.5, "a", "", [], ["a"], {}, None])
def test_a_changed_value_is_another(value: object) -> None:
    assert changed(value) != value


def test_what_no_environment_reaches_is_listed_with_a_figure(small: Path, report: Report) -> None:
    (small / "templates" / "_a.tpl").write_text(TEMPLATE)
    (small / "templates" / "a.yaml").write_text(TEMPLATE.replace("define", "if and false"))
    figure, *missed = of_stage(report("--coverage"), "coverage")
    # The text outside of `define` in a file that begins with _ is rendered by nobody.
    assert figure == ("note", 0, "2 of 12 branches of the templates are reached by 1 environment (16.7 %)")
    assert missed[-3:] == [
        ("note", 11, 'no environment reaches what follows `if and false "helper"`'),
        ("note", 11, "no environment reaches what follows `range $i := until 3`"),
        ("note", 11, "no environment reaches what follows `else`"),
    ]
    assert ("note", 2, "no environment reaches what follows `if eq (int .Values.size) 1`") in missed
    (small / "ci" / "one-values.yaml").write_text("size: 1\n")
    figure, *_ = of_stage(report("--coverage"), "coverage")
    assert figure == ("note", 0, "3 of 12 branches of the templates are reached by 2 environments (25.0 %)")


def test_refusals_reach_the_branches_that_refuse(small: Path, report: Report) -> None:
    (small / "templates" / "policy.yaml").write_text(TEMPLATE.partition("{{- define")[0] + "---\n" + POLICY)
    Path("refused.yaml").write_text('values: [{values: {size: 10}, says: "size: too big"}]\n')
    (small / "ci" / "one-values.yaml").write_text("size: 1\n")
    figures = [
        of_stage(report(*words, "--coverage", "100"), "coverage") for words in ([], ["--refused", "refused.yaml"])
    ]
    assert figures == [
        [("note", 0, "3 of 3 branches of the templates are reached by 2 environments (100.0 %)")],
        [("note", 0, "4 of 4 branches of the templates are reached by 2 environments (100.0 %)")],
    ]


def test_a_folder_of_templates_may_be_called_as_one_that_is_left_out(small: Path, report: Report) -> None:
    (small / "templates" / "ci").mkdir()
    (small / "templates" / "ci" / "a.yaml").write_text("{{ if .Values.size }}{{ else }}{{ end }}\n")
    assert of_stage(report("--coverage"), "coverage")[0][2].startswith("1 of 2 branches of the templates are reached ")


def test_less_than_what_is_asked_for_is_an_error(small: Path, report: Report) -> None:
    (small / "templates" / "a.yaml").write_text("{{ if .Values.size }}{{ else }}{{ end }}\n")
    Path(".sark-network.yaml").write_text("coverage: 51\n")
    document = report()
    assert document["exit"] == 1
    assert of_stage(document, "coverage")[0] == (
        "error",
        0,
        "1 of 2 branches of the templates are reached by 1 environment (50.0 %), and 51 % are asked for",
    )
    assert report("--coverage", "50")["exit"] == 0


def test_a_value_that_nothing_reads_is_a_finding(small: Path, report: Report) -> None:
    """`size` is named by no template; `kept.name` by none either, but its mapping is written out whole."""
    (small / "values.yaml").write_text("host: a.example\nsize: 1\nkept: {name: x}\n")
    (small / "values.schema.json").unlink()
    (small / "templates" / "policy.yaml").write_text(
        "{{ if true }}\n"
        + POLICY.replace("namespace:", "annotations: {{ toJson .Values.kept }}, namespace:")
        + "{{ end }}\n"
    )
    findings = of_stage(report("--coverage"), "coverage")
    message = "no template names this value, and nothing that is rendered changes with it"
    assert [item for item in findings if item[0] != "note"] == [("warning", 2, message)]


def test_templates_without_a_branch_could_not_run(report: Report) -> None:
    [stage] = [stage for stage in report("--coverage")["stages"] if stage["name"] == "coverage"]
    assert stage["skipped"] == "small: no template has a branch, so there is nothing to count"


@pytest.mark.parametrize("percent", ["101", "-1", "half", "²"])
def test_a_percentage_is_one(percent: str, report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        report(f"--coverage={percent}")
    assert raised.value.code == 64
    assert f"{percent!r} is no whole number from 0 to 100" in capsys.readouterr().err
