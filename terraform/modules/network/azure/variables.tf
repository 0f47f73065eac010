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

variable "create" {
  description = "Make a network security group. `false`: the rules go into `network_security_group`, a group of your own."
  nullable    = false
  default     = true
  type        = bool
}

variable "network_security_group" {
  description = "With `create = false`, the group that the rules go into, in `resource_group_name`. It must have no inline rules, which would fight with these. Not the one that AKS makes for its nodes: AKS writes rules of its own there."
  default     = null
  type        = object({ name = string, id = string })

  validation {
    condition     = var.create == (var.network_security_group == null)
    error_message = "network_security_group is for create = false, which needs it, and for nothing else."
  }
}

variable "network_security_group_name" {
  description = "The group's name, by your convention, such as nsg-sark-prod-westeurope-001; `null`: `name` with -gateway behind it."
  default     = null
  type        = string

  validation {
    condition     = var.network_security_group_name == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]$", var.network_security_group_name))
    error_message = "A network security group's name has 2 to 80 letters, digits and ._-, begins with a letter or a digit and ends with one or with _."
  }
}

variable "cluster_cidrs" {
  description = "The ranges of the cluster's nodes and pods, which reach each other by every protocol and port: AKS supports no closing of that. Network policies judge what pods say to each other. Empty: no such rule."
  nullable    = false
  default     = []
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.cluster_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr && tonumber(split("/", cidr)[1]) >= 8, false)])
    error_message = "cluster_cidrs lists networks such as 10.240.0.0/16, in the short form, none of them wider than /8."
  }
}

variable "health_probes" {
  description = "The ports that the probes of Azure's load balancer ask: without `ports` the gateway's. AKS asks node ports, kube-proxy's 10256, or a Service's health check node port. `null`: none."
  default     = {}
  type        = object({ ports = optional(set(string)) })

  validation {
    condition     = try(var.health_probes.ports, null) == null ? true : length(var.health_probes.ports) > 0 && alltrue([for port in var.health_probes.ports : can(regex("^[0-9]{1,5}$", port)) && try(tonumber(port) >= 1 && tonumber(port) <= 65535, false)])
    error_message = "health_probes.ports lists ports from 1 to 65535, or is left out for the gateway's; null in place of health_probes closes them."
  }
}

variable "node_ports" {
  description = "The node ports that probes of Azure's load balancer and the CIDRs of `peers.load_balancer` reach, such as 30000-32767: AKS probes there unless told otherwise, and without floating IP clients' connections arrive there too. `null`: none."
  default     = null
  type        = string

  validation {
    condition     = var.node_ports == null ? true : can(regex("^[0-9]{4,5}-[0-9]{4,5}$", var.node_ports)) && try(tonumber(split("-", var.node_ports)[0]) >= 1024 && tonumber(split("-", var.node_ports)[0]) <= tonumber(split("-", var.node_ports)[1]) && tonumber(split("-", var.node_ports)[1]) <= 65535, false)
    error_message = "node_ports is a range from 1024 on, such as 30000-32767."
  }
}

variable "dns_resolver" {
  description = "Where DNS goes while `peers.dns` is left out: Azure's resolver, which answers a virtual network that names no DNS servers of its own. Security groups filter it by the tag AzurePlatformDNS alone, so that the rule says what works anyway. CoreDNS is another thing: it is in `cluster_cidrs`. Empty: no rule."
  nullable    = false
  default     = ["168.63.129.16/32"]
  type        = set(string)
}

