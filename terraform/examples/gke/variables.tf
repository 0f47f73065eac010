variable "name" {
  description = "Begins the name of everything that is made."
  default     = "sark"
  type        = string
}

variable "project" {
  description = "The project of the network."
  type        = string
}

variable "region" {
  description = "The region of the cluster."
  default     = "europe-west1"
  type        = string
}

variable "network" {
  description = "The cluster's network, which is not `default`."
  type        = string
}

variable "node_service_account" {
  description = "The service account of the node pools that SARK runs on; not Compute Engine's default one, which other machines have too."
  type        = string
}

variable "proxy_service_account" {
  description = "The service account of the node pool that the egress proxy runs on (`proxy.nodeSelector` and `proxy.tolerations` in the chart's values)."
  type        = string
}

variable "node_cidrs" {
  description = "The primary ranges of the nodes' subnets."
  default     = ["10.0.0.0/22"]
  type        = set(string)

  validation {
    condition     = length(var.node_cidrs) > 0 && alltrue([for cidr in var.node_cidrs : can(cidrsubnet(cidr, 0, 0))])
    error_message = "node_cidrs lists the nodes' networks."
  }
}

variable "pod_cidrs" {
  description = "The secondary ranges of the cluster's pods, every one of them."
  default     = ["10.4.0.0/14"]
  type        = set(string)

  validation {
    condition     = length(var.pod_cidrs) > 0 && alltrue([for cidr in var.pod_cidrs : can(cidrsubnet(cidr, 0, 0))])
    error_message = "pod_cidrs lists the pods' networks."
  }
}

variable "service_cidrs" {
  description = "The ranges of the cluster's Services."
  default     = ["10.8.0.0/20"]
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.service_cidrs : can(cidrsubnet(cidr, 0, 0))])
    error_message = "service_cidrs lists the Services' networks."
  }
}

variable "control_plane_cidrs" {
  description = "Where the control plane is: the /28 of a cluster with VPC peering, or the address of the private endpoint as a /32."
  default     = ["172.16.0.0/28"]
  type        = set(string)

  validation {
    condition     = length(var.control_plane_cidrs) > 0 && alltrue([for cidr in var.control_plane_cidrs : try(tonumber(split("/", cidr)[1]) >= 26, false)])
    error_message = "control_plane_cidrs lists networks of /26 or smaller: the control plane's /28 or its endpoint's /32."
  }
}

variable "proxy_only_cidrs" {
  description = "The proxy-only subnets of regional load balancers; empty where the load balancer is global."
  default     = []
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.proxy_only_cidrs : try(tonumber(split("/", cidr)[1]) >= 8, false)])
    error_message = "proxy_only_cidrs lists subnets."
  }
}

variable "database_cidrs" {
  description = "Where Cloud SQL is: the range of private services access, or the address of its Private Service Connect endpoint."
  default     = ["10.20.0.0/24"]
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.database_cidrs : can(cidrsubnet(cidr, 0, 0))])
    error_message = "database_cidrs lists networks."
  }
}

variable "cache_cidrs" {
  description = "Where Memorystore is."
  default     = ["10.20.1.0/24"]
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.cache_cidrs : can(cidrsubnet(cidr, 0, 0))])
    error_message = "cache_cidrs lists networks."
  }
}

variable "google_apis" {
  description = "Which addresses Google's APIs are reached at: private, or restricted, for what VPC Service Controls guards. DNS has to answer with them."
  default     = "private"
  type        = string

  validation {
    condition     = contains(["private", "restricted"], var.google_apis)
    error_message = "google_apis is private or restricted."
  }
}

variable "webhook_ports" {
  description = "The container ports of admission webhooks beside 443 and 10250."
  default     = ["8443", "9443"]
  type        = set(string)

  validation {
    condition     = alltrue([for port in var.webhook_ports : can(regex("^[1-9][0-9]{0,4}$", port)) && !contains(["443", "10250"], port)])
    error_message = "webhook_ports lists ports; 443 and 10250 are open already."
  }
}
