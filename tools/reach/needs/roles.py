"""The callers from other namespaces that a chart's values name: the ingress controller and monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MONITORING, INGRESS = "monitoring", "ingressController"


def roles(values: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The namespaces of each caller by the key of its block; none for a caller that is switched off. Callers that the
    values do not mention are left out.
    """
    by_role: dict[str, frozenset[str]] = {}
    for key in (MONITORING, INGRESS):
        block = values.get(key)
        spaces = block.get("namespaces") if isinstance(block, Mapping) else None
        if isinstance(block, Mapping) and isinstance(spaces, list):
            on = block.get("enabled") is not False
            by_role[key] = frozenset(space for space in spaces if isinstance(space, str)) if on else frozenset()
    return by_role
