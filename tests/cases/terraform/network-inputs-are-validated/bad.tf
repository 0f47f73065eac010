variable "allowed_cidrs" {
  description = "Who may call."
  type        = list(string)
}

variable "gateway_port" {
  description = "A port."
  type        = number
}

variable "egress_domains" {
  description = "Names."
  type        = set(string)
}

variable "port_name" {
  description = "Whether."
  type        = bool
}

output "all" {
  description = "What it is."
  value       = [var.allowed_cidrs, var.gateway_port, var.egress_domains, var.port_name]
}
