"""The checks across layers, word for word: the clouds against each other, and against the chart's values."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import pytest

from tools.findings.model import rule_id, run
from tools.findings.stages import severities
from tools.terraform.clouds.chart import Layers
from tools.terraform.language.model import Module
from tools.terraform.modules.read import evaluate_text
from tools.terraform.rules.layers import CHECKS

RULES = {rule_id(check): check for check in CHECKS}
VALUES: Mapping[str, Any] = {
    "gateway": {"enabled": True, "ports": {"http": 8000, "metrics": 9090}},
    "ingressController": {"enabled": True},
    "monitoring": {"enabled": False},
    "database": {"enabled": True, "ports": {"postgresql": 5432}, "externalCidrs": ["10.2.0.0/24"]},
    "cache": {"enabled": False, "ports": {"redis": 6379}},
    "dns": {"enabled": True, "ports": [53]},
    "egress": {"enabled": True, "domains": ["*.openai.com"]},
}
PORTS = 'from_port = {port}\n  to_port = {port}\n  ip_protocol = "tcp"\n  security_group_id = "sg-1"\n'


def aws(way: str, port: int, cidr: str) -> str:
    """A rule of AWS."""
    name = f"{way}_{port}_{abs(hash(cidr))}"
    kind = f"aws_vpc_security_group_{way}_rule"
    return f'resource "{kind}" "{name}" {{\n  {PORTS.format(port=port)}  cidr_ipv4 = {cidr}\n}}\n'


def azure(way: str, port: int, cidr: str) -> str:
    """A rule of Azure."""
    side = "source" if way == "Inbound" else "destination"
    return (
        f'resource "azurerm_network_security_rule" "{way}_{port}" {{\n  direction = "{way}"\n  access = "Allow"\n'
        f'  protocol = "Tcp"\n  destination_port_range = "{port}"\n  {side}_address_prefix = "{cidr}"\n}}\n'
    )


def names(kind: str, *targets: str) -> str:
    """A domain list of AWS Network Firewall."""
    listed = ", ".join(f'"{target}"' for target in targets)
    return (
        f'resource "aws_networkfirewall_rule_group" "{kind.lower()}" {{\n  rule_group {{\n    rules_source {{\n'
        f'      rules_source_list {{\n        generated_rules_type = "{kind}"\n        targets = [{listed}]\n'
        "      }\n    }\n  }\n}\n"
    )


GATEWAY = aws("ingress", 8000, '"10.0.0.0/24"')
DATABASE = aws("egress", 5432, '"10.2.0.0/24"')
HTTPS = aws("egress", 443, '"10.3.0.0/24"')
AWS = GATEWAY + DATABASE + HTTPS
AZURE = (
    azure("Inbound", 8000, "10.0.0.0/24")
    + azure("Outbound", 5432, "10.2.0.0/24")
    + azure("Outbound", 443, "10.3.0.0/24")
)
UNKNOWN = 'variable "peer" {\n  type = string\n}\n'


def reported(values: Mapping[str, Any], **clouds: str) -> list[str]:
    """The findings on some clouds' Terraform, and of a chart's values."""
    roots: dict[str, Module] = {cloud: evaluate_text({f"{cloud}.tf": text}) for cloud, text in clouds.items()}
    layers = Layers(roots, values, "production", "values.yaml")
    return [
        f"{item.rule} {item.problem.severity} {item.problem.where.file} {item.problem.message}"
        for item in run(CHECKS, layers)
    ]


def changed(**parts: Any) -> dict[str, Any]:
    """VALUES with some parts replaced."""
    return {**VALUES, **{name: {**VALUES.get(name, {}), **part} for name, part in parts.items()}}


def test_clouds_that_agree_with_each_other_and_with_the_chart_are_clean() -> None:
    assert reported(VALUES, aws=AWS, azure=AZURE) == []


CASES: dict[str, tuple[Mapping[str, Any], dict[str, str], list[str]]] = {
    "a port of one cloud": (
        VALUES,
        {"aws": AWS + aws("egress", 123, '"10.0.0.9/32"'), "azure": AZURE},
        ["clouds-agree error aws.tf TCP 123 out is open on aws and not on azure; open it there or close it here"],
    ),
    "an address of one cloud": (
        VALUES,
        {"aws": AWS, "azure": AZURE.replace("10.0.0.0/24", "10.0.0.0/23")},
        ["clouds-agree error azure.tf TCP 8000 in is open for 10.0.0.0/23 on azure and not on aws; write the same"],
    ),
    "each cloud's own resolver, and one address more": (
        VALUES,
        {
            "aws": AWS + aws("egress", 53, '"169.254.169.253/32"'),
            "azure": AZURE
            + azure("Outbound", 53, "168.63.129.16/32")
            + azure("Outbound", 53, "10.0.0.2/32").replace("Outbound_53", "other"),
        },
        ["clouds-agree error azure.tf TCP 53 out is open for 10.0.0.2/32 on azure and not on aws; write the same"],
    ),
    "health checks of Google Cloud": (
        VALUES,
        {"aws": AWS + aws("ingress", 8000, '"35.191.0.0/16"'), "azure": AZURE},
        [],
    ),
    "a port that the chart has not": (
        VALUES,
        {"aws": AWS + aws("egress", 6380, '"10.2.0.0/24"')},
        [
            "cloud-ports-are-the-charts error aws.tf aws opens TCP 6380 out, which the chart keeps "
            "closed in production; remove it"
        ],
    ),
    "a port of a part that is switched off": (
        VALUES,
        {"aws": AWS + aws("egress", 6379, '"10.2.0.0/24"')},
        ["cloud-ports-are-the-charts note aws.tf aws opens TCP 6379 out, whose part is switched off in production"],
    ),
    "a port in the wrong direction": (
        VALUES,
        {"aws": AWS + aws("ingress", 5432, '"10.2.0.0/24"')},
        [
            "cloud-ports-are-the-charts error aws.tf aws opens TCP 5432 in, which the chart keeps "
            "closed in production; remove it"
        ],
    ),
    "an address that the chart has not": (
        VALUES,
        {"aws": AWS + aws("egress", 5432, '"10.9.0.0/24"')},
        [
            "cloud-ports-are-the-charts error aws.tf aws opens TCP 5432 for 10.9.0.0/24, which "
            "database.externalCidrs does not "
            "list in production; write the same addresses"
        ],
    ),
    "a database that the cloud keeps closed": (
        VALUES,
        {"aws": GATEWAY + HTTPS},
        [
            "cloud-opens-what-the-chart-opens error values.yaml the chart opens TCP 5432 out for "
            "10.2.0.0/24, and aws keeps it "
            "closed; open it there"
        ],
    ),
    "half of the database's addresses": (
        changed(database={"externalCidrs": ["10.2.0.0/24", "10.2.9.0/24"]}),
        {"aws": AWS},
        [
            "cloud-opens-what-the-chart-opens error values.yaml the chart opens TCP 5432 out for "
            "10.2.9.0/24, and aws keeps it "
            "closed; open it there"
        ],
    ),
    "a domain's port that the cloud keeps closed": (
        changed(egress={"domains": ["*.openai.com", {"name": "mcp.example.com", "ports": [8443]}]}),
        {"aws": AWS},
        [
            "cloud-opens-what-the-chart-opens error values.yaml the chart opens TCP 8443 out, and "
            "aws keeps it closed; open it there"
        ],
    ),
    "the gateway's port": (
        VALUES,
        {"aws": DATABASE + HTTPS},
        [
            "cloud-opens-what-the-chart-opens error values.yaml the chart opens TCP 8000 in, and aws "
            "keeps it closed; open it there"
        ],
    ),
    "an address that is not known, of one cloud": (
        VALUES,
        {"aws": UNKNOWN + GATEWAY.replace('"10.0.0.0/24"', "var.peer") + DATABASE + HTTPS, "azure": AZURE},
        ["clouds-agree note aws.tf cannot tell: var.peer has no value; TCP 8000 in may differ on aws and azure"],
    ),
    "an address that is not known": (
        changed(database={"externalCidrs": ["10.2.0.0/24", "10.2.9.0/24"]}),
        {"aws": UNKNOWN + AWS + aws("egress", 5432, "var.peer")},
        [
            "cloud-opens-what-the-chart-opens note values.yaml cannot tell: var.peer has no value; "
            "TCP 5432 out may be closed on aws for 10.2.9.0/24"
        ],
    ),
    "a name too many": (
        VALUES,
        {"aws": AWS + names("ALLOWLIST", ".openai.com", "evil.example") + names("DENYLIST", "openai.com")},
        [
            "cloud-domains-are-the-charts error aws.tf AWS Network Firewall allows evil.example, "
            "which egress.domains in production "
            "does not list; remove it"
        ],
    ),
    "a name too few, and a domain with the names below it": (
        changed(egress={"domains": ["*.openai.com", "*.anthropic.com"]}),
        {"aws": AWS + names("ALLOWLIST", ".openai.com")},
        [
            "cloud-domains-are-the-charts error values.yaml *.anthropic.com is not allowed by AWS "
            "Network Firewall on aws; "
            "add it to the filter's list",
            "cloud-domains-are-the-charts warning aws.tf .openai.com lets openai.com itself through "
            "too, which *.openai.com does not; "
            "deny it before",
        ],
    ),
    "a name that is not known": (
        VALUES,
        {"aws": UNKNOWN + AWS + names("ALLOWLIST", "NAME").replace('"NAME"', "var.peer")},
        [
            "cloud-domains-are-the-charts note aws.tf cannot tell: var.peer has no value; AWS Network Firewall may not "
            "allow *.openai.com"
        ],
    ),
    "only names that are denied": (
        VALUES,
        {"aws": AWS + names("DENYLIST", "openai.com")},
        [
            "cloud-domains-are-the-charts error values.yaml *.openai.com is not allowed by AWS "
            "Network Firewall on aws; "
            "add it to the filter's list"
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_layers_that_differ(name: str) -> None:
    values, clouds, expected = CASES[name]
    assert reported(values, **clouds) == expected


def test_ports_that_are_not_known_are_said() -> None:
    text = (
        'variable "port" {\n  type = number\n}\n'
        + AWS
        + GATEWAY.replace("= 8000", "= var.port").replace("ingress_8000", "x")
    )
    assert (
        "cloud-ports-are-the-charts note aws.tf cannot tell: var.port has no value; the chart may "
        "keep the port closed" in reported(VALUES, aws=text)
    )


def test_every_rule_has_a_case_of_each_severity_that_it_declares() -> None:
    shown: dict[str, set[str]] = {}
    for _, _, expected in CASES.values():
        for line in expected:
            rule, severity, *_ = line.split(" ")
            shown.setdefault(rule, set()).add(severity)
    assert shown == {rule: set(severities(check)) for rule, check in RULES.items()}


@pytest.mark.parametrize("rule", RULES)
def test_an_entry_says_the_fact_the_reason_and_the_source(rule: str) -> None:
    lines = (inspect.getdoc(RULES[rule]) or "").splitlines()
    assert lines[0].endswith(".")
    assert lines[1] == ""
    assert any(line.startswith("Source: ") for line in lines)
