"""Reads Terraform, evaluates what can be evaluated without its providers, and says what it cannot tell."""
