"""Directories of Terraform: read, with everything that they call, and evaluated."""
