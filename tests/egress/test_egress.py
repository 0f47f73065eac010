"""`python -m tools.egress`: answers, words and exit codes; and the checks of the list against its render."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.egress.__main__ import main
from tools.egress.allowlist import Allowlist, ExternalPeer, ListEntry
from tools.egress.rules import (
    Egress,
    engine_can_say_the_list,
    entry_ends_by_itself,
    entry_has_not_expired,
    internal_cidrs_are_private,
    rendered_list_is_the_list,
)
from tools.findings.model import Manifest, Severity

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DENIED = "denied   gateway may not reach"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["api.openai.com"], 0, "allowed  gateway may reach api.openai.com:443 by egress.domains[0] (api.openai.com)"),
        (["API.OpenAI.com."], 0, "allowed  gateway may reach api.openai.com:443"),
        (
            ["a.b.anthropic.com:443", "--env", "app-sark", "full", "production"],
            0,
            "by egress.domains[1] (*.anthropic.com)",
        ),
        (["openai.com"], 1, f"dev          {DENIED} openai.com:443; to allow it, add to egress.domains: - openai.com"),
        (
            ["mcp.partner.example:8444"],
            1,
            f"{DENIED} mcp.partner.example:8444; to allow it, add to egress.domains: - "
            "{name: mcp.partner.example, ports: [8444]}",
        ),
        (
            ["bundles.policy.example", "--workload", "database", "--env", "production"],
            1,
            "production   denied   database may not reach bundles.policy.example:443; to allow it, add to "
            "egress.domains: - {name: bundles.policy.example, workloads: [database]}",
        ),
        (["*.new.example"], 1, 'add to egress.domains: - "*.new.example"'),
        (["mcp.internal.example", "--env", "production"], 0, "(mcp.internal.example), at 10.20.0.10/32 alone"),
        (["https://api.openai.com"], 64, "is no name that the list can hold: write the host name"),
        (["münchen.example"], 64, "write xn--mnchen-3ya.example, its punycode form"),
        (["api.openai.com:0"], 64, "write a port from 1 to 65535"),
        (["10.0.0.1"], 64, "write a name, not an address"),
        (
            ["*.co.uk"],
            64,
            "write a wildcard under a name of your own, such as *.example.co.uk; co.uk is a public suffix",
        ),
        (["new.example", "--env", "dev"], 1, "egress.domains: - new.example (mode audit: let through and logged)"),
        (
            ["api.openai.com", "--env", "prod"],
            64,
            "there is no environment prod; there are app-sark, dev, full, guarded, production, staging, steered",
        ),
        (["x.example", "--workload", "api"], 64, "there is no part api; there are gateway, frontend, database,"),
        (["vault.example", "--workload", "vault", "--env", "full"], 1, "full         denied   vault may not reach"),
        (
            ["10.20.0.20:636", "--env", "full"],
            0,
            "allowed  gateway may reach 10.20.0.20 on tcp port 636 by egress.external[0] (the company's LDAP)",
        ),
        (["10.20.0.23:88/udp", "--env", "full"], 0, "on udp port 88 by egress.external[3] (Kerberos)"),
        (
            ["10.20.0.23:88", "--env", "full"],
            1,
            "denied   gateway may not reach 10.20.0.23 on tcp port 88; to allow it, add to egress.external: - "
            '{cidrs: ["10.20.0.23/32"], ports: [88], reason: …}',
        ),
        (
            ["[fd00:10::5]:636/udp", "--workload", "database", "--env", "dev"],
            1,
            '{cidrs: ["fd00:10::5/128"], ports: [636], protocol: udp, workloads: [database], reason: …}',
        ),
        (["api.openai.com", "--values", "no-such-file.yaml"], 2, "cannot read no-such-file.yaml: No such file"),
    ],
)
def test_check(arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *arguments]) == code
    notices = capsys.readouterr()
    assert message in notices.out + notices.err


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        # The chart refuses the same name, or address, once more.
        (
            "a.example",
            1,
            f"{DENIED} a.example:443; egress.domains[0] allowed it until 2026-01-01; to allow it, give that ",
        ),
        (
            "x.b.example",
            1,
            f"{DENIED} x.b.example:443; egress.domains[1] allowed it until 2026-01-02; to allow it, ",
        ),
        ("a.example:8443", 1, "to allow it, add to egress.domains: - {name: a.example, ports: [8443]}"),
        (
            "10.9.0.6:88/udp",
            1,
            "on udp port 88; egress.external[0] allowed it until 2026-01-03; to allow it, give that ",
        ),
        ("10.9.0.6:88", 1, "to allow it, add to egress.external: - "),
        # A text to Kubernetes' readers, and a number to YAML 1.2's.
        ("1.e5", 1, 'to allow it, add to egress.domains: - "1.e5"'),
    ],
)
def test_what_has_ended_is_to_be_prolonged(
    asked: str, code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(
        "egress:\n"
        "  domains:\n"
        '    - {name: a.example, expires: "2026-01-01"}\n'
        '    - {name: "*.b.example", expires: "2026-01-02"}\n'
        "  external:\n"
        '    - {cidrs: [10.9.0.6/32], ports: [88], protocol: udp, reason: Kerberos, expires: "2026-01-03"}\n'
    )
    assert main(["check", asked, "--values", str(path)]) == code
    assert message in capsys.readouterr().out


@pytest.mark.parametrize(("as_of", "expired"), [("", True), ("2026-01-01T23:59Z", False), ("2026-01-02", True)])
def test_the_list_marks_what_the_render_leaves_out(
    as_of: str, expired: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(f'egress: {{asOf: "{as_of}", domains: [{{name: a.example, expires: "2026-01-01"}}]}}')
    assert main(["list", "--values", str(path)]) == 0
    assert ("EXPIRED 2026-01-01" in capsys.readouterr().out) is expired


def test_check_of_values_files_merges_them_as_helm_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    first.write_text("egress: {domains: [a.example.com]}")
    two.write_text("egress: {domains: [b.example.com]}")
    assert main(["check", "a.example.com", "--values", str(first), str(two)]) == 1
    assert main(["check", "b.example.com", "--values", str(first), str(two), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out.partition("\n")[2])[0]["entry"]["path"] == "egress.domains[0]"


@pytest.mark.parametrize("text", ["- a", "a: [", "egress: {domains: [a.example.com], domains: []}"])
def test_values_that_are_none_are_said_so(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(text)
    assert main(["list", "--values", str(file)]) == 2
    assert "values.yaml" in capsys.readouterr().err


def test_list_marks_what_has_expired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "values.yaml"
    file.write_text('egress: {domains: [{name: a.example.com, expires: "2020-01-01", owner: me, reason: trial}]}')
    assert main(["list", "--values", str(file)]) == 0
    notices = capsys.readouterr().out
    assert "EXPIRED 2020-01-01" in notices
    assert "trial" in notices


def test_what_has_expired_is_denied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "values.yaml"
    entry = '{name: a.example.com, expires: "2020-01-01"}'
    file.write_text(
        f"egress: {{domains: [{entry}], "
        'external: [{cidrs: [10.9.0.5/32], ports: [636], reason: x, expires: "2020-01-01"}]}'
    )
    assert main(["check", "a.example.com", "--values", str(file)]) == 1
    assert main(["check", "10.9.0.5:636", "--values", str(file)]) == 1
    capsys.readouterr()
    file.write_text(f'egress: {{domains: [{entry}], asOf: "2019-12-31"}}')
    assert main(["check", "a.example.com", "--values", str(file)]) == 0


def test_an_expired_entry_is_not_expected_of_the_render() -> None:
    over = ListEntry("b.example.com", "egress.domains[1]", expires="2026-06-29")
    listed = (ListEntry("a.example.com", "egress.domains[0]"), over)
    assert list(rendered_list_is_the_list(egress(*listed, manifests=(lockdown("a.example.com"),)))) == []
    open_still = egress(*listed, manifests=(lockdown("a.example.com", "b.example.com"),))
    assert [problem.message for problem in rendered_list_is_the_list(open_still)] == [
        "calico-enterprise allows gateway b.example.com on port 443 (tls), which the list does not"
    ]


def egress(*entries: ListEntry, manifests: tuple[Manifest, ...] = (), **more: object) -> Egress:
    egress_without_decoding = Egress("calico-enterprise", "enforce", True, Allowlist(entries), manifests, NOW, "v.yaml")
    return replace(egress_without_decoding, **more)  # type: ignore[arg-type]


def lockdown(*names: str, final_deny: bool = True) -> Manifest:
    allow = {"action": "Allow", "protocol": "TCP", "destination": {"domains": list(names), "ports": [443]}}
    deny = {"action": "Deny", "destination": {"notSelector": "projectcalico.org/orchestrator == 'k8s'"}}
    body = {
        "metadata": {"name": "x", "labels": {"sark-network/workload": "gateway"}},
        "spec": {"egress": [allow, *([deny] if final_deny else [])]},
    }
    return Manifest("t.yaml", "GlobalNetworkPolicy", "x", "", body)


def test_the_rendered_list_is_compared_both_ways() -> None:
    listed = (ListEntry("a.example.com", "egress.domains[0]"), ListEntry("b.example.com", "egress.domains[1]"))
    subject = egress(*listed, manifests=(lockdown("a.example.com", "c.example.com"),))
    assert [(p.where.path, p.message) for p in rendered_list_is_the_list(subject)] == [
        ("egress", "calico-enterprise allows gateway c.example.com on port 443 (tls), which the list does not"),
        (
            "egress.domains[1]",
            "calico-enterprise does not allow gateway b.example.com on port 443 (tls), which the list does",
        ),
    ]
    assert not list(
        rendered_list_is_the_list(replace(subject, manifests=(lockdown("a.example.com", "b.example.com"),)))
    )


def test_a_way_out_that_no_list_holds_is_found() -> None:
    subject = egress(ListEntry("a.example.com", "p"), manifests=(lockdown("a.example.com", final_deny=False),))
    assert [p.message for p in rendered_list_is_the_list(subject)] == [
        "calico-enterprise allows gateway everything, which the list does not"
    ]


def test_an_engine_that_cannot_be_read_back_is_said_so() -> None:
    assert [p.message for p in rendered_list_is_the_list(egress(engine="cilium"))] == [
        "cilium is no engine that can be read back"
    ]


def test_a_gap_is_an_error_under_strict_and_a_warning_without() -> None:
    internal = ListEntry("a.internal.example", "egress.internal[0]", cidrs=("10.0.0.1/32",))
    for strict, severity in ((True, Severity.ERROR), (False, Severity.WARNING)):
        [problem] = engine_can_say_the_list(egress(internal, strict=strict))
        assert problem.severity == severity
        assert problem.message == (
            "calico-enterprise cannot say internal names; this entry becomes its CIDRs and ports, "
            "whatever name was asked for: wider"
        )
    assert not list(engine_can_say_the_list(egress(internal, engine="proxy")))


@pytest.mark.parametrize(
    ("expires", "messages"),
    [
        ("", []),
        ("2026-07-15", []),
        ("2026-07-14T12:00:01Z", []),
        (
            "2026-07-13",
            ["a.example.com expires in 13 days, on 2026-07-13, and opens nothing from then on: set a new date; ask me"],
        ),
        (
            "2026-07-02",
            ["a.example.com expires in 2 days, on 2026-07-02, and opens nothing from then on: set a new date; ask me"],
        ),
        (
            "2026-07-01",
            ["a.example.com expires in 1 day, on 2026-07-01, and opens nothing from then on: set a new date; ask me"],
        ),
        (
            "2026-06-30",
            [
                "a.example.com expires within a day, on 2026-06-30, and opens nothing from then on: "
                "set a new date; ask me"
            ],
        ),
        (
            "2026-06-30T12:00:00Z",
            ["a.example.com expired on 2026-06-30T12:00:00Z and opens nothing: remove it, or set a new date; ask me"],
        ),
        ("2026-06-29", ["a.example.com expired on 2026-06-29 and opens nothing: remove it, or set a new date; ask me"]),
        (
            "2027-02-30",
            [
                "2027-02-30 is no day of the calendar; "
                "write a day, such as 2027-06-30, or a moment, such as 2027-06-30T18:00:00Z"
            ],
        ),
        (
            "soon",
            [
                "soon is no day and no moment; "
                "write a day, such as 2027-06-30, or a moment, such as 2027-06-30T18:00:00Z"
            ],
        ),
    ],
)
def test_expiry(expires: str, messages: list[str]) -> None:
    entry = ListEntry("a.example.com", "p", expires=expires, owner="me")
    problems = entry_has_not_expired(egress(entry, engine="proxy"))
    assert [problem.message for problem in problems] == messages


PEER = ExternalPeer(("10.9.0.6/32",), (88,), "egress.external[0]", expires="2027-06-30")
TEMPORARY = ListEntry("a.example.com", "egress.domains[0]", expires="2027-06-30")
AT_UPGRADE = "nothing closes it but the next upgrade: upgrade then"


@pytest.mark.parametrize(
    ("engine", "mode", "since"),
    [
        ("proxy", "enforce", ["then", "then", "the first upgrade after it"]),
        ("proxy", "audit", ["then", "the first upgrade after it", "the first upgrade after it"]),
        ("calico-enterprise", "enforce", ["the first upgrade after it"] * 3),
    ],
)
def test_a_warning_says_from_when_on_nothing_is_open(engine: str, mode: str, since: list[str]) -> None:
    name = ListEntry("a.example.com", "egress.domains[0]", expires="2026-07-02")
    inside = ListEntry("a.corp.example", "egress.internal[0]", cidrs=("10.0.0.0/8",), expires="2026-07-02")
    peer = ExternalPeer(("10.9.0.6/32",), (88,), "egress.external[0]", expires="2026-07-02")
    listed = Allowlist((name, inside), mode, (peer,))
    problems = list(entry_has_not_expired(egress(engine=engine, mode=mode, listed=listed)))
    assert [problem.message for problem in problems] == [
        f"{listed_as} expires in 2 days, on 2026-07-02, and opens nothing from {moment} on: set a new date"
        for listed_as, moment in zip(("a.example.com", "a.corp.example", "10.9.0.6/32"), since, strict=True)
    ]


@pytest.mark.parametrize(
    ("engine", "mode", "messages"),
    [
        ("proxy", "enforce", [f"10.9.0.6/32 ends on 2027-06-30, and of egress.external {AT_UPGRADE}"]),
        (
            "proxy",
            "audit",
            [
                f"a.corp.example ends on 2027-06-30, and in mode audit {AT_UPGRADE}",
                f"10.9.0.6/32 ends on 2027-06-30, and of egress.external {AT_UPGRADE}",
            ],
        ),
        (
            "calico-enterprise",
            "enforce",
            [
                f"a.example.com ends on 2027-06-30, and with engine calico-enterprise {AT_UPGRADE}",
                f"a.corp.example ends on 2027-06-30, and with engine calico-enterprise {AT_UPGRADE}",
                f"10.9.0.6/32 ends on 2027-06-30, and with engine calico-enterprise {AT_UPGRADE}",
            ],
        ),
    ],
)
def test_an_end_that_only_a_render_keeps_is_noted(engine: str, mode: str, messages: list[str]) -> None:
    over = ListEntry("over.example.com", "egress.domains[1]", expires="2020-06-30")
    forever = ListEntry("b.example.com", "egress.domains[2]")
    inside = ListEntry("a.corp.example", "egress.internal[0]", cidrs=("10.0.0.0/8",), expires="2027-06-30")
    listed = Allowlist((TEMPORARY, over, forever, inside), mode, (PEER,))
    problems = list(entry_ends_by_itself(egress(engine=engine, mode=mode, listed=listed)))
    assert [problem.message for problem in problems] == messages
    assert {problem.severity for problem in problems} == {Severity.NOTE}
    assert {problem.where.path.rpartition(".")[2] for problem in problems} == {"expires"}


@pytest.mark.parametrize(
    ("cidr", "private"),
    [("10.20.0.10/32", True), ("fd00::/8", True), ("11.0.0.0/8", False), ("172.0.0.0/8", False), ("2606::/32", False)],
)
def test_internal_cidrs(cidr: str, private: bool) -> None:
    problems = list(internal_cidrs_are_private(egress(ListEntry("a.internal.example", "p", cidrs=(cidr,)))))
    assert bool(problems) is not private
    for problem in problems:
        assert problem.where.path == "p.cidrs[0]"
        expected = f"{cidr} is not inside a private range; list a.internal.example in egress.domains instead"
        assert problem.message == expected
