"""Checks of YAML text, before anyone asks what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tools.findings.model import Problem, Where
from tools.manifests.documents import Parsed


def yaml_is_unambiguous(parsed: Parsed) -> Iterator[Problem]:
    """YAML parses, and each key stands once.

    Helm, kubectl and PyYAML take a key that is there twice and keep the last in silence: a second `egress:` lower
    down replaces the first, rules and all. Keep one of the two. Aliases may not loop or multiply beyond measure,
    and tags other than YAML's own mean nothing to Kubernetes. Source: YAML 1.2, 3.2.1.1 (keys of a mapping are
    unique).
    """
    yield from parsed.problems


def values_are_one_mapping(parsed: Parsed) -> Iterator[Problem]:
    """A values file is one YAML document, a mapping.

    Helm refuses a list or a scalar. Of several documents Helm 3 reads the first and drops the rest in silence, and
    Helm 4 merges them. Put everything into one mapping.
    """
    for number, document in enumerate(parsed.documents):
        where = Where(document.file, "", document.lines.get("", 0))
        if number:
            yield Problem(where, "a second document: Helm 3 drops it, Helm 4 merges it; join it to the first")
        elif not isinstance(document.body, Mapping):
            yield Problem(where, "values are no mapping; write `key: value` lines")


CHECKS = (yaml_is_unambiguous, values_are_one_mapping)
