# The policy's rules and those of your own, one for each kind of peer, as Azure writes a rule.

locals {
  peers = merge(length(var.dns_resolver) > 0 ? { dns = { cidrs = var.dns_resolver } } : {}, var.peers)

  probes    = try([for port in var.health_probes.ports : port], [for probe in [var.health_probes] : tostring(var.ports.gateway) if probe != null])
  balancers = flatten([for role, peer in var.peers : tolist(peer.cidrs) if role == "load_balancer"])

  own = {
    for name, rule in var.rules : name => {
      direction   = rule.direction
      protocol    = rule.protocol
      ports       = length(rule.ports) > 0 ? rule.ports : ["*"]
      family      = length(rule.references) > 0 ? "reference" : rule.service_tag != null ? "service_tag" : "cidr"
      cidrs       = [for cidr in rule.cidrs : cidr]
      references  = rule.references
      service_tag = rule.service_tag
      priority    = rule.priority
      description = join(": ", compact([rule.description, rule.public_reason]))
    }
  }

  # All that is open but for cluster_cidrs, the probes and the node ports.
  rules = merge(module.policy.azure, local.own)

  # The denials close what Azure's own rules let through from 65000 on, and these come before them.
  probed = {
    for key, rule in {
      gateway = { priority = 1100, ports = local.probes, source = "AzureLoadBalancer" }
    } : key => rule if length(rule.ports) > 0
  }

  node_ports = {
    for key, rule in {
      probes   = { priority = 1101, source_prefix = "AzureLoadBalancer", source_prefixes = null, description = "Health probes of Azure's load balancer to the nodes' ports" }
      balanced = { priority = 1102, source_prefix = null, source_prefixes = local.balancers, description = "Clients of load balancers to the nodes' ports" }
    } : key => rule if var.node_ports != null && (rule.source_prefix != null || length(local.balancers) > 0)
  }

  cluster = {
    for key, rule in {
      ingress-ipv4 = { direction = "Inbound", priority = 1110 }
      ingress-ipv6 = { direction = "Inbound", priority = 1111 }
      egress-ipv4  = { direction = "Outbound", priority = 1110 }
      egress-ipv6  = { direction = "Outbound", priority = 1111 }
    } : key => merge(rule, { cidrs = [for cidr in var.cluster_cidrs : cidr if endswith(key, "ipv6") == strcontains(cidr, ":")] })
  }
}
