"""The chart-testing toolkit of sark-network: a pure core and a thin shell (docs/architecture.md)."""
