"""A values file means to the toolkit what it means to Helm, which reads the file itself: one verdict, one reading."""

import asyncio
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tools.findings.model import Where, run
from tools.manifests.documents import parse
from tools.manifests.rules.yaml import CHECKS
from tools.render.helm import located
from tools.render.helm_errors import classify
from tools.render.own import CHART
from tools.render.template import render
from tools.render.values import Layer, Values
from tools.validate.__main__ import main
from tools.validate.rules.render import Rendering, chart_renders

# What stands in the file, by the feature of YAML that it shows. Helm and the toolkit read it, and read the same.
READ = {
    "plain": "a: {b: [1, two, 3.5]}",
    "nothing": "",
    "comment alone": "# nothing\n",
    "anchor": "x: &x {a: 1}\ny: *x",
    "anchor on a scalar": "x: &x 1e3\ny: [*x, *x]",
    "merge key": "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}",
    "merge of several": "x: &x {a: 1, b: 2}\nz: &z {b: 4, c: 5}\ny: {<<: [*x, *z], d: 6}",
    "merge below the keys": "x: &x {a: 1}\ny: {a: 2, <<: *x}",
    "quoted merge key": 'y: {"<<": 3}',
    "yes and no": "a: [yes, no, Yes, NO, on, Off, y, n, Y, N, true, False]",
    "as keys": "{yes: 1, off: 2, 3: c, 4.5: d, ~x: e}",
    "octal": "a: [010, 0o10, 0777, 08, 0, 00, -010]",
    "hexadecimal and binary": "a: [0x1F, 0b101, -0x10, 0x]",
    "underscores": "a: [1_000, 1__0, _1, 1_]",
    "exponents": "a: [1e3, 1E+3, 1.5e-3, 1e, .5, 5., +1]",
    "timestamps": "a: [2027-01-01, 2027-01-01T00:00:00Z, 2027-13-01]",
    "sexagesimal": "a: [22:22, 1:00:00]",
    "large integers": "a: [2147483648, 9007199254740993, 9223372036854775807, 18446744073709551615]",
    "integers beyond 64 bits": "a: [18446744073709551616, -9223372036854775809, 123456789012345678901234567890]",
    "nothing as a value": "{a: , b: ~, c: null, d: Null, e: ''}",
    "tags of YAML": "a: [!!str 1, !!int '3', !!bool 'yes', !!null '']",
    "the tag of text alone": "a: [! 1]",
    "block text": "a: |\n  x\n  y\nb: >-\n  x\n  y\n",
    "text on several lines": "a: 'x\n  y'",
    "escapes": 'a: "\\u00e9\\n\\t\\x41"',
    "document start and end": "---\na: 1\n...\n",
    "directive": "%YAML 1.1\n---\na: yes\n",
    "byte order mark": "\ufeffa: 1\n",
    "carriage returns": "a: 1\r\nb: 2\r\n",
    "tab after a value": "a: 1\t\nb: [1,\t2]\n",
}  # fmt: skip
# Both refuse: what the toolkit says.
REFUSED = {
    "null key": ("a: {null: x}", "a key is empty or null, which Helm and kubectl refuse; write it in quotes"),
    "key of tilde": ("~: x", "a key is empty or null, which Helm and kubectl refuse; write it in quotes"),
    "key of nothing": ("a:\n  : x", "not YAML: did not find expected key (line 2, column 3)"),
    "list as key": ("a: {? [b] : c}", "a key is a list or a mapping; write a plain word"),
    "mapping as key": ("{? {a: 1} : c}", "a key is a list or a mapping; write a plain word"),
    "alias without anchor": ("a: *b", "alias *b has no anchor before it; write &b there"),
    "alias of itself": ("a: &a [*a]", "alias *a stands inside its own anchor; write the value out"),
    "merge of a number": ("a: {<<: 3}", "<< merges a mapping or a list of mappings, and this is neither"),
    "tab as indentation": ("a:\n\tb: 1", "not YAML: found character that cannot start any token (line 2, column 1)"),
    "list": ("- a", "values are no mapping; write `key: value` lines"),
    "text": ("plain", "values are no mapping; write `key: value` lines"),
    "unfinished": ("a: [", "not YAML: did not find expected node content (line 2, column 1)"),
}
# Helm reads these, and takes something in silence that the writer cannot have meant: the toolkit is stricter by intent.
_TWICE = "is already set on line 1, and the last one wins in silence; keep one of the two"
STRICTER = {
    "duplicate key": ("a: 1\na: 2", f"key 'a' {_TWICE}"),
    "the same key in two spellings": ("{yes: 1, true: 2}", f"key 'true' {_TWICE}"),
    "tag of one's own": ("a: !secret x", "the tag !secret means nothing to Kubernetes; drop it"),
    "second document": (
        "a: 1\n---\nb: 2",
        "a second document: Helm 3 drops it, Helm 4 merges it; join it to the first",
    ),
    "beyond every number": (
        "a: 1e999",
        "1e999 is beyond every number that Kubernetes can read; write a smaller one, or quote it",
    ),
}


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that prints its values as Helm reads them."""
    chart = tmp_path_factory.mktemp("probe")
    (chart / "templates").mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: probe\nversion: 0.1.0\n")
    (chart / "templates" / "values.yaml").write_text("# is: {{ toJson .Values }}\n")
    return chart


def helms(chart: Path, text: str, name: str) -> Any:
    """Helm's reading of a values file, None when it refuses the file."""
    file = chart / f"{name}.values"
    file.write_bytes(text.encode())
    ran = subprocess.run(
        [located(), "template", "a", str(chart), "-f", str(file)], capture_output=True, text=True, check=False
    )
    printed = [line.removeprefix("# is: ") for line in ran.stdout.splitlines() if line.startswith("# is: ")]
    assert printed or ran.returncode, ran.stderr
    return {key: value for key, value in json.loads(printed[0]).items() if key != "global"} if printed else None


