"""The user that the chart's own pods run as: a number that is written, or the platform's choice."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.doc_runs import rendered

EVERY_POD: dict[str, Any] = {"dnsGuard": {"enabled": True}}
CONTEXTS = {
    65532: {"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532},
    1000650000: {"runAsNonRoot": True, "runAsUser": 1000650000, "runAsGroup": 1000650000},
    "": {"runAsNonRoot": True},
}


def pods(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The specification of each pod that the chart makes."""
    text, complaint = rendered(values)
    assert not complaint
    for body in yaml.load_all(text, yaml.CSafeLoader):
        spec = (body or {}).get("spec") or {}
        if body and body["kind"] == "Pod":
            yield spec
        elif "template" in spec and "containers" in spec["template"].get("spec", {}):
            yield spec["template"]["spec"]


@pytest.mark.parametrize("user", CONTEXTS)
def test_every_pod_runs_as_that_user(user: int | str) -> None:
    contexts = [pod["securityContext"] for pod in pods({**EVERY_POD, "podSecurity": {"runAsUser": user}})]
    assert len(contexts) >= 3
    for context in contexts:
        assert context.pop("seccompProfile") == {"type": "RuntimeDefault"}
        assert context.pop("fsGroup", user) == user
        assert context == CONTEXTS[user]


def test_without_a_value_it_is_the_images_own() -> None:
    assert [pod["securityContext"]["runAsUser"] for pod in pods(EVERY_POD)] == [65532] * len(list(pods(EVERY_POD)))
