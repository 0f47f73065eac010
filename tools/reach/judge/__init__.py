"""The walk through tiers, policies and rules, and what comes of it: the table, the matrix, the reasons."""
