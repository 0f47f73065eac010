"""Formats for machines: netpol-analyzer's lines, CSV, and JSON by its schema."""

from __future__ import annotations

import csv
import io
import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.reach.samples.examples import CHANGES, EXPLANATION, HOSTILE, SMALL
from tests.reach.samples.matrices import conns, made, rows
from tools.reach.connections import ALL, minus, of, union
from tools.reach.diff import Changed
from tools.reach.formats.protocols import others
from tools.reach.formats.writers import diff_formats, explanation_formats, matrix_formats
from tools.reach.model import Matrix, Verdict

A, B = "a/x[Pod]", "b/y[Deployment]"


def written(name: str, matrix: Matrix) -> str:
    return "".join(matrix_formats()[name](matrix))


# As netpol-analyzer prints them for policies that say the same.
@pytest.mark.parametrize(
    ("row", "line"),
    [
        ((A, B, "TCP 80"), f"{A} => {B} : TCP 80"),
        ((A, B, "TCP 80,443,100-200"), f"{A} => {B} : TCP 80,100-200,443"),
        (
            (A, "1.1.1.1", "UDP 443; TCP 81-90,80,8; SCTP 5-70"),
            f"{A} => 1.1.1.1-1.1.1.1[External] : SCTP 5-70,TCP 8,80-90,UDP 443",
        ),
        ((A, "1.1.1.10", "TCP 80; UDP"), f"{A} => 1.1.1.10-1.1.1.10[External] : TCP 80,UDP 1-65535"),
        (("0.0.0.0-255.255.255.255", A, "all"), f"0.0.0.0-255.255.255.255[External] => {A} : All Connections"),
        (("{ingress-controller}", A, "TCP 8080"), f"{{ingress-controller}} => {A} : TCP 8080"),
        (("::-ffff::", A, "TCP"), f"::-ffff::[External] => {A} : TCP 1-65535"),
    ],
)
def test_connlist(row: tuple[str, str, str], line: str) -> None:
    assert written("connlist", rows(row)) == f"{line}\n"


def test_connlist_is_in_order_of_the_names_as_they_are_written() -> None:
    sources = ("0.0.0.0-1.1.1.1", "0.0.0.0-1.1.1.10", "1.1.1.1", "1.1.1.10", "1x/b[Pod]", A)
    text = written("connlist", rows(*((src, dst, "all") for src in sources for dst in sources if src != dst)))
    lines = text.splitlines()
    assert lines == sorted(lines)
    assert len(lines) == 30
    assert lines[0].startswith("0.0.0.0-1.1.1.10[External] => 0.0.0.0-1.1.1.1[External] :")


def test_connlist_cuts_addresses_for_each_direction_apart() -> None:
    """10.0.0.0/8 is another as a target only, so that as a source it is one with its neighbours."""
    groups = ("a/x[Pod]", "0.0.0.0-9.255.255.255, 11.0.0.0-255.255.255.255", "10.0.0.0-10.255.255.255")
    matrix = made(groups, {(1, 0): "all", (2, 0): "all", (0, 1): "all", (0, 2): "TCP 1"})
    assert written("connlist", matrix).splitlines() == [
        "0.0.0.0-255.255.255.255[External] => a/x[Pod] : All Connections",
        "a/x[Pod] => 0.0.0.0-9.255.255.255[External] : All Connections",
        "a/x[Pod] => 10.0.0.0-10.255.255.255[External] : TCP 1",
        "a/x[Pod] => 11.0.0.0-255.255.255.255[External] : All Connections",
    ]


def test_connlist_says_what_it_does_not_know_after_its_lines() -> None:
    matrix = rows((A, B, "TCP 80; ICMP ? UDP 53"), (B, A, "? TCP 1; ICMP"), (B, "{node}", "ICMP"))
    assert written("connlist", matrix).splitlines() == [
        f"{A} => {B} : TCP 80",
        f"# other protocols: {A} => {B} : ICMP",
        f"# conditional: {A} => {B} : UDP 53",
        f"# conditional: {B} => {A} : TCP 1; ICMP",
        f"# other protocols: {B} => {{node}} : ICMP",
    ]


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        (ALL, ""),
        ((), ""),
        (conns("TCP 80"), ""),
        (conns("TCP; UDP; SCTP"), "none"),
        (minus(ALL, conns("TCP 22")), "all"),
        (conns("TCP 80; ICMP"), "ICMP"),
        (union(of(47), of(1)), "ICMP,protocol 47"),
        (of(1, 8 << 8, 8 << 8 | 255), "ICMP type 8"),
        (of(1, 8 << 8, 8 << 8), "ICMP type 8 code 0"),
        (of(1, 0, 9 << 8), "some ICMP"),
        (minus(ALL, of(1)), "all but ICMP"),
        (minus(ALL, of(1, 8 << 8, 8 << 8)), "all but ICMP"),
    ],
)
def test_other_protocols(spans: tuple[tuple[int, int], ...], message: str) -> None:
    assert others(spans) == message


