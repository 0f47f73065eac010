"""Alerts and dashboard ask for metrics that Envoy has, of the replicas of this release."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.proxy.attempts import tls
from tests.proxy.proxy import Proxy, objects

METRIC = re.compile(r"\benvoy_\w+")
ON = {"podMonitor": {"enabled": True}, "rules": {"enabled": True}, "dashboard": {"enabled": True}}


def written(kind: str, **values: Any) -> list[dict[str, Any]]:
    return [body for body in objects(values) if body["kind"] == kind]


def expressions() -> dict[str, str]:
    (rule,) = written("PrometheusRule", monitoring=ON)
    alerts = {each["alert"]: each["expr"] for each in rule["spec"]["groups"][0]["rules"]}
    boards = [body for body in written("ConfigMap", monitoring=ON) if body["metadata"]["name"].endswith("-dashboard")]
    (text,) = boards[0]["data"].values()
    return alerts | {panel["title"]: panel["targets"][0]["expr"] for panel in json.loads(text)["panels"]}


EXPRESSIONS = expressions()


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_envoy_has_every_metric_that_is_asked_for(enforcing: Proxy, name: str) -> None:
    tls("evil.test:443")(enforcing, enforcing.ports["gateway"])
    page = enforcing.get("/stats/prometheus")[1]
    asked = set(METRIC.findall(re.sub(r"\{[^}]*\}", "", EXPRESSIONS[name])))
    assert asked
    assert {metric for metric in asked if not re.search(rf"^{metric}\{{", page, re.MULTILINE)} == set()


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_expression_is_about_this_release(name: str) -> None:
    selectors = re.findall(r"envoy_\w+(\{[^}]*\})?", EXPRESSIONS[name])
    assert all('namespace="sark",pod=~"sark-sark-network-egress-proxy-.+"' in selector for selector in selectors)


def test_the_pod_monitor_finds_the_replicas() -> None:
    (monitor,) = written("PodMonitor", monitoring=ON)
    (deployment,) = written("Deployment", monitoring=ON)
    template = deployment["spec"]["template"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] in ports


def test_nothing_of_it_is_written_unless_asked_for() -> None:
    kinds = {body["kind"] for body in objects({})}
    assert not kinds & {"PodMonitor", "PrometheusRule"}
    assert yaml.safe_dump(objects({})).count("SARK egress") == 0
