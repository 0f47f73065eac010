"""Checks of the groups that rules stand in: AWS security groups and Azure network security groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tools.findings.model import Check, Problem, Severities, Severity, Where
from tools.terraform.clouds.model import owner
from tools.terraform.language.model import Body, Module, ResourceInstance, Value, unknowns

AWS_GROUPS = ("aws_security_group", "aws_default_security_group")
AWS_RULES = ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
LEGACY_RULE = "aws_security_group_rule"
NSG, NSG_RULE = "azurerm_network_security_group", "azurerm_network_security_rule"
# What to write instead of a resource type that its provider has replaced.
REPLACED: Mapping[str, str] = {
    LEGACY_RULE: "aws_vpc_security_group_ingress_rule or aws_vpc_security_group_egress_rule",
    "azurerm_virtual_machine": "azurerm_linux_virtual_machine or azurerm_windows_virtual_machine",
    "google_compute_organization_security_policy": "google_compute_firewall_policy",
    "google_compute_organization_security_policy_rule": "google_compute_firewall_policy_rule",
    "google_compute_organization_security_policy_association": "google_compute_firewall_policy_association",
}
# What to write instead of an attribute that its provider has replaced, by type and path.
REPLACED_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "google_compute_firewall": {"enable_logging": "log_config { metadata = … }"},
    "aws_eip": {"vpc": 'domain = "vpc"'},
    "aws_networkfirewall_rule_group": {
        "rule_group.rules_source.rules_source_list.generated_rule_type": "generated_rules_type"
    },
    "azurerm_network_watcher_flow_log": {"network_security_group_id": "target_resource_id"},
    "azurerm_subnet": {
        "enforce_private_link_endpoint_network_policies": "private_endpoint_network_policies",
        "private_endpoint_network_policies_enabled": "private_endpoint_network_policies",
    },
}


def rules_stand_beside_their_group(module: Module) -> Iterator[Problem]:
    """Rules are resources of their own, not blocks in their group.

    An inline block has no key: taking one out moves the others, and a plan shows all of them replaced; nor can another
    module add a rule. Inline rules of a security group are also put back whenever anyone else's rule appears.
    Write aws_vpc_security_group_ingress_rule and its twin, or azurerm_network_security_rule, with for_each over a map.
    Peers: tflint aws_security_group_inline_rules.
    Source: the providers' pages of aws_security_group and azurerm_network_security_group.
    """
    for group, blocks in _inline(module):
        other = NSG_RULE if group.type == NSG else "aws_vpc_security_group_ingress_rule or …_egress_rule"
        for where in blocks if group.type != "aws_default_security_group" else ():
            yield Problem(where, f"the rule is written inside its group; write {other}", Severity.WARNING)


def inline_and_separate_rules_do_not_mix(module: Module) -> Iterator[Problem]:
    """A group has its rules inside or outside, in one form.

    With both, each apply takes away what the other wrote: the group's own list removes every rule that is not in it, so
    that the firewall is open or shut by turns. aws_security_group_rule beside aws_vpc_security_group_…_rule for one
    group does the same.
    Move all of a group's rules to aws_vpc_security_group_…_rule or azurerm_network_security_rule.
    Source: the providers' pages of aws_security_group and azurerm_network_security_group, the notes at their tops.
    """
    inline = {group.address: group for group, _ in _inline(module)}
    names = {str(group.body.data("name")): address for address, group in inline.items() if group.type == NSG}
    forms: dict[str, str] = {}
    for rule in module.everything(*AWS_RULES, LEGACY_RULE, NSG_RULE):
        key = "network_security_group_name" if rule.type == NSG_RULE else "security_group_id"
        group = owner(rule.body.value(key))
        group = names.get(group, group)
        if group in inline:
            yield Problem(rule.where, f"{group} has inline rules, and they and this rule undo each other")
        form = "old" if rule.type == LEGACY_RULE else "new"
        if group and forms.setdefault(group, form) != form:
            yield Problem(rule.where, f"{group} has rules of {LEGACY_RULE} and of aws_vpc_…; use the latter for all")


def groups_are_attached(module: Module) -> Iterator[Problem]:
    """Every group is attached to something, or handed out.

    A security group without a machine, or a network security group without a subnet, protects nothing. An output hands
    it to whoever calls the module.
    Attach it (azurerm_subnet_network_security_group_association, vpc_security_group_ids, …), or write an output.
    Peers: checkov CKV2_AWS_5 CKV2_AZURE_31.
    Source: CIS Azure Foundations Benchmark, networking; Amazon VPC user guide, security groups.
    """
    used = {reference for inner_module in module.walk() for reference in _uses(inner_module)}
    for group in module.everything("aws_security_group", NSG):
        local = f"{group.type}.{group.name}"
        if not any(_means(reference, name) for reference in used for name in (local, group.base)):
            yield Problem(
                group.where, f"{group.address} is attached to nothing; attach it or write an output", Severity.WARNING
            )


def default_groups_are_empty(module: Module) -> Iterator[Problem]:
    """The default security group has no rules, and nothing lives in the default network.

    Whatever is started without a group gets the VPC's default one; the default network of Google Cloud comes with SSH,
    RDP and ICMP open to the world.
    Leave aws_default_security_group empty, which closes it, and name a network of your own.
    Peers: checkov CKV2_AWS_12 CKV2_GCP_18; trivy AWS-0173 GCP-0073.
    Source: CIS AWS Foundations Benchmark 5.4; CIS Google Cloud Foundations Benchmark 3.1.
    """
    for group in module.everything("aws_default_security_group"):
        for way in ("ingress", "egress"):
            for block in group.body.each(way):
                yield Problem(block.where, "the default security group has a rule; remove it, and use another group")
    for rule in module.everything("google_compute_firewall"):
        network = rule.body.value("network")
        if network and isinstance(network.data, str) and network.data.rpartition("/")[2] == "default":
            yield Problem(network.where, "the default network comes open to the world; create one of your own")


def resources_are_current(module: Module) -> Iterator[Problem]:
    """No resource type is one that its provider has replaced.

    aws_security_group_rule has no identity of its own: two that overlap are taken for one, and it has no tags.
    Write the type that the message names.
    Peers: tflint aws_security_group_rule_deprecated.
    Source: the providers' pages of these resources.
    """
    for resource in module.everything(*REPLACED):
        message = f"{resource.type} is deprecated; write {REPLACED[resource.type]}"
        yield Problem(resource.where, message, Severity.WARNING)


def attributes_are_current(module: Module) -> Iterator[Problem]:
    """No attribute is one that its provider has replaced.

    Such an attribute works until the provider's next major version, and then stops the plan.
    Write what the message names.
    Source: the providers' pages of these resources, and their upgrade guides.
    """
    for resource in module.everything(*REPLACED_ATTRIBUTES):
        for path, instead in REPLACED_ATTRIBUTES[resource.type].items():
            for value in resource.body.find(path):
                name = path.rpartition(".")[2]
                yield Problem(value.where, f"{name} is deprecated; write {instead}", Severity.WARNING)


def _inline(module: Module) -> Iterator[tuple[ResourceInstance, list[Where]]]:
    for group in module.everything(*AWS_GROUPS, NSG):
        names = ("security_rule",) if group.type == NSG else ("ingress", "egress")
        blocks: list[Where] = [block.where for name in names for block in group.body.each(name)]
        if blocks:
            yield group, blocks


def _uses(module: Module) -> Iterator[str]:
    """The references that a group can be attached by: every one but those of the rules in it."""
    for resource in module.resources:
        if resource.type not in (*AWS_RULES, LEGACY_RULE, NSG_RULE):
            own = f"{resource.type}.{resource.name}"
            yield from (reference for reference in references(resource.body) if not _means(reference, own))
    for call in module.calls:
        yield from references(call.body)
    for output in module.outputs.values():
        yield from _of_value(output.value)
    for local in module.locals.values():
        yield from _of_value(local.value)


def references(body: Body) -> Iterator[str]:
    """What the attributes of a body refer to, at any depth."""
    for value in body.attributes.values():
        yield from _of_value(value)
    for blocks in body.blocks.values():
        for block in blocks:
            yield from references(block.body)


def _of_value(value: Value) -> Iterator[str]:
    yield from value.refs
    for unknown in unknowns(value.data):
        yield from unknown.refs


def _means(reference: str, name: str) -> bool:
    return reference == name or reference.startswith((f"{name}.", f"{name}["))


CHECKS: tuple[Check[Module], ...] = (
    rules_stand_beside_their_group,
    inline_and_separate_rules_do_not_mix,
    groups_are_attached,
    default_groups_are_empty,
    resources_are_current,
    attributes_are_current,
)
SEVERITIES: Severities = {
    rules_stand_beside_their_group: (Severity.WARNING,),
    groups_are_attached: (Severity.WARNING,),
    resources_are_current: (Severity.WARNING,),
    attributes_are_current: (Severity.WARNING,),
}
