"""The firewalls of the three clouds in one form, and the chart's values as they see them."""

from __future__ import annotations

CLOUDS = ("aws", "gcp", "azure")
