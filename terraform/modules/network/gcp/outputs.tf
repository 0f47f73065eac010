output "rules" {
  description = "What is open, by key: the policy's rules as GCP writes them."
  value       = module.policy.gcp
}

output "not_expressible" {
  description = "What GCP cannot say of the policy, as [{engine, subject, effect, says}]; effect is handled, narrower or wider."
  value       = [for gap in module.policy.not_expressible : gap if startswith(gap.engine, "google_")]

  precondition {
    condition     = length([for gap in module.policy.not_expressible : gap if gap.engine == "google_compute_firewall" && gap.effect == "narrower"]) == 0
    error_message = "An egress rule of GCP takes no service account as its destination: give peers.database, cache, opa, dns, ntp, proxy, mcp_servers and https their CIDRs."
  }
}
