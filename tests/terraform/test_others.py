"""Trees that are not this project's: one finding for a cause, opinions as notes, and nothing followed out of them."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tools.findings.model import Finding, run
from tools.terraform.__main__ import main
from tools.terraform.command import LintRun, findings
from tools.terraform.language.model import Module
from tools.terraform.language.syntax import parse
from tools.terraform.lint import lint_others
from tools.terraform.modules import cache
from tools.terraform.modules.files import disk
from tools.terraform.modules.read import evaluate_directory, evaluate_text, uncalled
from tools.terraform.modules.sources import Texts
from tools.terraform.rules import comments, registry

CHECKS = (*registry.CHECKS, *comments.CHECKS)

TODAY = date(2026, 1, 1)
Rows = list[tuple[str, str, int, str]]


@pytest.fixture(autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own cache is left alone."""
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home


def rows(findings: Any, *rules: str) -> Rows:
    return [
        (item.rule, str(item.problem.severity), item.problem.where.line, item.problem.message)
        for item in findings
        if not rules or item.rule in rules
    ]


def judged(text: str, *rules: str) -> Rows:
    return rows(lint_others([evaluate_text({"main.tf": text})], TODAY, frozenset()), *rules)


def rule(peer: str, first: int, last: int, protocol: str = "tcp", way: str = "ingress", name: str = "a") -> str:
    return (
        f'resource "aws_vpc_security_group_{way}_rule" "{name}" {{\n  security_group_id = "sg-1"\n  description = "x"\n'
        f'  ip_protocol = "{protocol}"\n  from_port = {first}\n  to_port = {last}\n  {peer}\n}}\n'
    )


WORLD = 'cidr_ipv4 = "0.0.0.0/0"'
OPEN = ("ssh-is-not-open-to-the-world", "rdp-is-not-open-to-the-world", "http-is-not-open-to-the-world",
        "stores-and-shares-are-not-open-to-the-world", "ingress-is-not-open-to-the-world",
        "databases-stay-in-private-ranges")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rule(WORLD, 22, 22), ("ssh-is-not-open-to-the-world", "0.0.0.0/0 lets everybody in to SSH (22)")),
        (rule(WORLD, 5432, 5432), ("databases-stay-in-private-ranges", "0.0.0.0/0 holds public addresses")),
        (rule(WORLD, 20, 6500), ("ssh-is-not-open-to-the-world", "0.0.0.0/0 lets everybody in to SSH (22)")),
        (rule(WORLD, 0, 65535), ("ingress-is-not-open-to-the-world", "0.0.0.0/0 lets everybody in to TCP on every")),
        (rule(WORLD, 9999, 9999), ("ingress-is-not-open-to-the-world", "0.0.0.0/0 lets everybody in to TCP 9999")),
    ],
)  # fmt: skip
def test_one_open_rule_is_one_finding(text: str, expected: tuple[str, str]) -> None:
    [(name, severity, line, message)] = judged(text, *OPEN)
    assert (name, severity, line) == (expected[0], "error", 7)
    assert message.startswith(expected[1])


def test_what_is_not_the_same_place_or_peer_is_reported_too() -> None:
    text = rule('cidr_ipv4 = "0.0.0.0/0"', 22, 22) + rule('cidr_ipv6 = "::/0"', 22, 22, name="b")
    assert [(line, message[:9]) for _, _, line, message in judged(text, *OPEN)] == [(7, "0.0.0.0/0"), (15, "::/0 lets")]


def test_instances_of_one_block_are_reported_once() -> None:
    text = rule(WORLD, 22, 22).replace('" {\n', '" {\n  for_each = toset(["a", "b", "c"])\n', 1)
    assert len(judged(text, *OPEN)) == 1
    child = {"main.tf": 'module "a" {\n  source = "./m"\n}\nmodule "b" {\n  source = "./m"\n}\n', "m/main.tf": text}
    assert len(rows(lint_others([evaluate_text(child)], TODAY, frozenset()), *OPEN)) == 1


