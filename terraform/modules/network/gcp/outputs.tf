output "rules" {
  description = "What is open, by key: the policy's rules and your own as GCP writes them. What `cluster_cidrs` opens is not among them."
  value       = local.rules

  precondition {
    condition     = length(setintersection(keys(module.policy.gcp), keys(local.own))) == 0
    error_message = "A rule of yours has the key of one of the policy's, and would take its place: give it another key."
  }

  precondition {
    condition     = length(local.rules) + length(local.denials) + length([for rule in local.cluster : rule if length(rule.cidrs) > 0]) <= var.quota.rules
    error_message = "These are more than quota.rules: join rules, or raise the project's quota of firewall rules and write it there."
  }

  precondition {
    condition     = max(0, [for rule in local.rules : length(rule.cidrs)]...) <= var.quota.cidrs
    error_message = "A rule has more CIDRs than quota.cidrs; join them into wider ones, or write more there."
  }

  precondition {
    condition     = length([for rule in local.rules : rule if rule.family == (length(var.target_tags) > 0 ? "reference" : "network_tag")]) == 0
    error_message = "GCP mixes no service accounts with tags in a rule: give references with target_service_accounts, and network_tags with target_tags."
  }
}

output "cluster" {
  description = "What `cluster_cidrs` opens, by direction and family: every protocol between nodes and pods."
  value       = { for key, rule in google_compute_firewall.cluster : key => local.cluster[key].cidrs }
}

output "not_expressible" {
  description = "What GCP cannot say of the policy, as [{engine, subject, effect, says}]; effect is handled, narrower or wider."
  value       = [for gap in module.policy.not_expressible : gap if startswith(gap.engine, "google_")]

  precondition {
    condition     = length([for gap in module.policy.not_expressible : gap if gap.engine == "google_compute_firewall" && gap.effect == "narrower"]) == 0
    error_message = "An egress rule of GCP takes no service account and no tag as its destination, and GCP has no prefix lists and no service tags: give peers.database, cache, opa, dns, ntp, proxy, mcp_servers and https their CIDRs."
  }
}
