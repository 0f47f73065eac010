# Who may talk to whom, once for the three clouds.

locals {
  # `slot` places a flow in the order of priorities. A slot is never moved and never given to another flow: what is
  # opened or closed here changes no other rule.
  flows = {
    gateway    = { slot = 0, direction = "ingress", peer = "load_balancer", protocols = ["tcp"], ports = [var.ports.gateway], says = "Clients to the gateway" }
    metrics    = { slot = 1, direction = "ingress", peer = "monitoring", protocols = ["tcp"], ports = local.metrics_ports, says = "Monitoring to the gateway" }
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

  # SARK serves /metrics on the gateway's own port; the other one is what its manifests name.
  metrics_ports = distinct([var.ports.gateway, var.ports.metrics])

  # Every role, with what is given for it. `try` would be shorter, and makes everything unknown as soon as an id is.
  peers = {
    for role in distinct([for flow in values(local.flows) : flow.peer]) : role => merge(
      { cidrs = [], references = {}, prefix_lists = {}, service_tag = null, network_tags = [] },
      [for name, peer in var.peers : peer if name == role]...
    )
  }

  # A name stands for one peer in all roles.
  callers = concat([for cidr in local.peers.load_balancer.cidrs : cidr], keys(local.peers.load_balancer.references), keys(local.peers.load_balancer.prefix_lists))

  # Each once, in the order of their first use; sets in Terraform are in order, so that this order is stable.
  domain_ports = distinct(flatten([for domain in var.domains : tolist(domain.ports)]))

  # How a peer can be named. No cloud has all of them, and no cloud has two of the last three.
  families = ["ipv4", "ipv6", "reference", "prefix_list", "service_tag", "network_tag"]

  # One entry for each flow, protocol and family, as GCP and Azure write a rule: neither mixes families in one.
  groups = {
    for group in flatten([
      for flow, said in local.flows : [
        for protocol in said.protocols : [
          for family in local.families : {
            key         = "${flow}-${protocol}-${family}"
            flow        = flow
            peer        = said.peer
            direction   = said.direction
            protocol    = protocol
            ports       = said.ports
            family      = family
            cidrs       = [for cidr in local.peers[said.peer].cidrs : cidr if family == (strcontains(cidr, ":") ? "ipv6" : "ipv4")]
            references  = { for name, id in local.peers[said.peer].references : name => id if family == "reference" }
            prefixes    = { for name, id in local.peers[said.peer].prefix_lists : name => id if family == "prefix_list" }
            service_tag = family == "service_tag" ? local.peers[said.peer].service_tag : null
            tags        = [for tag in local.peers[said.peer].network_tags : tag if family == "network_tag"]
            priority    = 1000 + said.slot * 10 + index(["tcp", "udp"], protocol) * 5 + min(index(local.families, family), 3)
            description = join(": ", compact([said.says, lookup(local.reasons, flow, "")]))
          }
        ]
      ]
    ]) : group.key => group if length(group.ports) > 0 && length(group.cidrs) + length(group.references) + length(group.prefixes) + length(group.tags) + (group.service_tag == null ? 0 : 1) > 0
  }

  # One entry for each port and each peer, as AWS writes a rule.
  singles = {
    for single in flatten([
      for group in local.groups : [
        for port in group.ports : [
          for name, peer in merge({ for cidr in group.cidrs : cidr => null }, group.references, group.prefixes) : {
            key         = "${group.flow}-${group.protocol}-${port}-${name}"
            direction   = group.direction
            protocol    = group.protocol
            from_port   = port
            to_port     = port
            cidr_ipv4   = group.family == "ipv4" ? name : null
            cidr_ipv6   = group.family == "ipv6" ? name : null
            reference   = group.family == "reference" ? peer : null
            prefix_list = group.family == "prefix_list" ? peer : null
            list_name   = group.family == "prefix_list" ? name : ""
            description = group.description
          }
          # Who is a load balancer too has the gateway's port already, and AWS refuses a rule twice.
          if !(group.flow == "metrics" && port == var.ports.gateway && contains(local.callers, name))
        ]
      ]
    ]) : single.key => single
  }
}
