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

variable "location" {
  description = "The region of the virtual network."
  nullable    = false
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+$", var.location))
    error_message = "A location is one word in lower case, such as westeurope."
  }
}

variable "resource_group_name" {
  description = "The resource group that the security group goes into."
  nullable    = false
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]$", var.resource_group_name))
    error_message = "A resource group's name has 1 to 90 letters, digits and _.()-, and ends with no full stop."
  }
}

variable "subnet_ids" {
  description = "The subnets of SARK's nodes, by a name of yours. Whatever else stands in them is closed too."
  nullable    = false
  type        = map(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "Name a subnet: a security group that stands nowhere filters nothing."
  }
}

variable "health_probes" {
  description = "Let the probes of Azure's load balancer reach the gateway's port."
  nullable    = false
  default     = true
  type        = bool
}

variable "flow_log" {
  description = "Where the virtual network's flow log goes. `null` says that it has one already; there is no default, because without one a rejected connection leaves no trace."
  type = object({
    network_watcher_name                = string
    network_watcher_resource_group_name = string
    virtual_network_id                  = string
    storage_account_id                  = string
    days                                = optional(number, 90)
  })

  validation {
    condition     = var.flow_log == null ? true : strcontains(lower(var.flow_log.virtual_network_id), "/virtualnetworks/")
    error_message = "flow_log.virtual_network_id is a virtual network's or a subnet's id: Azure makes no flow logs of security groups any more."
  }

  validation {
    condition     = var.flow_log == null ? true : var.flow_log.days >= 1 && var.flow_log.days <= 365
    error_message = "flow_log.days is from 1 to 365."
  }
}

variable "azure_firewall" {
  description = "Writes `domains` into the policy of an Azure Firewall that you have, for what comes from `source_cidrs`; routing the subnets through it is yours. `null`: nothing is written."
  default     = null
  type = object({
    firewall_policy_id = string
    source_cidrs       = list(string)
    priority           = optional(number, 500)
  })

  validation {
    condition     = var.azure_firewall == null ? true : var.azure_firewall.priority >= 100 && var.azure_firewall.priority <= 65000
    error_message = "azure_firewall.priority is from 100 to 65000."
  }

  validation {
    condition = var.azure_firewall == null ? true : length(var.azure_firewall.source_cidrs) > 0 && alltrue([
      for cidr in var.azure_firewall.source_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr && tonumber(split("/", cidr)[1]) >= 8, false)
    ])
    error_message = "azure_firewall.source_cidrs lists the CIDRs of SARK's subnets, none of them wider than /8."
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
  description = "Who stands at the other end of each flow: CIDRs, and references of the cloud's own by a name of yours (security groups on AWS, service accounts on GCP, application security groups on Azure). A role that is left out is not opened."
  nullable    = false
  default     = {}
  type = map(object({
    cidrs      = optional(set(string), [])
    references = optional(map(string), {})
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
