variable "allowed_cidrs" {
  description = "Who may call."
  type        = list(string)
  default     = ["10.0.0.0/8", "0.0.0.0/0"]
}

variable "source_prefix" {
  description = "Who may call."
  type        = string
  default     = "*"
}

variable "rules" {
  description = "Rules."
  type        = map(object({ cidr = string }))
  default = {
    all = { cidr = "::/0" }
  }
}

output "all" {
  description = "What it is."
  value       = [var.allowed_cidrs, var.source_prefix, var.rules]
}
