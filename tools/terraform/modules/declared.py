"""References to what is not declared."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tools.findings.model import Problem, Where
from tools.terraform.language import tree
from tools.terraform.language.model import Fault
from tools.terraform.language.references import references
from tools.terraform.modules.directory import Directory

DECLARED = "terraform-references-are-declared"
_ALWAYS = frozenset({"path", "terraform", "self", "ephemeral"})
# Attributes that hold names of other things, or that are read elsewhere.
_NAMES = frozenset({"provider", "providers", "ignore_changes", "replace_triggered_by", "type", "iterator"})


def undeclared(directory: Directory) -> Iterator[Fault]:
    """Each reference to a variable, local, module or resource that the directory does not declare."""
    for file, setting in directory.locals.values():
        yield from _setting(directory, file, setting, frozenset())
    for placed in (
        *directory.resources.values(),
        *directory.modules.values(),
        *directory.outputs.values(),
        *directory.providers,
        *directory.variables.values(),
    ):
        section = placed.section
        bound = {"each"} if section.setting("for_each") else set()
        bound |= {"count"} if section.setting("count") else set()
        yield from _section(directory, placed.file, section, frozenset(bound))


def _section(directory: Directory, file: str, section: tree.Section, bound: frozenset[str]) -> Iterator[Fault]:
    if section.type == "dynamic" and section.labels:
        iterator = section.setting("iterator")
        own = iterator.node.name if iterator and isinstance(iterator.node, tree.Name) else section.labels[0]
    # What triggers an action, and which one: names of Terraform's own.
    for setting in section.settings if section.type != "action_trigger" else ():
        if setting.name in _NAMES and section.type not in ("local",) and not _is_value(section, setting.name):
            continue
        yield from _setting(directory, file, setting, bound)
    for inner in section.sections:
        within = bound | {own} if section.type == "dynamic" and section.labels else bound
        yield from _section(directory, file, inner, within)


def _is_value(section: tree.Section, name: str) -> bool:
    """Whether it is `type` as an ordinary attribute, not as that of a variable."""
    return name == "type" and section.type != "variable"


def _setting(directory: Directory, file: str, setting: tree.BlockSetting, bound: frozenset[str]) -> Iterator[Fault]:
    try:
        for name, line in references(setting.node, bound):
            if message := _message(directory, name):
                yield Fault(DECLARED, Problem(Where(file, name, line), message))
    except RecursionError:
        return


def _message(directory: Directory, name: str) -> str:
    words = name.split(".")
    root, first = words[0], words[1] if len(words) > 1 else ""
    if root in _ALWAYS:
        return ""
    if root in ("each", "count"):
        block = "for_each" if root == "each" else "count"
        return f"{root} is defined only in a block with {block}"
    if root in ("var", "local", "module"):
        declared: dict[str, Collection[str]] = {
            "var": directory.variables,
            "local": directory.locals,
            "module": directory.modules,
        }
        return "" if first in declared[root] else f"{root}.{first} is not declared"
    if root == "data":
        known = len(words) > 2 and ("data", words[1], words[2]) in directory.resources
        return "" if known else f"{'.'.join(words[:3])} is not declared"
    if not first:
        return f"`{name}` is not a reference; write text in quotes"
    return "" if ("resource", root, first) in directory.resources else f"{root}.{first} is not declared"
