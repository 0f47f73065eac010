"""What a workload's own manifest says that it needs: whom its commands, probes and settings call by name."""
