output "security_group_id" {
  description = "For the node group, the launch template or the SecurityGroupPolicy of SARK's gateway."
  value       = local.security_group_id
}

output "rules" {
  description = "What is open, by direction and key: the policy's rules and your own as AWS writes them. `self` is not among them."
  value       = local.rules

  precondition {
    condition     = length(setintersection(keys(merge(module.policy.aws.ingress, module.policy.aws.egress)), keys(local.own))) == 0
    error_message = "A rule of yours has the key of one of the policy's, and would take its place: give it another key."
  }

  precondition {
    condition     = max(flatten(values(local.counted))...) <= var.quota.rules
    error_message = "AWS takes ${var.quota.rules} rules a direction for each family, and these are ${jsonencode(local.counted)} of IPv4 and IPv6. Join CIDRs, refer to a security group or a prefix list, or raise the quota and write it in quota.rules."
  }
}

output "self" {
  description = "Whether whatever has the group reaches whatever has it."
  value       = length(aws_vpc_security_group_ingress_rule.self) + length(aws_vpc_security_group_egress_rule.self) == 2
}

output "firewall_endpoints" {
  description = "The Network Firewall's endpoint of each subnet's zone, for the routes; empty without `network_firewall`."
  value       = flatten([for firewall in aws_networkfirewall_firewall.domains : firewall.firewall_status[*].sync_states])
}

output "not_expressible" {
  description = "What AWS cannot say of the policy, as [{engine, subject, effect, says}]; effect is handled, narrower or wider."
  value       = [for gap in module.policy.not_expressible : gap if startswith(gap.engine, "aws_")]

  precondition {
    condition     = length([for gap in module.policy.not_expressible : gap if gap.engine == "aws_security_group" && gap.effect == "narrower"]) == 0
    error_message = "A security group takes no service_tag and no network_tags: give cidrs, references or prefix_lists."
  }
}
