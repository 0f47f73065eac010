"""`add`: one line more in a values file, and every other byte as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tools.egress.__main__ import main
from tools.egress.live.edit import EditError, with_entry, written
from tools.render.own import CHART

AUDIT: dict[str, object] = {"egress": {"mode": "audit"}}
NAME = {"name": "api.new.example"}
BY_HAND = "its YAML is one that a line cannot be put into; add to egress.extraDomains: - api.new.example"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "egress:\n  extraDomains:\n    - api.new.example\n"),
        (
            "egress:\r\n  extraDomains:\r\n  - a.example\r\n",
            "egress:\r\n  extraDomains:\r\n  - a.example\r\n  - api.new.example\r\n",
        ),
        ("# only words", "# only words\negress:\n  extraDomains:\n    - api.new.example\n"),
        ("egress:\n", "egress:\n  extraDomains:\n    - api.new.example\n"),
        ("egress: {}\n", "egress: {extraDomains: [api.new.example]}\n"),
        ("egress: {mode: audit} # now\n", "egress: {mode: audit, extraDomains: [api.new.example]} # now\n"),
        (
            "egress:\n  mode: audit # for now\n\n# the rest\nproxy: {replicas: 3}\n",
            "egress:\n  mode: audit # for now\n  extraDomains:\n    - api.new.example\n\n"
            "# the rest\nproxy: {replicas: 3}\n",
        ),
        (
            "egress:\n    extraDomains:\n    - a.example   # why\n    # between\n    mode: audit\n",
            "egress:\n    extraDomains:\n    - a.example   # why\n    - api.new.example\n"
            "    # between\n    mode: audit\n",
        ),
        (
            "egress:\n  extraDomains:\n      -   name: a.example\n          owner: 'us'\n",
            "egress:\n  extraDomains:\n      -   name: a.example\n          owner: 'us'\n      - api.new.example\n",
        ),
        (
            "egress:\n  extraDomains: # none yet\n  mode: audit\n",
            "egress:\n  extraDomains: # none yet\n    - api.new.example\n  mode: audit\n",
        ),
        ("egress: {extraDomains: []}\n", "egress: {extraDomains: [api.new.example]}\n"),
        (
            "egress:\n  extraDomains: [a.example,\n    b.example] # two\n",
            "egress:\n  extraDomains: [a.example,\n    b.example, api.new.example] # two\n",
        ),
        (
            "egress:\n  extraDomains:\n    - name: a.example\n      reason: |\n        several\n        lines\n",
            "egress:\n  extraDomains:\n    - name: a.example\n      reason: |\n        several\n        lines\n"
            "    - api.new.example\n",
        ),
        ("---\n", "---\negress:\n  extraDomains:\n    - api.new.example\n"),
        ("--- # ours\n\n", "--- # ours\n\negress:\n  extraDomains:\n    - api.new.example\n"),
        # What is JSON stays JSON.
        (
            '{"egress": {"extraDomains": ["a.example"]}}',
            '{"egress": {"extraDomains": ["a.example", "api.new.example"]}}\n',
        ),
        ('{"egress": {}}\n', '{"egress": {"extraDomains": ["api.new.example"]}}\n'),
        # To Kubernetes' readers these are texts.
        (
            "when: 2027-02-30\negress:\n  extraDomains:\n    - {name: a.example, expires: 2027-06-31}\n",
            "when: 2027-02-30\negress:\n  extraDomains:\n    - {name: a.example, expires: 2027-06-31}\n"
            "    - api.new.example\n",
        ),
        (
            "egress:\n  extraDomains:\n    - a.example\n    # at the end, no newline",
            "egress:\n  extraDomains:\n    - a.example\n    - api.new.example\n    # at the end, no newline\n",
        ),
    ],
)
def test_the_line_is_put_in(before: str, after: str) -> None:
    assert with_entry(before, "extraDomains", NAME) == after


@pytest.mark.parametrize("path", sorted((CHART / "ci").glob("*-values.yaml")), ids=lambda path: path.name)
def test_nothing_else_changes_in_the_environments_files(path: Path) -> None:
    before = path.read_text()
    after = with_entry(before, "domains", NAME)
    kept = iter(after.splitlines())
    assert all(line in kept for line in before.splitlines())
    assert yaml.safe_load(after)["egress"]["domains"][-1] == "api.new.example"


@pytest.mark.parametrize(
    ("before", "message"),
    [
        ("- a\n", "it holds no mapping, and values are one"),
        ("egress: [\n", "it is no YAML: did not find expected node content (line 2, column 1)"),
        ("egress: text\n", "egress is no mapping"),
        ("egress:\n  extraDomains: text\n", "egress.extraDomains is no list"),
        ("{proxy: {}}\n", "it is written in braces; add to egress.extraDomains: - api.new.example"),
        (
            "x: &list [a.example]\negress: {extraDomains: *list}\n",
            "its YAML is one that a line cannot be put into; add to egress.extraDomains: - api.new.example",
        ),
        ("a: 1\n...\n", BY_HAND),
        ("---\n---\nproxy: {}\n", BY_HAND),
        ("egress: ~\n", BY_HAND),
        ("egress:\n  extraDomains:\t# a tab\n  - a.example\n", BY_HAND),
        ("motd: |\n  a last line without its newline", BY_HAND),
        ("a: 1\n---\nb: 2\n", "it holds several documents"),
        ("a: 1\na: 2\n", "it is no YAML: key 'a' is already set on line 1"),
    ],
)
def test_what_cannot_be_edited_is_said(before: str, message: str) -> None:
    with pytest.raises(EditError) as error:
        with_entry(before, "extraDomains", NAME)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"name": "*.new.example"}, '"*.new.example"'),
        (
            {"name": "a.example", "ports": [443, 8443], "workloads": ["opa"], "owner": "yes", "reason": "it's: needed"},
            '{name: a.example, ports: [443, 8443], workloads: [opa], owner: "yes", reason: "it\'s: needed"}',
        ),
        ({"name": "a.example", "reason": "ü\u2028b\x85"}, '{name: a.example, reason: "ü\\U00002028b\\U00000085"}'),
        ({"name": "a.example", "expires": "2027-06-30"}, '{name: a.example, expires: "2027-06-30"}'),
    ],
)
def test_an_entry_is_what_it_says(entry: dict[str, object], text: str) -> None:
    assert written(entry) == text
    read = yaml.safe_load(text)
    assert read == (entry["name"] if set(entry) == {"name"} else entry)


def test_add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("# ours\negress:\n  domains:\n    - a.example # first\n")
    arguments = [
        "add",
        "API.New.Example",
        "--to",
        str(path),
        "--ports",
        "8443",
        "--owner",
        "us",
        "--reason",
        "a partner",
    ]
    assert main(arguments) == 0
    entry = "{name: api.new.example, ports: [8443], owner: us, reason: a partner}"
    assert capsys.readouterr().out == f"added to egress.domains of {path}: - {entry}\n"
    assert path.read_text() == f"# ours\negress:\n  domains:\n    - a.example # first\n    - {entry}\n"
    assert main(arguments) == 64
    assert "`api.new.example`, port 8443, for gateway is in the list already" in capsys.readouterr().err


def test_add_never_replaces_the_charts_list(tmp_path: Path) -> None:
    """A list in a file replaces the chart's own, so a file without one is given extraDomains."""
    path = tmp_path / "values.yaml"
    path.write_text("egress:\n  mode: audit\n")
    assert main(["add", "a.example", "--to", str(path)]) == 0
    assert path.read_text() == "egress:\n  mode: audit\n  extraDomains:\n    - a.example\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["*.com"], 64, "`*.com` is refused: write a wildcard under a name of your own"),
        (["*.co.uk"], 64, "`*.co.uk` would allow every name under the public suffix co.uk"),
        (["a.example", "--ports", "0"], 64, "--ports: 0 is no port; write one from 1 to 65535"),
        (["a.example", "--expires", "soon"], 64, "--expires: soon is no day"),
        (["a.example", "--expires", "2020-01-01"], 64, "--expires: 2020-01-01 is over"),
        (["a.example", "--expires", ""], 64, "--expires: it is empty; leave it out, or write it"),
        (["a.example", "--reason", os.fsdecode(b"\xff")], 64, "argument --reason: it is no text in UTF-8"),
        (["a.example", "--owner", "\ud800"], 64, "argument --owner: it is no text in UTF-8"),
        (["a.example", "--reason", " "], 64, "--reason: it is empty; leave it out, or write it"),
        (["a.example", "--owner", "a\x07b"], 64, "--owner: it has a control character, which values may not have"),
        (["a.example", "--reason", "a\x85b"], 64, "--reason: it has a control character, which values may not have"),
        (["a.example", "--expires", "2027-06-30T24:00:00Z"], 64, "2027-06-30T24:00:00Z is no day"),
        (["a.example", "--workloads", "x y"], 64, "--workloads: x y is no name of a part; write one, such as gateway"),
    ],
)
def test_what_add_refuses(
    tmp_path: Path, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("egress:\n  mode: audit\n")
    try:
        ended: object = main(["add", *arguments, "--to", str(path)])
    except SystemExit as leaving:
        ended = leaving.code
    assert ended == code
    assert message in capsys.readouterr().err
    assert path.read_text() == "egress:\n  mode: audit\n"


@pytest.mark.parametrize(
    ("egress", "name", "message"),
    [
        (
            {"domains": ["*.example"]},
            "a.example",
            "`a.example` is allowed already, by egress.domains[0], `*.example`; it ",
        ),
        (
            {"domains": ["a.b.example"]},
            "*.b.example",
            "`*.b.example` covers egress.domains[0] too; remove that entry first",
        ),
        ({"extraDomains": ["a.example"]}, "a.example", "at egress.extraDomains[0]; change that entry"),
        (
            {"domains": ["b.example"], "internal": [{"name": "a.example", "cidrs": ["10.0.0.1/32"]}]},
            "a.example",
            "`a.example`, port 443, for gateway is in the list already, at egress.internal[0]; change that entry",
        ),
        (
            {"domains": [{"name": "a.example", "expires": "2020-01-01"}]},
            "a.example",
            "is in the list already, at egress.domains[0], until 2020-01-01; change that entry",
        ),
        ({"requireReason": True}, "a.example", "egress.requireReason asks for an owner and a reason; add --owner"),
    ],
)
def test_what_is_listed_already_is_named_by_its_place(
    egress: dict[str, object], name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump({"egress": egress}))
    before = path.read_bytes()
    assert main(["add", name, "--to", str(path)]) == 64
    assert message in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("values", "words", "message"),
    [
        (
            AUDIT,
            ["*.openai.com"],
            "`*.openai.com`, port 443, for gateway is in the list already, at egress.domains[0]; change",
        ),
        (
            AUDIT,
            ["api.openai.com"],
            "`api.openai.com` is allowed already, by egress.domains[0], `*.openai.com`; it needs no",
        ),
        ({"egress": {"domains": ["b.example"]}}, ["api.openai.com"], ""),
        (AUDIT, ["a.example", "--workloads", "nobody"], "nobody is no part; the parts are gateway, frontend,"),
        ({"extraParts": {"own": {"podSelector": {}}}}, ["a.example", "--workloads", "own"], ""),
        (
            {"proxy": {"noProxy": [".corp.example"]}},
            ["a.corp.example"],
            "proxy.noProxy[0], .corp.example, keeps programs from asking the proxy for a.corp.example, so they dial it",
        ),
        (
            {"proxy": {"noProxy": ["x", "a.corp.example:443"]}},
            ["*.corp.example"],
            "proxy.noProxy[1], a.corp.example:443, ",
        ),
        ({"proxy": {"noProxy": ["corp.example"]}}, ["notcorp.example"], ""),
        (
            {"proxy": {"noProxy": [".corp.example"]}, "dnsGuard": {"steering": {"enabled": True}}},
            ["a.corp.example"],
            "",
        ),
    ],
)
def test_what_the_chart_would_say_of_it_is_said(
    values: dict[str, object], words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file may be one of several, and another may mend it: so the entry is written."""
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    assert main(["add", *words, "--to", str(path)]) == 0
    said_of_it = f"egress: with the chart's own values below this file: {message}" if message else ""
    error = capsys.readouterr().err
    assert error.startswith(said_of_it) if message else error == ""
    assert words[0] in path.read_text()


def test_a_port_that_is_named_twice_is_one(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.touch()
    for words in (["a.example", "--ports", "443", "443"], ["b.example", "--workloads", "opa", "gateway", "opa"]):
        assert main(["add", *words, "--to", str(path)]) == 0
    assert path.read_text().splitlines()[2:] == [
        "    - a.example",
        "    - {name: b.example, workloads: [opa, gateway]}",
    ]


def test_words_of_a_locale_without_utf8_are_what_was_typed(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("egress:\n  mode: audit\n")
    assert main(["add", "a.example", "--reason", "\udcc3\udcb1", "--to", str(path)]) == 0
    assert path.read_text() == 'egress:\n  mode: audit\n  extraDomains:\n    - {name: a.example, reason: "ñ"}\n'


def test_add_to_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", "a.example", "--to", str(tmp_path / "no.yaml")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("egress: {}\n".replace("{}", "\n  domains:\n    - b.example"))

    def refuse(*_arguments: object, **_settings: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert main(["add", "a.example", "--to", str(path)]) == 2
    assert capsys.readouterr().err == f"egress: cannot write {path}: Permission denied\n"
