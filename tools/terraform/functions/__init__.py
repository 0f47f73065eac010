"""Terraform's functions, one module a kind."""
