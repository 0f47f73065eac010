"""The nearest ancestor of a path that has a line."""

import pytest

from tools.findings.paths import nearest

LINES = {"": 1, "spec": 2, "spec.egress": 3, "spec.egress[0]": 4, 'metadata.labels["a/b"]': 9}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("spec.egress[0]", "spec.egress[0]"),
        ("spec.egress[0].to[1].ipBlock", "spec.egress[0]"),
        ("spec.egress[1]", "spec.egress"),
        ("spec.ingress", "spec"),
        ('metadata.labels["a/b"]', 'metadata.labels["a/b"]'),
        ("metadata.name", ""),
        ("", ""),
    ],
)
def test_nearest(path: str, expected: str) -> None:
    assert nearest(path, LINES) == expected


def test_nothing_has_a_line() -> None:
    assert nearest("spec.egress[0]", {}) == ""
