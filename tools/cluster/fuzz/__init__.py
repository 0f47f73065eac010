"""Random clusters and random policies, from a seed: what the judge and a real cluster are both asked about. Pure."""
