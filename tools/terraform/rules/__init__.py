"""The rules over Terraform."""
