output "security_group_id" {
  description = "For the node group, the launch template or the SecurityGroupPolicy of SARK's gateway."
  value       = aws_security_group.gateway.id
}

output "rules" {
  description = "What is open, by direction and key: the policy's rules as AWS writes them."
  value       = module.policy.aws
}

output "firewall_endpoints" {
  description = "The Network Firewall's endpoint of each subnet's zone, for the routes; empty without `network_firewall`."
  value       = flatten([for firewall in aws_networkfirewall_firewall.domains : firewall.firewall_status[*].sync_states])
}

output "not_expressible" {
  description = "What AWS cannot say of the policy, as [{engine, subject, effect, says}]; effect is handled, narrower or wider."
  value       = [for gap in module.policy.not_expressible : gap if startswith(gap.engine, "aws_")]
}
