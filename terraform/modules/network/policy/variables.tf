# These inputs are the same, word for word, in ../variables.tf, ../gcp/variables.tf and ../azure/variables.tf.

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
