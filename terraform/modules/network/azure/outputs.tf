output "network_security_group_id" {
  description = "The group that the subnets are associated with."
  value       = azurerm_network_security_group.gateway.id
}

output "network_security_group_name" {
  description = "For rules of your own, with priorities below 1000: what Kubernetes itself needs on these nodes."
  value       = azurerm_network_security_group.gateway.name
}

output "rules" {
  description = "What is open, by key: the policy's rules as Azure writes them."
  value       = module.policy.azure
}

output "not_expressible" {
  description = "What Azure cannot say of the policy, as [{engine, subject, effect, says}]; effect is handled, narrower or wider."
  value       = [for gap in module.policy.not_expressible : gap if startswith(gap.engine, "azurerm_")]
}
