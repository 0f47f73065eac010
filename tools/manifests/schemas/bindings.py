"""Reads a resource's Terraform schema back out of the TypeScript that CDK Terrain generates from it.

The bindings say everything but descriptions and deprecations: the names, types and nesting of attributes and blocks,
and which are required, optional and computed. Schemas are in the form of `terraform providers schema -json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_FLAGS = re.compile(r"^  // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)$", re.M)
_ENTRY = re.compile(
    r"^      (\w+): \{\n        value: [^\n]+\n        isBlock: (true|false),\n"
    r'        type: "(\w+)",\n        storageClassType: "(\w+)",$',
    re.M,
)
_NESTED_ENTRY = re.compile(_ENTRY.pattern.replace("^      ", "^    ").replace(r"\n        ", r"\n      "), re.M)
_NESTED = re.compile(r"new (?!cdktn\.)(\w+?)(List|OutputReference)\(this, \"\w+\"(?:, (true|false))?\)")
_GETTER = re.compile(r"this\.get(\w+)Attribute\('|new cdktn\.(\w+)\(this")
_PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool"}
_GETTERS: Mapping[str, Any] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
}
_NESTING = {"list": "list", "set": "set", "struct": "single", "map": "map"}


class BindingError(ValueError):
    """A construct of the bindings that this reader does not know; the message quotes it."""


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    computed: bool
    optional: bool
    required: bool
    text: str

    @property
    def flags(self) -> dict[str, bool]:
        named = {"required": self.required, "optional": self.optional, "computed": self.computed}
        return {name: True for name, is_set in named.items() if is_set}


@dataclass(frozen=True, slots=True)
class _Entry:
    is_block: bool
    type: str
    storage: str


def schema(source: str) -> dict[str, Any]:
    """`{"version": 0, "block": …}` of the one resource, or of the provider, in a binding's TypeScript."""
    [root] = re.findall(r"^export class (\w+) extends cdktn\.Terraform(?:Resource|Provider|DataSource) ", source, re.M)
    body = _class(source, root)
    return {"version": 0, "block": _block(source, body, _entries(body, _ENTRY))}


def versions(source: str) -> tuple[str, str]:
    """The provider's name and version that a binding was generated from."""
    match = re.search(r"providerName: '(\w+)',\s+providerVersion: '([^']+)'", source)
    if not match:
        raise BindingError("the binding does not say its provider's version")
    return match[1], match[2]


def _class(source: str, name: str) -> str:
    match = re.search(rf"^export class {name} extends .*?^\}}$", source, re.M | re.S)
    if not match:
        raise BindingError(f"no class {name}")
    return match[0]


def _entries(text: str, pattern: re.Pattern[str]) -> dict[str, _Entry]:
    start = text.find("synthesizeHclAttributes") if pattern is _ENTRY else 0
    return {
        name: _Entry(block == "true", kind, storage) for name, block, kind, storage in pattern.findall(text[start:])
    }


def _properties(body: str) -> Iterator[_Property]:
    matches = list(_FLAGS.finditer(body))
    ends = [*(match.start() for match in matches[1:]), len(body)]
    for match, end in zip(matches, ends, strict=True):
        name, computed, optional, required = match.groups()
        yield _Property(name, computed == "true", optional == "true", required == "true", body[match.end() : end])


def _block(source: str, body: str, entries: Mapping[str, _Entry]) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    blocks: dict[str, Any] = {}
    for item in _properties(body):
        entry = entries.get(item.name)
        if entry and entry.is_block and not item.computed:
            blocks[item.name] = _nested_block(source, item, entry)
        else:
            attributes[item.name] = {"type": _type(source, item, entry), **item.flags}
    return {name: part for name, part in (("attributes", attributes), ("block_types", blocks)) if part}