def test_advice_is_about_this_project_in_this_project_alone() -> None:
    text = rule(WORLD, 443, 443, way="egress")
    [(_, severity, _, message)] = judged(text, "egress-is-not-open-to-the-world")
    assert (severity, message) == (
        "note", "0.0.0.0/0 lets traffic out to everybody by TCP 443; write the addresses that are called",
    )  # fmt: skip
    [own] = [item for item in run(CHECKS, evaluate_text({"main.tf": text})) if "egress-is" in item.rule]
    assert own.problem.message.endswith("; write the addresses of the proxy")


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ("one-cloud-a-module", 'resource "aws_x" "a" {}\nresource "google_x" "a" {}\n'),
        ("network-inputs-are-validated", 'variable "cidr" {\n  type = string\n}\n'),
        (
            "network-inputs-do-not-default-to-the-world",
            'variable "egress_cidr_blocks" {\n  type = list(string)\n  default = ["0.0.0.0/0"]\n}\n',
        ),
        ("databases-stay-in-private-ranges", rule('cidr_ipv4 = "198.51.100.0/24"', 8181, 8181)),
        ("databases-stay-in-private-ranges", rule(WORLD, 5432, 5432, way="egress")),
        ("egress-is-not-open-to-the-world", rule(WORLD, 0, 65535, way="egress")),
        (
            "ranges-together-are-not-the-world",
            rule('cidr_ipv4 = "0.0.0.0/1"', 443, 443, way="egress")
            + rule('cidr_ipv4 = "128.0.0.0/1"', 443, 443, way="egress", name="b"),
        ),
    ],
)
def test_opinions_are_notes(rules: str, text: str) -> None:
    assert [severity for _, severity, _, _ in judged(text, rules)] == ["note"]


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ("protocols-are-not-all-allowed", rule('cidr_ipv4 = "10.0.0.0/8"', 0, 65535)),
        ("databases-stay-in-private-ranges", rule('cidr_ipv4 = "198.51.100.7/32"', 5432, 5432)),
        ("metadata-service-is-out-of-reach", rule('cidr_ipv4 = "169.254.169.254/32"', 80, 80, way="egress")),
    ],
)
def test_what_is_an_error_here_is_a_warning_there(rules: str, text: str) -> None:
    assert [severity for _, severity, _, _ in judged(text, rules)] == ["warning"]
    assert [item.problem.severity for item in run(CHECKS, evaluate_text({"main.tf": text})) if item.rule == rules] == [
        "error"
    ]


