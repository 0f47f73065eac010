terraform {
  required_version = ">= 1.9"
}

variable "allowed_cidrs" {
  description = "Who may call."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.allowed_cidrs : can(cidrhost(range, 0))])
    error_message = "Write networks."
  }
}

output "allowed" {
  description = "What it is."
  value       = var.allowed_cidrs
}
