"""SARK's own manifests in the cluster, unchanged but for images: read, given stand-ins, applied, probed."""
