"""The standing fuzz: random values, manifests, Terraform and command lines, and what must hold for each of them.

`make fuzz` runs it for minutes, `make test` for seconds. `tools/cluster/fuzz/` is another: random policies beside a
cluster.
"""
