"""Evaluates the inside of a block: its attributes, its blocks, and dynamic blocks, which it expands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tools.findings.model import Where
from tools.terraform.language import tree
from tools.terraform.language.evaluate import TOO_MUCH, Environment, LocatedError, evaluate, pairs
from tools.terraform.language.model import Body, NestedBlock, UnknownValue, Value
from tools.terraform.language.references import references
from tools.terraform.language.values import (
    EvaluationError,
    MapValue,
    Series,
    blend,
    first_unknown,
    object_of,
    to_data,
    type_of,
)

MAX_INSTANCES = 1000
# The plain data of a value of at least this weight is kept.
LARGE = 1000
_NOT_EVALUATED = UnknownValue("it is not evaluated")
# Attributes that hold names of other things, not expressions.
META = frozenset({"provider", "providers", "depends_on", "count", "for_each"})
LITERAL_BLOCKS = frozenset({"lifecycle", "connection", "provisioner"})


@dataclass(slots=True)
class BodyEvaluator:
    """Evaluates blocks of one file. `report` gets each error: its place, what is wrong, and what it refers to."""

    file: str
    report: Callable[[Where, str, frozenset[str]], None]
    seen: dict[int, frozenset[str]] = field(default_factory=dict)
    large: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    def value(self, node: tree.Node, env: Environment, path: str, line: int) -> Value:
        """The value of an expression; one that cannot be evaluated is reported, and unknown."""
        refs = self.refs(node)
        where = Where(self.file, path, line)
        data = self.raw(node, env, path)
        return Value(self.to_data(data, env), where, refs, self._parts(node, path, data))

    def to_data(self, data: Any, env: Environment) -> Any:
        """The value as plain data; that of a large value is made once."""
        if not isinstance(data, Series | MapValue) or data.weight < LARGE:
            return to_data(data)
        if id(data) not in self.large:
            env.budget.work -= data.weight >> 2
            if env.budget.work < 0:
                return UnknownValue(TOO_MUCH)
            # The value is kept with its data, so that no other object gets its id.
            self.large[id(data)] = (data, to_data(data))
        return self.large[id(data)][1]

    def raw(self, node: tree.Node, env: Environment, path: str) -> Any:
        """The same value, with Terraform's types."""
        if isinstance(node, tree.Literal):
            return node.value
        kept = env.budget.hold()
        try:
            return evaluate(node, env)
        except LocatedError as error:
            self.report(Where(self.file, path, error.line), str(error), self.refs(node))
            return UnknownValue(f"it cannot be evaluated: {error}")
        except RecursionError:
            return UnknownValue("the expression is nested too deep")
        finally:
            env.budget.release(kept)

    def refs(self, node: tree.Node) -> frozenset[str]:
        """The references in an expression."""
        key = id(node)
        if key not in self.seen:
            self.seen[key] = frozenset(name for name, _ in references(node))
        return self.seen[key]

    def _parts(self, node: tree.Node, path: str, data: Any) -> tuple[Where, ...]:
        if not isinstance(node, tree.Tuple) or not isinstance(data, Series) or len(data.items) != len(node.items):
            return ()
        return tuple(Where(self.file, f"{path}[{at}]", item.line) for at, item in enumerate(node.items))

    def within(self, file: str) -> BodyEvaluator:
        """The evaluator for what an override file added; for "", this one."""
        return replace(self, file=file) if file else self

    def body(self, section: tree.Section, env: Environment, path: str, skip: frozenset[str] = META) -> Body:
        """The inside of a block."""
        if section.type in LITERAL_BLOCKS:
            return self._literal(section, env, path)
        attributes = {
            item.name: self.within(item.file).value(item.node, env, f"{path}.{item.name}", item.line)
            for item in section.settings
            if item.name not in skip
        }
        blocks: dict[str, list[NestedBlock]] = {}
        for inner in section.sections:
            for block in self.within(inner.file)._blocks(inner, env, path, blocks):
                blocks.setdefault(block.type, []).append(block)
        return Body(attributes, {name: tuple(items) for name, items in blocks.items()})

    def _literal(self, section: tree.Section, env: Environment, path: str) -> Body:
        """A block whose attributes hold names: only constants are evaluated."""
        attributes = {}
        for item in section.settings:
            constant = isinstance(item.node, tree.Literal)
            where = Where(item.file or self.file, f"{path}.{item.name}", item.line)
            value = to_data(evaluate(item.node, env)) if constant else _NOT_EVALUATED
            attributes[item.name] = Value(value, where, self.refs(item.node))
        return Body(attributes)

    def _blocks(
        self, section: tree.Section, env: Environment, path: str, before: Mapping[str, list[NestedBlock]]
    ) -> Iterator[NestedBlock]:
        if section.type == "dynamic" and len(section.labels) == 1:
            yield from self._dynamic(section, env, path, len(before.get(section.labels[0], ())))
            return
        place = f"{path}.{section.type}[{len(before.get(section.type, ()))}]"
        body = self.body(section, env, place, frozenset())
        yield NestedBlock(section.type, section.labels, body, Where(self.file, place, section.line))

    def _dynamic(self, section: tree.Section, env: Environment, path: str, count: int) -> Iterator[NestedBlock]:
        name = section.labels[0]
        content = next((inner for inner in section.sections if inner.type == "content"), None)
        source_setting, iterator = section.setting("for_each"), section.setting("iterator")
        if content is None or source_setting is None:
            message = f'dynamic "{name}" needs for_each and a content block'
            self.report(Where(self.file, path, section.line), message, frozenset())
            return
        given = iterator.node.name if iterator and isinstance(iterator.node, tree.Name) else name
        source = self.raw(source_setting.node, env, f"{path}.{name}")
        for at, (element, doubt) in enumerate(self._elements(source, source_setting, f"{path}.{name}", env)):
            place = f"{path}.{name}[{count + at}]"
            body = self.body(content, env.having(**{given: element}), place, frozenset())
            yield NestedBlock(name, (), body, Where(self.file, place, section.line), doubt)

    def _elements(
        self, source: Any, setting: tree.BlockSetting, path: str, env: Environment
    ) -> Iterator[tuple[Any, UnknownValue | None]]:
        if isinstance(source, Series | MapValue) and env.budget.work < len(source.items):
            source = UnknownValue(TOO_MUCH)
        if isinstance(source, UnknownValue) or (
            isinstance(source, Series) and source.kind == "set" and first_unknown(source)
        ):
            doubt = blend(source)
            yield object_of({"key": doubt, "value": replace(doubt, type=element_type(source))}), doubt
            return
        try:
            for key, value in pairs(source):
                env.budget.work -= 1
                yield object_of({"key": key, "value": value}), None
        except EvaluationError as error:
            self.report(Where(self.file, path, setting.line), str(error), self.refs(setting.node))


