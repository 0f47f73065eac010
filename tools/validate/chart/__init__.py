"""What a chart is tried with when somebody asks: wrong values, other versions of Kubernetes and of Helm, coverage."""
