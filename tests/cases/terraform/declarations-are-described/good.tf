terraform {
  required_version = ">= 1.9"
}

variable "name" {
  description = "A name."
  type        = string
}

output "name" {
  description = "What it is."
  value       = var.name
}
