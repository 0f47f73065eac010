"""What a workload needs by its own manifest: the hosts that its commands, probes and settings call."""
