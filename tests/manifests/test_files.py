"""Files that cannot be read are named, and it is said why."""

import io
from pathlib import Path

import pytest

from tools.findings.errors import InputError
from tools.manifests.files import decoded, manifest_sources, manifest_texts, mapping, objects, read_text, shown
from tools.render.chart import Chart, chart


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_that_cannot_be_read(here: Path) -> None:
    (here / "folder").mkdir()
    (here / "bytes").write_bytes(b"a: 1\nb: \xff\n")
    for name, message in (
        ("none", "cannot read none: No such file or directory"),
        ("folder", "cannot read folder: it is a directory"),
        ("bytes", "cannot read bytes: line 2 is not UTF-8; save it as UTF-8"),
        ("none/below", "cannot read none/below: No such file or directory"),
        ("bytes/below", "cannot read bytes/below: Not a directory"),
    ):
        with pytest.raises(InputError) as raised:
            read_text(Path(name))
        assert str(raised.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "v.yaml: values are no mapping; write `key: value` lines, in one document"),
        ("3\n", "v.yaml: values are no mapping; write `key: value` lines, in one document"),
        ("a: 1\n---\nb: 1\n", "v.yaml: values are no mapping; write `key: value` lines, in one document"),
        ("a: [\n", "v.yaml:2: not YAML: did not find expected node content (line 2, column 1)"),
    ],
)
def test_values_that_are_no_mapping(here: Path, text: str, message: str) -> None:
    (here / "v.yaml").write_text(text)
    with pytest.raises(InputError) as raised:
        mapping(Path("v.yaml"))
    assert str(raised.value) == message


def test_an_empty_values_file_is_an_empty_mapping(here: Path) -> None:
    (here / "v.yaml").write_text("# nothing yet\n")
    assert mapping(Path("v.yaml")) == {}


def test_a_directory_that_is_no_chart(here: Path) -> None:
    (here / "folder").mkdir()
    with pytest.raises(InputError) as raised:
        chart(here / "folder")
    assert str(raised.value) == "folder is no chart: it has no Chart.yaml; name one with --chart DIR"


def test_environments_are_the_values_files_of_ci(here: Path) -> None:
    (here / "ci").mkdir()
    for name in ("b-values.yaml", "a-values.yaml", "notes.txt"):
        (here / "ci" / name).touch()
    assert list(Chart(here).environments) == ["a", "b"]


def test_a_schema_that_is_no_json(here: Path) -> None:
    (here / "values.schema.json").write_text('{\n  "a": }\n')
    with pytest.raises(InputError) as raised:
        _ = Chart(here).schema
    assert str(raised.value) == "values.schema.json:2: not JSON: Expecting value"


def test_manifests_of_a_directory_in_order(here: Path) -> None:
    for name in ("d/b.yaml", "d/a.yml", "d/e/c.json", "d/readme.md"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(name)
    assert list(manifest_texts(["d", "d/readme.md"])) == [
        ("d/a.yml", "d/a.yml"),
        ("d/b.yaml", "d/b.yaml"),
        ("d/e/c.json", "d/e/c.json"),
        ("d/readme.md", "d/readme.md"),
    ]


def test_a_file_that_two_paths_lead_to_is_one_file(here: Path) -> None:
    (here / "d").mkdir()
    (here / "d/a.yaml").write_text("a")
    (here / "d/b.yaml").symlink_to("a.yaml")
    assert list(manifest_texts(["d/a.yaml", "d", "./d/a.yaml", "d/b.yaml"])) == [("d/a.yaml", "a")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n", "a.yaml:1: this document is not an object; write apiVersion, kind and metadata.name"),
        ("kind: Pod\n---\n- a\n", "a.yaml:3: this document is not an object; write apiVersion, kind and metadata.name"),
        ("kind: Pod\na: *b\n", "a.yaml:2: alias *b has no anchor before it; write &b there"),
    ],
)
def test_objects_are_objects_all_of_them(here: Path, text: str, message: str) -> None:
    (here / "a.yaml").write_text(text)
    with pytest.raises(InputError) as raised:
        objects(["a.yaml"])
    assert str(raised.value) == message


def test_what_is_no_manifest_of_a_directory_is_passed_over_or_refused(here: Path) -> None:
    for name in (
        "all/a.yaml",
        "all/.git/refs/heads/b.yaml",
        "all/.venv/pyvenv.cfg",
        "all/.venv/lib/c.yaml",
        "all/.hidden/d.yaml",
        "all/shop/Chart.yaml",
        "all/shop/templates/e.yaml",
        "all/shop/charts/below/Chart.yaml",
    ):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("")
    sources = list(manifest_sources(["all"]))
    refusal = "all/shop is a chart, whose templates are not manifests; write --chart all/shop"
    assert [source.refusal for source in sources if source.refusal] == [refusal]
    assert [source.file for source in sources if not source.refusal] == ["all/.hidden/d.yaml", "all/a.yaml"]
    with pytest.raises(InputError, match=refusal):
        objects(["all"])


def test_a_directory_without_manifests_is_not_a_pass(here: Path) -> None:
    (here / "d").mkdir()
    with pytest.raises(InputError) as raised:
        list(manifest_texts(["d"]))
    assert str(raised.value) == "d holds no .yaml, .yml, .json file"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"kind: A\n")))
    assert list(manifest_texts(["-"])) == [("<stdin>", "kind: A\n")]
    with pytest.raises(InputError, match="cannot read standard input: line 1 is not UTF-8"):
        decoded(b"\xff", "standard input")


def test_paths_are_shown_as_the_user_would_type_them(here: Path) -> None:
    assert shown(here / "a" / "b") == "a/b"
    assert shown(here.parent / "x") == str(here.parent / "x")
