# The policy's rules and those of your own, one for each port and each peer, as AWS writes a rule.

locals {
  peers = merge(length(var.dns_resolver) > 0 ? { dns = { cidrs = var.dns_resolver } } : {}, var.peers)

  # What load balancers need beside the gateway's port.
  balanced = merge(
    { for role, peer in var.peers : "probe" => merge(peer, { ports = [for port in var.health_probes : tostring(port)], description = "Health probes of load balancers" }) if role == "load_balancer" && length(var.health_probes) > 0 },
    { for name, peer in { node-ports = var.node_ports } : name => merge(peer, { ports = [peer.range], description = "Load balancers to node ports" }) if peer != null },
  )

  given = merge(var.rules, {
    for name, rule in local.balanced : name => {
      direction     = "ingress"
      description   = rule.description
      protocol      = "tcp"
      ports         = rule.ports
      cidrs         = rule.cidrs
      references    = rule.references
      prefix_lists  = rule.prefix_lists
      self          = false
      public_reason = ""
    }
  })

  own = {
    for single in flatten([
      for name, rule in local.given : [
        # The protocols without ports have -1, which is every type of ICMP.
        for port in length(rule.ports) > 0 ? tolist(rule.ports) : ["-1"] : [
          for peer in concat(
            [for cidr in rule.cidrs : { name = cidr, kind = strcontains(cidr, ":") ? "ipv6" : "ipv4", id = cidr }],
            [for key, id in rule.references : { name = key, kind = "reference", id = id }],
            [for key, id in rule.prefix_lists : { name = key, kind = "prefix_list", id = id }],
            rule.self ? [{ name = "self", kind = "reference", id = local.security_group_id }] : [],
            ) : {
            key         = "${name}-${rule.protocol}-${port}-${peer.name}"
            direction   = rule.direction
            protocol    = rule.protocol
            from_port   = port == "-1" ? -1 : tonumber(split("-", port)[0])
            to_port     = port == "-1" ? -1 : tonumber(reverse(split("-", port))[0])
            cidr_ipv4   = peer.kind == "ipv4" ? peer.id : null
            cidr_ipv6   = peer.kind == "ipv6" ? peer.id : null
            reference   = peer.kind == "reference" ? peer.id : null
            prefix_list = peer.kind == "prefix_list" ? peer.id : null
            list_name   = peer.kind == "prefix_list" ? peer.name : ""
            description = join(": ", compact([rule.description, rule.public_reason]))
          }
        ]
      ]
    ]) : single.key => single
  }

  # All that is open, and of it the range of node ports, which has a resource of its own.
  rules = {
    for direction in ["ingress", "egress"] :
    direction => merge(module.policy.aws[direction], { for key, rule in local.own : key => rule if rule.direction == direction })
  }

  # AWS counts IPv4 and IPv6 apart, a reference in both, and a prefix list as many times as it may have entries.
  counted = {
    for direction, rules in local.rules : direction => [
      for family in ["ipv4", "ipv6"] : sum(concat([0, var.self ? 1 : 0], [
        for rule in values(rules) :
        rule.cidr_ipv4 != null ? (family == "ipv4" ? 1 : 0) : rule.cidr_ipv6 != null ? (family == "ipv6" ? 1 : 0)
        : lookup(var.quota.prefix_list_weights, rule.list_name, 1)
      ]))
    ]
  }
}
