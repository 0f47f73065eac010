# One list of names, in each engine's own spelling, and what that spelling cannot say.

locals {
  names     = [for domain in var.domains : domain.name]
  wildcards = [for name in local.names : name if startswith(name, "*.")]
  # `.d` means d too on AWS Network Firewall; d is denied before, unless it is listed itself.
  apexes = [for name in local.wildcards : trimprefix(name, "*.") if !contains(local.names, trimprefix(name, "*."))]

  by_port = {
    for port in local.domain_ports :
    tostring(port) => [for domain in var.domains : domain.name if contains(domain.ports, port)]
  }

  odd_ports = [for domain in var.domains : domain if length(setsubtract(domain.ports, [443])) > 0]

  # effect: `handled` means that the module makes up for it; `narrower` and `wider` that it cannot.
  not_expressible = concat(
    [
      { engine = "aws_security_group", subject = "169.254.169.254", effect = "wider", says = "Security groups filter neither the metadata service nor the VPC's resolver; require IMDSv2 with a hop limit of 1." },
      { engine = "google_compute_firewall", subject = "169.254.169.254", effect = "wider", says = "Firewall rules never filter the metadata server; use Workload Identity and metadata concealment." },
      { engine = "azurerm_network_security_group", subject = "169.254.169.254", effect = "wider", says = "Security groups filter neither the metadata service nor 168.63.129.16; deny them in the cluster." },
      { engine = "aws_networkfirewall_firewall_policy", subject = "first packets", effect = "wider", says = "A connection's first packets pass, because its name comes after them; where they may go is the security group's to say." },
      { engine = "google_network_security_gateway_security_policy_rule", subject = "CONNECT", effect = "wider", says = "As an explicit proxy it judges the name in CONNECT and not the one in TLS; as a next hop it judges the one in TLS." },
    ],
    [
      for apex in local.apexes :
      { engine = "aws_networkfirewall_rule_group", subject = "*.${apex}", effect = "handled", says = ".${apex} matches ${apex} too; the module denies ${apex} before it." }
    ],
    [
      for domain in local.odd_ports :
      { engine = "aws_networkfirewall_rule_group", subject = domain.name, effect = "wider", says = "A domain list has no ports: the name is let through on every port that the security group opens." }
    ],
    [
      for name in local.names :
      { engine = "aws_route53_resolver_firewall_rule", subject = name, effect = "wider", says = "DNS Firewall filters lookups and no connections: an address that is known needs no lookup." }
    ],
    [
      for name in local.wildcards :
      { engine = "azurerm_firewall_network_rule", subject = name, effect = "narrower", says = "Network rules take no wildcard; the module writes application rules." }
    ],
    [
      for name in local.wildcards :
      { engine = "google_compute_network_firewall_policy_rule", subject = name, effect = "narrower", says = "dest_fqdns takes no wildcard; the module writes URL lists for Secure Web Proxy." }
    ],
    [
      for group in local.groups :
      { engine = "google_compute_firewall", subject = group.peer, effect = "narrower", says = "An egress rule takes no service account and no network tag as its destination; give CIDRs." }
      if contains(["reference", "network_tag"], group.family) && group.direction == "egress"
    ],
    [
      for foreign in setproduct(values(local.groups), keys(local.foreign)) :
      { engine = foreign[1], subject = foreign[0].peer, effect = "narrower", says = "No rule here takes a ${replace(foreign[0].family, "_", " ")}; give CIDRs or references." }
      if contains(local.foreign[foreign[1]], foreign[0].family)
    ],
  )

  # The kinds of peers that are another cloud's.
  foreign = {
    aws_security_group             = ["service_tag", "network_tag"]
    google_compute_firewall        = ["prefix_list", "service_tag"]
    azurerm_network_security_group = ["prefix_list", "network_tag"]
  }
}
