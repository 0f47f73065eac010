"""What the names of one module stand for: variables, locals, module calls, resources, paths. Each is evaluated once,
when it is first needed, which also uncovers cycles.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tools.findings.model import Problem, Severity, Where
from tools.terraform.functions import table as functions
from tools.terraform.language import constraints, tree
from tools.terraform.language.budget import Budget
from tools.terraform.language.conversion import bare_type, convert, to_string
from tools.terraform.language.evaluate import TOO_MUCH, Environment, LocatedError, evaluate
from tools.terraform.language.model import Fault, UnknownValue, key_text
from tools.terraform.language.numbers import InexactError
from tools.terraform.language.values import EvaluationError, Type, object_of, to_data, tuple_of
from tools.terraform.modules.bodies import BodyEvaluator, Instance, instances
from tools.terraform.modules.directory import Directory
from tools.terraform.modules.overrides import Placed
from tools.terraform.modules.sources import Sources, Unreadable

EVALUATES = "terraform-expressions-evaluate"
_BUSY = object()


@dataclass(frozen=True, slots=True)
class VariableInput:
    """A variable's value from outside, evaluated when it is needed, and the place where it is written."""

    value: Callable[[], Any]
    where: Where


class Child(Protocol):
    """A module that is called, as its caller sees it."""

    def output(self, name: str) -> Any:
        """The value of an output. Raises EvaluationError when there is none of that name."""

    def outputs(self) -> Mapping[str, Any]:
        """Every output."""


