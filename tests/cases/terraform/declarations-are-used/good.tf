terraform {
  required_version = ">= 1.9"
}

variable "name" {
  description = "A name."
  type        = string
}

locals {
  upper = upper(var.name)
}

output "name" {
  description = "What it is."
  value       = local.upper
}
