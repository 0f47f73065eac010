variable "unused" {
  description = "Nothing."
  type        = string
}

locals {
  unused = 1
  used   = 2
}

data "aws_vpc" "unused" {
  default = true
}

output "used" {
  description = "What it is."
  value       = local.used
}
