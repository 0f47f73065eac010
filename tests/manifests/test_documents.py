"""YAML text: what it means, where it stands, and what is refused."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.findings.model import Problem, Where
from tools.manifests.documents import manifests, parse
from tools.render.helm import located

BOMB = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
DEEP = "deeper than 100 levels; no Kubernetes object is"


def only(text: str) -> Any:
    parsed = parse(text, "f.yaml")
    assert parsed.problems == ()
    [document] = parsed.documents
    return document.body


@pytest.mark.parametrize(
    ("text", "path", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "a", 3, "key 'a' is already set on line 1, and the last one wins in silence; "),
        ("x:\n  - {b: 1, b: 2}\n", "x[0].b", 2, "key 'b' is already set on line 2, and the last one wins in silence; "),
        ('1: a\n"1": b\n', "1", 2, "key '1' is already set on line 1, and the last one wins in silence; "),
        ("a: [\n", "", 2, "not YAML: did not find expected node content (line 2, column 1)"),
        ("a: b: c\n", "", 1, "not YAML: mapping values are not allowed in this context (line 1, column 5)"),
        ("\ta: 1\n", "", 1, "not YAML: found character that cannot start any token (line 1, column 1)"),
        ("a: 1\nb: \x07\n", "", 2, "not YAML: control characters are not allowed"),
        ("a: \ud800\n", "", 0, "not YAML: surrogates not allowed"),
        ("a: *b\n", "a", 1, "alias *b has no anchor before it; write &b there"),
        ("a: &a\n  - *a\n", "a[0]", 2, "alias *a stands inside its own anchor; write the value out"),
        (BOMB, "a4[7]", 5, "aliases expand to more than 100000 values; write them out"),
        ("[" * 1_000_000, "[0]" * 101, 1, f"nested {DEEP}"),
        ("a:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 200)), "a" + ".a" * 100, 102, f"nested {DEEP}"),
        ("a: !mine b\n", "a", 1, "the tag !mine means nothing to Kubernetes; drop it"),
        ("a: !!set {b}\n", "a", 1, "the tag !!set means nothing to Kubernetes; drop it"),
        ("a: !!binary a\n", "a", 1, "!!binary is not base64; write the text in quotes"),
        ("a: !!int b\n", "a", 1, "the text after !!int is no such value; drop the tag"),
        ("a: !!bool maybe\n", "a", 1, "the text after !!bool is no such value; drop the tag"),
        ("a: !!null x\n", "a", 1, "the text after !!null is no such value; drop the tag"),
        ("? [a]\n: b\n", "", 1, "a key is a list or a mapping; write a plain word"),
        ("a: {<<: 3}\n", 'a["<<"]', 1, "<< merges a mapping or a list of mappings, and this is neither"),
    ],
)
def test_refused(text: str, path: str, line: int, message: str) -> None:
    [problem] = parse(text, "f.yaml").problems
    assert problem.where == Where("f.yaml", path, line)
    assert problem.message == message + ("keep one of the two" if message.endswith("; ") else "")


def test_documents_before_a_syntax_error_are_kept() -> None:
    parsed = parse("a: 1\n---\nb: 2\n---\nc: @\n", "f.yaml")
    assert [document.body for document in parsed.documents] == [{"a": 1}, {"b": 2}]
    assert [problem.where.line for problem in parsed.problems] == [5]


def test_a_duplicate_key_does_not_stop_the_reading() -> None:
    parsed = parse("a: 1\na: 2\n---\nb: 1\nb: 2\n", "f.yaml")
    assert [document.body for document in parsed.documents] == [{"a": 2}, {"b": 2}]
    assert [problem.where for problem in parsed.problems] == [Where("f.yaml", "a", 2), Where("f.yaml", "b", 5)]


def test_empty_documents_are_dropped() -> None:
    assert parse("---\n---\n# nothing\n---\na: 1\n", "f.yaml").documents[0].body == {"a": 1}
    assert parse("", "f.yaml").documents == ()


def test_lines_of_paths() -> None:
    text = 'a:\n  b: 1\n  "c/d":\n    - x\n    - {e: 1}\n'
    [document] = parse(text, "f.yaml").documents
    assert document.lines == {
        "": 1,
        "a": 1,
        "a.b": 2,
        'a["c/d"]': 3,
        'a["c/d"][0]': 4,
        'a["c/d"][1]': 5,
        'a["c/d"][1].e': 5,
    }


def test_a_merge_key_merges_and_own_keys_win() -> None:
    assert only("a: &a {b: 1, c: 2}\nd: {<<: *a, c: 3}\n")["d"] == {"b": 1, "c": 3}
    assert only("a: &a {x: 1}\nb: &b {x: 2, z: 2}\nd: {<<: [*a, *b]}\n")["d"] == {"x": 1, "z": 2}


def test_an_alias_is_its_anchor() -> None:
    assert only("a: &a [1]\nb: *a\n? &k c\n: 1\nd: *k\n") == {"a": [1], "b": [1], "c": 1, "d": "c"}


SCALARS = r"""
y Y n N yes Yes on off Off tRue ~ null 1e3 1E+2 1.5e3 22:22 1:30:00 2027-06-30 2001-12-14t21:59:43.10-05:00 0777 0o17 09
0x1F 0b11 -0x10 +1 -7 1_000 1__0 _1 1. .5 -.5 1.2.3 0x 0b2 1e3_0 12345678901234567890123 .inf 0
00 -0 1e-7 "1" 'yes' "1e3" !!str\ 1 10.0 3.0 1e400x =
""".replace(".inf", "")


def test_scalars_mean_what_helm_says_they_mean(tmp_path: Path) -> None:
    scalars = [word.replace("\\", "") for word in SCALARS.replace("\\ ", "\\\x00").split()]
    scalars = [scalar.replace("\x00", " ") for scalar in scalars]
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: scalars, version: 0.1.0}")
    (chart / "templates" / "x.yaml").write_text("# {{ toJson .Values.items }}\n")
    text = "items:\n" + "".join(f"  - [{scalar}]\n" for scalar in scalars)
    (chart / "values.yaml").write_text(text)
    helm = subprocess.run([located(), "template", chart], capture_output=True, text=True, check=True)
    theirs = json.loads(helm.stdout.partition("# [")[2].join(["[", ""]).splitlines()[0])
    ours = json.loads(json.dumps(only(text)["items"]))
    assert dict(zip(scalars, ours, strict=True)) == dict(zip(scalars, theirs, strict=True))


def test_no_text_makes_it_throw() -> None:
    chooser = random.Random(20261124)
    pieces = [
        "a",
        ": ",
        "\n",
        "  ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&x ",
        "*x",
        "|",
        "'",
        '"',
        "#",
        "!",
        "---\n",
        "<<",
        "%",
        "\t",
    ]
    for _ in range(3000):
        text = "".join(chooser.choices(pieces, k=chooser.randint(1, 25)))
        manifests(parse(text, "f.yaml"), "f.yaml")


LIST = """\
# Source: sark/templates/list.yaml
kind: NetworkPolicyList
items:
  - kind: NetworkPolicy
    metadata: {name: a, namespace: b}
  - kind: NetworkPolicy
    spec:
      egress: []
