"""The parts of SARK, from the chart's files/parts.yaml: the list that templates, schema and allowlist are made from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.manifests.documents import parse

FILE = "files/parts.yaml"
_PART_LINE = re.compile(r'    "\w+": \{"allOf": \[\{"\$ref": "#/definitions/part"\}\]')
BEGIN = "<!-- parts: written by `python -m tools.validate.docs` from files/parts.yaml and values.yaml -->"
END = "<!-- end of parts -->"


class PartsError(ValueError):
    """The list cannot be read; the message says where and why."""


@dataclass(frozen=True, slots=True)
class SarkPart:
    """A part that the chart knows. `optional`: off unless switched on. `meaning`: a phrase for the docs."""

    name: str
    labels: Mapping[str, str]
    policy: str
    meaning: str
    optional: bool = False


def read(text: str, file: str = FILE) -> tuple[SarkPart, ...]:
    """The parts in their order. Raises PartsError where the text is not a list of them."""
    parsed = parse(text, file)
    if parsed.problems:
        problem = parsed.problems[0]
        raise PartsError(f"{file}:{problem.where.line}: {problem.message}")
    body = parsed.documents[0].body if len(parsed.documents) == 1 else None
    items = body.get("parts") if isinstance(body, Mapping) else None
    if not isinstance(items, list) or not items:
        raise PartsError(f"{file}: holds no `parts`; write a list of {{name, policy, labels, is}}")
    return tuple(_part(item, f"{file}: parts[{index}]") for index, item in enumerate(items))


def _part(item: Any, place: str) -> SarkPart:
    fields = item if isinstance(item, Mapping) else {}
    for key in ("name", "policy", "is"):
        if not isinstance(fields.get(key), str):
            raise PartsError(f"{place}.{key}: is missing, or no text")
    labels = fields.get("labels")
    if not isinstance(labels, Mapping) or not labels:
        raise PartsError(f"{place}.labels: is missing; write the labels that SARK gives the part's pods")
    texts = {str(key): str(value) for key, value in labels.items()}
    return SarkPart(fields["name"], texts, fields["policy"], fields["is"], fields.get("optional") is True)


def names(parts: tuple[SarkPart, ...], values: Mapping[str, Any]) -> tuple[str, ...]:
    """Every part that an allowlist's entry may name: those of the chart, and the user's own in `extraParts`."""
    own = values.get("extraParts")
    return (*(part.name for part in parts), *(sorted(own) if isinstance(own, Mapping) else ()))


def schema_lines(parts: tuple[SarkPart, ...], values: Mapping[str, Any]) -> str:
    """The parts' lines of values.schema.json: each a part, whose ports are those of values.yaml and no others."""
    return "\n".join(f"    {json.dumps(part.name)}: {json.dumps(_schema(values[part.name]))}," for part in parts)


def _schema(block: Mapping[str, Any]) -> dict[str, Any]:
    ports = {name: {"$ref": "#/definitions/port"} for name in block.get("ports", {})}
    closed = {"type": "object", "additionalProperties": False, "properties": ports, "required": list(ports)}
    return {"allOf": [{"$ref": "#/definitions/part"}], "properties": {"ports": closed}}


def updated_schema(schema: str, lines: str) -> str | None:
    """The text of values.schema.json with the parts' lines anew; None when it has none where they could stand."""
    kept = [line for line in schema.splitlines() if not _PART_LINE.match(line)]
    first = next((place for place, line in enumerate(schema.splitlines()) if _PART_LINE.match(line)), None)
    if first is None:
        return None
    return "\n".join([*kept[:first], *lines.splitlines(), *kept[first:]]) + "\n"


def complete_line(values: Mapping[str, Any]) -> str:
    """The schema's line that holds every key of values.yaml to be there: Helm takes away what a user leaves empty."""
    return f'    "complete": {json.dumps(_complete(values))},'


def _complete(values: Mapping[str, Any]) -> dict[str, Any]:
    below = {key: _complete(value) for key, value in values.items() if isinstance(value, Mapping) and value}
    # A part that is on unless switched off stays on when its switch is left empty.
    on = values.get("enabled") is True and "callers" in values
    keys = [key for key in values if key != "global" and not (on and key == "enabled")]
    return {"required": keys, **({"properties": below} if below else {})}


def with_complete(schema: str, line: str) -> str:
    """The text of values.schema.json with that line anew, where it has one."""
    return "\n".join(line if own.startswith('    "complete": ') else own for own in schema.split("\n"))


def table(parts: tuple[SarkPart, ...], values: Mapping[str, Any]) -> str:
    """The parts as a Markdown table: what each is, its pods, who calls it on which ports, where its metrics are."""
    lines = [
        "| Part | Is | Pods | Called by | On | Metrics | Port of its list |",
        "|---|---|---|---|---|---|---|",
    ]
    proxy_ports = values["proxy"]["ports"]
    for part in parts:
        block = values[part.name]
        labels = ", ".join(f"`{key}: {value}`" for key, value in part.labels.items())
        ports = ", ".join(f"{name} {port}" for name, port in block.get("ports", {}).items() if name != "metrics")
        callers = ", ".join(_caller(caller) for caller in block.get("callers", ())) or "nobody"
        cells = (f"`{part.name}`{'' if block['enabled'] else ' (off)'}", part.meaning, labels, callers, ports or "–")
        lines.append(f"| {' | '.join(cells)} | {_metrics(block)} | {proxy_ports[part.name]} |")
    return "\n".join(lines)


def _caller(caller: Any) -> str:
    if isinstance(caller, Mapping):
        return f"{_caller(caller['part'])} ({', '.join(map(str, caller['ports']))})"
    return "the ingress controller" if caller == "ingressController" else f"`{caller}`"


def _metrics(block: Mapping[str, Any]) -> str:
    metrics = block.get("metrics", {})
    numbers = ", ".join(str(block["ports"].get(port, port)) for port in metrics.get("ports", ()))
    return f"{numbers}{'' if metrics.get('enabled') else ' (off)'}" if numbers else "–"
