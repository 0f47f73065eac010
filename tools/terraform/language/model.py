"""What a Terraform directory says, evaluated: the subject of every Terraform check.

Data is plain Python: None (null), bool, int, float, str, a tuple (list, tuple, or a set in Terraform's order), a dict
(map or object), or UnknownValue, which may be at any depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.findings.model import Problem, Where


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A value that is not known: why, and the attributes of other objects that it depends on (`aws_x.a.id`).

    `bare`: it is the value of one attribute, the only one in `refs`, and nothing else. Two such values are the same.
    `type` is Terraform's type of it, as far as that is known (tools/terraform/language/values.py).
    `encoded`: what `yamlencode` was given, for a text that is not written out.
    """

    reason: str
    refs: frozenset[str] = frozenset()
    bare: bool = False
    type: Any = field(default="any", compare=False)
    encoded: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Value:
    """The value of one attribute or expression, and where it is written.

    `refs` are the references in the expression (`var.cidrs`, `each.value.port`, `aws_security_group.a.id`).
    `parts` are the places of the elements of a list that is written out, else empty.
    """

    data: Any
    where: Where
    refs: frozenset[str] = frozenset()
    parts: tuple[Where, ...] = ()

    @property
    def known(self) -> bool:
        """Whether nothing in it is unknown, at any depth."""
        return not any(unknowns(self.data))

    @property
    def unknown(self) -> UnknownValue | None:
        """The first unknown in it, at any depth."""
        return next(unknowns(self.data), None)

    def items(self) -> tuple[Value, ...]:
        """Its elements, each with its place; a scalar, a map or an unknown is its own only element, null has none."""
        if self.data is None:
            return ()
        if not isinstance(self.data, tuple):
            return (self,)
        places = self.parts if len(self.parts) == len(self.data) else (self.where,) * len(self.data)
        return tuple(Value(item, place, self.refs) for item, place in zip(self.data, places, strict=True))


_WITH_UNKNOWNS = (UnknownValue, tuple, dict)


def unknowns(data: Any) -> Iterator[UnknownValue]:
    """Every unknown inside data, at any depth."""
    if isinstance(data, UnknownValue):
        yield data
    elif isinstance(data, tuple | dict):
        for item in data.values() if isinstance(data, dict) else data:
            # Most are texts and numbers, and lists of them may be long.
            if isinstance(item, _WITH_UNKNOWNS):
                yield from unknowns(item)


@dataclass(frozen=True, slots=True)
class Body:
    """The attributes and blocks inside a block, dynamic blocks expanded."""

    attributes: Mapping[str, Value] = field(default_factory=dict)
    blocks: Mapping[str, tuple[NestedBlock, ...]] = field(default_factory=dict)

    def value(self, name: str) -> Value | None:
        """An attribute that is set; null is not set."""
        attribute = self.attributes.get(name)
        return None if attribute is None or attribute.data is None else attribute

    def data(self, name: str, default: Any = None) -> Any:
        """The data of an attribute, or the default when it is not set. It may be an UnknownValue."""
        value = self.value(name)
        return default if value is None else value.data

    def each(self, name: str) -> tuple[NestedBlock, ...]:
        """The blocks of a type, and those that are written as an attribute: `ingress = [{ … }]`."""
        written = self.value(name)
        blocks = self.blocks.get(name, ())
        return blocks if written is None else (*blocks, *(_as_block(name, item) for item in written.items()))

    def find(self, path: str) -> tuple[Value, ...]:
        """The values at `match.layer4_configs.ip_protocol`, through every block on the way."""
        head, _, rest = path.partition(".")
        if not rest:
            value = self.value(head)
            return () if value is None else (value,)
        return tuple(value for block in self.each(head) for value in block.body.find(rest))


@dataclass(frozen=True, slots=True)
class NestedBlock:
    """A block inside a resource. `doubt`: why it is not known how often a dynamic block is there, or None."""

    type: str
    labels: tuple[str, ...]
    body: Body
    where: Where
    doubt: UnknownValue | None = None


def _as_block(name: str, value: Value) -> NestedBlock:
    if isinstance(value.data, dict):
        body = Body({key: Value(item, value.where, value.refs) for key, item in value.data.items()})
        return NestedBlock(name, (), body, value.where)
    doubt = value.data if isinstance(value.data, UnknownValue) else UnknownValue(f"{name} is not an object")
    return NestedBlock(name, (), Body(), value.where, doubt)


