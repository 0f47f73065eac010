"""What may be reached outside the cluster: the list of values, and each engine's manifests read back into it."""
