output "aws" {
  description = "The rules as AWS writes them, one for each port and peer: `{ingress, egress}`, each a map by a stable key."
  value = {
    for direction in ["ingress", "egress"] :
    direction => { for key, rule in local.singles : key => rule if rule.direction == direction }
  }
}

output "gcp" {
  description = "The rules as GCP writes them, one for each flow, protocol and family of peers, by a stable key, with priorities from 1000 to 1099."
  value = {
    for key, group in local.groups : key => group
    if contains(["ipv4", "ipv6"], group.family) || contains(["reference", "network_tag"], group.family) && group.direction == "ingress"
  }
}

output "azure" {
  description = "The rules as Azure writes them, one for each flow, protocol and family of peers, by a stable key, with priorities from 1000 to 1099."
  value       = { for key, group in local.groups : key => group if contains(["ipv4", "ipv6", "reference", "service_tag"], group.family) }
}

output "domains" {
  description = "The names in each engine's spelling: `aws_networkfirewall` {allow, and deny, which comes first}, `aws_route53`, and `azure` and `gcp` by port."
  value = {
    aws_networkfirewall = {
      allow = [for name in local.names : startswith(name, "*.") ? trimprefix(name, "*") : name]
      deny  = local.apexes
    }
    aws_route53 = local.names
    azure       = local.by_port
    gcp         = local.by_port
  }
}

output "not_expressible" {
  description = "What an engine cannot say, as [{engine, subject, effect, says}]; effect is handled (the module makes up for it), narrower or wider."
  value       = local.not_expressible
}
