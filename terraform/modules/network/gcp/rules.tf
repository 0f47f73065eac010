# The policy's rules and those of your own, one for each family of peers, as GCP writes a rule.

locals {
  peers = merge(length(var.dns_resolver) > 0 ? { dns = { cidrs = var.dns_resolver } } : {}, var.peers)

  # A rule takes service accounts or tags, on both its sides.
  target_service_accounts = length(var.target_service_accounts) > 0 ? var.target_service_accounts : null
  target_tags             = length(var.target_tags) > 0 ? var.target_tags : null

  probes    = try([for port in var.health_probes.ports : port], [for probe in [var.health_probes] : var.ports.gateway if probe != null])
  balancers = flatten([for role, peer in var.peers : tolist(peer.cidrs) if role == "load_balancer"])

  # Health checks come behind the policy's rules and before the denials.
  balanced = merge(
    length(local.probes) == 0 ? {} : { probe = { ports = [for port in local.probes : tostring(port)], cidrs = var.health_probes.cidrs, description = "Health checks of load balancers" } },
    var.node_ports == null ? {} : { node-ports = { ports = [var.node_ports], cidrs = setunion(local.balancers, try(var.health_probes.cidrs, [])), description = "Load balancers and their health checks to the nodes' ports" } },
  )

  given = merge(var.rules, {
    for name, rule in local.balanced : name => {
      direction     = "ingress"
      description   = rule.description
      protocol      = "tcp"
      ports         = rule.ports
      cidrs         = rule.cidrs
      references    = {}
      network_tags  = []
      priority      = 1099
      public_reason = ""
    }
  })

  own = {
    for rule in flatten([
      for name, given in local.given : [
        for family in ["ipv4", "ipv6", "reference", "network_tag"] : {
          key         = "${name}-${ { ipv4 = "ipv4", ipv6 = "ipv6", reference = "reference", network_tag = "tag" }[family]}"
          direction   = given.direction
          protocol    = given.protocol
          ports       = given.ports
          family      = family
          cidrs       = [for cidr in given.cidrs : cidr if family == (strcontains(cidr, ":") ? "ipv6" : "ipv4")]
          references  = { for key, account in given.references : key => account if family == "reference" }
          tags        = [for tag in given.network_tags : tag if family == "network_tag"]
          priority    = given.priority
          description = join(": ", compact([given.description, given.public_reason]))
        }
      ]
    ]) : rule.key => rule if length(rule.cidrs) + length(rule.references) + length(rule.tags) > 0
  }

  # All that is open but for cluster_cidrs.
  rules = merge(module.policy.gcp, local.own)

  cluster = {
    for rule in setproduct(["ingress", "egress"], ["ipv4", "ipv6"]) : "${rule[0]}-${rule[1]}" => {
      direction = upper(rule[0])
      cidrs     = [for cidr in var.cluster_cidrs : cidr if rule[1] == (strcontains(cidr, ":") ? "ipv6" : "ipv4")]
    }
  }
}
