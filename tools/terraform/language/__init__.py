"""Terraform's language: text, trees, values and their types."""
