"""Findings of Terraform rules that comments switch off: ours, and other linters'."""

from __future__ import annotations

from datetime import date

import pytest

from tools.findings.model import Finding, rule_id, run
from tools.findings.suppress import Suppressions, apply, judge
from tools.terraform.modules.read import evaluate_text
from tools.terraform.rules import comments, registry
from tools.terraform.rules.comments import peers, suppressions

CHECKS = (*registry.CHECKS, *comments.CHECKS)

TODAY = date(2026, 11, 24)
RULE = """resource "aws_vpc_security_group_ingress_rule" "ssh" {{
  security_group_id = "sg-1"
  {inside}
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = "0.0.0.0/0" {after}
}}
"""
SSH, WORLD, DESCRIBED = "ssh-is-not-open-to-the-world", "ingress-is-not-open-to-the-world", "rules-are-described"


def judged(text: str) -> tuple[set[str], list[str]]:
    """Of SSH, WORLD and DESCRIBED those that are found, and what is wrong with the suppressions."""
    module = evaluate_text({"main.tf": text})
    given = Suppressions(tuple(suppressions(module)), TODAY, frozenset(rule_id(check) for check in CHECKS))
    findings: tuple[Finding, ...] = apply(run(CHECKS, module), given)
    wrong = [f"{item.problem.where.line} {item.problem.message}" for item in judge(given)]
    return {item.rule for item in findings} & {SSH, WORLD, DESCRIBED}, wrong


def rule(above: str = "", inside: str = "", after: str = "") -> str:
    """A rule that is open to the world and says nothing of itself, with comments."""
    return f"{above}\n" + RULE.format(inside=inside, after=after)


LATER = "until 2027-01-01"
OFF = {
    "ours, above the block": (rule(f"# sark:ignore {SSH} {LATER}: a bastion"), {SSH}),
    "ours, with the day last": (rule(f"# sark:ignore {SSH} a bastion {LATER}"), {SSH}),
    "ours, with slashes": (rule(f"// sark:ignore {SSH} {LATER}: a bastion"), {SSH}),
    "ours, on the line": (rule(after=f"# sark:ignore {SSH} {LATER}: a bastion"), {SSH}),
    "ours, for another rule": (rule(f"# sark:ignore rules-are-described {LATER}: none"), {DESCRIBED}),
    "ours, on another line": (rule(inside=f"# sark:ignore {SSH} {LATER}: a bastion"), set()),
    "checkov's": (rule(inside="#checkov:skip=CKV_AWS_24:a bastion"), {SSH}),
    "checkov's, with spaces": (rule(inside="# checkov:skip=CKV_AWS_23: nobody reads it"), {DESCRIBED}),
    "checkov's, for what is not ours": (rule(inside="#checkov:skip=CKV_AWS_999:no"), set()),
    "trivy's": (rule("#trivy:ignore:AVD-AWS-0107"), {WORLD}),
    "trivy's, without AVD": (rule("# trivy:ignore:AWS-0107"), {WORLD}),
    "trivy's, of a day to come": (rule("#trivy:ignore:AVD-AWS-0107:exp:2026-12-31"), {WORLD}),
    "trivy's, of a day that has passed": (rule("#trivy:ignore:AVD-AWS-0107:exp:2026-01-31"), set()),
    "tfsec's": (rule("#tfsec:ignore:aws-ec2-no-public-ingress-sgr"), {WORLD}),
    "two of trivy's": (rule("#trivy:ignore:AVD-AWS-0107 trivy:ignore:AVD-AWS-0099"), {WORLD, DESCRIBED}),
    "KICS's": (rule("# kics-scan ignore-block"), {WORLD}),
    "KICS's, for the file": ("# kics-scan disable=4728cd65-a20c-49da-8b31-9c08b423e4db\n" + rule(), {WORLD}),
}


@pytest.mark.parametrize("name", OFF)
def test_a_comment_switches_off_its_rules_alone(name: str) -> None:
    text, off = OFF[name]
    rules, wrong = judged(text)
    assert rules == {SSH, WORLD, DESCRIBED} - off
    assert wrong == (
        ["1 the suppression of ingress-is-not-open-to-the-world ended on 2026-01-31; mend it or renew it"]
        if "passed" in name
        else []
    )


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        (f"sark:ignore {SSH}", f"1 `{SSH}` is no suppression; write `RULE until YYYY-MM-DD: REASON`"),
        (f"sark:ignore {SSH} {LATER}", f"1 `{SSH} {LATER}` is no suppression; write `RULE until YYYY-MM-DD: REASON`"),
        (f"sark:ignore {SSH} until 2027-13-01: x", "1 2027-13-01 is no day; write `RULE until YYYY-MM-DD: REASON`"),
        (
            f"sark:ignore {SSH} until 2026-01-01: x",
            f"1 the suppression of {SSH} ended on 2026-01-01; mend it or renew it",
        ),
        (
            f"sark:ignore no-such-rule {LATER}: x",
            "1 there is no rule no-such-rule; `python -m tools.validate --list-rules` lists them",
        ),
    ],
)
def test_a_comment_without_a_reason_or_a_day_to_come_is_a_finding(comment: str, says: str) -> None:
    rules, wrong = judged(rule(f"# {comment}"))
    assert rules == {SSH, WORLD, DESCRIBED}
    assert wrong == [says]


def test_what_a_peers_comment_hides_is_reported() -> None:
    module = evaluate_text({"main.tf": rule(inside="#checkov:skip=CKV_AWS_24:a bastion")})
    (check,) = (check for check in CHECKS if rule_id(check) == "comments-of-peers-have-an-end")
    assert [f"{problem.where.line} {problem.severity} {problem.message}" for problem in check(module)] == [
        f"4 note checkov:skip=CKV_AWS_24 switches off {SSH} without a last day; write sark:ignore with one"
    ]


def test_a_peers_id_is_written_as_the_peer_does() -> None:
    forms = ("CKV", "AWS-0", "GCP-0", "AZU-0", "AC_", "terraform_", "aws_")
    for check in CHECKS:
        for peer in peers(check):
            kics = len(peer) == 8 and all(letter in "0123456789abcdef" for letter in peer)
            tfsec = peer.startswith(("aws-", "google-", "azure-"))
            assert kics or tfsec or peer.startswith(forms), f"{rule_id(check)}: {peer}"
