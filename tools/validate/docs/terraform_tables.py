"""The tables of a Terraform module's README, as `terraform-docs markdown table --anchor=false` writes them.

They come from the text of the module's .tf files: requirements, providers, modules, resources, inputs and outputs. A
resource is named and not linked: the page of a provider is found by the name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import hcl2

from tools.findings.page import between

# What terraform-docs looks for, so that either may write between the lines.
BEGIN = "<!-- BEGIN_TF_DOCS -->"
END = "<!-- END_TF_DOCS -->"
# A variable and the type in it, as `terraform fmt` leaves them.
_VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.M | re.S)
_TYPE = re.compile(r"^  type +?= (.*?)(?=^  \w|^$|\Z)", re.M | re.S)
_KINDS = ("variable", "output", "terraform", "module", "resource")

Row = tuple[str, ...]


def tables(texts: Iterable[str]) -> str:
    """The Markdown between the two lines. Raises ValueError when a text is not Terraform's."""
    sections: dict[str, list[Mapping[str, Any]]] = {kind: [] for kind in _KINDS}
    types: dict[str, str] = {}
    for text in texts:
        for kind, blocks in _parsed(text).items():
            sections.get(kind, []).extend(blocks)
        types |= _types(text)
    providers = list(_providers(sections["terraform"]))
    requirements = [*_terraform(sections["terraform"]), *providers]
    modules = [(name, _string(body["source"]), "n/a") for name, body in _named(sections["module"])]
    inputs = [_input(name, body, types.get(name, "any")) for name, body in _named(sections["variable"])]
    outputs = [(name, _text(body)) for name, body in _named(sections["output"])]
    return "\n\n".join(
        (
            _section("Requirements", ("Name", "Version"), requirements),
            _section("Providers", ("Name", "Version"), providers),
            _section("Modules", ("Name", "Source", "Version"), sorted(modules)),
            _section("Resources", ("Name", "Type"), sorted(_resources(sections["resource"]))),
            _section("Inputs", ("Name", "Description", "Type", "Default", "Required"), sorted(inputs)),
            _section("Outputs", ("Name", "Description"), sorted(outputs)),
        )
    )


def updated(readme: str, written: str) -> str | None:
    """The README with what stands between the two lines replaced; None when they are not there once each, in order."""
    return between(readme, BEGIN, END, written)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        parsed: Mapping[str, Any] = hcl2.loads(text)
    except Exception as error:
        # Lark's errors share no base class that hcl2 names.
        raise ValueError(str(error).splitlines()[0]) from None
    return parsed


def _types(text: str) -> Iterator[tuple[str, str]]:
    """Each variable and its type, as it is written."""
    for name, body in _VARIABLE.findall(text):
        if match := _TYPE.search(body):
            yield name, match[1].strip()


def _named(blocks: list[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for block in blocks:
        for name, body in block.items():
            if isinstance(body, Mapping):
                yield name.strip('"'), body


def _terraform(blocks: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for block in blocks:
        if version := block.get("required_version"):
            yield "terraform", _string(version)


def _providers(blocks: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Each required provider's name and version."""
    for block in blocks:
        for required in block.get("required_providers", ()):
            for name, provider in required.items():
                if isinstance(provider, Mapping):
                    yield name, _string(provider["version"])


def _resources(blocks: list[Mapping[str, Any]]) -> Iterator[Row]:
    for kind, names in _named(blocks):
        for name in (name.strip('"') for name, body in names.items() if isinstance(body, Mapping)):
            yield f"{kind}.{name}", "resource"


def _input(name: str, body: Mapping[str, Any], written: str) -> Row:
    given = "default" in body
    default = _code(json.dumps(_unquoted(body["default"]), indent=2)) if given else "n/a"
    return name, _text(body), _code(written), default, "no" if given else "yes"


def _unquoted(value: Any) -> Any:
    """A default without the quotes that the parser keeps around strings and keys."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        return {_string(key): _unquoted(item) for key, item in value.items() if not key.startswith("__")}
    return [_unquoted(item) for item in value] if isinstance(value, list) else value


def _code(text: str) -> str:
    return f"<pre>{text.replace(chr(10), '<br/>')}</pre>" if "\n" in text else f"`{text}`"


def _text(body: Mapping[str, Any]) -> str:
    return _string(body.get("description", '""'))


def _string(quoted: str) -> str:
    return quoted.removeprefix('"').removesuffix('"').replace('\\"', '"').replace("$${", "${")


def _section(title: str, header: Row, rows: Sequence[Row]) -> str:
    if not rows:
        return f"## {title}\n\nNo {title.lower()}."
    rule = [":--------:" if name == "Required" else "-" * (len(name) + 2) for name in header]
    # Markdown takes two underscores for emphasis.
    lines = [[row[0].replace("_", "\\_"), *row[1:]] for row in rows]
    body = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]
    return "\n".join((f"## {title}", "", f"| {' | '.join(header)} |", f"|{'|'.join(rule)}|", *body))
