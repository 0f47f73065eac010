"""Values of the chart, made by its schema: right ones, wrong ones, and hostile text in the place of text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from tests.standing_fuzz import hostile, patterns
from tools.cluster.fuzz.dice import Dice
from tools.render.chart import chart
from tools.render.own import CHART

Node = Mapping[str, Any]
DEPTH = 6
PARTS = ("gateway", "frontend", "database", "cache", "opa", "kong", "worker")
SUFFIXES = (
    "com",
    "co.uk",
    "run.app",
    "compute.amazonaws.com",
    "amazonaws.com",
    "windows.net",
    "ck",
    "www.ck",
    "github.io",
)
NAMES = (
    "openai.com",
    "api.openai.com",
    "example.com",
    "mcp.partner.example",
    "a.b.c.example.org",
    "xn--mnchen-3ya.example",
)
FOUR = (
    "10.0.0.0",
    "10.20.0.10",
    "172.16.0.0",
    "192.168.1.0",
    "8.8.8.8",
    "127.0.0.1",
    "169.254.169.254",
    "168.63.129.16",
)
SIX = (
    "fd00:20::10",
    "::1",
    "fe80::1",
    "2001:db8::",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "fd00:ec2::254",
    "::",
    "FD00::0:1",
)


def make(dice: Dice) -> Any:
    """Values that are laid over the chart's own; `plain` are the same with innocent text where hostile text is."""
    author = _Author(dice, chart(CHART).schema)
    values: dict[str, Any] = {}
    valid: dict[str, Any] = {}
    for _ in dice.times(1, 3):
        _plant(author, values, valid)
    return {"values": values, "plain": valid}


def _plant(author: _Author, values: dict[str, Any], valid: dict[str, Any]) -> None:
    dice, node = author.dice, author.resolved(author.schema)
    here = [values, valid]
    while True:
        key, inner = author.member(node)
        resolved = author.resolved(inner)
        if "properties" not in resolved or dice.chance(0.15):
            break
        here = [place.setdefault(key, {}) for place in here]
        if not all(isinstance(place, dict) for place in here):
            return
        node = resolved
    here[0][key], here[1][key] = author.pair(inner)