def _nested_block(source: str, item: _Property, entry: _Entry) -> dict[str, Any]:
    struct, many = _struct(item, entry)
    nested: dict[str, Any] = {"nesting_mode": _NESTING[entry.type], "block": _struct_block(source, struct)}
    if entry.type in ("list", "set"):
        nested |= {"min_items": 1} if item.required else {}
        nested |= {} if many else {"max_items": 1}
    return nested


def _struct(item: _Property, entry: _Entry) -> tuple[str, bool]:
    """The name of the struct of a nested block, and whether the block may be repeated."""
    if match := _NESTED.search(item.text):
        return match[1], match[2] == "List"
    match = re.search(r"private _\w+\?: (\w+?)(\[\])?(?: \||;)", item.text)
    if not match:
        raise BindingError(f"block {item.name} of an unknown shape: {item.text[:200]}")
    return match[1], bool(match[2])


def _struct_block(source: str, struct: str) -> dict[str, Any]:
    function = struct[0].lower() + struct[1:] + "ToHclTerraform"
    match = re.search(rf"^export function {function}\(.*?^\}}$", source, re.M | re.S)
    entries = _entries(match[0], _NESTED_ENTRY) if match else {}
    if re.search(rf"^export class {struct}OutputReference ", source, re.M):
        return _block(source, _class(source, f"{struct}OutputReference"), entries)
    return _interface_block(source, struct, entries)


def _interface_block(source: str, struct: str, entries: Mapping[str, _Entry]) -> dict[str, Any]:
    """A provider's nested blocks have an interface and no class."""
    match = re.search(rf"^export interface {struct} \{{.*?^\}}$", source, re.M | re.S)
    if not match:
        raise BindingError(f"no interface {struct}")
    optional = {_snake(name): mark == "?" for name, mark in re.findall(r"^  readonly (\w+)(\??):", match[0], re.M)}
    names = dict(zip(entries, optional, strict=True))
    attributes: dict[str, Any] = {}
    blocks: dict[str, Any] = {}
    for name, entry in entries.items():
        is_optional = optional[names[name]]
        if entry.is_block:
            many = entry.storage.endswith("List")
            struct_name = entry.storage.removesuffix("List")
            blocks[name] = {"nesting_mode": _NESTING[entry.type], "block": _struct_block(source, struct_name)}
            blocks[name] |= {} if is_optional else {"min_items": 1}
            blocks[name] |= {} if many and f"{struct_name}[]" in match[0] else {"max_items": 1}
        else:
            attributes[name] = {"type": _entry_type(entry), "optional" if is_optional else "required": True}
    return {name: part for name, part in (("attributes", attributes), ("block_types", blocks)) if part}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _type(source: str, item: _Property, entry: _Entry | None) -> Any:
    if match := _NESTED.search(item.text):
        wrapper = entry.type if entry else "set" if match[3] == "true" else "list"
        return [wrapper, ["object", _object(source, match[1])]]
    if entry and not entry.is_block:
        return _entry_type(entry)
    getter = _GETTER.search(item.text)
    kind = (getter[1] or getter[2]) if getter else ""
    if kind not in _GETTERS:
        raise BindingError(f"attribute {item.name} of an unknown type: {item.text[:200]}")
    found_type = _GETTERS[kind]
    if isinstance(found_type, list) and found_type[0] == "list" and "Fn.tolist" in item.text:
        return ["set", found_type[1]]
    return found_type


def _object(source: str, struct: str) -> dict[str, Any]:
    """The attribute types of an object: of an attribute that may be written as blocks, or one that is computed."""
    block = _struct_block(source, struct)
    return {name: attribute["type"] for name, attribute in block.get("attributes", {}).items()}


def _entry_type(entry: _Entry) -> Any:
    if entry.type == "simple":
        return _PRIMITIVES[entry.storage]
    for suffix in ("List", "Map"):
        if entry.storage.endswith(suffix):
            return [entry.type, _PRIMITIVES[entry.storage.removesuffix(suffix)]]
    raise BindingError(f"an attribute stored as {entry.storage}")
