"""Checks of what a Terraform module declares: variables, outputs, local values, data sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tools.findings.model import Check, Problem, Severities, Severity, Where
from tools.manifests.addresses import ALL_IPV4, ALL_IPV6, network
from tools.terraform.clouds.model import FirewallPeer, everywhere
from tools.terraform.language.model import InputVariable, Module, UnknownValue, Value
from tools.terraform.rules.exposure import all_public, smallest_covering

# Names of variables that hold something of a network; the rest of a name may be anything.
_NETWORK_NAME = re.compile(
    r"(^|_)(cidrs?|(ip|source|destination|address)_(ranges?|prefix(es)?)|ranges|ports?|domains|fqdns?|addresses)(_|$)"
)


_SIMPLE = re.compile(r"(?:(?:list|set|map)\()?(string|number)\)?")


_WORLD_WORDS = ("*", "any", "internet")


def variables_are_typed(module: Module) -> Iterator[Problem]:
    """Every variable has a type, and no type is `any`.

    Without one a list where a string is meant is found, if at all, where it is used.
    Write `type = list(string)`, or an object with optional() fields.
    Peers: tflint terraform_typed_variables.
    Source: Terraform language, input variables, "Type constraints".
    """
    for inner_module in module.walk():
        for variable in inner_module.variables.values():
            if variable.type in ("", "any"):
                message = f"var.{variable.name} has no type; write one, such as list(string)"
                yield Problem(variable.where, message, Severity.WARNING)


def declarations_are_described(module: Module) -> Iterator[Problem]:
    """Every variable and every output says what it is.

    `terraform plan`, registries and generated documentation print it, and nothing else.
    Write `description`.
    Peers: tflint terraform_documented_variables terraform_documented_outputs.
    Source: Terraform style guide, variables and outputs.
    """
    for inner_module in module.walk():
        problems = [(f"var.{item.name}", item.body, item.where) for item in inner_module.variables.values()]
        problems.extend((f"output.{item.name}", item.body, item.where) for item in inner_module.outputs.values())
        for name, body, where in problems:
            if body.data("description", "") == "":
                yield Problem(where, f"{name} has no description; write one", Severity.WARNING)


def declarations_are_used(module: Module) -> Iterator[Problem]:
    """Every variable, local value and data source is used.

    An input that changes nothing is believed to change something: `allowed_cidrs` that no rule reads.
    Use it, or remove it.
    Peers: tflint terraform_unused_declarations.
    Source: Terraform style guide.
    """
    for inner_module in module.walk():
        problems: list[tuple[str, Where]] = [
            (f"var.{name}", item.where) for name, item in inner_module.variables.items()
        ]
        problems.extend((f"local.{name}", item.where) for name, item in inner_module.locals.items())
        problems.extend(
            (f"data.{item.type}.{item.name}", item.where) for item in inner_module.resources if item.mode == "data"
        )
        for name, where in dict.fromkeys(problems):
            if not any(reference == name or reference.startswith(f"{name}.") for reference in inner_module.references):
                yield Problem(where, f"{name} is not used; use it or remove it", Severity.WARNING)


def network_inputs_are_validated(module: Module) -> Iterator[Problem]:
    """An input that holds ranges, ports or domains says which ones it takes.

    Without a validation, the cloud refuses `10.0.0.1/8`, port 80000 and `https://…` half-way through an apply, and
    nobody refuses `0.0.0.0/0`.
    Write a validation block: can(cidrhost(…)), a range of ports, a pattern of names.
    Source: Terraform language, custom conditions.
    """
    for inner_module in module.walk():
        for variable in inner_module.variables.values():
            if _of_network(variable) and variable.validations == 0:
                message = f"var.{variable.name} accepts any value; write a validation block"
                yield Problem(variable.where, message, Severity.WARNING)


def network_inputs_do_not_default_to_the_world(module: Module) -> Iterator[Problem]:
    """No input opens a firewall to the world when it is not set.

    Whoever forgets to set the input opens the firewall.
    Write no default, or an empty list.
    Peers: KICS 4728cd65.
    Source: NIST SP 800-41, deny by default.
    """
    for inner_module in module.walk():
        for variable in inner_module.variables.values():
            if text := world_of(variable):
                where = variable.default.where if variable.default else variable.where
                yield Problem(where, f"var.{variable.name} is {text} by default; write no default, or []")


def world_of(variable: InputVariable) -> str:
    """What of a variable's default is the world, "" when nothing is."""
    texts = list(_strings(variable.default.data)) if variable.default else []
    named = bool(_NETWORK_NAME.search(variable.name))
    peers = []
    for text in texts:
        net = network(text)
        if (net and everywhere(net)) or (named and text.lower() in _WORLD_WORDS):
            return text
        if net:
            peers.append(FirewallPeer(Value(text, variable.where), (net,)))
    for whole in (ALL_IPV4, ALL_IPV6):
        mine = [peer for peer in peers if peer.nets[0].version == whole.version]
        if len(mine) > 1 and all_public(whole, [net for peer in mine for net in peer.nets]):
            return f"{', '.join(peer.text for peer in smallest_covering(whole, mine))}, together everybody,"
    return ""


def _of_network(variable: InputVariable) -> bool:
    """Whether a variable holds ranges, ports or domains: by its name, and by a type that can hold them."""
    kind = _SIMPLE.fullmatch(variable.type.replace(" ", ""))
    if not kind or not _NETWORK_NAME.search(variable.name) or variable.name.startswith("number_of_"):
        return False
    return kind[1] == "string" or "port" in variable.name


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, tuple):
        for item in data:
            yield from _strings(item)
    elif isinstance(data, dict):
        for item in data.values():
            yield from _strings(item)
    elif isinstance(data, UnknownValue):
        return


CHECKS: tuple[Check[Module], ...] = (
    variables_are_typed,
    declarations_are_described,
    declarations_are_used,
    network_inputs_are_validated,
    network_inputs_do_not_default_to_the_world,
)
SEVERITIES: Severities = {
    variables_are_typed: (Severity.WARNING,),
    declarations_are_described: (Severity.WARNING,),
    declarations_are_used: (Severity.WARNING,),
    network_inputs_are_validated: (Severity.WARNING,),
}
