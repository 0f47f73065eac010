variable "name" {
  description = "Begins the name of everything that is made."
  nullable    = false
  default     = "sark"
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "A name has 2 to 20 lower-case letters, digits and hyphens, begins with a letter and ends with no hyphen: with the rule's own it has to fit into GCP's 63."
  }
}

variable "project" {
  description = "The project of the network; `null`: the provider's."
  default     = null
  type        = string
}

variable "network" {
  description = "The network of SARK's nodes: its name or self_link."
  nullable    = false
  type        = string

  validation {
    condition     = var.network != "" && !endswith(var.network, "/default") && var.network != "default"
    error_message = "Name a network of your own: the default one has rules that let SSH and RDP in from everywhere."
  }
}

variable "target_service_accounts" {
  description = "The service accounts of SARK's nodes, which the rules are for; or [], with `target_tags`. Rules with neither would be the whole network's."
  nullable    = false
  type        = set(string)

  validation {
    condition     = length(var.target_service_accounts) <= 10
    error_message = "GCP takes at most 10 service accounts."
  }

  validation {
    condition     = alltrue([for account in var.target_service_accounts : can(regex("^[^@ ]+@[^@ ]+\\.gserviceaccount\\.com$", account))])
    error_message = "A service account is an address such as nodes@project.iam.gserviceaccount.com."
  }
}

variable "target_tags" {
  description = "The network tags of SARK's nodes, which the rules are for, in place of service accounts. Whoever may edit a machine may give it a tag; service accounts are safer."
  nullable    = false
  default     = []
  type        = set(string)

  validation {
    condition     = (length(var.target_tags) > 0) != (length(var.target_service_accounts) > 0)
    error_message = "Name target_service_accounts or target_tags, one of the two: GCP takes no rule with both, and with neither the denials would be for every machine of the network."
  }

  validation {
    condition     = length(var.target_tags) <= 70 && alltrue([for tag in var.target_tags : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", tag))])
    error_message = "There are at most 70 tags, of 1 to 63 lower-case letters, digits and hyphens each."
  }
}

variable "cluster_cidrs" {
  description = "The ranges of the cluster's nodes and pods, which reach each other by every protocol and port, as GKE needs where egress is denied. Network policies judge what pods say to each other. Empty: no such rule."
  nullable    = false
  default     = []
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.cluster_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr && tonumber(split("/", cidr)[1]) >= 8, false)])
    error_message = "cluster_cidrs lists networks such as 10.4.0.0/14, in the short form, none of them wider than /8."
  }
}

variable "health_probes" {
  description = "Where GCP's health checks come from, and the ports that they ask: without `ports` the gateway's. The ranges are those of both kinds of load balancer, with and without a proxy, which also send clients' requests from the former. `null`: none."
  default     = {}
  type = object({
    ports = optional(set(number))
    cidrs = optional(set(string), [
      "35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22", "2600:2d00:1:b029::/64", "2600:2d00:1:1::/64", "2600:1901:8001::/48",
    ])
  })

  validation {
    condition     = try(var.health_probes.ports, null) == null ? true : length(var.health_probes.ports) > 0 && alltrue([for port in var.health_probes.ports : port >= 1 && port <= 65535])
    error_message = "health_probes.ports lists ports from 1 to 65535, or is left out for the gateway's; null in place of health_probes closes them."
  }
}

variable "node_ports" {
  description = "The node ports that `peers.load_balancer` and health checks reach, such as 30000-32767, where load balancers send to nodes and not to pods. `null`: none."
  default     = null
  type        = string

  validation {
    condition     = var.node_ports == null ? true : can(regex("^[0-9]{4,5}-[0-9]{4,5}$", var.node_ports)) && try(tonumber(split("-", var.node_ports)[0]) >= 1024 && tonumber(split("-", var.node_ports)[0]) <= tonumber(split("-", var.node_ports)[1]) && tonumber(split("-", var.node_ports)[1]) <= 65535, false)
    error_message = "node_ports is a range from 1024 on, such as 30000-32767."
  }
}

variable "dns_resolver" {
  description = "Where DNS goes while `peers.dns` is left out: the metadata server, which is GCP's resolver. GCP always lets that through, so that the rule says what works anyway. kube-dns is another thing: it is in `cluster_cidrs`. Empty: no rule."
  nullable    = false
  default     = ["169.254.169.254/32"]
  type        = set(string)
}

