variable "name" {
  description = "Begins the name of everything that is made."
  nullable    = false
  default     = "sark"
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "A name has 2 to 32 lower-case letters, digits and hyphens, begins with a letter and ends with no hyphen."
  }
}

variable "vpc_id" {
  description = "The VPC of SARK's nodes, or of its pods where they have security groups of their own."
  nullable    = false
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "This is no VPC's id, which begins with vpc-."
  }
}

variable "create" {
  description = "Make a security group. `false`: the rules go into `security_group_id`, a group of your own."
  nullable    = false
  default     = true
  type        = bool
}

variable "security_group_id" {
  description = "With `create = false`, the security group that the rules go into. It must have no inline rules, which would fight with these, and no rule that allows all egress, beside which these limit nothing."
  default     = null
  type        = string

  validation {
    condition     = var.create == (var.security_group_id == null)
    error_message = "security_group_id is for create = false, which needs it, and for nothing else."
  }
}

variable "security_group_name" {
  description = "The group's name, which AWS lengthens to make it unique; `null`: `name` with -gateway behind it."
  default     = null
  type        = string

  validation {
    condition     = var.security_group_name == null ? true : can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*-]{1,200}$", var.security_group_name)) && !startswith(lower(var.security_group_name), "sg-")
    error_message = "A security group's name has 1 to 200 characters here, and does not begin with sg-."
  }
}

variable "description" {
  description = "What the security group is for. AWS makes a new group when it changes."
  nullable    = false
  default     = "SARK gateway: its load balancer in, its stores, DNS and the egress proxy out"
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*-]{1,255}$", var.description))
    error_message = "A description has 1 to 255 letters, digits, spaces and ._:/()#,@+=&;{}!$*-."
  }
}

variable "self" {
  description = "Let whatever has this group reach whatever has it, by every protocol and port, as the nodes of one cluster must. Not for SARK's pods."
  nullable    = false
  default     = false
  type        = bool
}

variable "node_ports" {
  description = "For the group of nodes that load balancers send to by node port: the range, and who sends. Where they send to pods (target type `ip`), `peers.load_balancer` is what is needed. `null`: none."
  default     = null
  type = object({
    range        = optional(string, "30000-32767")
    cidrs        = optional(set(string), [])
    references   = optional(map(string), {})
    prefix_lists = optional(map(string), {})
  })

  validation {
    condition     = var.node_ports == null ? true : can(regex("^[0-9]{4,5}-[0-9]{4,5}$", var.node_ports.range)) && try(tonumber(split("-", var.node_ports.range)[0]) >= 1024 && tonumber(split("-", var.node_ports.range)[0]) <= tonumber(split("-", var.node_ports.range)[1]) && tonumber(split("-", var.node_ports.range)[1]) <= 65535, false)
    error_message = "node_ports.range is a range from 1024 on, such as 30000-32767."
  }

  validation {
    condition     = var.node_ports == null ? true : alltrue([for cidr in var.node_ports.cidrs : try(cidrsubnet(cidr, 0, 0) == cidr && tonumber(split("/", cidr)[1]) >= 8, false)])
    error_message = "node_ports.cidrs lists networks such as 10.0.1.0/24, in the short form, none of them wider than /8."
  }
}

