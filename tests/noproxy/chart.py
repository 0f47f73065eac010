"""The variables that the chart gives the gateway's pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.proxy.proxy import objects

Variables = Mapping[str, str]


def variables_of(values: Mapping[str, Any]) -> Variables:
    """The data of the gateway's ConfigMap, rendered with these values."""
    maps = [body for body in objects(values) if body["kind"] == "ConfigMap"]
    (data,) = (body["data"] for body in maps if body["metadata"]["name"].endswith("proxy-env"))
    return {str(name): str(value) for name, value in data.items()}


def without(variables: Variables, no_proxy: str) -> Variables:
    """The same variables, with another NO_PROXY."""
    return {**variables, "NO_PROXY": no_proxy, "no_proxy": no_proxy}


def entries(variables: Variables) -> list[str]:
    """What NO_PROXY holds."""
    return variables["NO_PROXY"].split(",")
