variable "untyped" {
  description = "A name."
}

variable "anything" {
  description = "A name."
  type        = any
}

output "both" {
  description = "What it is."
  value       = [var.untyped, var.anything]
}
