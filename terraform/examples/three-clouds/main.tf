# One policy for three clouds. This root has no provider: its plan shows what each cloud would open, without an account.
# aws/, gcp/ and azure/ are roots of their own that take the policy from here, so that a cloud is configured where it is
# used and nowhere else. One root with all three would have to configure all three: Terraform configures every provider
# that a module names, even where `count` is zero.

terraform {
  required_version = ">= 1.9"
}

locals {
  policy = yamldecode(file("${path.module}/policy.yaml"))

  # The chart is the one place where ports and names are written.
  chart = yamldecode(file("${path.module}/../../../charts/sark-network/values.yaml"))

  ports = {
    gateway    = local.chart.gateway.ports.http
    metrics    = local.chart.gateway.ports.metrics
    postgresql = local.chart.database.ports.postgresql
    redis      = local.chart.cache.ports.redis
    opa        = local.chart.opa.ports.http
    dns        = local.chart.dns.ports[0]
    proxy      = local.chart.proxy.ports.gateway
  }

  # A name alone means port 443, as it does in the chart.
  domains = [
    for domain in concat(local.chart.egress.domains, local.chart.egress.extraDomains) :
    { name = lower(try(domain.name, domain)), ports = try(domain.ports, [443]) }
  ]
}

module "policy" {
  source = "../../modules/network/policy"

  ports   = local.ports
  peers   = local.policy.peers
  domains = local.domains
}

output "ports" {
  description = "The chart's ports."
  value       = local.ports
}

output "peers" {
  description = "Who stands at the other end of each flow."
  value       = local.policy.peers
}

output "domains" {
  description = "The chart's names."
  value       = local.domains
}

output "open" {
  description = "What each cloud opens, by its own keys. DNS goes to each cloud's own resolver and is not among them."
  value = {
    aws   = sort(concat(keys(module.policy.aws.ingress), keys(module.policy.aws.egress)))
    gcp   = sort(keys(module.policy.gcp))
    azure = sort(keys(module.policy.azure))
  }
}

output "not_expressible" {
  description = "What a cloud cannot say of the policy."
  value       = module.policy.not_expressible
}
