# Who may talk to whom, once for the three clouds.

locals {
  # `slot` places a flow in the order of priorities. A slot is never moved and never given to another flow: what is
  # opened or closed here changes no other rule.
  flows = {
    gateway    = { slot = 0, direction = "ingress", peer = "load_balancer", protocols = ["tcp"], ports = [var.ports.gateway], says = "Clients to the gateway" }
    metrics    = { slot = 1, direction = "ingress", peer = "monitoring", protocols = ["tcp"], ports = [var.ports.metrics], says = "Monitoring to the gateway" }
    postgresql = { slot = 2, direction = "egress", peer = "database", protocols = ["tcp"], ports = [var.ports.postgresql], says = "The gateway to PostgreSQL" }
    redis      = { slot = 3, direction = "egress", peer = "cache", protocols = ["tcp"], ports = [var.ports.redis], says = "The gateway to Redis" }
    opa        = { slot = 4, direction = "egress", peer = "opa", protocols = ["tcp"], ports = [var.ports.opa], says = "The gateway to OPA" }
    dns        = { slot = 5, direction = "egress", peer = "dns", protocols = ["tcp", "udp"], ports = [var.ports.dns], says = "The gateway to DNS" }
    ntp        = { slot = 6, direction = "egress", peer = "ntp", protocols = ["udp"], ports = [var.ports.ntp], says = "The gateway to NTP" }
    proxy      = { slot = 7, direction = "egress", peer = "proxy", protocols = ["tcp"], ports = [var.ports.proxy], says = "The gateway to the egress proxy" }
    mcp        = { slot = 8, direction = "egress", peer = "mcp_servers", protocols = ["tcp"], ports = [var.ports.mcp], says = "The gateway to MCP servers" }
    https      = { slot = 9, direction = "egress", peer = "https", protocols = ["tcp"], ports = local.domain_ports, says = "HTTPS to listed names" }
  }

  reasons = {
    gateway = var.public_ingress_reason
    https   = var.public_egress_reason
  }

  # Each once, in the order of their first use; sets in Terraform are in order, so that this order is stable.
  domain_ports = distinct(flatten([for domain in var.domains : tolist(domain.ports)]))

  # One entry for each flow, protocol and address family, as GCP and Azure write a rule: neither mixes families in one.
  groups = {
    for group in flatten([
      for flow, said in local.flows : [
        for protocol in said.protocols : [
          for family in ["ipv4", "ipv6", "reference"] : {
            key         = "${flow}-${protocol}-${family}"
            flow        = flow
            peer        = said.peer
            direction   = said.direction
            protocol    = protocol
            ports       = said.ports
            family      = family
            cidrs       = [for cidr in try(var.peers[said.peer].cidrs, []) : cidr if family == (strcontains(cidr, ":") ? "ipv6" : "ipv4")]
            references  = { for name, id in try(var.peers[said.peer].references, {}) : name => id if family == "reference" }
            priority    = 1000 + said.slot * 10 + index(["tcp", "udp"], protocol) * 5 + index(["ipv4", "ipv6", "reference"], family)
            description = join(": ", compact([said.says, lookup(local.reasons, flow, "")]))
          }
        ]
      ]
    ]) : group.key => group if length(group.ports) > 0 && length(group.cidrs) + length(group.references) > 0
  }

  # One entry for each port and each peer, as AWS writes a rule.
  singles = {
    for single in flatten([
      for group in local.groups : [
        for port in group.ports : [
          for name, peer in merge({ for cidr in group.cidrs : cidr => null }, group.references) : {
            key         = "${group.flow}-${group.protocol}-${port}-${name}"
            direction   = group.direction
            protocol    = group.protocol
            port        = port
            cidr_ipv4   = group.family == "ipv4" ? name : null
            cidr_ipv6   = group.family == "ipv6" ? name : null
            reference   = peer
            description = group.description
          }
        ]
      ]
    ]) : single.key => single
  }
}
