"""How a report is written, one module a format: `write(report) -> str`."""
