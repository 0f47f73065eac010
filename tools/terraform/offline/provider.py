"""A provider's answers to Terraform, from its schema alone: it validates and plans as far as a schema can say.

It never reads, changes or creates anything: those calls do not exist here, and Terraform says so when it needs one.
Messages are those of Terraform's plugin protocol 6.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgpack

from tools.terraform.offline.wire import delimited, fields, number, repeated

SERVICE = "tfplugin6.Provider"
_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
# What Terraform writes for a value that is not known yet.
UNKNOWN = msgpack.ExtType(0, b"\0")


@dataclass(frozen=True)
class Provider:
    """One provider's schema, in the form of `terraform providers schema -json`."""

    schema: Mapping[str, Any]

    @property
    def methods(self) -> Mapping[str, Callable[[bytes], bytes]]:
        """Each call by its name: a request's bytes in, a response's bytes out."""
        return {
            "GetProviderSchema": lambda _: self.described,
            "ValidateProviderConfig": lambda _: b"",
            "ValidateResourceConfig": lambda _: b"",
            "ConfigureProvider": lambda _: b"",
            "StopProvider": lambda _: b"",
            "UpgradeResourceState": upgraded,
            "PlanResourceChange": self.planned,
        }

    @cached_property
    def described(self) -> bytes:
        """GetProviderSchema's response, which lets Terraform ask once in a command, not once for each use."""
        resources = self.schema["resource_schemas"].items()
        schemas = (delimited(1, name) + delimited(2, _schema(schema)) for name, schema in resources)
        return delimited(1, _schema(self.schema["provider"])) + repeated(2, schemas) + delimited(6, number(2, True))

    def planned(self, request: bytes) -> bytes:
        """PlanResourceChange: the proposed state, with everything that the cloud would choose as unknown."""
        asked = fields(request)
        proposed = msgpack.unpackb(fields(asked[3])[1], strict_map_key=False)
        block = self.schema["resource_schemas"][asked[1].decode()]["block"]
        plan = proposed if proposed is None else _with_unknowns(proposed, block)
        return delimited(1, delimited(1, msgpack.packb(plan))) + number(5, True)


def upgraded(request: bytes) -> bytes:
    """UpgradeResourceState: a state's JSON as it is."""
    state = json.loads(fields(fields(request)[3])[1])
    return delimited(1, delimited(1, msgpack.packb(state)))


def _with_unknowns(value: Mapping[str, Any], block: Mapping[str, Any]) -> dict[str, Any]:
    attributes = block.get("attributes", {})
    plan = {
        name: UNKNOWN if item is None and attributes.get(name, {}).get("computed") else item
        for name, item in value.items()
    }
    for name, nested in block.get("block_types", {}).items():
        plan[name] = _nested(value.get(name), nested["block"])
    return plan


def _nested(value: Any, block: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_nested(item, block) for item in value]
    return _with_unknowns(value, block) if isinstance(value, dict) else value


def _schema(schema: Mapping[str, Any]) -> bytes:
    return number(1, schema["version"]) + delimited(2, _block(schema["block"]))


def _block(block: Mapping[str, Any]) -> bytes:
    attributes = (_attribute(name, item) for name, item in block.get("attributes", {}).items())
    blocks = (_block_type(name, item) for name, item in block.get("block_types", {}).items())
    return repeated(2, attributes) + repeated(3, blocks)


def _attribute(name: str, attribute: Mapping[str, Any]) -> bytes:
    flags = (
        number(field, attribute.get(flag, False)) for field, flag in enumerate(("required", "optional", "computed"), 4)
    )
    return delimited(1, name) + delimited(2, json.dumps(attribute["type"])) + b"".join(flags)


def _block_type(name: str, nested: Mapping[str, Any]) -> bytes:
    bounds = number(4, nested.get("min_items", 0)) + number(5, nested.get("max_items", 0))
    return (
        delimited(1, name)
        + delimited(2, _block(nested["block"]))
        + number(3, _NESTING[nested["nesting_mode"]])
        + bounds
    )