def toolkits(text: str) -> tuple[list[str], Any]:
    """What the toolkit says of a values file, and its reading, in JSON's numbers as Helm's are."""
    parsed = parse(text, "values.yaml")
    problems = [finding.problem for finding in run(CHECKS, parsed)]
    body = parsed.documents[0].body if parsed.documents else {}
    return [problem.message for problem in problems], json.loads(json.dumps(body), parse_int=float, parse_float=float)


def test_helm_and_the_toolkit_come_to_one_verdict_and_one_reading(probe: Path) -> None:
    asked = {**READ, **{name: text for name, (text, _) in (REFUSED | STRICTER).items()}}
    with ThreadPoolExecutor(2) as pool:
        answers = dict(
            zip(asked, pool.map(lambda question: helms(probe, question[1], question[0]), asked.items()), strict=True)
        )
    assert [name for name in asked if (answers[name] is None) != (name in REFUSED)] == []
    assert {name: toolkits(text)[0] for name, text in READ.items() if toolkits(text)[0]} == {}
    floats = {name: json.loads(json.dumps(answers[name]), parse_int=float) for name in READ}
    read = {name: toolkits(text)[1] for name, text in READ.items()}
    assert {name: (floats[name], read[name]) for name in READ if not same(floats[name], read[name])} == {}
    verdicts = {name: toolkits(text)[0] for name, (text, _) in (REFUSED | STRICTER).items()}
    assert verdicts == {name: [words] for name, (_, words) in (REFUSED | STRICTER).items()}


def same(helm: dict[str, Any], own: dict[str, Any]) -> bool:
    """Equal, but for nulls at the top: whether Helm keeps one that no chart's own value is below of is not settled."""
    return {key: value for key, value in helm.items() if value is not None} == {
        key: value for key, value in own.items() if value is not None
    }


@pytest.mark.parametrize("name", ["values, 2.yaml", 'a "b".yaml', "s3:x.yaml", "'$HOME'.yaml"])
def test_helm_is_given_the_users_own_files(
    tmp_path: Path, name: str, probe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("first.yaml").write_text("a: {b: 1, c: 010}\n")
    Path(name).write_text("a: {b: yes}\n")
    text = asyncio.run(render(probe, files=(Path("first.yaml"), Path(name))))
    assert '"a":{"b":true,"c":8}' in text


def test_what_helm_alone_cannot_read_is_a_finding_with_its_line() -> None:
    stderr = "Error: failed to parse /x/deep/v.yaml: error converting YAML to JSON: yaml: line 7: no such thing\n"
    fourth = stderr.replace("error converting", "cannot unmarshal yaml document: error converting")
    layers = (Layer("values.yaml", {}, {}), Layer("deep/v.yaml", {}, {}))
    values = Values("", {}, layers, {}, "", "")
    for text in (stderr, fourth):
        error = classify(text)
        assert error.kind == "values"
        [problem] = chart_renders(Rendering(values, "charts/sark", error))
        assert (problem.where, problem.message) == (
            Where("deep/v.yaml", "", 7),
            "Helm cannot read the file: yaml: line 7: no such thing",
        )


@pytest.mark.parametrize(("feature", "code"), [("null key", 1), ("tab as indentation", 1), ("list", 1)])
def test_validate_refuses_what_helm_refuses(
    feature: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, words = REFUSED[feature]
    file = tmp_path / "v.yaml"
    file.write_text(text + "\n")
    ran = subprocess.run([located(), "template", "a", str(CHART), "-f", str(file)], capture_output=True, check=False)
    assert ran.returncode
    assert main(["--values", str(file)]) == code
    assert words in capsys.readouterr().out
