"""Checks of YAML text, before anyone asks what it means."""

from __future__ import annotations

from collections.abc import Iterator

from tools.model import Problem
from tools.source import Parsed


def yaml_is_unambiguous(parsed: Parsed) -> Iterator[Problem]:
    """YAML parses, and each key stands once.

    Helm, kubectl and PyYAML take a key that is there twice and keep the last in silence: a second `egress:` lower down
    replaces the first, rules and all. Keep one of the two. Aliases may not loop or multiply beyond measure, and tags
    other than YAML's own mean nothing to Kubernetes. Source: YAML 1.2, 3.2.1.1 (keys of a mapping are unique).
    """
    yield from parsed.problems


CHECKS = (yaml_is_unambiguous,)
