"""Who can reach whom, and why: judged from manifests alone, with Kubernetes', Calico's and the policy API's semantics."""
