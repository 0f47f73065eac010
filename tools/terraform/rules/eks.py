"""Checks across layers of the security group that EKS makes for a cluster, which lets everything out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.chart import Layers
from tools.terraform.clouds.firewall_rules import allowed
from tools.terraform.clouds.model import ALL_PORTS, owner
from tools.terraform.language.model import Module, ResourceInstance, UnknownValue, Value

# A SecurityGroupPolicy that is written, or read from a file, whatever applies it.
_POLICY = re.compile(r"security-?group-?policy", re.IGNORECASE)
# Resources that make nodes without a node group.
_MACHINES = ("aws_autoscaling_group", "aws_instance")
_COMMENT = re.compile(r"\s*(#|//)")
_ADVICE = (
    "name that group alone in the launch template of the nodes, or give SARK's pods theirs by a SecurityGroupPolicy"
)


def cluster_groups_do_not_undo_egress(layers: Layers) -> Iterator[Problem]:
    """On EKS no node of SARK's carries the cluster's own security group beside one that limits egress.

    Security groups add up, and the one that EKS makes for a cluster lets everything out. Nodes of a managed node group
    carry it unless their launch template names other groups, and so do pods on Fargate, and self-managed nodes that
    somebody gave it to: beside it a list of egress limits nothing. Groups in the cluster's vpc_config are for the
    control plane, not for nodes.
    Name SARK's group alone in the launch template, or give the pods theirs by a SecurityGroupPolicy.
    Source: Amazon EKS user guide, security group requirements; launch templates; security groups for pods.
    """
    for module in layers.roots.values():
        limited = _limited(module)
        nodes = [*module.everything("aws_eks_node_group"), *module.everything("aws_eks_fargate_profile")]
        if not limited or _has_policy(module):
            continue
        for node in nodes:
            yield from _carriers(module, node, limited[0])
        machines = [
            problems
            for group in module.everything(*_MACHINES)
            if (problems := _machines_with_cluster_group(module, group))
        ]
        for group, own in machines:
            yield Problem(own.where, _message(f"the nodes of {group.address}", limited[0]))
        for cluster in module.everything("aws_eks_cluster") if not nodes and not machines else ():
            reason = UnknownValue(f"the nodes of {cluster.address} are not made here")
            yield cannot_tell(cluster.where, reason, f"with the cluster's own group {limited[0]} limits no egress")


def _carriers(module: Module, node: ResourceInstance, group: str) -> Iterator[Problem]:
    """The finding where these nodes carry the cluster's own group."""
    carry = "the pods" if node.type == "aws_eks_fargate_profile" else "the nodes"
    message = _message(f"{carry} of {node.address}", group)
    templates = node.body.each("launch_template")
    if not templates:
        yield Problem(node.where, message)
        return
    question = f"with the cluster's own group {group} limits no egress"
    if doubt := next((block.doubt for block in templates if block.doubt), None):
        yield cannot_tell(node.where, doubt, question)
        return
    named = next((value for name in ("id", "name") if (value := templates[0].body.value(name))), None)
    template = _template(module, named)
    if template is None:
        data = named.data if named else None
        reason = (
            data if isinstance(data, UnknownValue) else UnknownValue(f"the launch template {data} is made elsewhere")
        )
        yield cannot_tell(node.where, reason, question)
        return
    groups = _groups(template)
    own = next((item for item in groups if _is_clusters(item)), None)
    unknown = next((item.data for item in groups if isinstance(item.data, UnknownValue) and not item.data.bare), None)
    if not groups or own:
        yield Problem(own.where if own else template.where, message)
    elif unknown:
        yield cannot_tell(template.where, unknown, question)


def _machines_with_cluster_group(module: Module, group: ResourceInstance) -> tuple[ResourceInstance, Value] | None:
    """Machines outside a node group that carry the cluster's own group, with the place that names it."""
    sources = [group]
    for path in ("launch_template", "mixed_instances_policy.launch_template.launch_template_specification"):
        first, _, rest = path.partition(".")
        for block in group.body.each(first):
            for name in ("id", "name", "launch_template_id", "launch_template_name"):
                named = block.body.find(f"{rest}.{name}" if rest else name)
                sources.extend(template for value in named if (template := _template(module, value)))
    return next(((group, item) for source in sources for item in _groups(source) if _is_clusters(item)), None)


def _message(who: str, group: str) -> str:
    return (
        f"{who} carry the cluster's own security group, which lets everything out: "
        f"beside it the egress list of {group} limits nothing; {_ADVICE}"
    )


def _groups(resource: ResourceInstance) -> list[Value]:
    """The security groups that a resource gives to its machines."""
    paths = ("vpc_security_group_ids", "network_interfaces.security_groups", "security_groups")
    return [item for path in paths for value in resource.body.find(path) for item in value.items()]


def _limited(module: Module) -> list[str]:
    """The groups that have a list of egress, and none that lets everything out."""
    rules = [rule for rule in allowed(module, "out") if rule.cloud == "aws" and rule.group]
    everything = {
        rule.group
        for rule in rules
        if rule.protocol == "all" and rule.ports == ALL_PORTS and any(peer.world for peer in rule.peers)
    }
    return list(dict.fromkeys(rule.group for rule in rules if rule.group not in everything))


def _template(module: Module, named: Value | None) -> ResourceInstance | None:
    target = owner(named)
    return next(
        (
            template
            for template in module.everything("aws_launch_template")
            if target in (template.address, template.body.data("name"))
        ),
        None,
    )


def _is_clusters(item: Value) -> bool:
    """Whether a group is the one that EKS made."""
    refs = item.data.refs if isinstance(item.data, UnknownValue) else frozenset[str]()
    return any("aws_eks_cluster." in ref and ref.endswith("cluster_security_group_id") for ref in refs)


def _has_policy(module: Module) -> bool:
    """Whether pods get groups of their own: a SecurityGroupPolicy is written in some file, or read from one."""
    return any(
        _POLICY.search(line) and not _COMMENT.match(line)
        for inner_module in module.walk()
        for lines in inner_module.sources.values()
        for line in lines
    )


CHECKS: tuple[Check[Layers], ...] = (cluster_groups_do_not_undo_egress,)
SEVERITIES: Severities = {
    cluster_groups_do_not_undo_egress: (Severity.ERROR, Severity.NOTE),
}
