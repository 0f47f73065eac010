"""Checks of what a Terraform module depends on: providers, and the modules that it calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tools.findings.model import Check, Problem, Severities, Severity, Where
from tools.terraform.language.model import Module

CLOUDS: Mapping[str, str] = {"aws": "AWS", "google": "Google Cloud", "google-beta": "Google Cloud", "azurerm": "Azure"}


_LOCAL = ("./", "../")


def providers_are_pinned(module: Module) -> Iterator[Problem]:
    """A module says which Terraform and which providers it is written for.

    Without `required_version` and `required_providers` the newest of each is taken on the day of the first init, next
    year's major version included. A module gives ranges; the lock file of whoever applies it gives exact versions.
    Write `required_version = ">= 1.9"`, and source and version for each provider.
    Peers: tflint terraform_required_version terraform_required_providers.
    Source: Terraform language, provider requirements and version constraints.
    """
    for inner_module in module.walk():
        first = _first(inner_module)
        if first is None:
            continue
        if inner_module.required_version is None and (
            inner_module.resources or inner_module.calls or inner_module.variables
        ):
            yield Problem(
                first, 'no required_version; write terraform { required_version = ">= 1.9" }', Severity.WARNING
            )
        for name, where in _providers(inner_module).items():
            requirement = inner_module.requirements.get(name)
            # The beta provider has the same resource types.
            if requirement is None and f"{name}-beta" not in inner_module.requirements:
                yield Problem(where, f"provider {name} is not in required_providers; add it", Severity.WARNING)
        for requirement in inner_module.requirements.values():
            missing = [key for key in ("source", "version") if not getattr(requirement, key)]
            if missing:
                message = f"provider {requirement.name} has no {' and no '.join(missing)}; write it"
                yield Problem(requirement.where, message, Severity.WARNING)


def modules_are_pinned(module: Module) -> Iterator[Problem]:
    """A module from elsewhere is taken at one version.

    A branch, or a registry's newest, is other people's code that changes under a plan; a tag can be moved, a commit
    cannot.
    Write `version = "5.3.1"` for a registry's module, and `?ref=` with a commit, or a tag, for git.
    Peers: checkov CKV_TF_1 CKV_TF_2; tflint terraform_module_pinned_source terraform_module_version.
    Source: Terraform language, module sources.
    """
    for inner_module in module.walk():
        for call in inner_module.calls:
            source = call.source
            if not source or source.startswith(_LOCAL):
                continue
            where = value.where if (value := call.body.value("source")) else call.where
            if _registry(source):
                if not call.version:
                    yield Problem(where, 'the module has no version; write one, such as "5.3.1"', Severity.WARNING)
                elif not re.fullmatch(r"=?\s*\d+\.\d+\.\d+", call.version):
                    message = f"`{call.version}` is a range, and lock files do not pin modules; write one version"
                    yield Problem(where, message, Severity.NOTE)
            elif "ref=" not in source and "checksum=" not in source:
                yield Problem(where, f"`{source}` has no fixed revision; write ?ref=COMMIT", Severity.WARNING)
            elif (ref := source.partition("ref=")[2].partition("&")[0]) in ("main", "master", "HEAD", "develop", ""):
                yield Problem(where, f"`{ref}` is a branch, and moves; write ?ref=COMMIT", Severity.WARNING)


def modules_are_looked_into(module: Module) -> Iterator[Problem]:
    """What a module opens is known only if its source is in the tree.

    A module from a registry or from git is not in this tree, and nothing is downloaded: what it opens is in no other
    finding.
    Write a copy of it into the tree, or judge it where it is kept.
    Source: Terraform language, module sources.
    """
    for inner_module in module.walk():
        for call in inner_module.calls:
            if call.module is None and call.source and not call.source.startswith(_LOCAL):
                message = f"cannot tell: module.{call.name} comes from {call.source}, which is not here; what it opens"
                yield Problem(call.where, f"{message} is not checked", Severity.NOTE)


def modules_hold_no_provider(module: Module) -> Iterator[Problem]:
    """A module that others call holds no provider block.

    It could be called with neither count nor for_each, nor be taken out while its provider is needed to destroy what it
    made.
    Write the provider block where the module is called.
    Source: Terraform language, providers within modules.
    """
    for inner_module in module.walk():
        if inner_module.address or "modules" in inner_module.directory.replace("\\", "/").split("/"):
            for provider in inner_module.providers:
                yield Problem(
                    provider.where, f"a provider block in a module; write it where {inner_module.directory} is called"
                )


def one_cloud_a_module(module: Module) -> Iterator[Problem]:
    """A module needs the provider of one cloud.

    Whoever calls it must configure all of its providers, credentials included, even if `count` is 0 for two of three.
    Write a directory for each cloud.
    Source: Terraform language, providers within modules; hashicorp/terraform issue 31340.
    """
    for inner_module in module.walk():
        places: dict[str, Where] = {}
        for name, where in _providers(inner_module).items():
            if name in CLOUDS:
                places.setdefault(CLOUDS[name], where)
        for requirement in inner_module.requirements.values():
            if requirement.name in CLOUDS:
                places.setdefault(CLOUDS[requirement.name], requirement.where)
        if len(places) > 1:
            message = f"{' and '.join(sorted(places))} in one module: its users need both; write a directory for each"
            yield Problem([*places.values()][-1], message)


def _first(module: Module) -> Where | None:
    """The place of a finding about what is missing: the first line of the module's main file."""
    if not module.sources:
        return None
    names = sorted(module.sources)
    for ending in ("versions.tf", "main.tf"):
        for name in names:
            if name.endswith(ending):
                return Where(name, "terraform", 1)
    return Where(names[0], "terraform", 1)


def _providers(module: Module) -> dict[str, Where]:
    """The providers that resources here need, each with the first place."""
    providers: dict[str, Where] = {}
    for resource in module.resources:
        written = resource.body.value("provider")
        reference = next(iter(written.refs), "") if written else ""
        name = reference.partition(".")[0] or resource.type.partition("_")[0]
        if name != "terraform":
            providers.setdefault(name, resource.where)
    return providers


def _registry(source: str) -> bool:
    parts = source.partition("//")[0].split("/")
    return (
        "::" not in source
        and len(parts) in (3, 4)
        and all(re.fullmatch(r"[\w.-]+", part) for part in parts)
        and (len(parts) == 4 or "." not in parts[0])
    )


CHECKS: tuple[Check[Module], ...] = (
    providers_are_pinned,
    modules_are_pinned,
    modules_are_looked_into,
    modules_hold_no_provider,
    one_cloud_a_module,
)
SEVERITIES: Severities = {
    providers_are_pinned: (Severity.WARNING,),
    modules_are_pinned: (Severity.WARNING, Severity.NOTE),
    modules_are_looked_into: (Severity.NOTE,),
}
