"""Who can reach whom, and why: judged from manifests, by the rules of Kubernetes, Calico and the policy API."""
