variable "silent" {
  type = string
}

output "silent" {
  value = var.silent
}
