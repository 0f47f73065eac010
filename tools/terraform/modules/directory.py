"""A directory's files, parsed, and what they declare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tools.findings.model import Problem, Where
from tools.terraform.language import tree
from tools.terraform.language.json_syntax import parse_json
from tools.terraform.language.model import Comment, Fault
from tools.terraform.language.syntax import READABLE, ParsedFile, parse
from tools.terraform.modules.overrides import Placed, merged, merged_settings
from tools.terraform.modules.sources import Unreadable

UNIQUE = "terraform-names-are-unique"
KINDS = (
    "resource", "data", "variable", "output", "locals", "module", "provider", "terraform",
    "moved", "import", "removed", "check", "ephemeral", "action",
)  # fmt: skip
_LABELS = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "action": 2,
    "variable": 1,
    "output": 1,
    "module": 1,
    "provider": 1,
    "locals": 0,
    "terraform": 0,
}
Entry = TypeVar("Entry")


@dataclass(slots=True)
class Directory:
    """What the files of one directory declare. `path` is as the user types it."""

    path: str
    resources: dict[tuple[str, str, str], Placed] = field(default_factory=dict)
    variables: dict[str, Placed] = field(default_factory=dict)
    outputs: dict[str, Placed] = field(default_factory=dict)
    modules: dict[str, Placed] = field(default_factory=dict)
    locals: dict[str, tuple[str, tree.BlockSetting]] = field(default_factory=dict)
    providers: list[Placed] = field(default_factory=list)
    settings: list[Placed] = field(default_factory=list)
    others: list[Placed] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()

    def fault(self, kind: str, file: str, line: int, message: str, path: str = "") -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, Problem(Where(file, path, line), message)))


def parsed(text: str, file: str) -> ParsedFile:
    """A file of either syntax, parsed."""
    return (parse_json if file.endswith(".json") else parse)(text, file)


def read(
    path: str, texts: Mapping[str, str | Unreadable], parser: Callable[[str, str], ParsedFile] = parsed
) -> Directory:
    """Parse the Terraform files of a directory; `parser` parses one of them."""
    directory = Directory(path, names=frozenset(texts))
    overriding: list[ParsedFile] = []
    for name in sorted(texts):
        if not name.endswith((".tf", ".tf.json")):
            continue
        file = name if path in ("", ".") else f"{path.rstrip('/')}/{name}"
        text = texts[name]
        if isinstance(text, Unreadable):
            directory.fault(READABLE, file, 0, f"it cannot be read: {text.reason}")
            continue
        try:
            content = parser(text, file)
        except Exception as error:
            directory.fault(
                READABLE, file, 0, f"it cannot be read: internal error (please report): {type(error).__name__}: {error}"
            )
            continue
        if name.removesuffix(".json").removesuffix(".tf").rpartition("_")[2] == "override":
            overriding.append(content)
        else:
            _collect(directory, content)
    for content in overriding:
        _override(directory, content)
    return directory


def _override(directory: Directory, file: ParsedFile) -> None:
    """Merge an override file, as Terraform does: what it declares replaces what is declared already."""
    for section in _sections(directory, file):
        placed = Placed(file.name, section)
        if section.type == "locals":
            for setting in section.settings:
                directory.locals[setting.name] = (file.name, setting)
        elif section.type == "terraform":
            directory.settings[:] = merged_settings(directory.settings, placed)
        elif section.type == "provider":
            directory.providers[:] = _overridden_providers(directory.providers, placed)
        elif section.type in ("resource", "data", "variable", "output", "module"):
            target, key = _target(directory, section)
            if key in target:
                target[key] = Placed(target[key].file, merged(target[key].section, section, file.name))
            else:
                name = " ".join((section.type, *section.labels))
                message = f"there is no {name} to override; declare it in a file that is no override"
                directory.fault(READABLE, file.name, section.line, message)
        else:
            _declare(directory, placed)


def _target(directory: Directory, section: tree.Section) -> tuple[dict[Any, Placed], Any]:
    if section.type in ("resource", "data"):
        return directory.resources, (section.type, *section.labels)
    every = {"variable": directory.variables, "output": directory.outputs, "module": directory.modules}
    return every[section.type], section.labels[0]


def _overridden_providers(providers: list[Placed], placed: Placed) -> list[Placed]:
    def key(section: tree.Section) -> Any:
        alias = section.setting("alias")
        return section.labels, alias.node.value if alias and isinstance(alias.node, tree.Literal) else None

    if not any(key(other.section) == key(placed.section) for other in providers):
        return [*providers, placed]
    return [
        Placed(other.file, merged(other.section, placed.section, placed.file))
        if key(other.section) == key(placed.section)
        else other
        for other in providers
    ]


def _collect(directory: Directory, file: ParsedFile) -> None:
    for section in _sections(directory, file):
        _declare(directory, Placed(file.name, section))


def _sections(directory: Directory, file: ParsedFile) -> Iterator[tree.Section]:
    """The blocks of a file that Terraform knows; what is wrong with the others is among the faults."""
    directory.faults.extend(file.faults)
    directory.comments.extend(file.comments)
    directory.lines[file.name] = file.lines
    for setting in file.body.settings:
        directory.fault(
            READABLE, file.name, setting.line, f"`{setting.name} =` is not inside a block; write locals {{ … }}"
        )
    for section in file.body.sections:
        if section.type not in KINDS:
            directory.fault(READABLE, file.name, section.line, f"`{section.type}` is not a block type of Terraform")
        elif len(section.labels) != _LABELS.get(section.type, len(section.labels)):
            expected = _LABELS[section.type]
            directory.fault(
                READABLE, file.name, section.line, f"`{section.type}` has {expected} labels before its brace"
            )
        else:
            yield section
        for name, line, first in _repeated(section):
            directory.fault(UNIQUE, file.name, line, f"`{name}` is set twice, first on line {first}; keep one", name)


def _repeated(section: tree.Section) -> Iterator[tuple[str, int, int]]:
    seen: dict[str, int] = {}
    for setting in section.settings:
        if setting.name in seen:
            yield setting.name, setting.line, seen[setting.name]
        seen.setdefault(setting.name, setting.line)
    for inner in section.sections:
        yield from _repeated(inner)


def _declare(directory: Directory, placed: Placed) -> None:
    section = placed.section
    if section.type == "locals":
        for setting in section.settings:
            _once(directory, directory.locals, setting.name, (placed.file, setting), setting.line, placed.file, "local")
    elif section.type in ("resource", "data", "ephemeral"):
        key = (section.type, *section.labels)
        _once(
            directory,
            directory.resources,
            key,
            placed,
            section.line,
            placed.file,
            f"{section.type} {section.labels[0]}",
        )
    elif section.type == "provider":
        directory.providers.append(placed)
    elif section.type == "terraform":
        directory.settings.append(placed)
    elif section.type in ("variable", "output", "module"):
        target: Any = {"variable": directory.variables, "output": directory.outputs, "module": directory.modules}[
            section.type
        ]
        _once(directory, target, section.labels[0], placed, section.line, placed.file, section.type)
    else:
        directory.others.append(placed)


def _once(
    directory: Directory, target: dict[Any, Entry], key: Any, value: Entry, line: int, file: str, kind: str
) -> None:
    name = key[-1] if isinstance(key, tuple) else key
    if key in target:
        directory.fault(UNIQUE, file, line, f"{kind} {name} is declared twice; keep one", str(name))
    else:
        target[key] = value
