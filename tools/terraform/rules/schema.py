"""Checks of resources against their providers' schemas; those of the resource types that matter here are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from tools.findings.model import Check, Problem, Where
from tools.terraform.language.model import Body, Module, UnknownValue

Schema = Mapping[str, Any]
# What every resource takes.
META = frozenset({"count", "for_each", "depends_on", "lifecycle", "provider", "provisioner", "connection", "timeouts"})


def attributes_are_known(module: Module) -> Iterator[Problem]:
    """Attributes and blocks are ones that the provider has.

    An unknown one stops a plan. Often it is misspelt, or belongs to another version of the provider. An attribute that
    only the provider sets is refused too.
    Write the name that the message suggests.
    Peers: terraform validate.
    Source: the providers' own schemas, in the version that the schema file names.
    """
    for resource in module.everything():
        schema = schemas().get(resource.type)
        if schema:
            yield from _unknown(resource.body, schema["block"])


def attributes_are_complete(module: Module) -> Iterator[Problem]:
    """Required attributes and blocks are there, and single blocks are single.

    A required attribute that is null is not there.
    Write what the message names.
    Peers: terraform validate.
    Source: the providers' own schemas, in the version that the schema file names.
    """
    for resource in module.everything():
        schema = schemas().get(resource.type)
        if schema:
            yield from _missing(resource.body, schema["block"], resource.where, resource.address)


def attributes_have_their_type(module: Module) -> Iterator[Problem]:
    """Values are of the type that the provider has for them.

    Examples are a list where one address is expected, or a word for a number: Terraform converts numbers to strings
    and back, and refuses the rest.
    Write a value of the type that the message names.
    Peers: terraform validate.
    Source: the providers' own schemas, in the version that the schema file names.
    """
    for resource in module.everything():
        schema = schemas().get(resource.type)
        if schema:
            yield from _types(resource.body, schema["block"])


@cache
def schemas() -> Mapping[str, Schema]:
    """Each resource type that has a schema here, with its schema."""
    text = files("tools.manifests.schemas").joinpath("terraform.json").read_text("utf-8")
    providers = json.loads(text)["provider_schemas"].values()
    return {kind: schema for provider in providers for kind, schema in provider["resource_schemas"].items()}


def _unknown(body: Body, schema: Schema) -> Iterator[Problem]:
    attributes, blocks = schema.get("attributes", {}), schema.get("block_types", {})
    names = sorted({*attributes, *blocks})
    for name, value in body.attributes.items():
        if name in META:
            continue
        if name not in attributes and name not in blocks:
            yield Problem(value.where, f"there is no `{name}` here{_meant(name, names)}")
        elif name in attributes and value.data is not None and _computed(attributes[name]):
            yield Problem(value.where, f"`{name}` is set by the provider; remove it")
    for name, nested in body.blocks.items():
        if name in META:
            continue
        for block in nested:
            if name in blocks:
                yield from _unknown(block.body, blocks[name]["block"])
            elif fields := _fields(attributes.get(name)):
                yield from _unknown(block.body, {"attributes": {key: {"optional": True} for key in fields}})
            elif name in attributes:
                yield Problem(block.where, f"`{name}` is an attribute; write `{name} = …`")
            else:
                yield Problem(block.where, f"there is no `{name}` block here{_meant(name, names)}")


def _missing(body: Body, schema: Schema, where: Where, what: str) -> Iterator[Problem]:
    for name, attribute in schema.get("attributes", {}).items():
        if attribute.get("required") and body.value(name) is None and name not in body.blocks:
            yield Problem(where, f"{what} needs `{name}`; write it")
    for name, kind in schema.get("block_types", {}).items():
        blocks = body.each(name)
        doubtful = any(block.doubt for block in blocks)
        most = kind.get("max_items", 0)
        if kind.get("min_items", 0) > len(blocks):
            yield Problem(where, f"{what} needs a `{name}` block; write it")
        if most and len(blocks) > most and not doubtful:
            yield Problem(blocks[most].where, f"{what} has {len(blocks)} `{name}` blocks; it takes {most}")
        for block in blocks if not doubtful else ():
            yield from _missing(block.body, kind["block"], block.where, f"`{name}`")


def _types(body: Body, schema: Schema) -> Iterator[Problem]:
    attributes = schema.get("attributes", {})
    for name, value in body.attributes.items():
        if name in attributes and (fault := _type_fault(value.data, attributes[name].get("type"))):
            yield Problem(value.where, f"`{name}` must be {fault}")
    for name, kind in schema.get("block_types", {}).items():
        for block in body.blocks.get(name, ()):
            yield from _types(block.body, kind["block"])


def _type_fault(data: Any, kind: Any) -> str:
    if data is None or isinstance(data, UnknownValue) or kind is None or kind == "dynamic":
        return ""
    if isinstance(kind, list):
        if kind[0] in ("list", "set", "tuple") and not isinstance(data, tuple):
            return "a list; write [ … ]"
        if kind[0] in ("list", "set") and isinstance(data, tuple):
            return next(
                (f"a list, and each element {fault}" for item in data if (fault := _type_fault(item, kind[1]))), ""
            )
        return "a map; write { … }" if kind[0] in ("map", "object") and not isinstance(data, dict) else ""
    if isinstance(data, tuple | dict):
        return (
            f"a single {kind}, not a list; write one value"
            if isinstance(data, tuple)
            else f"a single {kind}, not a map"
        )
    if kind == "number" and (isinstance(data, bool) or not _numeric(data)):
        return f"a number, and {data!r} is not one"
    if kind == "bool" and data not in (True, False, "true", "false"):
        return f"true or false, and {data!r} is neither"
    return ""


def _numeric(data: Any) -> bool:
    return isinstance(data, int | float) or bool(re.fullmatch(r"-?\d+(\.\d+)?", str(data)))


def _computed(attribute: Schema) -> bool:
    return bool(attribute.get("computed")) and not attribute.get("optional") and not attribute.get("required")


def _fields(attribute: Schema | None) -> Mapping[str, Any]:
    """The fields of an attribute that may be written as blocks: a list or set of objects."""
    kind = attribute.get("type") if attribute else None
    if isinstance(kind, list) and len(kind) == 2 and isinstance(kind[1], list) and kind[1][0] == "object":
        fields: Mapping[str, Any] = kind[1][1]
        return fields
    return {}


def _meant(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, 1)
    return f"; write `{close[0]}`" if close else "; remove it"


CHECKS: tuple[Check[Module], ...] = (attributes_are_known, attributes_are_complete, attributes_have_their_type)
