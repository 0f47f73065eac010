"""Merges blocks with those of override files. Source: Terraform's documentation of override files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tools.terraform.language import tree

# Blocks that are merged into the existing one, attribute by attribute.
_MERGED = ("lifecycle", "required_providers")


@dataclass(frozen=True, slots=True)
class Placed:
    """A block at the top level of a file, and the file."""

    file: str
    section: tree.Section


def merged(base: tree.Section, over: tree.Section, file: str) -> tree.Section:
    """The block with the attributes of an override; blocks of the override replace all of their type."""
    theirs = [replace(setting, file=file) for setting in over.settings]
    settings = {setting.name: setting for setting in (*base.settings, *theirs)}
    sections = tuple(_sections(base.sections, [replace(section, file=file) for section in over.sections]))
    return replace(base, settings=tuple(settings.values()), sections=sections)


def _sections(base: Sequence[tree.Section], over: Sequence[tree.Section]) -> Iterable[tree.Section]:
    replaced = {_kind(section) for section in over if section.type not in _MERGED}
    again = {section.type: section for section in over if section.type in _MERGED}
    for section in base:
        if section.type in again:
            over_again = again.pop(section.type)
            yield merged(section, over_again, over_again.file)
        elif _kind(section) not in replaced:
            yield section
    yield from (section for section in over if section.type not in _MERGED or section.type in again)


def _kind(section: tree.Section) -> str:
    """The type that a block counts as: a dynamic block as the type that it makes, `cloud` as a backend."""
    if section.type == "dynamic" and section.labels:
        return section.labels[0]
    return "backend" if section.type in ("backend", "cloud") else section.type


def merged_settings(settings: Sequence[Placed], over: Placed) -> list[Placed]:
    """The `terraform` blocks of a module with one of an override file, which replaces attributes and providers."""
    if not settings:
        return [over]
    names = {setting.name for setting in over.section.settings}
    kinds = {_kind(section) for section in over.section.sections if section.type not in _MERGED}
    providers = {
        setting.name
        for section in over.section.sections
        if section.type == "required_providers"
        for setting in section.settings
    }
    kept = []
    for placed in settings:
        sections = [
            replace(section, settings=tuple(item for item in section.settings if item.name not in providers))
            if section.type == "required_providers"
            else section
            for section in placed.section.sections
            if _kind(section) not in kinds
        ]
        rest = tuple(setting for setting in placed.section.settings if setting.name not in names)
        kept.append(Placed(placed.file, replace(placed.section, settings=rest, sections=tuple(sections))))
    return [*kept, over]
