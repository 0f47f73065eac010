"""Reads a directory of Terraform and everything that it calls, and evaluates it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from tools.findings.model import Problem, Severity, Where
from tools.terraform.language import constraints, tree
from tools.terraform.language.budget import Budget
from tools.terraform.language.model import (
    Fault,
    InputVariable,
    LocalValue,
    Module,
    ModuleCall,
    OutputValue,
    ProviderBlock,
    ProviderRequirement,
    ResourceInstance,
    UnknownValue,
    Value,
    key_text,
)
from tools.terraform.language.references import references
from tools.terraform.language.syntax import ParsedFile
from tools.terraform.language.values import EvaluationError, to_data
from tools.terraform.modules import directory
from tools.terraform.modules.bodies import Instance
from tools.terraform.modules.declared import undeclared
from tools.terraform.modules.directory import Directory
from tools.terraform.modules.overrides import Placed
from tools.terraform.modules.scope import Child, Scope, VariableInput
from tools.terraform.modules.sources import Sources, Texts, Unreadable
from tools.terraform.modules.tfvars import TfvarsFile, automatic

THERE = "terraform-modules-are-there"
MAX_CALLS = 20


@dataclass(slots=True)
class Loader:
    """Parses directories, each one once."""

    sources: Sources
    parsed: dict[str, Mapping[str, str | Unreadable] | Unreadable | None] = field(default_factory=dict)
    trees: dict[str, Directory] = field(default_factory=dict)
    named: dict[str, tuple[tuple[Fault, ...], frozenset[str]]] = field(default_factory=dict)
    parser: Callable[[str, str], ParsedFile] = directory.parsed

    def directory(self, path: str) -> Directory | Unreadable | None:
        """The directory with a list of faults of its own; None when it is missing or holds no Terraform."""
        if path not in self.parsed:
            self.parsed[path] = self.sources.directory(path)
        texts = self.parsed[path]
        if isinstance(texts, Unreadable):
            return texts
        if texts is None or not any(name.endswith((".tf", ".tf.json")) for name in texts):
            return None
        if path not in self.trees:
            self.trees[path] = directory.read(path, texts, self.parser)
        declarations = self.trees[path]
        return replace(declarations, faults=list(declarations.faults))

    def names(self, declarations: Directory) -> tuple[tuple[Fault, ...], frozenset[str]]:
        """What a directory refers to without declaring it, and every reference in it: the same in each evaluation."""
        if declarations.path not in self.named:
            self.named[declarations.path] = (tuple(undeclared(declarations)), mentioned(declarations))
        return self.named[declarations.path]

    def texts(self, path: str) -> Mapping[str, str | Unreadable]:
        """The texts of a directory; none when it is missing."""
        texts = self.parsed.get(path)
        return {} if texts is None or isinstance(texts, Unreadable) else texts

    def calls(self, path: str) -> tuple[str, ...]:
        """The directories that a directory calls as modules."""
        module = self.directory(path)
        if not isinstance(module, Directory):
            return ()
        called = (local_source(placed.section) for placed in module.modules.values())
        return tuple(posixpath.normpath(posixpath.join(path, source)) for source in called if source)


def uncalled(paths: Sequence[str], calls: Callable[[str], Sequence[str]]) -> list[str]:
    """Those of the directories that none of them calls; of several that call each other in a cycle, the first.

    `calls` gives the directories that one calls.
    """
    names = {posixpath.normpath(path): path for path in paths}
    called = {name for path in paths for name in calls(path) if name != posixpath.normpath(path)}
    callers = [path for name, path in names.items() if name not in called]
    reached: set[str] = set()
    pending = [posixpath.normpath(path) for path in callers]
    for name in (*names, None):
        while pending:
            current = pending.pop()
            if current not in reached:
                reached.add(current)
                pending.extend(calls(names.get(current, current)))
        if name is not None and name not in reached:
            callers.append(names[name])
            pending.append(name)
    return callers


def local_source(section: tree.Section) -> str:
    """The source of a module call when it is a path in this tree, else ""."""
    setting = section.setting("source")
    source = setting.node.value if setting and isinstance(setting.node, tree.Literal) else ""
    if not isinstance(source, str) or (not source.startswith(("./", "../")) and source not in (".", "..")):
        return ""
    return source


def evaluate_directory(
    path: str, sources: Sources, given: Sequence[TfvarsFile] = (), loader: Loader | None = None
) -> Module:
    """Evaluate a directory as a root module, with its automatic tfvars and then the given ones.

    A missing directory, or one without Terraform, yields a Module that carries that fault.
    """
    loader = loader or Loader(sources)
    declarations = loader.directory(path)
    if declarations is None or isinstance(declarations, Unreadable):
        message = (
            f"it cannot be read: {declarations.reason}" if declarations else "there is no .tf or .tf.json file in it"
        )
        problem = Problem(Where(path), f"no Terraform: {message}")
        return Module("", path, faults=(Fault(THERE, problem),))
    inputs: dict[str, VariableInput] = {}
    files = (*automatic(path, loader.texts(path)), *given)
    for file in files:
        declarations.faults.extend(file.faults)
        for name, (data, where) in file.values.items():
            if name in declarations.variables:
                inputs[name] = VariableInput(_constant(data), where)
    return _ModuleEvaluation(
        loader,
        declarations,
        "",
        ".",
        path,
        inputs,
        (posixpath.normpath(path),),
        Budget(),
        not files and not _is_root(declarations),
    ).module


def _is_root(declarations: Directory) -> bool:
    """Whether a directory is plainly a root module: it configures a provider, or where its state is kept."""
    sections = [section.type for placed in declarations.settings for section in placed.section.sections]
    return bool(declarations.providers) or "backend" in sections or "cloud" in sections


def evaluate_text(files: Mapping[str, str], path: str = ".", given: Sequence[TfvarsFile] = ()) -> Module:
    """Evaluate files in memory: `{"main.tf": "…", "network/firewall.tf": "…"}`."""
    return evaluate_directory(path, Texts(files), given)


def _constant(data: Any) -> Any:
    return lambda: data


class _ModuleEvaluation(Child):
    """One module while it is evaluated."""

    def __init__(
        self,
        loader: Loader,
        declarations: Directory,
        address: str,
        path: str,
        base: str,
        inputs: Mapping[str, VariableInput],
        chain: tuple[str, ...],
        budget: Budget,
        alone: bool = False,
    ) -> None:
        self.loader, self.declarations, self.chain, self.base = loader, declarations, chain, base
        self.scope = Scope(
            declarations, address, path, loader.sources, base, inputs, self._child, budget=budget, open=alone
        )
        self._module: Module | None = None
        self._values: dict[str, Any] = {}

    def output(self, name: str) -> Any:
        if name not in self.declarations.outputs:
            return UnknownValue(f"there is no output {name}")
        if name not in self._values:
            placed = self.declarations.outputs[name]
            setting = placed.section.setting("value")
            self._values[name] = _BUSY
            self._values[name] = (
                self.scope.evaluator(placed.file).raw(setting.node, self.scope.env, f"output.{name}")
                if setting
                else UnknownValue(f"the output {name} has no value")
            )
        if self._values[name] is _BUSY:
            raise EvaluationError(f"the output {name} of {self.scope.address} depends on itself; break the cycle")
        return self._values[name]

    def outputs(self) -> Mapping[str, Any]:
        return {name: self.output(name) for name in self.declarations.outputs}

    def _child(self, scope: Scope, name: str, placed: Placed, instance: Instance) -> Child | UnknownValue:
        section = placed.section
        setting, source = section.setting("source"), local_source(section)
        if not source:
            return UnknownValue(f"module.{name} is not in this tree")
        path = posixpath.normpath(posixpath.join(self.declarations.path, source))
        line = setting.line if setting else section.line
        if path in self.chain or len(self.chain) > MAX_CALLS:
            self._absent(
                placed, name, line, f"module {name} calls itself: {source} is this module, or one that calls it"
            )
            return UnknownValue(f"module.{name} calls itself")
        declarations = self.loader.directory(path)
        if isinstance(declarations, Unreadable):
            message = f"cannot tell: {source}: {declarations.reason}; what module.{name} opens is not checked"
            self._absent(placed, name, line, message, Severity.NOTE)
            return UnknownValue(f"module.{name} is not read: {declarations.reason}")
        if declarations is None:
            self._absent(placed, name, line, f"there is no Terraform at {source}")
            return UnknownValue(f"module.{name} is not there")
        scope.budget.modules -= 1
        if scope.budget.modules < 0:
            return UnknownValue("there are too many modules to look into")
        address = f"{scope.address}.module.{name}" if scope.address else f"module.{name}"
        inner = posixpath.normpath(posixpath.join(scope.path, source))
        inputs = self._inputs(scope, name, placed, instance, declarations)
        address += key_text(instance.key)
        return _ModuleEvaluation(
            self.loader, declarations, address, inner, self.base, inputs, (*self.chain, path), scope.budget
        )

    def _absent(self, placed: Placed, name: str, line: int, message: str, severity: Severity = Severity.ERROR) -> None:
        fault = Fault(THERE, Problem(Where(placed.file, f"module.{name}.source", line), message, severity))
        if fault not in self.declarations.faults:
            self.declarations.faults.append(fault)

    def _inputs(
        self, scope: Scope, name: str, placed: Placed, instance: Instance, declarations: Directory
    ) -> dict[str, VariableInput]:
        env = scope.env.having(**instance.given)
        inputs: dict[str, VariableInput] = {}
        for setting in placed.section.settings:
            if setting.name in _CALL:
                continue
            path, file = f"module.{name}.{setting.name}", setting.file or placed.file
            if setting.name not in declarations.variables:
                message = f"the module at {declarations.path} has no variable {setting.name}"
                self.declarations.fault("terraform-references-are-declared", file, setting.line, message, path)
                continue
            inputs[setting.name] = VariableInput(
                partial(scope.evaluator(file).raw, setting.node, env, path),
                Where(file, path, setting.line),
            )
        for key, variable in declarations.variables.items():
            if key not in inputs and variable.section.setting("default") is None:
                message = f"module {name} is not given {key}, which has no default"
                self.declarations.fault(
                    "terraform-references-are-declared", placed.file, placed.section.line, message, f"module.{name}"
                )
        return inputs

    @property
    def module(self) -> Module:
        """The module, everything in it evaluated."""
        if self._module is None:
            self._module = self._evaluated()
        return self._module

    def _evaluated(self) -> Module:
        module, scope = self.declarations, self.scope
        variables = {name: self._variable(name, placed) for name, placed in module.variables.items()}
        scope.evaluate_locals()
        local = {name: self._local(name) for name in module.locals}
        resources = tuple(
            resource for key, placed in module.resources.items() for resource in self._resources(key, placed)
        )
        calls = tuple(call for name, placed in module.modules.items() for call in self._calls(name, placed))
        outputs = {name: self._output(name, placed) for name, placed in module.outputs.items()}
        strangers, mentions = self.loader.names(module)
        return Module(
            address=scope.address,
            directory=module.path,
            variables=variables,
            locals=local,
            resources=resources,
            outputs=outputs,
            requirements=dict(self._requirements()),
            required_version=self._version(),
            providers=tuple(self._provider(placed) for placed in module.providers),
            calls=calls,
            faults=tuple(dict.fromkeys((*module.faults, *strangers))),
            comments=tuple(module.comments),
            references=mentions,
            sources=module.lines,
            defaulted=frozenset(module.variables.keys() - scope.inputs.keys()) if scope.open else frozenset(),
        )

    def _variable(self, name: str, placed: Placed) -> InputVariable:
        section, scope = placed.section, self.scope
        data = scope.variable(name)
        path = f"var.{name}"
        body = scope.evaluator(placed.file).body(section, scope.env, path, frozenset({"type", "validation"}) | _LAZY)
        kind, default = section.setting("type"), body.attributes.get("default")
        nullable = section.setting("nullable")
        return InputVariable(
            name,
            constraints.written(kind.node) if kind else "",
            Value(to_data(data), scope.wheres.get(name, Where(placed.file, path, section.line))),
            body,
            Where(placed.file, path, section.line),
            sum(inner.type == "validation" for inner in section.sections),
            default,
            not (nullable and isinstance(nullable.node, tree.Literal) and nullable.node.value is False),
        )

    def _local(self, name: str) -> LocalValue:
        file, setting = self.declarations.locals[name]
        where = Where(file, f"local.{name}", setting.line)
        refs = self.scope.evaluator(file).refs(setting.node)
        return LocalValue(name, Value(to_data(self.scope.local(name)), where, refs), where)

    def _output(self, name: str, placed: Placed) -> OutputValue:
        path = f"output.{name}"
        where = Where(placed.file, path, placed.section.line)
        evaluator = self.scope.evaluator(placed.file)
        setting = placed.section.setting("value")
        refs = evaluator.refs(setting.node) if setting else frozenset()
        place = Where(setting.file or placed.file, path, setting.line) if setting else where
        value = Value(to_data(self.output(name)), place, refs)
        body = evaluator.body(placed.section, self.scope.env, path, frozenset({"value", "depends_on"}) | _LAZY)
        return OutputValue(name, value, body, where)

    def _resources(self, key: tuple[str, str, str], placed: Placed) -> Iterator[ResourceInstance]:
        mode, kind, name = key
        if mode == "ephemeral":
            return
        local = f"{'data.' if mode == 'data' else ''}{kind}.{name}"
        evaluator = self.scope.evaluator(placed.file)
        given, iterators = loops(placed.section)
        for instance in self.scope.instances(local, placed):
            path = f"{self.scope.address}.{local}" if self.scope.address else local
            path += key_text(instance.key)
            body = evaluator.body(placed.section, self.scope.env.having(**instance.given), path)
            yield ResourceInstance(
                type=kind,
                name=name,
                key=instance.key,
                body=body,
                where=Where(placed.file, path, placed.section.line),
                mode="data" if mode == "data" else "managed",
                module=self.scope.address,
                end=placed.section.end,
                given=given,
                iterators=iterators,
            )

    def _calls(self, name: str, placed: Placed) -> Iterator[ModuleCall]:
        evaluator = self.scope.evaluator(placed.file)
        for instance, child in self.scope.calls(name):
            path = f"{self.scope.address}.module.{name}" if self.scope.address else f"module.{name}"
            path += key_text(instance.key)
            body = evaluator.body(placed.section, self.scope.env.having(**instance.given), path)
            yield ModuleCall(
                name,
                instance.key,
                str(body.data("source", "")),
                str(body.data("version", "")),
                body,
                Where(placed.file, path, placed.section.line),
                child.module if isinstance(child, _ModuleEvaluation) else None,
            )

    def _provider(self, placed: Placed) -> ProviderBlock:
        path = f"provider.{placed.section.labels[0]}"
        body = self.scope.evaluator(placed.file).body(placed.section, self.scope.env, path)
        where = Where(placed.file, path, placed.section.line)
        return ProviderBlock(placed.section.labels[0], str(body.data("alias", "")), body, where)

    def _requirements(self) -> Iterator[tuple[str, ProviderRequirement]]:
        for placed in self.declarations.settings:
            for section in placed.section.sections:
                if section.type != "required_providers":
                    continue
                for setting in section.settings:
                    data = _static(setting.node)
                    entry = data if isinstance(data, dict) else {"version": data}
                    where = Where(placed.file, f"terraform.required_providers.{setting.name}", setting.line)
                    source, version = (entry.get(key) for key in ("source", "version"))
                    yield setting.name, ProviderRequirement(setting.name, str(source or ""), str(version or ""), where)

    def _version(self) -> Value | None:
        for placed in self.declarations.settings:
            if setting := placed.section.setting("required_version"):
                where = Where(placed.file, "terraform.required_version", setting.line)
                return Value(_static(setting.node), where)
        return None


_BUSY = object()
_CALL = frozenset({"source", "version", "count", "for_each", "providers", "depends_on"})
# Blocks whose conditions are checked elsewhere, or not at all.
_LAZY = frozenset({"precondition", "postcondition"})


def _static(node: tree.Node) -> Any:
    """The data of a constant expression; anything else, such as an alias of a provider, is None."""
    if isinstance(node, tree.Literal):
        return node.value
    if isinstance(node, tree.Object):
        return {str(_static(key)): _static(value) for key, value in node.items}
    return None


def loops(section: tree.Section) -> tuple[frozenset[str], frozenset[str]]:
    """The references in the count and for_each of a block and its dynamic blocks, and the iterators of the latter."""
    names: set[str] = set()
    iterators: set[str] = set()
    pending = [section]
    while pending:
        inner = pending.pop()
        pending.extend(inner.sections)
        for setting in inner.settings:
            if setting.name in ("count", "for_each"):
                names.update(name for name, _ in references(setting.node))
        if inner.type == "dynamic" and inner.labels:
            iterator = inner.setting("iterator")
            given = iterator.node.name if iterator and isinstance(iterator.node, tree.Name) else inner.labels[0]
            iterators.add(given)
    return frozenset(names), frozenset(iterators)


def mentioned(declarations: Directory) -> frozenset[str]:
    """Every reference written in a directory."""
    placed = (
        *declarations.resources.values(),
        *declarations.variables.values(),
        *declarations.outputs.values(),
        *declarations.modules.values(),
        *declarations.providers,
        *declarations.settings,
        *declarations.others,
    )
    names: set[str] = set()
    for _, setting in declarations.locals.values():
        names.update(name for name, _ in references(setting.node))
    pending = [block.section for block in placed]
    while pending:
        section = pending.pop()
        pending.extend(section.sections)
        for setting in section.settings:
            if not (section.type == "variable" and setting.name == "type"):
                names.update(name for name, _ in references(setting.node))
    return frozenset(names)
