"""The tables of a Terraform module's README: its requirements, inputs and outputs, from the text of its .tf files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import hcl2

from tools.findings.page import between

BEGIN = "<!-- inputs and outputs: written by `python -m tools.validate.docs` -->"
END = "<!-- end of inputs and outputs -->"


def tables(texts: Iterable[str]) -> str:
    """The Markdown between the two lines. Raises ValueError when a text is not Terraform's."""
    sections: dict[str, list[Mapping[str, Any]]] = {"variable": [], "output": [], "terraform": []}
    for text in texts:
        for kind, blocks in _parsed(text).items():
            sections.get(kind, []).extend(blocks)
    needs = [("Needs", "Version"), *(need for block in sections["terraform"] for need in _needs(block))]
    inputs = [("Input", "Type", "Default", "Meaning"), *(_input(*found) for found in _named(sections["variable"]))]
    outputs = [("Output", "Meaning"), *((f"`{name}`", _text(body)) for name, body in _named(sections["output"]))]
    found: tuple[Sequence[tuple[str, ...]], ...] = (needs, inputs, outputs)
    return "\n\n".join(_table(rows) for rows in found if len(rows) > 1)


def updated(readme: str, written: str) -> str | None:
    """The README with what stands between the two lines replaced; None when they are not there once each, in order."""
    return between(readme, BEGIN, END, written)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = hcl2.loads(text)
    except Exception as error:
        # Lark's errors share no base class that hcl2 names.
        raise ValueError(str(error).splitlines()[0]) from None
    return found


def _named(blocks: list[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for block in blocks:
        for name, body in block.items():
            if isinstance(body, Mapping):
                yield name.strip('"'), body


def _needs(block: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if version := block.get("required_version"):
        yield "Terraform", f"`{_string(version)}`"
    for providers in block.get("required_providers", ()):
        for said in providers.values():
            if isinstance(said, Mapping):
                yield f"`{_string(said['source'])}`", f"`{_string(said['version'])}`"


def _input(name: str, body: Mapping[str, Any]) -> tuple[str, str, str, str]:
    default = f"`{_value(body['default'])}`" if "default" in body else "needed"
    return f"`{name}`", f"`{_expression(body.get('type', 'any'))}`", default, _text(body)


def _text(body: Mapping[str, Any]) -> str:
    return _string(body.get("description", '""'))


def _string(quoted: str) -> str:
    return quoted.removeprefix('"').removesuffix('"').replace('\\"', '"').replace("$${", "${")


def _expression(said: str) -> str:
    return said.removeprefix("${").removesuffix("}") if said.startswith("${") else said


def _value(default: Any) -> str:
    return json.dumps(_string(default) if isinstance(default, str) else default)


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    lines = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
