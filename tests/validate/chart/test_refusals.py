"""`--refused`: a row that is let pass, or refused in other words, is a finding; a table that is none could not run."""

from pathlib import Path

import pytest

from tests.validate.chart.conftest import Report, of_stage

TABLE = """\
at:
  host:
    UPPER: does not match pattern
    lower: does not match pattern
values:
  - {values: {size: big}, says: "got string, want integer"}
  - {values: {size: 1.5}, says: "write a whole number"}
  - {values: {sizes: 1}, says: "additional properties 'sizes' not allowed"}
"""


def test_each_row_is_tried_and_says_where_it_is_wrong(report: Report) -> None:
    Path("refused.yaml").write_text(TABLE)
    document = report("--refused", "refused.yaml")
    assert document["exit"] == 1
    assert of_stage(document, "refusals") == [
        (
            "error",
            4,
            'the chart renders with these values, which are to be refused with "does not match pattern"',
        ),
        (
            "error",
            7,
            'these values are refused, and not with "write a whole number"; Helm says: size: got number, want integer',
        ),
    ]


def test_rows_that_hold_are_clean_and_a_folder_is_as_good_as_a_table(report: Report) -> None:
    Path("bad").mkdir()
    Path("bad/upper.yaml").write_text("# refused: does not match pattern\nhost: UPPER\n")
    Path("bad/both.yaml").write_text("# refused: at '/host'\n# refused: at '/size'\nhost: 1\nsize: big\n")
    document = report("--refused", "bad")
    assert (document["exit"], of_stage(document, "refusals")) == (0, [])
    Path("bad/good.yaml").write_text("# refused: at '/size'\nsize: 3\n")
    [(severity, _, message)] = of_stage(report("--refused", "bad"), "refusals")
    assert (severity, message) == (
        "error",
        "the chart renders with these values, which are to be refused with \"at '/size'\"",
    )


def test_the_refusal_of_a_template_counts_as_the_schemas(small: Path, report: Report) -> None:
    template = small / "templates" / "policy.yaml"
    template.write_text('{{ if gt (int .Values.size) 9 }}{{ fail "size: too big" }}{{ end }}\n' + template.read_text())
    Path("refused.yaml").write_text('values: [{values: {size: 10}, says: "size: too big"}]\n')
    assert of_stage(report("--refused", "refused.yaml"), "refusals") == []


def test_the_configuration_file_names_it(report: Report) -> None:
    Path(".sark-network.yaml").write_text("refused: refused.yaml\n")
    Path("refused.yaml").write_text("values: [{values: {size: 2}, says: size}]\n")
    assert [line for _, line, _ in of_stage(report(), "refusals")] == [1]


FORM = "write `values: [{values: {…}, says: …}]`, or `at: {a.path: {a value: what is said of it}}`"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", f"refused.yaml: it is no table of values to be refused; {FORM}"),
        ("- a\n", f"refused.yaml: it is no table of values to be refused; {FORM}"),
        ("{}\n", f"refused.yaml: the table is empty; {FORM}"),
        ("value: []\n", f"refused.yaml:1: value is no key of the table; {FORM}"),
        ("values: {a: b}\n", f"refused.yaml:1: values is no list; {FORM}"),
        ("values:\n- {values: {a: 1}}\n", f"refused.yaml:2: values[0] is no row of the table; {FORM}"),
        ("values:\n- {values: a, says: b}\n", f"refused.yaml:2: values[0] is no row of the table; {FORM}"),
        (
            "values:\n- {values: {}, says: ' '}\n",
            f"refused.yaml:2: values[0] does not say what its refusal has to say; {FORM}",
        ),
        ("at: [a]\n", f"refused.yaml:1: at is no mapping; {FORM}"),
        ("at:\n  a: b\n", f"refused.yaml:2: at.a is no mapping; {FORM}"),
        ("at:\n  a: {b: 3}\n", f"refused.yaml:2: at.a.b does not say what its refusal has to say; {FORM}"),
        (
            "at:\n  'a[1]': {b: c}\n",
            "refused.yaml:2: a[1] is no path of values; write keys and, for a list, [0]: `egress.domains[0]`",
        ),
        ("a: [\n", "refused.yaml:2: not YAML: did not find expected node content (line 2, column 1)"),
    ],
)
def test_a_table_that_is_none_could_not_run(text: str, reason: str, report: Report) -> None:
    Path("refused.yaml").write_text(text)
    document = report("--refused", "refused.yaml")
    [stage] = [stage for stage in document["stages"] if stage["name"] == "refusals"]
    assert (document["exit"], stage["skipped"]) == (2, reason)


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("bad/a.txt", "a: 1", "bad: no values file is in the folder, so nothing was tried"),
        (
            "bad/a.yaml",
            "a: 1",
            "bad/a.yaml: nothing says what its refusal has to say; write a comment `# refused: …`",
        ),
    ],
)
def test_a_folder_without_refusals_could_not_run(file: str, text: str, reason: str, report: Report) -> None:
    Path("bad").mkdir()
    Path(file).write_text(text)
    document = report("--refused", "bad")
    [stage] = [stage for stage in document["stages"] if stage["name"] == "refusals"]
    assert (document["exit"], stage["skipped"]) == (2, reason)
