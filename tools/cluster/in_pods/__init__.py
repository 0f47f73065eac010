"""Programs that run inside the cluster and beside it, on nothing but Python's standard library."""