variable "rules" {
  description = "Rules of your own, by a key that stays with the rule; `yamldecode(file(…))` of a map of them will do. `references` are service accounts and, as `network_tags`, for ingress alone. Ports are 443 or 1025-2048, and stand with tcp, udp and sctp. Lower priorities come first: the policy's are 1000 to 1099, the denials' is 1100."
  nullable    = false
  default     = {}
  type = map(object({
    direction     = string
    description   = string
    protocol      = optional(string, "tcp")
    ports         = optional(list(string), [])
    cidrs         = optional(set(string), [])
    references    = optional(map(string), {})
    network_tags  = optional(set(string), [])
    priority      = optional(number, 900)
    public_reason = optional(string, "")
  }))

  validation {
    condition     = alltrue([for key in keys(var.rules) : can(regex("^[a-z][a-z0-9-]{0,22}$", key)) && !endswith(key, "-") && !contains(["node-ports", "probe"], key)])
    error_message = "A rule's key has 1 to 23 lower-case letters, digits and hyphens, begins with a letter and ends with no hyphen, so that it fits into GCP's 63 with the rest of the name; node-ports and probe are this module's own."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["ingress", "egress"], rule.direction) && length(rule.description) > 0 && length(rule.description) <= 400])
    error_message = "A rule's direction is ingress or egress, and its description says why it is there, in at most 400 characters."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["tcp", "udp", "sctp"], rule.protocol) ? length(rule.ports) > 0 : contains(["icmp", "esp", "ah", "ipip"], rule.protocol) && length(rule.ports) == 0])
    error_message = "A rule's protocol is tcp, udp or sctp, with ports, or icmp, esp, ah or ipip, without. Every protocol is for cluster_cidrs alone."
  }

  validation {
    condition     = alltrue(flatten([for rule in values(var.rules) : [for port in rule.ports : can(regex("^[0-9]{1,5}(-[0-9]{1,5})?$", port)) && try(tonumber(split("-", port)[0]) <= tonumber(reverse(split("-", port))[0]) && tonumber(reverse(split("-", port))[0]) <= 65535, false)]]))
    error_message = "A rule's port is a number up to 65535, or two with a hyphen between them, the lower one first."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : length(rule.cidrs) + length(rule.references) + length(rule.network_tags) > 0 && (rule.direction == "ingress" || length(rule.references) + length(rule.network_tags) == 0)])
    error_message = "A rule names somebody: cidrs; or, for ingress alone, references or network_tags."
  }

  validation {
    condition     = alltrue(flatten([for rule in values(var.rules) : [for cidr in rule.cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)]]))
    error_message = "A CIDR is a network's own address and its length, in the short form: 10.0.1.0/24 and not 10.0.1.7/24."
  }

  validation {
    condition     = alltrue(flatten([for rule in values(var.rules) : [for cidr in rule.cidrs : try(tonumber(split("/", cidr)[1]), 0) >= 8 || can(regex("^[A-Za-z0-9 ._:/()#,@+=-]{10,60}$", rule.public_reason))]]))
    error_message = "A CIDR wider than /8 opens the world. Name the networks, or say why in the rule's public_reason, in 10 to 60 characters."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : rule.priority >= 0 && rule.priority < 1100 && floor(rule.priority) == rule.priority])
    error_message = "A rule's priority is from 0 to 1099: from 1100 on everything is denied already."
  }
}

variable "quota" {
  description = "How many firewall rules this module may make, out of the project's quota, and how many CIDRs a rule may have. More are refused by the plan."
  nullable    = false
  default     = {}
  type = object({
    rules = optional(number, 100)
    cidrs = optional(number, 256)
  })
}

variable "log_metadata" {
  description = "What the rules' logs carry: INCLUDE_ALL_METADATA, or EXCLUDE_ALL_METADATA, which is cheaper to store."
  nullable    = false
  default     = "INCLUDE_ALL_METADATA"
  type        = string

  validation {
    condition     = contains(["INCLUDE_ALL_METADATA", "EXCLUDE_ALL_METADATA"], var.log_metadata)
    error_message = "log_metadata is INCLUDE_ALL_METADATA or EXCLUDE_ALL_METADATA."
  }
}

variable "secure_web_proxy" {
  description = "Makes a Secure Web Proxy that lets only `domains` through. As a next hop it judges the name in TLS, as an explicit proxy the one in CONNECT. `network` and `subnetwork` are then full paths. `null`: none, and no cost."
  default     = null
  type = object({
    location     = string
    subnetwork   = string
    addresses    = optional(list(string), [])
    ports        = optional(list(number), [443])
    routing_mode = optional(string, "NEXT_HOP_ROUTING_MODE")
  })

  validation {
    condition     = var.secure_web_proxy == null ? true : contains(["NEXT_HOP_ROUTING_MODE", "EXPLICIT_ROUTING_MODE"], var.secure_web_proxy.routing_mode)
    error_message = "secure_web_proxy.routing_mode is NEXT_HOP_ROUTING_MODE or EXPLICIT_ROUTING_MODE."
  }

  validation {
    condition     = var.secure_web_proxy == null ? true : strcontains(var.network, "/networks/") && strcontains(var.secure_web_proxy.subnetwork, "/subnetworks/")
    error_message = "A Secure Web Proxy takes full paths: network projects/…/global/networks/… and secure_web_proxy.subnetwork projects/…/regions/…/subnetworks/…."
  }
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