@dataclass(slots=True)
class Scope:
    """The names of one module.

    `path` is path.module, as Terraform writes it; `child` makes the module of one instance of a call.
    """

    directory: Directory
    address: str
    path: str
    sources: Sources
    base: str
    inputs: Mapping[str, VariableInput]
    child: Callable[[Scope, str, Placed, Instance], Child | UnknownValue]
    memo: dict[tuple[str, str], Any] = field(default_factory=dict)
    wheres: dict[str, Where] = field(default_factory=dict)
    trail: list[str] = field(default_factory=list)
    expanded: dict[str, tuple[Instance, ...]] = field(default_factory=dict)
    children: dict[tuple[str, str], Child | UnknownValue] = field(default_factory=dict)
    evaluators: dict[str, BodyEvaluator] = field(default_factory=dict)
    reported: set[tuple[Where, str]] = field(default_factory=set)
    budget: Budget = field(default_factory=Budget)
    # Whether it is checked by itself, although others may call it with other values.
    open: bool = False

    @property
    def env(self) -> Environment:
        """An environment with these names and no others."""
        return Environment(self, budget=self.budget)

    def evaluator(self, file: str) -> BodyEvaluator:
        """The reader of a file's blocks."""
        if file not in self.evaluators:
            self.evaluators[file] = BodyEvaluator(file, self.report)
        return self.evaluators[file]

    def report(self, where: Where, message: str, refs: frozenset[str] = frozenset()) -> None:
        """Note an error of evaluation, once. One that depends on a default, which a caller may replace, is a note."""
        if (where, message) in self.reported:
            return
        self.reported.add((where, message))
        severity = Severity.ERROR
        if self.open and self._of_defaults(refs):
            message = f"cannot tell: with the defaults alone, {message}"
            severity = Severity.NOTE
        self.directory.faults.append(Fault(EVALUATES, Problem(where, message, severity)))

    def _of_defaults(self, refs: frozenset[str]) -> bool:
        """Whether what these references mean depends on a variable that has its default."""
        pending, seen = list(refs), set(refs)
        while pending:
            root, _, rest = pending.pop().partition(".")
            name = rest.partition(".")[0]
            if root == "var" and name in self.directory.variables and name not in self.inputs:
                return True
            if root == "local" and name in self.directory.locals:
                file, setting = self.directory.locals[name]
                more = self.evaluator(file).refs(setting.node) - seen
                seen |= more
                pending.extend(more)
        return False

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        """The value of a function call. Raises EvaluationError."""
        if name not in ("file", "fileexists"):
            self.budget.work -= functions.comparisons(name, arguments)
            if self.budget.work < 0:
                return UnknownValue(TOO_MUCH)
            return functions.call(name, arguments)
        if len(arguments) != 1 or arguments[0] is None:
            raise EvaluationError(f"{name} takes one path")
        path = to_string(arguments[0])
        if isinstance(path, UnknownValue):
            return replace(path, type="string" if name == "file" else "bool")
        text = self.sources.text(posixpath.normpath(posixpath.join(self.base, path)))
        if isinstance(text, Unreadable):
            return UnknownValue(f"{path}: {text.reason}", type="string" if name == "file" else "bool")
        return text if name == "file" else True

    def resolve(self, root: str, steps: Sequence[tree.Attribute | tree.Index], env: Environment) -> tuple[Any, int]:
        """The value of a traversal's first words, and how many steps after `root` it took."""
        first = steps[0].name if steps and isinstance(steps[0], tree.Attribute) else ""
        if root in ("var", "local"):
            return (self.variable(first) if root == "var" else self.local(first)), 1
        if root == "path":
            known = {"module": self.path, "root": "."}
            return known.get(first, UnknownValue(f"path.{first} depends on where Terraform runs", type="string")), 1
        if root == "module" and first:
            return self.module(first, steps, env)
        if root in ("terraform", "self", "each", "count"):
            return UnknownValue(f"{root}.{first} is not known here"), len(steps)
        return self._resource(root, steps, env), len(steps)

    def _resource(self, root: str, steps: Sequence[tree.Attribute | tree.Index], env: Environment) -> UnknownValue:
        """An attribute of a resource, which is known only after apply."""
        words = [f"{self.address}.{root}" if self.address else root]
        for step in steps:
            if isinstance(step, tree.Attribute):
                words.append(f".{step.name}")
                continue
            try:
                key = evaluate(step.key, env)
            except EvaluationError:
                key = UnknownValue("")
            words.append(key_text(key) if isinstance(key, int | str | UnknownValue) else "[?]")
        text = "".join(words)
        return UnknownValue(f"{text} is known only after apply", frozenset({text}), bare="[?]" not in text)

    def local(self, name: str) -> Any:
        """A local value."""
        declaration = self.directory.locals.get(name)
        if declaration is None:
            return UnknownValue(f"local.{name} is not declared")
        file, setting = declaration
        return self._once(
            ("local", name), lambda: self._local(file, setting, name), Where(file, f"local.{name}", setting.line)
        )

    def evaluate_locals(self) -> None:
        """Evaluate every local value after those that it refers to, so that a long chain of them nests no calls."""
        begun: set[str] = set()
        done: set[str] = set()
        for first in self.directory.locals:
            pending = [first]
            while pending:
                name = pending[-1]
                before = [] if name in begun else self._mentioned(name)
                begun.add(name)
                if any(other in begun and other not in done for other in before):
                    # A cycle: it is reported from where it was entered.
                    pending = [first]
                elif left := [other for other in before if other not in done]:
                    pending.extend(left)
                    continue
                name = pending.pop()
                self.local(name)
                done.add(name)

    def _mentioned(self, name: str) -> list[str]:
        file, setting = self.directory.locals[name]
        words = (reference.split(".") for reference in self.evaluator(file).refs(setting.node))
        return [part[1] for part in words if part[0] == "local" and part[1:] and part[1] in self.directory.locals]

    def _local(self, file: str, setting: tree.BlockSetting, name: str) -> Any:
        return self.evaluator(file).raw(setting.node, self.env, f"local.{name}")

    def _once(self, key: tuple[str, str], make: Callable[[], Any], where: Where) -> Any:
        if key not in self.memo:
            name = ".".join(key)
            self.memo[key] = _BUSY
            self.trail.append(name)
            try:
                self.memo[key] = make()
            except EvaluationError as error:
                self.report(where, str(error))
                self.memo[key] = UnknownValue(f"{name} cannot be evaluated: {error}")
            except (InexactError, RecursionError):
                self.memo[key] = UnknownValue(f"{name} is too large or too deep to evaluate")
            finally:
                self.trail.pop()
        if self.memo[key] is _BUSY:
            name = ".".join(key)
            circle = " → ".join([*self.trail[self.trail.index(name) :], name])
            raise EvaluationError(f"a cycle: {circle}; break it")
        return self.memo[key]

    def variable(self, name: str) -> Any:
        """The value of a variable, of its type: the given one, else its default, else unknown."""
        placed = self.directory.variables.get(name)
        if placed is None:
            return UnknownValue(f"var.{name} is not declared")
        where = Where(placed.file, f"var.{name}", placed.section.line)
        return self._once(("var", name), lambda: self._variable(name, placed), where)

    def _variable(self, name: str, placed: Placed) -> Any:
        section, kind = placed.section, self.type(placed)
        default, given = section.setting("default"), self.inputs.get(name)
        nullable = section.setting("nullable")
        strict = nullable is not None and self.constant(nullable.node) is False
        self.wheres[name] = Where(placed.file, f"var.{name}", section.line)
        value: Any = UnknownValue(
            f"var.{name} has no value", frozenset({f"var.{name}"}), bare=True, type=bare_type(kind)
        )
        if default is not None:
            value = convert(self.constant(default.node), kind)
            self.wheres[name] = Where(default.file or placed.file, f"var.{name}", default.line)
        if given is not None:
            outside = given.value()
            if outside is None and strict and default is None:
                self.report(given.where, f"var.{name} does not accept null")
            elif outside is not None or not strict:
                self.wheres[name] = given.where
                value = self._converted(name, outside, kind, given.where)
        self._validate(name, placed, value)
        return value

    def _converted(self, name: str, value: Any, kind: Type, where: Where) -> Any:
        try:
            return convert(value, kind)
        except EvaluationError as error:
            self.report(where, f"var.{name}: {error}")
            return UnknownValue(f"var.{name} has a value of another type", type=bare_type(kind))

    def type(self, placed: Placed) -> Type:
        """The type of a variable, "any" when it has none or one that is not understood."""
        setting = placed.section.setting("type")
        if setting is None:
            return "any"
        try:
            return constraints.constraint(setting.node, self.constant)
        except EvaluationError as error:
            where = Where(setting.file or placed.file, f"var.{placed.section.labels[0]}.type", setting.line)
            self.report(where, str(error))
            return "any"

    def constant(self, node: tree.Node) -> Any:
        """A default: an expression without references. Raises EvaluationError."""
        return evaluate(node, self.env)

    def _validate(self, name: str, placed: Placed, value: Any) -> None:
        """Report each validation that fails."""
        for block in placed.section.sections:
            condition = block.setting("condition")
            if block.type != "validation" or condition is None or isinstance(value, UnknownValue):
                continue
            env = self.env.having(var=_Variables({name: value}, self).record(condition.node))
            try:
                verdict = evaluate(condition.node, env)
            except LocatedError as error:
                self.report(Where(placed.file, f"var.{name}", error.line), str(error), frozenset({f"var.{name}"}))
                continue
            if verdict is False:
                message = self._message(block, env)
                message = f"var.{name} fails its validation: {message}"
                self.report(self.wheres[name], message, frozenset({f"var.{name}"}))

    def _message(self, block: tree.Section, env: Environment) -> str:
        setting = block.setting("error_message")
        try:
            message = to_data(evaluate(setting.node, env)) if setting else ""
        except EvaluationError:
            message = ""
        return message if isinstance(message, str) and message else f"the condition on line {block.line} is false"

    def instances(self, name: str, placed: Placed) -> tuple[Instance, ...]:
        """The instances of a resource, data source or module call."""
        if name not in self.expanded:
            section, path = placed.section, name
            count, each = section.setting("count"), section.setting("for_each")
            setting = count or each
            if setting is None:
                self.expanded[name] = instances(None, None, "")
            else:
                file = setting.file or placed.file
                value = self.evaluator(file).raw(setting.node, self.env, f"{path}.{setting.name}")
                try:
                    self.expanded[name] = instances(value, value, setting.name)
                except EvaluationError as error:
                    refs = self.evaluator(file).refs(setting.node)
                    self.report(Where(file, f"{path}.{setting.name}", setting.line), str(error), refs)
                    self.expanded[name] = instances(UnknownValue(str(error)), UnknownValue(str(error)), setting.name)
                self.budget.instances -= len(self.expanded[name])
                if self.budget.instances < 0:
                    doubt = UnknownValue("there are too many instances to tell apart")
                    self.expanded[name] = instances(doubt, doubt, setting.name)
        return self.expanded[name]

    def calls(self, name: str) -> list[tuple[Instance, Child | UnknownValue]]:
        """Each instance of a module call, with its module."""
        placed = self.directory.modules[name]
        calls = []
        for instance in self.instances(f"module.{name}", placed):
            key = (name, key_text(instance.key))
            if key not in self.children:
                self.children[key] = self.child(self, name, placed, instance)
            calls.append((instance, self.children[key]))
        return calls

    def module(self, name: str, steps: Sequence[tree.Attribute | tree.Index], env: Environment) -> tuple[Any, int]:
        """The value of `module.name`, with the steps after it that belong to the call, and how many those are."""
        if name not in self.directory.modules:
            return UnknownValue(f"module.{name} is not declared"), len(steps)
        calls = self.calls(name)
        rest = steps[1:]
        text = f"{self.address}.module.{name}" if self.address else f"module.{name}"
        if any(isinstance(call.key, UnknownValue) for call, _ in calls):
            return UnknownValue(f"the instances of {text} are not known", frozenset({text})), len(steps)
        if calls and calls[0][0].key is None:
            child = calls[0][1]
            if rest and isinstance(rest[0], tree.Attribute):
                return _output(child, text, rest[0].name), 2
            return _whole(child, text), 1
        if rest and isinstance(rest[0], tree.Index) and len(rest) > 1 and isinstance(rest[1], tree.Attribute):
            key = evaluate(rest[0].key, env)
            chosen = [child for instance, child in calls if isinstance(key, int | str) and instance.key == key]
            if chosen:
                return _output(chosen[0], f"{text}{key_text(key)}", rest[1].name), 3
        if self.directory.modules[name].section.setting("count"):
            return tuple_of(_whole(child, text) for _, child in calls), 1
        return object_of({str(instance.key): _whole(child, text) for instance, child in calls}), 1


def _output(child: Child | UnknownValue, text: str, name: str) -> Any:
    if isinstance(child, UnknownValue):
        return UnknownValue(child.reason, frozenset({f"{text}.{name}"}), bare=True)
    return child.output(name)


def _whole(child: Child | UnknownValue, text: str) -> Any:
    if isinstance(child, UnknownValue):
        return UnknownValue(child.reason, frozenset({text}))
    return object_of(child.outputs())


@dataclass(frozen=True, slots=True)
class _Variables:
    """`var` inside a validation: the variable that is being evaluated, and the others that the condition refers to."""

    own: Mapping[str, Any]
    scope: Scope

    def record(self, node: tree.Node) -> Any:
        names = {
            child.name
            for child in tree.walk(node)
            if isinstance(child, tree.Attribute) and isinstance(child.of, tree.Name) and child.of.name == "var"
        }
        others = {name: self.scope.variable(name) for name in names if name not in self.own}
        return object_of({**others, **self.own})
