"""Kubernetes' objects: YAML read with its lines, fields, labels, addresses, pods, schemas."""
