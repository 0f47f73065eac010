# No provider: what is decided here is the same on every cloud.
terraform {
  required_version = ">= 1.9"
}