variable "health_probes" {
  description = "Ports that `peers.load_balancer` asks for health, where those are others than the gateway's: AWS's load balancers ask from the addresses and the group that they send from. kube-proxy answers on 10256, and a Service with `externalTrafficPolicy: Local` on its own health check node port."
  nullable    = false
  default     = []
  type        = set(number)

  validation {
    condition     = alltrue([for port in var.health_probes : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "A port is a whole number from 1 to 65535."
  }
}

variable "dns_resolver" {
  description = "Where DNS goes while `peers.dns` is left out: AWS's resolver, at the address that every VPC has. Security groups do not filter what goes there, so that the rule says what works anyway. CoreDNS is another thing: name its group in `peers.dns`. Empty: no rule."
  nullable    = false
  default     = ["169.254.169.253/32"]
  type        = set(string)
}

variable "rules" {
  description = "Rules of your own, by a key that stays with the rule; `yamldecode(file(…))` of a map of them will do. A port is 443 or 1025-2048; tcp and udp have ports, icmp and icmpv6 have none."
  nullable    = false
  default     = {}
  type = map(object({
    direction     = string
    description   = string
    protocol      = optional(string, "tcp")
    ports         = optional(set(string), [])
    cidrs         = optional(set(string), [])
    references    = optional(map(string), {})
    prefix_lists  = optional(map(string), {})
    self          = optional(bool, false)
    public_reason = optional(string, "")
  }))

  validation {
    condition     = alltrue([for key in keys(var.rules) : can(regex("^[a-z][a-z0-9-]{0,39}$", key)) && !contains(["node-ports", "probe"], key)])
    error_message = "A rule's key has 1 to 40 lower-case letters, digits and hyphens and begins with a letter; node-ports and probe are this module's own."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["ingress", "egress"], rule.direction)])
    error_message = "A rule's direction is ingress or egress."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*-]{1,190}$", rule.description))])
    error_message = "A rule's description says why it is there, in 1 to 190 letters, digits, spaces and ._:/()#,@+=&;{}!$*-."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["tcp", "udp"], rule.protocol) ? length(rule.ports) > 0 : contains(["icmp", "icmpv6"], rule.protocol) && length(rule.ports) == 0])
    error_message = "A rule's protocol is tcp or udp, with ports, or icmp or icmpv6, without. Every protocol is for `self` alone."
  }

  validation {
    condition = alltrue(flatten([
      for rule in values(var.rules) : [
        for port in rule.ports : can(regex("^[0-9]{1,5}(-[0-9]{1,5})?$", port)) && try(
          tonumber(split("-", port)[0]) >= 1 && tonumber(split("-", port)[0]) <= tonumber(reverse(split("-", port))[0]) && tonumber(reverse(split("-", port))[0]) <= 65535, false
        )
      ]
    ]))
    error_message = "A rule's port is a number from 1 to 65535, or two with a hyphen between them, the lower one first."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : length(rule.cidrs) + length(rule.references) + length(rule.prefix_lists) + (rule.self ? 1 : 0) > 0])
    error_message = "A rule names somebody: cidrs, references, prefix_lists or self."
  }

  validation {
    condition     = alltrue(flatten([for rule in values(var.rules) : [for cidr in rule.cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)]]))
    error_message = "A CIDR is a network's own address and its length, in the short form: 10.0.1.0/24 and not 10.0.1.7/24."
  }

  validation {
    condition     = alltrue(flatten([for rule in values(var.rules) : [for cidr in rule.cidrs : try(tonumber(split("/", cidr)[1]), 0) >= 8 || can(regex("^[A-Za-z0-9 ._:/()#,@+=-]{10,60}$", rule.public_reason))]]))
    error_message = "A CIDR wider than /8 opens the world. Name the networks, or say why in the rule's public_reason, in 10 to 60 characters."
  }
}

variable "quota" {
  description = "How many rules a direction may have, for IPv4 and for IPv6, which is AWS's quota of rules for each security group, and how many of them a prefix list counts for, by its name in `prefix_lists`: 1 for those of S3 and DynamoDB, 55 for CloudFront's, and the maximum of entries for one of your own. More are refused by the plan."
  nullable    = false
  default     = {}
  type = object({
    rules               = optional(number, 60)
    prefix_list_weights = optional(map(number), {})
  })

  validation {
    condition     = var.quota.rules >= 1 && var.quota.rules <= 1000
    error_message = "quota.rules is from 1 to 1000: AWS raises it so far, and multiplied by the groups of an interface it may not exceed that."
  }
}

