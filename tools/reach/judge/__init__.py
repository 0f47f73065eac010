"""The walk through tiers, policies and rules, and its results: the table, the matrix, the reasons."""