GOOGLE = (
    'resource "google_compute_firewall" "r" {\n  network = "n"\n  direction = "INGRESS"\n'
    '  source_ranges = ["0.0.0.0/0"]\n  allow {\n    protocol = "tcp"\n  }\n  allow {\n    protocol = "udp"\n  }\n'
    '  allow {\n    protocol = "icmp"\n  }\n}\n'
)
AZURE = (
    'resource "azurerm_network_security_rule" "r" {\n  direction = "Inbound"\n  access = "Allow"\n'
    '  protocol = "*"\n  source_address_prefix = "*"\n  destination_port_range = "*"\n}\n'
)
POLICY = (
    'resource "google_compute_network_firewall_policy_rule" "r" {\n  direction = "INGRESS"\n  action = "allow"\n'
    '  match {\n    src_ip_ranges = ["0.0.0.0/0"]\n    layer4_configs {\n      ip_protocol = "all"\n    }\n  }\n}\n'
)
INLINE = (
    'resource "aws_security_group" "r" {\n  ingress {\n    protocol = "-1"\n    from_port = 0\n    to_port = 0\n'
    '    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n'
)
CALLS = "write the addresses of those who call it"
WHOLE = (*OPEN, "protocols-are-not-all-allowed", "egress-is-not-open-to-the-world", "ranges-together-are-not-the-world",
         "public-ranges-are-narrow", "metadata-service-is-out-of-reach")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rule(WORLD, 0, 0, "-1"), [("error", 7, f"0.0.0.0/0 lets everybody in to every protocol; {CALLS}")]),
        (rule(WORLD, 0, 65535), [("error", 7, f"0.0.0.0/0 lets everybody in to TCP on every port; {CALLS}")]),
        (INLINE, [("error", 6, f"0.0.0.0/0 lets everybody in to every protocol; {CALLS}")]),
        (AZURE, [("error", 5, f"* lets everybody in to every protocol; {CALLS}")]),
        (POLICY, [("error", 5, f"0.0.0.0/0 lets everybody in to every protocol; {CALLS}")]),
        (
            GOOGLE,
            [
                (
                    "error",
                    4,
                    f"0.0.0.0/0 lets everybody in to TCP on every port, UDP on every port and ICMP; {CALLS}",
                )
            ],
        ),
        (
            rule(WORLD, 0, 0, "-1", way="egress"),
            [
                (
                    "note",
                    7,
                    "0.0.0.0/0 lets traffic out to everybody by every protocol; write the addresses that are called",
                )
            ],
        ),
        (
            rule('cidr_ipv4 = "0.0.0.0/1"', 22, 22, way="egress")
            + rule('cidr_ipv4 = "128.0.0.0/1"', 22, 22, way="egress", name="b"),
            [
                (
                    "note",
                    15,
                    "0.0.0.0/1, 128.0.0.0/1 together let out to everybody by TCP 22; write the addresses that are "
                    "meant",
                )
            ],
        ),
        (
            rule("cidr_ipv4 = var.x", 0, 0, "-1"),
            [
                (
                    "note",
                    7,
                    "cannot tell: var.x is not declared; it may let the world in to every protocol",
                ),
                ("warning", 4, "the rule allows every protocol; write the ports that are used"),
            ],
        ),
    ],
)
def test_a_rule_that_is_open_on_every_protocol_is_one_finding(text: str, expected: list[tuple[str, int, str]]) -> None:
    assert [row[1:] for row in judged(text, *WHOLE)] == expected


def test_what_a_comment_switches_off_does_not_hide_the_protocol() -> None:
    comment = "  # sark:ignore ingress-is-not-open-to-the-world until 2026-12-31: a load balancer\n"
    text = rule(WORLD, 0, 0, "-1").replace("  cidr_ipv4", f"{comment}  cidr_ipv4")
    assert sorted(row[0] for row in judged(text, *WHOLE)) == [
        "protocols-are-not-all-allowed",
        "ssh-is-not-open-to-the-world",
    ]


def test_a_default_that_is_the_world_is_reported_at_the_default() -> None:
    text = (
        'variable "from" {\n  description = "x"\n  type = list(string)\n  default = ["0.0.0.0/0"]\n}\n'
        "locals {\n  all = toset(var.from)\n}\n"
        + rule("cidr_ipv4 = each.value", 22, 22).replace('" {\n', '" {\n  for_each = local.all\n')
    )
    reported = judged(text, *OPEN, "network-inputs-do-not-default-to-the-world")
    assert [(name, severity, line) for name, severity, line, _ in reported if severity != "note"] == [
        ("network-inputs-do-not-default-to-the-world", "error", 4),
    ]
    assert any(message.startswith("with the defaults alone: 0.0.0.0/0 lets everybody in") for *_, message in reported)
    # A root module has no other callers.
    assert ("ssh-is-not-open-to-the-world", "error") in [row[:2] for row in judged(text + 'provider "aws" {}\n', *OPEN)]


def test_rules_that_are_alike_by_defaults_are_a_note() -> None:
    text = 'variable "a" {\n  default = "10.0.0.0/8"\n}\nvariable "b" {\n  default = "10.0.0.0/8"\n}\n'
    text += rule("cidr_ipv4 = var.a", 22, 22) + rule("cidr_ipv4 = var.b", 22, 22, name="b")
    words = "aws_vpc_security_group_ingress_rule.a is already for TCP 22 and the same peer; remove one of the two"
    assert judged(text, "rules-differ") == [("rules-differ", "note", 15, f"with the defaults alone: {words}")]
    assert judged(text + 'provider "aws" {}\n', "rules-differ") == [("rules-differ", "error", 15, words)]


