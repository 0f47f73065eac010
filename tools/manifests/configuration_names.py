"""What the file of options is called: one of this toolkit's own, or a table of a file that other tools share."""

from __future__ import annotations

OWN = ".sark-network.yaml"
SHARED = "pyproject.toml"
TABLE = "sark-network"
