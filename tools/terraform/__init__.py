"""Reads Terraform, works out what can be worked out, and says of the rest that it cannot tell."""