def test_halves_of_the_world_in_a_default() -> None:
    text = 'variable "from" {\n  default = ["10.0.0.0/8", "0.0.0.0/1", "128.0.0.0/1"]\n}\n'
    [(_, _, _, message)] = judged(text, "network-inputs-do-not-default-to-the-world")
    assert message == "var.from is 0.0.0.0/1, 128.0.0.0/1, together everybody, by default; write no default, or []"


def test_the_smallest_set_that_is_the_world_on_its_own_lines() -> None:
    peers = ["198.51.100.0/24", "0.0.0.0/1", "203.0.113.0/24", "128.0.0.0/1", "192.0.2.0/24"]
    text = "".join(rule(f'cidr_ipv4 = "{peer}"', 8000, 8000, name=f"r{at}") for at, peer in enumerate(peers))
    [(_, severity, line, message)] = judged(text, "ranges-together-are-not-the-world")
    assert (severity, line) == ("error", 31)
    assert message == (
        "0.0.0.0/1, 128.0.0.0/1 together let in from everybody by TCP 8000; write the addresses that are meant"
    )


def test_conditionals_that_exclude_each_other_are_no_error() -> None:
    text = (
        'variable "by_account" {}\nvariable "tags" {}\nresource "google_compute_firewall" "r" {\n  network = "n"\n'
        "  source_tags = var.by_account ? null : var.tags\n"
        '  source_service_accounts = var.by_account ? var.tags : null\n  allow {\n    protocol = "tcp"\n  }\n}\n'
    )
    [(_, severity, _, message)] = judged(text, "tags-and-accounts-do-not-mix")
    assert severity == "note"
    assert message.startswith("cannot tell: var.by_account has no value; ")


TREE = {
    "main.tf": 'module "m" {\n  source = "./modules/m"\n  cidr = "10.0.0.0/8"\n  names = ["a"]\n}\n',
    "modules/m/main.tf": 'variable "cidr" {\n  default = ""\n  validation {\n    condition = var.cidr != ""\n'
    '    error_message = "write one"\n  }\n}\nvariable "names" {\n  default = []\n}\n'
    'locals {\n  first = coalescelist(var.names, [])\n  wrong = 1 + "x"\n}\n',
}
EVALUATES = "terraform-expressions-evaluate"


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def of(paths: list[str], *within: str) -> list[Finding]:
    from datetime import UTC, datetime

    return findings(LintRun(paths, [], datetime.now(UTC), frozenset(), within))


def test_a_module_that_is_called_is_judged_by_its_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(written(tmp_path, TREE))
    wrong = (EVALUATES, "error", 13, "a number is needed, but this string is not one")
    assert rows(of(["."]), EVALUATES) == [wrong]
    alone = rows(of(["modules/m"]), EVALUATES)
    assert [row for row in alone if row[1] == "error"] == [wrong]
    assert sorted(row[3] for row in alone if row[1] == "note") == [
        "cannot tell: with the defaults alone, every argument of coalescelist is an empty list",
        "cannot tell: with the defaults alone, var.cidr fails its validation: write one",
    ]
    written(tmp_path, {"main.tf": TREE["main.tf"].replace("  cidr", "  count = 0\n  cidr")})
    assert {row[1] for row in rows(of(["."]), EVALUATES)} == {"error", "note"}, "nobody calls it, so it is judged alone"


def test_who_is_called() -> None:
    calls = {"a": ("b",), "b": ("c",), "c": (), "d": ("e",), "e": ("d",), "f": ("f",)}
    assert uncalled(list(calls), lambda path: calls.get(path, ())) == ["a", "f", "d"]


