"""Where else a firewall is opened: in lists, policies, translations and defaults beside the rules themselves."""

from __future__ import annotations

import pytest

from tools.findings.model import run
from tools.terraform.modules.read import evaluate_text
from tools.terraform.rules.services import ssh_is_not_open_to_the_world

LIST = """
resource "aws_ec2_managed_prefix_list" "some" {{
  name           = "some"
  address_family = "IPv4"
  max_entries    = 2
  {entry}
}}
resource "aws_vpc_security_group_ingress_rule" "ssh" {{
  security_group_id = "sg-1"
  prefix_list_id    = aws_ec2_managed_prefix_list.some.id
  from_port         = 22
  to_port           = 22
  ip_protocol       = "tcp"
}}
"""
ENTRY = """
resource "aws_ec2_managed_prefix_list_entry" "e" {
  prefix_list_id = aws_ec2_managed_prefix_list.some.id
  cidr           = "::/0"
}
"""
POLICY = """
resource "google_compute_{scope}firewall_policy_with_rules" "p" {{
  name = "p"
  rule {{
    priority  = 1
    direction = "INGRESS"
    action    = "{action}"
    match {{
      src_ip_ranges = ["0.0.0.0/0"]
      layer4_config {{
        ip_protocol = "tcp"
        ports       = ["22"]
      }}
    }}
  }}
}}
"""
TRANSLATION = """
    rule {{
      name                = "ssh"
      protocols           = ["UDP", "TCP"]
      source_addresses    = ["{source}"]
      destination_address = "203.0.113.9"
      destination_ports   = ["22"]
      translated_address  = "10.0.0.4"
      translated_port     = "22"
    }}
"""
GROUP = 'resource "azurerm_firewall_policy_rule_collection_group" "g" {\n  nat_rule_collection {\n%s\n  }\n}\n'
CLASSIC = 'resource "azurerm_firewall_nat_rule_collection" "g" {\n%s\n}\n'
NODES = 'resource "aws_eks_node_group" "n" {\n  remote_access {\n    ec2_ssh_key = "k"\n%s\n  }\n}\n'
GUARD = '    source_security_group_ids = ["sg-1"]'
LIGHTSAIL = """
resource "aws_lightsail_instance_public_ports" "p" {
  instance_name = "x"
  port_info {
    protocol  = "tcp"
    from_port = 22
    to_port   = 22
    %s
  }
}
"""
CHUNKS = """
locals {
  all = concat([for i in range(30) : "10.${i}.0.0/16"], csvdecode("cidr\\n0.0.0.0/0")[*].cidr)
}
resource "aws_security_group_rule" "r" {
  count             = length(chunklist(local.all, 25))
  type              = "ingress"
  security_group_id = "sg-1"
  cidr_blocks       = chunklist(local.all, 25)[count.index]
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
}
"""
# A name -> Terraform, and the path of the finding; "" where there is none.
CASES = {
    "an entry of a prefix list": (
        LIST.format(entry='entry { cidr = "0.0.0.0/0" }'),
        "aws_ec2_managed_prefix_list.some.entry[0].cidr",
    ),
    "an entry beside a prefix list": (LIST.format(entry="") + ENTRY, "aws_ec2_managed_prefix_list_entry.e.cidr"),
    "a narrow prefix list": (LIST.format(entry='entry { cidr = "203.0.113.0/24" }'), ""),
    "every instance of a prefix list": (
        LIST.format(entry='count = 1\n  entry { cidr = "::/0" }').replace(
            "prefix_list_id    = aws_ec2_managed_prefix_list.some.id",
            "prefix_list_id    = one(aws_ec2_managed_prefix_list.some[*].id)",
        ),
        "aws_ec2_managed_prefix_list.some[0].entry[0].cidr",
    ),
    "a rule that is switched off": (
        'resource "google_compute_firewall" "f" {\n  name = "f"\n  network = "n"\n  disabled = true\n'
        '  source_ranges = ["0.0.0.0/0"]\n  allow {\n    protocol = "tcp"\n    ports = ["22"]\n  }\n}\n',
        "",
    ),
    "a policy's rule that is switched off": (
        POLICY.format(scope="network_", action="allow").replace("priority  = 1", "priority = 1\n    disabled = true"),
        "",
    ),
    "an empty prefix list": (LIST.format(entry=""), ""),
    **{
        f"a policy with its rules, {scope or 'of an organization'}": (
            POLICY.format(scope=scope, action="allow"),
            f"google_compute_{scope}firewall_policy_with_rules.p.rule[0].match[0].src_ip_ranges[0]",
        )
        for scope in ("", "network_", "region_network_")
    },
    "a policy whose rule denies": (POLICY.format(scope="network_", action="deny"), ""),
    "a translation of Azure Firewall": (
        GROUP % TRANSLATION.format(source="*"),
        "azurerm_firewall_policy_rule_collection_group.g.nat_rule_collection[0].rule[0].source_addresses[0]",
    ),
    "a translation of the older kind": (
        CLASSIC % TRANSLATION.format(source="0.0.0.0/0"),
        "azurerm_firewall_nat_rule_collection.g.rule[0].source_addresses[0]",
    ),
    "a translation for few": (GROUP % TRANSLATION.format(source="203.0.113.0/24"), ""),
    "a key for nodes": (NODES % "", "aws_eks_node_group.n.remote_access[0]"),
    "a key for nodes behind a group": (NODES % GUARD, ""),
    "public ports by default": (LIGHTSAIL % "", "aws_lightsail_instance_public_ports.p.port_info[0]"),
    "public ports for few": (LIGHTSAIL % 'cidrs = ["203.0.113.0/24"]', ""),
    "a list in parts, read from CSV": (CHUNKS, "aws_security_group_rule.r[1].cidr_blocks"),
}


@pytest.mark.parametrize("case", CASES)
def test_ssh_is_seen_wherever_it_is_opened(case: str) -> None:
    text, path = CASES[case]
    findings = list(run((ssh_is_not_open_to_the_world,), evaluate_text({"main.tf": text}, ".")))
    assert [finding.problem.where.path for finding in findings] == ([path] if path else [])
