"""The chart's README: its table is what values.yaml says, and the tool that writes it fails with words."""

from pathlib import Path

import pytest

from tools.manifests.documents import parse
from tools.validate.docs.__main__ import main as command
from tools.validate.docs.chart_page import pages
from tools.validate.docs.page_file import keep
from tools.validate.docs.values_table import BEGIN, END, ValueRow, rows, table, updated

VALUES = """\
# About the file.

# -- The first.
first: 1
# Not for the table.
second:
  # -- On or off:
  # a | b.
  mode: on-or-off
  # -- Ports by name.
  ports: {http: 80}
  bare: []
third: {}
"""


def table_rows() -> tuple[ValueRow, ...]:
    [document] = parse(VALUES, "values.yaml").documents
    return tuple(rows(document, VALUES))


def chart(tmp_path: Path, readme: str, values: str = VALUES) -> Path:
    (tmp_path / "values.yaml").write_text(values)
    (tmp_path / "README.md").write_text(readme)
    return tmp_path


def test_rows() -> None:
    assert table_rows() == (
        ValueRow("first", 1, "The first."),
        ValueRow("second.mode", "on-or-off", "On or off: a | b."),
        ValueRow("second.ports", {"http": 80}, "Ports by name."),
        ValueRow("second.bare", [], ""),
        ValueRow("third", {}, ""),
    )


def test_table_escapes_bars() -> None:
    assert '| `second.mode` | `"on-or-off"` | On or off: a \\| b. |' in table(table_rows())


@pytest.mark.parametrize("readme", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}\n{BEGIN}\n{END}"])
def test_markers_are_needed(readme: str) -> None:
    assert updated(readme, "x") is None


def test_the_text_around_the_table_stays() -> None:
    assert updated(f"a\n{BEGIN}\nold\n{END}\nb\n", "new") == f"a\n{BEGIN}\nnew\n{END}\nb\n"


def test_committed_readme_is_up_to_date() -> None:
    assert keep(pages(), check=True) == 0


def test_check_finds_an_old_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = chart(tmp_path, f"{BEGIN}\n{END}\n")
    assert keep(pages(here), check=True) == 1
    assert "its table is not what values.yaml says; run python -m tools.validate.docs" in capsys.readouterr().out
    assert keep(pages(here), check=False) == 0
    assert keep(pages(here), check=True) == 0
    assert "| `first` | `1` | The first. |" in (here / "README.md").read_text()


@pytest.mark.parametrize(
    ("readme", "values", "says"),
    [
        ("no markers", VALUES, "the table goes between two lines"),
        (f"{BEGIN}\n{END}", "a: [", "values.yaml:2: not YAML"),
        (f"{BEGIN}\n{END}", "- a\n", "is no mapping of values"),
        (f"{BEGIN}\n{END}", "a: 1\na: 2\n", "values.yaml:2:"),
    ],
)
def test_what_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], readme: str, values: str, says: str
) -> None:
    assert keep(pages(chart(tmp_path, readme, values)), check=False) == 2
    assert says in capsys.readouterr().err


def test_missing_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert keep(pages(tmp_path), check=False) == 2
    error = capsys.readouterr().err
    assert error.startswith("validate.docs: cannot read ")
    assert "README.md: No such file or directory" in error


def test_wrong_option_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        command(["--chek"])
    assert left.value.code == 64
    assert "unrecognized arguments: --chek" in capsys.readouterr().err