---
# Source: sark/charts/sub/templates/other.yaml
kind: Pod
metadata: 3
"""


def test_the_items_of_a_list_are_objects() -> None:
    first, second, pod = manifests(parse(LIST, "f.yaml"), "f.yaml")
    assert (first.kind, first.name, first.namespace) == ("NetworkPolicy", "a", "b")
    assert first.where("metadata.name") == Where("f.yaml", "metadata.name", 5)
    assert second.where("spec.egress[0].to") == Where("f.yaml", "spec.egress[0].to", 8)
    assert (pod.kind, pod.name) == ("Pod", "")


def test_the_items_of_a_list_of_one_kind_need_not_say_it() -> None:
    """The API server leaves it out of what it answers (kubernetes/kubernetes #3030)."""
    text = "apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: a}}, {kind: Pod, apiVersion: v2}, 3]\n"
    first, second, third = manifests(parse(text, "f"), "f")
    assert (first.kind, first.name, first.body["apiVersion"]) == ("Pod", "a", "v1")
    assert (second.kind, second.body["apiVersion"], third.kind) == ("Pod", "v2", "")
    [nothing] = manifests(parse("apiVersion: v1\nkind: List\nitems: [{metadata: {name: a}}]\n", "f"), "f")
    assert (nothing.kind, "apiVersion" in nothing.body) == ("", False)


def test_the_template_of_an_object_is_the_one_that_helm_names() -> None:
    files = [manifest.file for manifest in manifests(parse(LIST, "out"), "out", "charts/sark")]
    assert files == ["charts/sark/templates/list.yaml"] * 2 + ["charts/sark/charts/sub/templates/other.yaml"]
    assert {manifest.file for manifest in manifests(parse("kind: A\n", "out"), "out", "charts/sark")} == {"out"}


def test_a_long_list_is_read_in_linear_time() -> None:
    text = "kind: List\nitems:\n" + "".join(f"- kind: Pod\n  metadata: {{name: p{n}}}\n" for n in range(5000))
    assert len(manifests(parse(text, "f"), "f")) == 5000


def test_problems_are_values() -> None:
    assert isinstance(parse("a: [", "f").problems[0], Problem)
