"""Every environment rendered and judged, and this project's Terraform."""
