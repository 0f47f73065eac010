"""Checks of the names and descriptions of cloud firewall rules, and of logs of cloud firewalls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tools.findings.model import Check, Problem, Severities, Severity, Where
from tools.terraform.language.model import Body, Module, UnknownValue
from tools.terraform.rules.gcp import RULES as GOOGLE_RULES
from tools.terraform.rules.groups import AWS_RULES, LEGACY_RULE, NSG_RULE, references

_GOOGLE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_AWS_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_AZURE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?")
_AWS_WRITE = "at most 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"
# The form of an attribute, by type and path, and what to write.
FORMS: Mapping[str, Mapping[str, tuple[re.Pattern[str], str]]] = {
    **{
        kind: {"name": (_GOOGLE_NAME, "lower-case letters, digits and hyphens, a letter first, at most 63")}
        for kind in ("google_compute_firewall", "google_compute_network_firewall_policy")
    },
    "aws_security_group": {
        "name": (re.compile(r"(?!sg-)[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}"), f"{_AWS_WRITE}, and no sg- first"),
        "description": (_AWS_TEXT, _AWS_WRITE),
        "ingress.description": (_AWS_TEXT, _AWS_WRITE),
        "egress.description": (_AWS_TEXT, _AWS_WRITE),
    },
    **{kind: {"description": (_AWS_TEXT, _AWS_WRITE)} for kind in (*AWS_RULES, LEGACY_RULE)},
    "azurerm_network_security_group": {
        "name": (_AZURE_NAME, "at most 80 letters, digits, and ._- between them"),
        "security_rule.description": (re.compile(r"(?s).{0,140}"), "at most 140 characters"),
    },
    NSG_RULE: {
        "name": (_AZURE_NAME, "at most 80 letters, digits, and ._- between them"),
        "description": (re.compile(r"(?s).{0,140}"), "at most 140 characters"),
    },
}
# A firewall, and the resource that gives it a log.
LOGS: Mapping[str, tuple[str, ...]] = {
    "aws_networkfirewall_firewall": ("aws_networkfirewall_logging_configuration",),
    "azurerm_firewall": ("azurerm_monitor_diagnostic_setting",),
}


def rules_are_described(module: Module) -> Iterator[Problem]:
    """Every group and every rule says what it is for.

    Nobody dares to take out a rule whose reason is not known. AWS writes "Managed by Terraform" where a security group
    says nothing, and never changes it again.
    Write `description`.
    Peers: checkov CKV_AWS_23; trivy AWS-0099 AWS-0124; tfsec aws-ec2-add-description-to-security-group
    aws-ec2-add-description-to-security-group-rule.
    Source: NIST SP 800-41, rules are documented.
    """
    for resource in module.everything("aws_security_group", *AWS_RULES, LEGACY_RULE, *GOOGLE_RULES, NSG_RULE):
        yield from _described(resource.body, resource.where, resource.address)
        for name in ("ingress", "egress") if resource.type == "aws_security_group" else ():
            for block in resource.body.each(name):
                yield from _described(block.body, block.where, f"the {name} block")
    for group in module.everything("azurerm_network_security_group"):
        for block in group.body.each("security_rule"):
            yield from _described(block.body, block.where, "the security_rule block")


def names_and_descriptions_are_taken(module: Module) -> Iterator[Problem]:
    """Names and descriptions are ones that the cloud takes.

    Google Cloud's names follow RFC 1035, AWS's descriptions hold ASCII without quotes and apostrophes, Azure's are at
    most 140 characters. Schemas take any string, and the cloud refuses it half way through an apply.
    Write what the message says.
    Source: EC2 CreateSecurityGroup; Compute Engine firewalls, `name`; Azure resource naming rules and SecurityRule.
    """
    for resource in module.everything():
        for path, (form, write) in FORMS.get(resource.type, {}).items():
            for value in resource.body.find(path):
                if isinstance(value.data, str) and not form.fullmatch(value.data):
                    yield Problem(
                        value.where, f"{path.rpartition('.')[2]} `{value.data[:60]}` is refused: write {write}"
                    )


def firewalls_are_logged(module: Module) -> Iterator[Problem]:
    """A managed firewall has a log.

    AWS Network Firewall and Azure Firewall log nothing until they are given somewhere to write.
    Write aws_networkfirewall_logging_configuration with ALERT and FLOW, azurerm_monitor_diagnostic_setting.
    Peers: checkov CKV2_AWS_63.
    Source: AWS Network Firewall developer guide, logging; Azure Firewall, monitoring.
    """
    for firewall in module.everything(*LOGS):
        logs = tuple(module.everything(*LOGS[firewall.type]))
        name = f"{firewall.type}.{firewall.name}"
        if not any(name in reference for log in logs for reference in references(log.body)):
            (kind,) = LOGS[firewall.type]
            yield Problem(firewall.where, f"{firewall.address} logs nothing; write {kind}", Severity.WARNING)


def flow_logs_show_rejections(module: Module) -> Iterator[Problem]:
    """A flow log is on, and holds what was rejected.

    Security groups log nothing themselves. A log of what was accepted alone says nothing of a gateway that tries to
    get out.
    Write traffic_type = "REJECT" or "ALL", and enabled = true.
    Source: Amazon VPC flow logs, traffic types; Azure Network Watcher, flow logs.
    """
    for log in module.everything("aws_flow_log"):
        value = log.body.value("traffic_type")
        if value and value.data == "ACCEPT":
            yield Problem(
                value.where, 'the log leaves out what was rejected; write "REJECT" or "ALL"', Severity.WARNING
            )
    for log in module.everything("azurerm_network_watcher_flow_log"):
        value = log.body.value("enabled")
        if value and value.data in (False, "false"):
            yield Problem(value.where, "the log is off; write enabled = true", Severity.WARNING)


def _described(body: Body, where: Where, what: str) -> Iterator[Problem]:
    value = body.value("description")
    if value is None or (not isinstance(value.data, UnknownValue) and not str(value.data).strip()):
        yield Problem(where, f"{what} has no description; write one", Severity.WARNING)


CHECKS: tuple[Check[Module], ...] = (
    rules_are_described,
    names_and_descriptions_are_taken,
    firewalls_are_logged,
    flow_logs_show_rejections,
)
SEVERITIES: Severities = {
    rules_are_described: (Severity.WARNING,),
    firewalls_are_logged: (Severity.WARNING,),
    flow_logs_show_rejections: (Severity.WARNING,),
}
