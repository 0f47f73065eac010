"""SARIF 2.1.0 (OASIS), for code scanning: a result for each finding, a notification for each stage that did not run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.findings.enduring import key
from tools.findings.escaping import json_text, uri
from tools.findings.model import Finding, Stage
from tools.findings.report import Grouped, Report, grouped, sentence

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def write(report: Report) -> str:
    """The report as one SARIF run."""
    groups = grouped(report.stages)
    ids = sorted({group.finding.rule for group in groups})
    run = {
        "tool": {"driver": {"name": "sark-network", "rules": [_rule(rule, report.rules) for rule in ids]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(group, ids) for group in groups],
        "invocations": [_invocation(report)],
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, 2) + "\n"


def _rule(rule: str, manual: Mapping[str, str]) -> dict[str, Any]:
    text = manual.get(rule, "").strip()
    first = text.partition("\n")[0]
    entry: dict[str, Any] = {"id": rule}
    if text:
        entry |= {"shortDescription": {"text": first}, "fullDescription": {"text": first}, "help": {"text": text}}
    return entry


def _result(group: Grouped, ids: Sequence[str]) -> dict[str, Any]:
    finding = group.finding
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": ids.index(finding.rule),
        "level": finding.problem.severity.value,
        "message": {"text": sentence(finding)},
        "partialFingerprints": {"placeAndMessage/v1": _fingerprint(finding)},
    }
    if finding.problem.where.file:
        result["locations"] = [_location(finding)]
    properties: dict[str, Any] = {"environments": list(group.environments)} if group.environments else {}
    if identity := finding.problem.where.identity:
        properties["object"] = {"kind": identity.kind, "namespace": identity.namespace, "name": identity.name}
    return result | ({"properties": properties} if properties else {})


def _location(finding: Finding) -> dict[str, Any]:
    where = finding.problem.where
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(where.file)}}
    if where.line:
        physical["region"] = {"startLine": where.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    logical: dict[str, Any] = {"fullyQualifiedName": where.path} if where.path else {}
    if where.identity:
        logical |= {"name": str(where.identity), "kind": "resource"}
    return location | ({"logicalLocations": [logical]} if logical else {})


def _fingerprint(finding: Finding) -> str:
    """Without lines and days, so that a line added above, or tomorrow, does not make an old finding new."""
    return hashlib.sha256("\0".join(key(finding)).encode("utf-8", "replace")).hexdigest()[:32]


def _invocation(report: Report) -> dict[str, Any]:
    ran = not any(stage.skipped and not stage.excused for stage in report.stages)
    return {
        "executionSuccessful": ran,
        "exitCode": report.exit,
        "toolExecutionNotifications": list(_notifications(report.stages)),
    }


def _notifications(stages: Sequence[Stage]) -> Iterator[dict[str, Any]]:
    for stage in stages:
        if stage.skipped:
            name = " ".join(filter(None, (stage.environment, stage.name)))
            text = f"{name} did not run: {stage.skipped}"
            yield {"level": "warning" if stage.excused else "error", "message": {"text": text}}
