"""The proof in a real cluster: kind, Calico, a small internet, the chart, and a probe for every row of flows.yaml.

A shell of the toolkit: everything here talks to Docker, kind, Helm or Kubernetes, save `plan`, `verdict` and `results`,
which are pure.
"""