def element_type(source: Any) -> Any:
    """The type of the elements of a collection, as far as it is known."""
    kind = type_of(source)
    return kind[1] if isinstance(kind, tuple) and kind[0] in ("list", "set", "map") else "any"


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a block with count or for_each: its key, and the names that are defined inside."""

    key: Any
    given: Mapping[str, Any]


SINGLE = (Instance(None, {}),)


def _unsure(source: UnknownValue, name: str) -> tuple[Instance, ...]:
    doubt = UnknownValue(source.reason, source.refs)
    if name == "count":
        return (Instance(doubt, {"count": object_of({"index": replace(doubt, type="number")})}),)
    each = {"key": replace(doubt, type="string"), "value": replace(doubt, type=element_type(source))}
    return (Instance(doubt, {"each": object_of(each)}),)


def instances(count: Any, each: Any, has: str) -> tuple[Instance, ...]:
    """The instances that `count` or `for_each` makes; `has` says which it is. Raises EvaluationError."""
    if not has:
        return SINGLE
    return _counted(count) if has == "count" else _keyed(each)


def _counted(count: Any) -> tuple[Instance, ...]:
    if isinstance(count, UnknownValue):
        return _unsure(count, "count")
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise EvaluationError("count needs a whole number, 0 or more")
    if count > MAX_INSTANCES:
        return _unsure(UnknownValue(f"more than {MAX_INSTANCES} instances are not told apart"), "count")
    return tuple(Instance(at, {"count": object_of({"index": at})}) for at in range(count))


def _keyed(each: Any) -> tuple[Instance, ...]:
    if isinstance(each, UnknownValue) or (isinstance(each, Series) and each.kind == "set" and first_unknown(each)):
        return _unsure(each if isinstance(each, UnknownValue) else blend(each), "for_each")
    if isinstance(each, Series) and (each.kind != "set" or not all(isinstance(item, str) for item in each.items)):
        raise EvaluationError(f"for_each needs a map or a set of strings, and this is a {each.kind}; write toset(…)")
    if not isinstance(each, Series | MapValue):
        raise EvaluationError("for_each needs a map or a set of strings")
    if len(each.items) > MAX_INSTANCES:
        return _unsure(UnknownValue(f"more than {MAX_INSTANCES} instances are not told apart"), "for_each")
    return tuple(Instance(key, {"each": object_of({"key": key, "value": value})}) for key, value in pairs(each))