@pytest.mark.parametrize("source", ["../../elsewhere", "../../../../../../../../etc"])
def test_no_source_leads_out_of_the_tree(source: str, tmp_path: Path) -> None:
    tree = tmp_path / "given" / "tree"
    written(tmp_path / "elsewhere", {"main.tf": 'locals {\n  secret = "s3cr3t"\n}\nx y\n'})
    written(tree, {"main.tf": f'module "m" {{\n  source = "{source}"\n}}\noutput "o" {{\n  value = module.m.x\n}}\n'})
    findings = of([str(tree)])
    if source.endswith("elsewhere"):
        assert rows(findings, "terraform-modules-are-there") == [
            ("terraform-modules-are-there", "note", 2,
             f"cannot tell: {source}: it is outside the directories that were named; "
             "what module.m opens is not checked"),
        ]  # fmt: skip
        inside = of([str(tree)], str(tmp_path / "elsewhere"))
        assert ("terraform-is-readable", 4) in [(item.rule, item.problem.where.line) for item in inside]
    assert not any("elsewhere/main.tf" in item.problem.where.file for item in findings)


def test_no_link_leads_out_of_the_tree(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("root:x:0:0\n")
    tree = written(tmp_path / "tree", {"inside.txt": "locals {}\n"})
    (tree / "main.tf").symlink_to(secret)
    (tree / "linked.tf").symlink_to(tree / "inside.txt")
    (tree / "loop.tf").symlink_to(tree / "loop.tf")
    os.mkfifo(tree / "pipe.tf")
    (tree / "large.tf").write_text(" " * (5 * 1024 * 1024))
    (tree / "sub").symlink_to(tmp_path)
    messages = {Path(item.problem.where.file).name: item.problem.message for item in of([str(tree)])}
    assert messages["main.tf"] == "it cannot be read: it is outside the directories that were named"
    assert messages["pipe.tf"] == "it cannot be read: it is not a regular file"
    assert messages["large.tf"] == "it cannot be read: it has 5.0 MiB, and files are read up to 1 MiB; split it"
    assert messages["loop.tf"] == "it cannot be read: its symbolic links lead nowhere"
    assert "linked.tf" not in messages
    assert not any("root:x" in message for message in messages.values())


def test_the_current_directory_is_reached_for_paths_below_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, other = tmp_path / "here", tmp_path / "other"
    written(here, {"secret": "x", "tree/main.tf": 'locals {\n  a = file("../secret")\n}\n'})
    written(other, {"main.tf": 'locals {\n  a = file("../here/secret")\n}\n'})
    monkeypatch.chdir(here)
    assert evaluate_directory("tree", disk(["tree"])).locals["a"].value.data == "x"
    assert not evaluate_directory(str(other), disk([str(other)])).locals["a"].value.known


def test_a_rule_that_fails_costs_itself_and_the_run_is_no_clean_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tools.terraform import lint

    def failing_rule(module: Module) -> Any:
        raise ZeroDivisionError("x")

    monkeypatch.delenv("SARK_TRACEBACK", raising=False)
    monkeypatch.setattr(lint, "CHECKS", (failing_rule, *lint.CHECKS))
    tree = written(tmp_path / "tree", {"main.tf": rule(WORLD, 22, 22)})
    assert main(["lint", str(tree)]) == 2
    out = capsys.readouterr().out
    assert "ssh-is-not-open-to-the-world" in out
    assert "failing-rule over" in out
    assert "ZeroDivisionError" in out


FILE = 'locals {\n  a = [1.5, -2, "x${local.b}", [for k, v in { x = 1 } : "${k}" if v > 0]] # c\n  b = = 1\n}\n' + (
    'resource "aws_x" "y" {\n  a = <<-E\n    %{ for x in [1] ~}\n    ${x}\n    %{ endfor ~}\n  E\n'
    "  b = a.*.c.0[*].d[1]\n  c = f(x...) ? !true : null\n  d {\n    e = 1e400\n  }\n"
    "  g = { (a) = 1, for = 2 }\n  h = { for k in x : k => k... }\n}\n" + "# more\n" * 100
)


def test_what_was_parsed_is_kept(tmp_path: Path) -> None:
    kept = cache.Cache(tmp_path / "c" / "terraform")
    first = kept.parse(FILE, "main.tf")
    assert (first, kept.store.written) == (parse(FILE, "main.tf"), 1)
    again = cache.Cache(tmp_path / "c" / "terraform")
    second = again.parse(FILE, "other.tf")
    assert (second, again.store.written) == (parse(FILE, "other.tf"), 0)
    assert again.parse(FILE + "\n", "main.tf") == parse(FILE + "\n", "main.tf")
    assert again.store.written == 1


def entry(folder: Path) -> Path:
    [path] = folder.glob("*.json")
    return path


@pytest.mark.parametrize("harm", ["damaged", "cut", "empty", "of another", "link", "writable", "directory", "no tree"])
def test_what_others_could_have_written_is_not_read(harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "c" / "terraform"
    cache.Cache(folder).parse(FILE, "main.tf")
    path = entry(folder)
    text = path.read_bytes()
    # It would be believed: the value is another one, and the sum is right.
    digest, _, payload = text.partition(b"\n")
    false = payload.replace(b'"aws_x"', b'"aws_z"')
    import hashlib

    path.write_bytes(hashlib.sha256(false).hexdigest().encode() + b"\n" + false)
    believed = cache.Cache(folder).parse(FILE, "main.tf")
    assert believed.body.sections[1].labels == ("aws_z", "y"), "or this test would show nothing"
    if harm == "damaged":
        path.write_bytes(digest + b"\n" + false)
    elif harm == "cut":
        path.write_bytes(text[: len(text) // 2])
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "of another":
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    elif harm == "link":
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    elif harm == "writable":
        path.chmod(0o666)
    elif harm == "directory":
        folder.chmod(0o777)
    else:
        data = b"[[1]]"
        path.write_bytes(hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
    assert cache.Cache(folder).parse(FILE, "main.tf") == parse(FILE, "main.tf")


def test_another_parser_reads_nothing_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "c" / "terraform"
    cache.Cache(folder, b"one").parse(FILE, "main.tf")
    other = cache.Cache(folder, b"another")
    other.parse(FILE, "main.tf")
    assert other.store.written == 1


def test_without_a_place_to_keep_it_all_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (None, tmp_path / "file" / "below"):
        assert cache.Cache(folder).parse(FILE, "main.tf") == parse(FILE, "main.tf")


def test_the_oldest_are_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 3)
    kept = cache.Cache(tmp_path / "c" / "terraform")
    for number in range(6):
        kept.parse(f"{FILE}# {number}\n", "main.tf")
    kept.tidy()
    assert len(list((tmp_path / "c" / "terraform").iterdir())) == 3


def test_the_command_keeps_and_finds_it(tmp_path: Path, cache_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = written(tmp_path / "tree", {"main.tf": rule(WORLD, 22, 22) + "# more\n" * 100})
    outputs = []
    for arguments in ([], [], ["--no-cache"]):
        main(["lint", str(tree), *arguments])
        outputs.append(capsys.readouterr().out)
    assert len(set(outputs)) == 1
    assert len(list((cache_home / "sark-network" / "terraform").iterdir())) == 1


def test_generated_files_come_back_from_the_cache(tmp_path: Path) -> None:
    from tests.terraform.sources import Files

    files = Files(7)
    folder = tmp_path / "c" / "terraform"
    for text in (files.file() + "# more\n" * 80 for _ in range(60)):
        first = cache.Cache(folder, b"x")
        assert first.parse(text, "a.tf") == cache.Cache(folder, b"x").parse(text, "a.tf") == parse(text, "a.tf")
    assert list(folder.iterdir())


def test_texts_are_sources() -> None:
    assert Texts({"a/main.tf": "x"}).directory("a") == {"main.tf": "x"}