variable "flow_log" {
  description = "Where the VPC's flow log goes: an S3 bucket, a log group (with iam_role_arn) or a Firehose stream. `null` says that the VPC has one already; there is no default, because without one a rejected connection leaves no trace."
  type = object({
    destination_arn  = string
    destination_type = optional(string, "s3")
    iam_role_arn     = optional(string)
    traffic_type     = optional(string, "REJECT")
  })

  validation {
    condition     = var.flow_log == null ? true : contains(["s3", "cloud-watch-logs", "kinesis-data-firehose"], var.flow_log.destination_type)
    error_message = "flow_log.destination_type is s3, cloud-watch-logs or kinesis-data-firehose."
  }

  validation {
    condition     = var.flow_log == null ? true : contains(["REJECT", "ALL", "ACCEPT"], var.flow_log.traffic_type)
    error_message = "flow_log.traffic_type is REJECT, ACCEPT or ALL."
  }

  validation {
    condition     = var.flow_log == null ? true : (var.flow_log.destination_type == "cloud-watch-logs") == (var.flow_log.iam_role_arn != null)
    error_message = "flow_log.iam_role_arn is for cloud-watch-logs, which needs it, and for nothing else."
  }
}

variable "network_firewall" {
  description = "Makes an AWS Network Firewall that lets only `domains` through; routing SARK's subnets through its endpoints is yours. `null`: none, and no cost."
  default     = null
  type = object({
    subnet_ids = set(string)
    home_net   = set(string)
    log_group  = string
    capacity   = optional(number, 1000)
  })

  validation {
    condition = var.network_firewall == null ? true : length(var.network_firewall.home_net) > 0 && alltrue([
      for cidr in var.network_firewall.home_net : try(cidrsubnet(cidr, 0, 0) == cidr && tonumber(split("/", cidr)[1]) >= 8, false)
    ])
    error_message = "network_firewall.home_net lists the CIDRs of SARK's subnets, none of them wider than /8."
  }
}

variable "dns_firewall" {
  description = "Makes a Route 53 DNS Firewall in the VPC that answers `domains` and `internal_names` (the database's, the cache's and the cluster's own, such as *.rds.amazonaws.com) and nothing else. It counts for everything in the VPC. `null`: none, and no cost."
  default     = null
  type = object({
    internal_names      = set(string)
    log_destination_arn = string
    priority            = optional(number, 101)
  })

  validation {
    condition     = var.dns_firewall == null ? true : !contains(var.dns_firewall.internal_names, "*")
    error_message = "dns_firewall.internal_names lists names; `*` would answer everything."
  }

  validation {
    condition     = var.dns_firewall == null ? true : var.dns_firewall.priority > 100 && var.dns_firewall.priority < 9900
    error_message = "dns_firewall.priority is from 101 to 9899."
  }
}

variable "tags" {
  description = "Tags of everything that is made."
  nullable    = false
  default     = {}
  type        = map(string)
}

# What the modules of all clouds and policy/ share, word for word.

