variable "name" {
  description = "Begins the name of everything that is made."
  default     = "sark"
  type        = string
}

variable "subscription_id" {
  description = "The subscription of the virtual network."
  type        = string
}

variable "location" {
  description = "The region of the virtual network."
  default     = "westeurope"
  type        = string
}

variable "resource_group_name" {
  description = "The resource group that the security groups go into; not the cluster's node resource group, which is AKS's."
  type        = string
}

variable "node_subnet_id" {
  description = "The subnet of the node pools that SARK runs on."
  type        = string
}

variable "proxy_subnet_id" {
  description = "The subnet of the node pool that the egress proxy runs on (`proxy.nodeSelector` and `proxy.tolerations` in the chart's values)."
  type        = string
}

variable "node_cidrs" {
  description = "The ranges of both subnets and of those of every other node pool of the cluster."
  default     = ["10.240.0.0/22", "10.240.4.0/26"]
  type        = set(string)

  validation {
    condition     = length(var.node_cidrs) > 0 && alltrue([for cidr in var.node_cidrs : can(cidrsubnet(cidr, 0, 0))])
    error_message = "node_cidrs lists the nodes' networks."
  }
}

variable "pod_cidrs" {
  description = "The pods' range (`--pod-cidr`)."
  default     = ["10.244.0.0/16"]
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.pod_cidrs : can(cidrsubnet(cidr, 0, 0))])
    error_message = "pod_cidrs lists the pods' networks."
  }
}

variable "api_server_cidrs" {
  description = "Where the API server is: the subnet of API Server VNet Integration, the private endpoint's address, or a public cluster's address, each as narrow as it is known."
  default     = ["10.240.8.0/28"]
  type        = set(string)

  validation {
    condition     = length(var.api_server_cidrs) > 0 && alltrue([for cidr in var.api_server_cidrs : try(tonumber(split("/", cidr)[1]) >= 24, false)])
    error_message = "api_server_cidrs lists networks of /24 or smaller."
  }
}

variable "webhook_ports" {
  description = "The container ports of admission webhooks and aggregated APIs: 4443 is the metrics server's."
  default     = ["443", "4443", "8443", "9443"]
  type        = set(string)

  validation {
    condition     = length(var.webhook_ports) > 0 && alltrue([for port in var.webhook_ports : can(regex("^[1-9][0-9]{0,4}$", port)) && port != "10250"])
    error_message = "webhook_ports lists ports; 10250 is kubelet's, and open already."
  }
}

variable "konnectivity" {
  description = "Whether the cluster has konnectivity-agent, as every private cluster and every new one does. Without it a public cluster has a tunnel at TCP 9000 and UDP 1194."
  default     = true
  type        = bool
}

variable "client_cidrs" {
  description = "Who reaches the load balancers of the cluster: the networks of clients, or of the application gateway before them. Azure's load balancer keeps their addresses."
  default     = ["10.250.0.0/16"]
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.client_cidrs : try(tonumber(split("/", cidr)[1]) >= 8, false)])
    error_message = "client_cidrs lists networks, none of them wider than /8."
  }
}

variable "service_ports" {
  description = "The ports of the Services of type LoadBalancer, such as an ingress controller's, beside the gateway's own."
  default     = ["443"]
  type        = set(string)

  validation {
    condition     = length(var.service_ports) > 0 && alltrue([for port in var.service_ports : can(regex("^[1-9][0-9]{0,4}$", port))])
    error_message = "service_ports lists ports."
  }
}

variable "database_cidrs" {
  description = "Where Azure Database for PostgreSQL is: its delegated subnet, or its private endpoint's address."
  default     = ["10.240.16.0/28"]
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.database_cidrs : can(cidrsubnet(cidr, 0, 0))])
    error_message = "database_cidrs lists networks."
  }
}

variable "cache_cidrs" {
  description = "Where the cache is: its private endpoint's address. Azure's own Redis has TLS at another port: see `cache.ports` in the chart's values."
  default     = ["10.240.17.0/28"]
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.cache_cidrs : can(cidrsubnet(cidr, 0, 0))])
    error_message = "cache_cidrs lists networks."
  }
}

variable "registry_cidrs" {
  description = "The private endpoint of an Azure Container Registry of your own, which SARK's images come from and from which a network isolated cluster starts its nodes; empty: none."
  default     = ["10.240.18.0/28"]
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.registry_cidrs : can(cidrsubnet(cidr, 0, 0))])
    error_message = "registry_cidrs lists networks."
  }
}

variable "names_are_judged_by" {
  description = "What AKS needs is names, and some have no service tag (packages.microsoft.com, packages.aks.azure.com). Where a firewall on the route judges names, say which, in 10 to 60 characters, and 443 is opened to the internet with that as the reason. Empty, for a network isolated cluster: it is not."
  default     = ""
  type        = string
}

variable "tags" {
  description = "Tags of everything that is made."
  default     = {}
  type        = map(string)
}