@dataclass(frozen=True, slots=True)
class ResourceInstance:
    """One instance of a resource or data source.

    `key`: None without count and for_each, else a number or a string, or an UnknownValue when the instances are not
    known: this one then stands for none, one or many, with each.value and count.index unknown in it.
    `mode` is "managed" or "data". `module` is the address of its module, "" for the root. `end` is its last line.
    `given`: the references in its count and for_each and in those of its dynamic blocks. `iterators`: the names that
    the dynamic blocks give to their elements.
    """

    type: str
    name: str
    key: Any
    body: Body
    where: Where
    mode: str = "managed"
    module: str = ""
    end: int = 0
    given: frozenset[str] = frozenset()
    iterators: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        """As Terraform writes it: `module.a.aws_security_group.b["c"]`, `[?]` for a key that is not known."""
        return f"{self.base}{key_text(self.key)}"

    @property
    def base(self) -> str:
        """The address without the key."""
        prefix = f"{self.module}." if self.module else ""
        return f"{prefix}{'data.' if self.mode == 'data' else ''}{self.type}.{self.name}"

    @property
    def doubt(self) -> UnknownValue | None:
        """Why it is not known whether there are instances, and how many; or None."""
        return self.key if isinstance(self.key, UnknownValue) else None


def key_text(key: Any) -> str:
    """The key of an instance as an address has it."""
    if key is None:
        return ""
    if isinstance(key, UnknownValue):
        return "[?]"
    return f"[{key}]" if isinstance(key, int) else f'["{key}"]'


@dataclass(frozen=True, slots=True)
class InputVariable:
    """A variable: its type as written ("" when none), and the value that it has in this evaluation."""

    name: str
    type: str
    value: Value
    body: Body
    where: Where
    validations: int = 0
    default: Value | None = None
    nullable: bool = True

    @property
    def description(self) -> str:
        """Its description, "" when there is none."""
        return str(self.body.data("description", ""))


@dataclass(frozen=True, slots=True)
class OutputValue:
    """An output and its value."""

    name: str
    value: Value
    body: Body
    where: Where


@dataclass(frozen=True, slots=True)
class LocalValue:
    """A local value."""

    name: str
    value: Value
    where: Where


@dataclass(frozen=True, slots=True)
class ProviderRequirement:
    """An entry of required_providers: `source` and `version` are "" when they are not given."""

    name: str
    source: str
    version: str
    where: Where


@dataclass(frozen=True, slots=True)
class ProviderBlock:
    """A provider block."""

    name: str
    alias: str
    body: Body
    where: Where


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """One instance of a module block; `module` is None when it is not local, not there, or unreadable."""

    name: str
    key: Any
    source: str
    version: str
    body: Body
    where: Where
    module: Module | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: its text without the marker, its line, and whether it stands alone on its line."""

    file: str
    line: int
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of what was read or evaluated: `kind` is the rule that reports it (tools/terraform/rules/source.py)."""

    kind: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Module:
    """One directory of Terraform, evaluated with its inputs.

    `address` is "" for the directory that was named, `module.a["k"].module.b` below it. `directory` is as the user
    types it. `required_version` is None when the terraform block has none. `references` are all references written in
    the directory (`var.a`, `local.b`, `data.x.y.z`, `module.m.out`, `aws_x.y.id`), cut to the parts that are names.
    `sources` maps each file to its lines. `defaulted`: the variables that have their defaults, in a root module that
    may also be called with other values.
    """

    address: str
    directory: str
    variables: Mapping[str, InputVariable] = field(default_factory=dict)
    locals: Mapping[str, LocalValue] = field(default_factory=dict)
    resources: tuple[ResourceInstance, ...] = ()
    outputs: Mapping[str, OutputValue] = field(default_factory=dict)
    requirements: Mapping[str, ProviderRequirement] = field(default_factory=dict)
    required_version: Value | None = None
    providers: tuple[ProviderBlock, ...] = ()
    calls: tuple[ModuleCall, ...] = ()
    faults: tuple[Fault, ...] = ()
    comments: tuple[Comment, ...] = ()
    references: frozenset[str] = frozenset()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaulted: frozenset[str] = frozenset()

    def walk(self) -> Iterator[Module]:
        """This module and every one below it."""
        yield self
        for call in self.calls:
            if call.module is not None:
                yield from call.module.walk()

    def everything(self, *types: str, mode: str = "managed") -> Iterator[ResourceInstance]:
        """The resources of these types (of every type when none is named), here and in every module below."""
        for module in self.walk():
            for resource in module.resources:
                if resource.mode == mode and (not types or resource.type in types):
                    yield resource


_NAMES = re.compile(r"[^.\[]+")


def names(reference: str) -> tuple[str, ...]:
    """The names of a reference up to its first index: `aws_x.y[0].id` is aws_x, y."""
    return tuple(_NAMES.findall(reference.partition("[")[0]))
