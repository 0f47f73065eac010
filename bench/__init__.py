"""Measurements: of the validator, the linter, the judge and the proxy, each beside something else."""