variable "ports" {
  description = "The ports of SARK's parts, as in the chart's values. The ports of `https` are those of `domains`."
  nullable    = false
  default     = {}
  type = object({
    gateway    = optional(number, 8000)
    metrics    = optional(number, 9090)
    postgresql = optional(number, 5432)
    redis      = optional(number, 6379)
    opa        = optional(number, 8181)
    dns        = optional(number, 53)
    ntp        = optional(number, 123)
    proxy      = optional(number, 3128)
    mcp        = optional(number, 443)
  })

  validation {
    condition     = alltrue([for port in values(var.ports) : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "A port is a whole number from 1 to 65535."
  }
}

variable "peers" {
  description = "Who stands at the other end of each flow: CIDRs, and what else the cloud can name. `references` are security groups on AWS, service accounts on GCP and application security groups on Azure, by a name of yours; `prefix_lists` are AWS's, by a name of yours; `service_tag` is Azure's, one for each role; `network_tags` are GCP's, where the targets are tags too. A role that is left out is not opened; without `dns` a cloud's module opens DNS to that cloud's own resolver."
  nullable    = false
  default     = {}
  type = map(object({
    cidrs        = optional(set(string), [])
    references   = optional(map(string), {})
    prefix_lists = optional(map(string), {})
    service_tag  = optional(string)
    network_tags = optional(set(string), [])
  }))

  validation {
    condition = alltrue([
      for role in keys(var.peers) : contains(
        ["load_balancer", "monitoring", "database", "cache", "opa", "dns", "ntp", "proxy", "mcp_servers", "https"], role
      )
    ])
    error_message = "The roles are load_balancer, monitoring (they call the gateway), database, cache, opa, dns, ntp, proxy, mcp_servers and https (the gateway calls them)."
  }

  validation {
    condition = alltrue(flatten([
      for peer in values(var.peers) : [for cidr in peer.cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)]
    ]))
    error_message = "A CIDR is a network's own address and its length, in the short form: 10.0.1.0/24 and not 10.0.1.7/24, fd00:1::/64 and not FD00:1:0::/64."
  }

  validation {
    condition = alltrue(flatten([
      for role, peer in var.peers : [
        for cidr in peer.cidrs : try(tonumber(split("/", cidr)[1]), 0) >= 8
        || role == "https" && var.public_egress_reason != ""
        || role == "load_balancer" && var.public_ingress_reason != ""
      ]
    ]))
    error_message = "A CIDR wider than /8 opens the world. Name the networks; or, for https, say why in public_egress_reason, and for load_balancer in public_ingress_reason."
  }

  validation {
    condition = alltrue(flatten([
      for role, peer in var.peers : [
        for cidr in peer.cidrs : can(regex("^(10\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.)", cidr))
        if contains(["database", "cache", "opa"], role) && !strcontains(cidr, ":")
      ]
    ]))
    error_message = "The database, the cache and OPA are reached at private IPv4 addresses only: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10."
  }

  validation {
    condition = alltrue([
      for role, peer in var.peers : peer.service_tag == null ? true
      : can(regex("^[A-Za-z][A-Za-z0-9.]*$", peer.service_tag)) && !contains(["internet", "any", "azurecloud"], lower(peer.service_tag))
    ])
    error_message = "A service_tag is one word such as Sql.WestEurope; Internet, Any and AzureCloud are not taken, because they are the world and every tenant's machines: give the CIDRs and the reason."
  }
}

variable "domains" {
  description = "The chart's `egress.domains`: names in lower case, where `*.d` is every name below d and not d itself, and their ports."
  nullable    = false
  default     = []
  type = list(object({
    name  = string
    ports = optional(set(number), [443])
  }))

  validation {
    condition = alltrue([
      for domain in var.domains :
      length(domain.name) <= 253
      && can(regex("\\.[a-z][a-z0-9-]*$", trimprefix(domain.name, "*.")))
      && alltrue([for label in split(".", trimprefix(domain.name, "*.")) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", label))])
    ])
    error_message = "A domain is a name such as api.example.com, or *.example.com for the names below it: lower case, no URL, no port, no address, no `*` elsewhere."
  }

  validation {
    condition     = length(distinct([for domain in var.domains : domain.name])) == length(var.domains)
    error_message = "A domain is listed once; put all its ports into that entry."
  }

  validation {
    condition     = alltrue(flatten([for domain in var.domains : [for port in domain.ports : port >= 1 && port <= 65535]]))
    error_message = "A domain's ports are from 1 to 65535."
  }
}

variable "public_egress_reason" {
  description = "Why `peers.https` may be the whole internet (0.0.0.0/0, ::/0). It goes into the rules' descriptions. Empty: it may not."
  nullable    = false
  default     = ""
  type        = string

  validation {
    condition     = var.public_egress_reason == "" || can(regex("^[A-Za-z0-9 ._:/()#,@+=-]{10,60}$", var.public_egress_reason))
    error_message = "A reason has 10 to 60 letters, digits, spaces and ._:/()#,@+=- (what every cloud takes in a description)."
  }
}

variable "public_ingress_reason" {
  description = "Why `peers.load_balancer` may be the whole internet, as with a load balancer that keeps its clients' addresses. Empty: it may not."
  nullable    = false
  default     = ""
  type        = string

  validation {
    condition     = var.public_ingress_reason == "" || can(regex("^[A-Za-z0-9 ._:/()#,@+=-]{10,60}$", var.public_ingress_reason))
    error_message = "A reason has 10 to 60 letters, digits, spaces and ._:/()#,@+=- (what every cloud takes in a description)."
  }
}