class _Author:
    """Writes values for the nodes of a schema."""

    def __init__(self, dice: Dice, schema: Node) -> None:
        self.dice = dice
        self.schema = schema
        self.special: Mapping[str, Callable[[], str]] = {
            "domain": self.domain,
            "cidr": self.cidr,
            "internalCidr": self.cidr,
            "ipAddress": lambda: self.dice.pick(FOUR + SIX),
            "workload": lambda: self.dice.pick(PARTS),
            "partName": lambda: self.dice.pick(PARTS),
        }

    def pair(self, node: Node) -> tuple[Any, Any]:
        """A value for the node, and the same with innocent text where it is hostile."""
        kind = self.dice.weighted({"right": 8, "wrong": 1, "hostile": 3})
        if kind == "wrong":
            wrong = hostile.value(self.dice)
            return wrong, deepcopy(wrong)
        right = self.right(node, 0)
        return (_spoilt(right, self.dice) if kind == "hostile" else deepcopy(right)), right

    def member(self, node: Node) -> tuple[str, Node]:
        """A key of a mapping, and what stands there; now and then one that the schema does not know."""
        known = list(node.get("properties", {}).items())
        if known and self.dice.chance(0.97):
            key, inner = self.dice.pick(known)
            return key, inner
        return hostile.text(self.dice)[:80], {"type": "string"}

    def resolved(self, node: Node) -> dict[str, Any]:
        """The node with what it refers to laid under it, and one branch of its `if` chosen."""
        flat: dict[str, Any] = {}
        for inner in (*node.get("allOf", ()), *([self.referred(node["$ref"])] if "$ref" in node else ())):
            flat = {**flat, **self.resolved(inner)}
        own = {key: value for key, value in node.items() if key not in ("allOf", "$ref")}
        flat = {**flat, **own, "properties": {**flat.get("properties", {}), **own.get("properties", {})}}
        if not flat["properties"]:
            del flat["properties"]
        return self._branch(flat)

    def _branch(self, flat: dict[str, Any]) -> dict[str, Any]:
        condition = flat.pop("if", None)
        then, other = flat.pop("then", None), flat.pop("else", None)
        if not isinstance(condition, Mapping):
            return flat
        taken = self.dice.chance(0.6)
        branch = then if taken else other
        given = {key: condition[key] for key in ("type", "const") if taken and key in condition}
        return {**flat, **given, **(self.resolved(branch) if isinstance(branch, Mapping) else {})}

    def referred(self, reference: str) -> Node:
        """What a `$ref` leads to."""
        definition: Node = self.schema["definitions"][reference.rpartition("/")[2]]
        return definition

    def right(self, node: Node, depth: int) -> Any:
        """A value that the node is likely to take."""
        name = node.get("$ref", "").rpartition("/")[2]
        if name in self.special:
            return self.special[name]()
        flat = self.resolved(node)
        for key in ("const", "enum"):
            if key in flat:
                return self.dice.pick(flat["enum"]) if key == "enum" else flat["const"]
        return self._typed(flat, depth)

    def _typed(self, flat: Node, depth: int) -> Any:
        kind = flat.get("type", "string" if "pattern" in flat else "object" if "properties" in flat else "")
        kind = self.dice.pick(kind) if isinstance(kind, list) else kind
        if kind == "object":
            return self._mapping(flat, depth)
        if kind == "array":
            least = flat.get("minItems", 0)
            count = least if depth > DEPTH else self.dice.number(least, max(least, min(3, flat.get("maxItems", 3))))
            items = [self.right(flat.get("items", {"type": "string"}), depth + 1) for _ in range(count)]
            distinct = {json.dumps(item, sort_keys=True): item for item in items}
            return list(distinct.values()) if flat.get("uniqueItems") else items
        if kind in ("integer", "number"):
            low, high = flat.get("minimum", 0), flat.get("maximum", flat.get("exclusiveMaximum", 10**7))
            whole = self.dice.pick((low, high, self.dice.number(int(low), int(high)), min(int(high), 1_000_000)))
            return whole if kind == "integer" or self.dice.chance(0.6) else float(whole) / 2
        if kind == "boolean":
            return self.dice.chance(0.5)
        return self._text(flat) if kind in ("string", "") else None

    def _text(self, flat: Node) -> str:
        if "pattern" in flat:
            return patterns.sample(flat["pattern"], self.dice)[: flat.get("maxLength", 253)]
        return self.dice.pick(("x", "some words", "a-b", "x1"))

    def _mapping(self, flat: Node, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, inner in flat.get("properties", {}).items():
            if key in flat.get("required", ()) or (depth <= DEPTH and self.dice.chance(0.35)):
                made[key] = self.right(inner, depth + 1)
        more = flat.get("additionalProperties")
        if isinstance(more, Mapping) and depth <= DEPTH:
            for _ in self.dice.times(0, 2):
                made[self._key(flat)] = self.right(more, depth + 1)
        return made

    def _key(self, flat: Node) -> str:
        names = flat.get("propertyNames")
        return str(self.right(names, 0)) if isinstance(names, Mapping) else self.dice.pick((*PARTS, "extra"))

    def domain(self) -> str:
        """A name of the allowlist, or one that looks like it."""
        base = self.dice.pick(NAMES if self.dice.chance(0.75) else SUFFIXES)
        for _ in self.dice.times(0, 2):
            base = f"{self.dice.pick(('api', 'www', 'x1', 'a-b'))}.{base}"
        return self.dice.weighted({f"*.{base}": 4, base: 6, base.upper(): 1, f"{base}.": 1})

    def cidr(self) -> str:
        """A network in CIDR notation."""
        if self.dice.chance(0.7):
            return f"{self.dice.pick(FOUR)}/{self.dice.pick((0, 6, 7, 8, 12, 16, 24, 31, 32))}"
        return f"{self.dice.pick(SIX)}/{self.dice.pick((0, 7, 10, 32, 48, 64, 96, 127, 128))}"


def _spoilt(value: Any, dice: Dice) -> Any:
    """The value with hostile text in place of one text in it, or of one number a number at an edge."""
    places = list(_leaves(value, ()))
    if not places:
        return deepcopy(value)
    path, leaf = dice.pick(places)
    replacement: Any = hostile.text(dice) if isinstance(leaf, str) else hostile.number(dice)
    return _replaced(value, path, replacement)


def _leaves(value: Any, path: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in _leaves(item, (*path, index))]
    return [] if isinstance(value, bool) or value is None else [(path, value)]


def _replaced(value: Any, path: tuple[Any, ...], replacement: Any) -> Any:
    if not path:
        return replacement
    made = value.copy()
    made[path[0]] = _replaced(value[path[0]], path[1:], replacement)
    return made


@cache
def suffix_rules() -> frozenset[str]:
    """The chart's list of public suffixes, read here by itself."""
    text = chart(CHART).text("files/public-suffixes.txt")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