def test_a_name_cannot_forge_a_line() -> None:
    for name in ("connlist", "csv", "json"):
        text = written(name, rows((HOSTILE, A, "TCP 80")))
        assert len(text.splitlines()) == {"connlist": 1, "csv": 2, "json": 3}[name]
        assert "\x1b" not in text


def test_csv() -> None:
    matrix = rows((A, B, "TCP 80,443; ICMP ? UDP 53"), ("1.1.1.1", A, "all"), ('q"q/x[Pod]', A, "? TCP 1"))
    text = written("csv", matrix)
    assert text.splitlines(keepends=True)[0] == "src,dst,conns,conditional\r\n"
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [
        [A, B, "TCP 80,443; other protocols: ICMP", "UDP 53"],
        ["1.1.1.1-1.1.1.1[External]", A, "All Connections", ""],
        ['q"q/x[Pod]', A, "", "TCP 1"],
    ]


def schema(name: str) -> Draft202012Validator:
    documents = {
        each: json.loads(files("tools.manifests.schemas").joinpath(f"reach-{each}.json").read_text("utf-8"))
        for each in ("matrix", "explanation", "diff")
    }
    Draft202012Validator.check_schema(documents[name])
    resources = [(body["$id"], DRAFT202012.create_resource(body)) for body in documents.values()]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft202012Validator(documents[name], registry=registry)


def test_json_is_as_the_design_says() -> None:
    assert json.loads(written("json", rows((A, B, "TCP 80")))) == [{"src": A, "dst": B, "conns": {"TCP": [[80, 80]]}}]


def test_json_has_more_keys_only_where_there_is_more_to_say() -> None:
    matrix = rows((A, B, "TCP 80; ICMP ? UDP 53; ICMP"), (A, "{node}", "TCP; UDP; SCTP"), (B, A, "all"))
    document = json.loads(written("json", matrix))
    ports = {name: [[1, 65535]] for name in ("TCP", "UDP", "SCTP")}
    assert [list(row)[3:] for row in document] == [["others", "conditional", "conditionalOthers"], ["others"], []]
    assert document[0]["others"] == {"1": [[0, 65535]]}
    assert document[0]["conditional"] == {"UDP": [[53, 53]]}
    assert (document[1]["conns"], document[1]["others"], document[2]["conns"]) == (ports, "none", ports)


@pytest.mark.parametrize(
    "matrix",
    [
        rows(),
        SMALL,
        rows((HOSTILE, A, "all ? ICMP"), (A, B, "? TCP 1; ICMP")),
        rows((A, B, "TCP; UDP; SCTP"), (B, A, "TCP 80; UDPLite")),
    ],
)
def test_json_of_a_matrix_fits_its_schema(matrix: Matrix) -> None:
    text = written("json", matrix)
    assert list(schema("matrix").iter_errors(json.loads(text))) == []
    assert len(json.loads(text)) == len(list(matrix.rows()))


@pytest.mark.parametrize(
    "row",
    [
        {"src": A, "dst": B},
        {"src": A, "dst": B, "conns": {"ICMP": [[1, 2]]}},
        {"src": A, "dst": B, "conns": {"TCP": [[0, 2]]}},
        {"src": A, "dst": B, "conns": {"TCP": [80]}},
        {"src": A, "dst": B, "conns": {}, "others": {"256": [[0, 65535]]}},
        {"src": A, "dst": B, "conns": {}, "reasons": []},
    ],
)
def test_the_schema_of_a_matrix_refuses(row: dict[str, Any]) -> None:
    assert list(schema("matrix").iter_errors([row]))


def test_json_of_an_explanation_fits_its_schema_and_has_all_of_it() -> None:
    document = json.loads("".join(explanation_formats()["json"](EXPLANATION)))
    assert list(schema("explanation").iter_errors(document)) == []
    assert document["sides"][0]["deciding"] in document["sides"][0]["steps"]
    assert document["sides"][0]["deciding"]["line"] == 41
    assert document["sides"][1]["deciding"] is None
    assert document["changes"][0]["yaml"].startswith("- action: Allow\n")
    assert list(schema("explanation").iter_errors({**document, "verdict": "maybe"}))


def test_json_of_a_diff_fits_its_schema() -> None:
    document = json.loads("".join(diff_formats()["json"](CHANGES)))
    assert list(schema("diff").iter_errors(document)) == []
    assert document[0] == {
        "src": A,
        "dst": "8.8.8.0-8.8.8.255",
        "before": {"conns": {}},
        "after": {"conns": {"TCP": [[80, 80]]}},
    }
    assert document[1]["after"]["reasons"] == [f"the address of {B} is not known"]
    assert list(schema("diff").iter_errors([{**document[0], "before": {}}]))


def test_json_of_a_diff_says_other_protocols_too() -> None:
    change = Changed(A, B, Verdict(), Verdict(conns("ICMP"), conns("TCP; UDP; SCTP")))
    [document] = json.loads("".join(diff_formats()["json"]((change,))))
    assert document["after"] == {
        "conns": {},
        "others": {"1": [[0, 65535]]},
        "conditional": {name: [[1, 65535]] for name in ("TCP", "UDP", "SCTP")},
        "conditionalOthers": "none",
    }
