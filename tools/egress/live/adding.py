"""Runs `add`: one more name in a values file."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from tools.egress import expiry
from tools.egress.allowlist import PART, Suffixes, parse_values
from tools.egress.live.edit import EditError, with_entry, written
from tools.egress.live.objections import bypass, objection, unworded
from tools.findings.cli import CLEAN, COULD_NOT_RUN, USAGE, complain
from tools.findings.errors import InputError
from tools.findings.escaping import line
from tools.findings.output import put
from tools.manifests.files import mapping, read_text, shown
from tools.render import parts
from tools.render.chart import chart
from tools.render.merge import merge


def run(options: argparse.Namespace, suffixes: Suffixes) -> int:
    """Write the entry into the file, or say why the list cannot hold it."""
    entry = _entry(options)
    if fault := _fault(entry, options, suffixes):
        complain("egress", fault)
        return USAGE
    path = options.to
    try:
        values = mapping(path)
        egress = values.get("egress")
        # A list of names in a file replaces the chart's own; extraDomains is added to whatever list there is.
        key = "domains" if isinstance(egress, dict) and egress.get("domains") else "extraDomains"
        text = with_entry(read_text(path), key, entry)
        added = {**values, "egress": {**(egress or {}), key: [*((egress or {}).get(key) or ()), entry]}}
        if fault := objection(values, added, key, suffixes):
            complain("egress", f"{shown(path)}: {fault}")
            return USAGE
        put((text,), path)
        source = chart()
        own = mapping(source.path / "values.yaml")
        below, whole = merge(own, values), merge(own, added)
        beside = objection(below, whole, key, suffixes, parts.names(source.parts, whole)) or bypass(
            whole, entry["name"]
        )
    except EditError as error:
        complain("egress", f"{shown(path)} cannot be edited: {error}")
        return COULD_NOT_RUN
    except InputError as error:
        complain("egress", error)
        return COULD_NOT_RUN
    print(line(f"added to egress.{key} of {shown(path)}: - {written(entry)}"))
    if beside:
        complain("egress", f"with the chart's own values below this file: {beside}")
    return CLEAN


def _entry(options: argparse.Namespace) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": options.name.lower()}
    if options.ports and set(options.ports) != {443}:
        entry["ports"] = list(dict.fromkeys(options.ports))
    if options.workloads and set(options.workloads) != {"gateway"}:
        entry["workloads"] = list(dict.fromkeys(options.workloads))
    for key in ("owner", "reason", "expires"):
        if getattr(options, key):
            entry[key] = getattr(options, key)
    return entry


def _fault(entry: dict[str, Any], options: argparse.Namespace, suffixes: Suffixes) -> str:
    problems = parse_values({"egress": {"domains": [entry]}}, suffixes=suffixes)[1]
    if problems:
        return problems[0].message
    for key in ("owner", "reason", "expires"):
        if fault := unworded(f"--{key}", getattr(options, key)):
            return fault
    for part in options.workloads or ():
        if not PART.fullmatch(part):
            return f"--workloads: {part} is no name of a part; write one, such as gateway"
    for port in options.ports or ():
        if not 0 < port < 65536:
            return f"--ports: {port} is no port; write one from 1 to 65535"
    if options.expires:
        try:
            if expiry.end(options.expires) <= datetime.now(UTC):
                return f"--expires: {options.expires} is over; an entry that has expired opens nothing"
        except ValueError as error:
            return f"--expires: {error}"
    return ""