variable "rules" {
  description = "Rules of your own, by a key that stays with the rule; `yamldecode(file(…))` of a map of them will do. Each names one kind of peer: CIDRs of one family, `references` (application security groups) or a `service_tag`. Ports are 443 or 1025-2048, and stand with tcp and udp. The policy's priorities are 1000 to 1199, the denials' is 4096; 100 to 999 and 1200 to 4095 are yours."
  nullable    = false
  default     = {}
  type = map(object({
    direction     = string
    description   = string
    priority      = number
    protocol      = optional(string, "tcp")
    ports         = optional(list(string), [])
    cidrs         = optional(set(string), [])
    references    = optional(map(string), {})
    service_tag   = optional(string)
    public_reason = optional(string, "")
  }))

  validation {
    condition     = alltrue([for key in keys(var.rules) : can(regex("^[a-z][a-z0-9-]{0,39}$", key)) && !endswith(key, "-")])
    error_message = "A rule's key has 1 to 40 lower-case letters, digits and hyphens, begins with a letter and ends with no hyphen."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["ingress", "egress"], rule.direction) && length(rule.description) > 0 && length("${rule.description}: ${rule.public_reason}") <= 140])
    error_message = "A rule's direction is ingress or egress, and its description says why it is there, in at most 140 characters with the public_reason."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : rule.priority >= 100 && rule.priority <= 4095 && (rule.priority < 1000 || rule.priority >= 1200) && floor(rule.priority) == rule.priority])
    error_message = "A rule's priority is from 100 to 999 or from 1200 to 4095: the rest is this module's."
  }

  validation {
    condition     = length(distinct([for rule in values(var.rules) : "${rule.direction} ${rule.priority}"])) == length(var.rules)
    error_message = "Two rules of a direction have the same priority, which Azure refuses."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["tcp", "udp"], rule.protocol) ? length(rule.ports) > 0 : contains(["icmp", "esp", "ah"], rule.protocol) && length(rule.ports) == 0])
    error_message = "A rule's protocol is tcp or udp, with ports, or icmp, esp or ah, without. Every protocol is for cluster_cidrs alone."
  }

  validation {
    condition     = alltrue(flatten([for rule in values(var.rules) : [for port in rule.ports : can(regex("^[0-9]{1,5}(-[0-9]{1,5})?$", port)) && try(tonumber(split("-", port)[0]) <= tonumber(reverse(split("-", port))[0]) && tonumber(reverse(split("-", port))[0]) <= 65535, false)]]))
    error_message = "A rule's port is a number up to 65535, or two with a hyphen between them, the lower one first."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : (length(rule.cidrs) > 0 ? 1 : 0) + (length(rule.references) > 0 ? 1 : 0) + (rule.service_tag == null ? 0 : 1) == 1 && length(distinct([for cidr in rule.cidrs : strcontains(cidr, ":")])) <= 1])
    error_message = "A rule names one kind of peer, for Azure mixes none in one rule: cidrs of one family, references, or a service_tag."
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
    condition = alltrue([
      for rule in values(var.rules) : rule.service_tag == null ? true
      : can(regex("^[A-Za-z][A-Za-z0-9.]*$", rule.service_tag)) && (!contains(["internet", "any", "azurecloud"], lower(rule.service_tag)) || can(regex("^[A-Za-z0-9 ._:/()#,@+=-]{10,60}$", rule.public_reason)))
    ])
    error_message = "A service_tag is one word such as AzureMonitor; Internet and AzureCloud are the world and every tenant's machines, and need a public_reason of 10 to 60 characters."
  }
}

variable "quota" {
  description = "How many rules a network security group may have, which is 1000 unless your subscription says otherwise, and how many CIDRs one side of a rule. More are refused by the plan."
  nullable    = false
  default     = {}
  type = object({
    rules = optional(number, 1000)
    cidrs = optional(number, 4000)
  })
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

variable "lock" {
  description = "Lock the security group against deletion. Its rules are locked with it: before one is taken away the lock has to be taken off."
  nullable    = false
  default     = false
  type        = bool
}

variable "diagnostics" {
  description = "Where the security group tells of its rules and of how often each decides: a Log Analytics workspace, a storage account, or both. What connections there were is in the flow log. `null`: nowhere."
  default     = null
  type = object({
    log_analytics_workspace_id = optional(string)
    storage_account_id         = optional(string)
  })

  validation {
    condition     = var.diagnostics == null ? true : var.diagnostics.log_analytics_workspace_id != null || var.diagnostics.storage_account_id != null
    error_message = "diagnostics names a log_analytics_workspace_id, a storage_account_id, or both."
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
