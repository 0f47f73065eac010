"""Checks of what only Azure's network security rules have."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.addresses import network
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.firewall_rules import firewall_rules
from tools.terraform.clouds.model import may_be_null
from tools.terraform.language.model import Body, Module, UnknownValue, Value

# Of each of these one is given: the singular, the plural, or the groups.
PAIRS = (
    ("source_port_range", "source_port_ranges"),
    ("destination_port_range", "destination_port_ranges"),
    ("source_address_prefix", "source_address_prefixes", "source_application_security_group_ids"),
    ("destination_address_prefix", "destination_address_prefixes", "destination_application_security_group_ids"),
)


def one_of_each_pair_is_given(module: Module) -> Iterator[Problem]:
    """A network security rule has the singular or the plural of each pair, and not both.

    source_port_range or source_port_ranges, and so on; addresses may be application security groups instead. The
    schema has all of them optional, and Azure refuses the rule when it is applied. An empty list is not given.
    Write the plural for several, the singular for one, and `"*"` for any source port.
    Source: Azure SecurityRule; the provider's page of azurerm_network_security_rule.
    """
    for rule in firewall_rules(module):
        if rule.cloud != "azure":
            continue
        for names in PAIRS:
            given = [value for name in names if (value := rule.body.value(name)) and value.data != ()]
            doubtful = [value for value in given if may_be_null(value)]
            listed = " or ".join(names[:2])
            if doubtful and len(given) != 1 and isinstance(doubtful[0].data, UnknownValue):
                yield cannot_tell(doubtful[0].where, doubtful[0].data, f"exactly one of {listed} must be set")
            elif len(given) > 1:
                problems = " and ".join(value.where.path.rpartition(".")[2] for value in given)
                yield Problem(given[-1].where, f"{problems} are both set; keep one of them")
            elif not given:
                yield Problem(rule.where, f"neither {names[0]} nor {names[1]} is set; write one of them")


def service_tags_stand_alone(module: Module) -> Iterator[Problem]:
    """A service tag stands in the singular attribute, by itself.

    `Internet`, `VirtualNetwork`, `AzureLoadBalancer`, `Storage.WestEurope` and `*` are taken by source_address_prefix
    and destination_address_prefix; the plural attributes take addresses only.
    Write a rule for the tag and another for the addresses.
    Source: the provider's page of azurerm_network_security_rule, source_address_prefixes.
    """
    for rule in firewall_rules(module):
        for name in ("source_address_prefixes", "destination_address_prefixes") if rule.cloud == "azure" else ():
            for item in _items(rule.body, name):
                if (
                    isinstance(item.data, str)
                    and network(item.data) is None
                    and item.data[:1].isalpha() | (item.data == "*")
                ):
                    singular = name.removesuffix("es")
                    yield Problem(
                        item.where, f"`{item.data}` is a service tag; write it as {singular}, in a rule of its own"
                    )


def _items(body: Body, name: str) -> tuple[Value, ...]:
    value = body.value(name)
    return value.items() if value else ()


CHECKS: tuple[Check[Module], ...] = (one_of_each_pair_is_given, service_tags_stand_alone)
SEVERITIES: Severities = {
    one_of_each_pair_is_given: (Severity.ERROR, Severity.NOTE),
}
