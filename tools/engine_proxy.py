"""Reads the Envoy configuration of engine proxy back into an allowlist."""

from __future__ import annotations

from tools.allowlist import Rule
from tools.model import Manifest


def decode(manifests: tuple[Manifest, ...]) -> frozenset[Rule]:
    """The rules that the configuration enforces."""
    raise NotImplementedError
