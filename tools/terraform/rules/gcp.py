"""Checks of what only Google Cloud's firewall rules have."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.model import may_be_null
from tools.terraform.language.model import Module, ResourceInstance, UnknownValue, Value

POLICY_RULES = (
    "google_compute_firewall_policy_rule",
    "google_compute_network_firewall_policy_rule",
    "google_compute_region_network_firewall_policy_rule",
)
RULES = ("google_compute_firewall", *POLICY_RULES)
_TAGS = ("source_tags", "target_tags", "target_secure_tags")
_ACCOUNTS = ("source_service_accounts", "target_service_accounts")
_SOURCES = ("source_tags", "source_service_accounts")
_MATCH_SOURCES = ("src_secure_tags", "src_fqdns", "src_region_codes", "src_address_groups", "src_threat_intelligences")
_MATCH_TARGETS = ("dest_fqdns", "dest_region_codes", "dest_address_groups", "dest_threat_intelligences")


def tags_and_accounts_do_not_mix(module: Module) -> Iterator[Problem]:
    """A rule of Google Cloud selects machines by tags or by service accounts, never by both.

    source_tags and target_tags do not go with source_service_accounts and target_service_accounts, whichever side they
    are on, nor target_secure_tags with target_service_accounts. The API refuses it. Prefer service accounts: who may
    start a machine may give it any tag.
    Write two rules.
    Source: Compute Engine VPC firewall rules, "Filtering by service account vs. network tag".
    """
    for rule in module.everything(*RULES):
        tags, accounts = _given(rule, _TAGS), _given(rule, _ACCOUNTS)
        if tags and accounts:
            sure = [next((value for value in side if not may_be_null(value)), None) for side in (tags, accounts)]
            doubtful = next((value for value in (*tags, *accounts) if may_be_null(value)), None)
            first, second = (some or side[0] for some, side in zip(sure, (tags, accounts), strict=True))
            names = " and ".join(value.where.path.rpartition(".")[2] for value in (first, second))
            if None in sure and doubtful and isinstance(doubtful.data, UnknownValue):
                yield cannot_tell(doubtful.where, doubtful.data, f"{names} may both be set, and do not go together")
                continue
            accounts = [second]
            yield Problem(accounts[0].where, f"{names} are both set; write a rule for each")


def rules_allow_or_deny(module: Module) -> Iterator[Problem]:
    """A VPC firewall rule of Google Cloud has `allow` blocks or `deny` blocks.

    One with both, or with neither, is refused by the API, and not by the schema.
    Write one kind.
    Source: Compute Engine firewalls, `allowed[]` and `denied[]`; the provider's page of google_compute_firewall.
    """
    for rule in module.everything("google_compute_firewall"):
        allow, deny = rule.body.each("allow"), rule.body.each("deny")
        doubt = next((block.doubt for block in (*allow, *deny) if block.doubt), None)
        if doubt:
            yield cannot_tell(rule.where, doubt, "a rule takes `allow` blocks or `deny` blocks, not both")
        elif allow and deny:
            yield Problem(deny[0].where, "the rule has `allow` and `deny`; write a rule for each")
        elif not allow and not deny:
            yield Problem(rule.where, "the rule has neither `allow` nor `deny`; write one of them")


def sides_fit_their_direction(module: Module) -> Iterator[Problem]:
    """On Google Cloud sources by tag, account or name are for ingress, and destinations by name for egress.

    An egress rule's source is its target; what it is given beside that is refused. In a policy rule the same holds for
    the match: `src_…` lists other than ranges are for ingress, `dest_…` ones for egress.
    Write target_tags or target_service_accounts in an egress rule.
    Source: Compute Engine VPC firewall rules, "Source and destination"; network firewall policies, rule components.
    """
    for rule in module.everything(*RULES):
        direction = rule.body.data("direction", "INGRESS" if rule.type == "google_compute_firewall" else "")
        wrong: list[Value] = []
        if direction == "EGRESS":
            wrong = _given(rule, _SOURCES) + _matched(rule, _MATCH_SOURCES)
        elif direction == "INGRESS":
            wrong = _matched(rule, _MATCH_TARGETS)
        for value in wrong:
            if isinstance(value.data, UnknownValue) and may_be_null(value):
                continue
            name = value.where.path.rpartition(".")[2]
            yield Problem(value.where, f"{name} cannot be set in a rule of direction {direction}; remove it")


def rules_are_in_force(module: Module) -> Iterator[Problem]:
    """No firewall rule is written and switched off.

    `disabled = true` keeps a rule in the list and out of force: a deny that denies nothing reads like one that does.
    Remove the rule, or switch it on.
    Source: Compute Engine firewalls, `disabled`.
    """
    for rule in module.everything(*RULES):
        value = rule.body.value("disabled")
        if value and isinstance(value.data, UnknownValue):
            yield cannot_tell(value.where, value.data, "the rule may be switched off")
        elif value and value.data in (True, "true"):
            yield Problem(value.where, "the rule is switched off; remove it or switch it on", Severity.WARNING)


def rules_are_logged(module: Module) -> Iterator[Problem]:
    """Every firewall rule of Google Cloud logs what it decides.

    Without `log_config` a VPC firewall rule logs nothing, and without `enable_logging` a policy's rule; denied
    connections are then seen by nobody.
    Write `log_config { metadata = "INCLUDE_ALL_METADATA" }`, or `enable_logging = true` in a policy's rule.
    Source: Compute Engine firewall rules logging; CIS Google Cloud Foundations Benchmark, logging.
    """
    for rule in module.everything("google_compute_firewall"):
        if not rule.body.each("log_config"):
            message = 'the rule logs nothing; write log_config { metadata = "INCLUDE_ALL_METADATA" }'
            yield Problem(rule.where, message, Severity.WARNING)
    for rule in module.everything(*POLICY_RULES):
        value = rule.body.value("enable_logging")
        if value and isinstance(value.data, UnknownValue):
            yield cannot_tell(value.where, value.data, "the rule may log nothing")
        elif (not value or value.data not in (True, "true")) and rule.body.data("action") != "goto_next":
            where = value.where if value else rule.where
            yield Problem(where, "the rule logs nothing; write enable_logging = true", Severity.WARNING)


def _given(rule: ResourceInstance, names: tuple[str, ...]) -> list[Value]:
    values = [value for name in names if (value := rule.body.value(name)) and value.data != ()]
    blocks = [block for name in names for block in rule.body.blocks.get(name, ())]
    return values + [Value(block.type, block.where) for block in blocks]


def _matched(rule: ResourceInstance, names: tuple[str, ...]) -> list[Value]:
    return [
        value for match in rule.body.each("match") for name in names for value in match.body.find(name) if value.data
    ]


CHECKS: tuple[Check[Module], ...] = (
    tags_and_accounts_do_not_mix,
    rules_allow_or_deny,
    sides_fit_their_direction,
    rules_are_in_force,
    rules_are_logged,
)
SEVERITIES: Severities = {
    tags_and_accounts_do_not_mix: (Severity.ERROR, Severity.NOTE),
    rules_allow_or_deny: (Severity.ERROR, Severity.NOTE),
    rules_are_in_force: (Severity.WARNING, Severity.NOTE),
    rules_are_logged: (Severity.WARNING, Severity.NOTE),
}
