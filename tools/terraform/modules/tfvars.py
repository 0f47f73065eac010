"""Values of variables from tfvars files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.findings.model import Problem, Where
from tools.terraform.language.evaluate import Environment, evaluate
from tools.terraform.language.json_syntax import constants
from tools.terraform.language.model import Fault, UnknownValue
from tools.terraform.language.numbers import InexactError
from tools.terraform.language.places import MalformedError, Text
from tools.terraform.language.syntax import READABLE, parse
from tools.terraform.language.values import EvaluationError, from_data
from tools.terraform.modules.sources import Unreadable


@dataclass(frozen=True, slots=True)
class TfvarsFile:
    """The values of a file, by variable, each with its place; and what is wrong with the file."""

    file: str
    values: Mapping[str, tuple[Any, Where]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


class _NoNames:
    """tfvars files hold no references and no functions."""

    def resolve(self, root: str, steps: Any, env: Environment) -> tuple[Any, int]:
        raise EvaluationError(f"`{root}` is not a constant; a tfvars file can hold only constants")

    def call(self, name: str, arguments: Any) -> Any:
        raise EvaluationError(f"{name}(…) is not a constant; a tfvars file can hold only constants")


def read(text: str, file: str) -> TfvarsFile:
    """Read a .tfvars or .tfvars.json file."""
    return _json(text, file) if file.endswith(".json") else _native(text, file)


def automatic(path: str, texts: Mapping[str, str | Unreadable]) -> Iterator[TfvarsFile]:
    """The files that Terraform reads by itself, in its order."""
    names = [name for name in ("terraform.tfvars", "terraform.tfvars.json") if name in texts]
    names += sorted(name for name in texts if name.endswith((".auto.tfvars", ".auto.tfvars.json")))
    for name in names:
        file = name if path in ("", ".") else f"{path.rstrip('/')}/{name}"
        text = texts[name]
        if isinstance(text, Unreadable):
            yield TfvarsFile(file, {}, (_fault(file, 0, f"it cannot be read: {text.reason}"),))
        else:
            yield read(text, file)


def _fault(file: str, line: int, message: str) -> Fault:
    return Fault(READABLE, Problem(Where(file, "", line), message))


def _native(text: str, file: str) -> TfvarsFile:
    parsed = parse(text, file)
    values: dict[str, tuple[Any, Where]] = {}
    faults = list(parsed.faults)
    env = Environment(_NoNames())
    for setting in parsed.body.settings:
        try:
            values[setting.name] = (evaluate(setting.node, env), Where(file, setting.name, setting.line))
        except EvaluationError as error:
            faults.append(_fault(file, setting.line, str(error)))
        except RecursionError:
            faults.append(_fault(file, setting.line, "nested too deep"))
    faults.extend(
        _fault(file, section.line, "a block in a tfvars file; write NAME = VALUE") for section in parsed.body.sections
    )
    return TfvarsFile(file, values, tuple(faults))


def _json(text: str, file: str) -> TfvarsFile:
    try:
        data = constants(text, file)
    except MalformedError as error:
        return TfvarsFile(file, {}, (_fault(file, Text(text, file).line(error.offset), str(error)),))
    if not isinstance(data, dict):
        return TfvarsFile(file, {}, (_fault(file, 1, "the file does not hold a JSON object"),))
    return TfvarsFile(file, {name: (_value(item), Where(file, name, 1)) for name, item in data.items()})


def _value(data: Any) -> Any:
    try:
        return from_data(data)
    except (InexactError, RecursionError):
        return UnknownValue("it is too large or too deep to evaluate")
