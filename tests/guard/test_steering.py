"""What the guard answers for listed names: the proxy's own address, and nothing that would lead past it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.guard import message
from tests.guard.cluster_dns import ClusterDns
from tests.guard.conftest import DATABASE_PROXY, PROXY, Start
from tests.guard.program import Guard, until

EGRESS: dict[str, Any] = {
    "domains": [
        "*.openai.com",
        "*.eu.openai.com",
        "api.openai.com",
        "api.anthropic.com",
        "both.example",
        "*.both.example",
        "deep.of.partner.example",
        {"name": "store.example", "workloads": ["database"]},
        {"name": "ends.partner.example", "expires": "2199-01-01"},
    ],
    "internal": [
        {"name": "http.corp.example", "cidrs": ["10.20.0.0/16"], "ports": [8080], "protocol": "http"},
        {"name": "tcp.corp.example", "cidrs": ["10.20.0.0/16"], "ports": [5432], "protocol": "tcp"},
    ],
}
VALUES: dict[str, Any] = {"dnsGuard": {"enabled": True, "steering": {"enabled": True}}, "egress": EGRESS}
STEERED = (
    "api.openai.com",
    "a.b.c.openai.com",
    "x.eu.openai.com",
    "eu.openai.com",
    "API.OpenAI.com",
    "api.anthropic.com",
    "both.example",
    "x.both.example",
    "deep.of.partner.example",
    "ends.partner.example",
    "http.corp.example",
    "tcp.corp.example",
)
# There, without records: a client that caches by RFC 8020 must not take what is below for absent.
EMPTY = (
    "openai.com",
    "com",
    "anthropic.com",
    "partner.example",
    "of.partner.example",
    "corp.example",
    "example",
    "local",
)
REFUSED = (
    "notopenai.com",
    "sub.api.anthropic.com",
    "other.anthropic.com",
    "x.deep.of.partner.example",
    "store.example",
    "evil.test",
    "1.0.96.10.in-addr.arpa",
)


@pytest.fixture
def guard(start: Start) -> Guard:
    return start(VALUES)


def test_listed_names_are_the_proxys_address(guard: Guard, cluster_dns: ClusterDns) -> None:
    asked = len(cluster_dns.asked)
    assert {name: guard.ask(name).addresses for name in STEERED} == {key: [PROXY] for key in STEERED}
    assert guard.ask_by_tcp("api.openai.com").addresses == [PROXY]
    assert {name for name, _ in cluster_dns.asked[asked:]} == {"sark-sark-network-out-gateway.sark.svc.cluster.local"}


def test_the_answer_is_for_the_name_that_was_asked_for_and_is_kept_for_seconds(guard: Guard) -> None:
    (record,) = guard.ask("API.openai.COM").answers
    assert (record.name.lower(), record.ttl) == ("api.openai.com", 5)


@pytest.mark.parametrize("kind", ["AAAA", "HTTPS", "SVCB", "TXT", "NULL", "MX", "SRV", "ANY", "TYPE4711"])
def test_other_types_have_no_records(guard: Guard, cluster_dns: ClusterDns, kind: str) -> None:
    """No keys for ECH and no addresses past the proxy; nor NXDOMAIN, which would say that A does not exist."""
    before = len(cluster_dns.forwarded)
    for name in ("c2VjcmV0.openai.com", "api.anthropic.com", "both.example"):
        reply = guard.ask(name, kind)
        assert (reply.code, reply.answers) == ("NOERROR", ())
    assert cluster_dns.forwarded[before:] == []


def test_the_proxys_ipv6_address_is_an_answer_too(start: Start, cluster_dns: ClusterDns) -> None:
    host = "sark-sark-network-out-gateway.sark.svc.cluster.local"
    guard = start(VALUES)
    cluster_dns.services[host] = "fd00::77"
    try:
        assert guard.ask("api.openai.com", "AAAA").addresses == ["fd00::77"]
        assert (guard.ask("api.openai.com").code, guard.ask("api.openai.com").addresses) == ("NOERROR", [])
    finally:
        cluster_dns.services[host] = PROXY


def test_what_is_above_a_listed_name_is_there_and_has_no_records(guard: Guard) -> None:
    assert {name: (guard.ask(name).code, guard.ask(name).answers) for name in EMPTY} == dict.fromkeys(
        EMPTY, ("NOERROR", ())
    )


def test_other_names_are_refused_and_go_nowhere(guard: Guard, cluster_dns: ClusterDns) -> None:
    asked = len(cluster_dns.asked)
    assert {name: guard.ask(name).code for name in REFUSED} == dict.fromkeys(REFUSED, "NXDOMAIN")
    assert guard.ask("version.openai.com", "TXT", "CH").code == "REFUSED"
    assert cluster_dns.asked[asked:] == []


def test_each_workload_has_its_own_list_and_proxy_address(guard: Guard) -> None:
    assert guard.ask("store.example", part="database").addresses == [DATABASE_PROXY]
    assert guard.ask("api.openai.com", part="database").code == "NXDOMAIN"
    assert guard.ask("api.openai.com", part="frontend").code == "NXDOMAIN"


def test_a_name_comes_and_goes_with_the_list(guard: Guard) -> None:
    assert guard.ask("new.example").code == "NXDOMAIN"
    guard.update({**VALUES, "egress": {"domains": ["new.example"]}})
    until(lambda: guard.ask("new.example").addresses == [PROXY])
    assert guard.ask("api.anthropic.com").code == "NXDOMAIN"


def test_audit_leads_every_name_to_the_proxy_and_logs_it(start: Start, cluster_dns: ClusterDns) -> None:
    guard = start({**VALUES, "egress": {**EGRESS, "mode": "audit"}})
    before = len(cluster_dns.forwarded)
    names = ("evil.test", "openai.com", "sub.api.anthropic.com", "api.openai.com")
    assert {name: guard.ask(name).addresses for name in names} == {key: [PROXY] for key in names}
    assert guard.ask("kubernetes.default.svc.cluster.local").addresses == ["10.96.0.1"]
    until(lambda: any("workload=gateway verdict=audit" in it and "name=evil.test." in it for it in guard.log()))
    assert cluster_dns.forwarded[before:] == []


def test_audit_without_steering_lets_names_through_and_logs_them(start: Start, cluster_dns: ClusterDns) -> None:
    guard = start({"dnsGuard": {"enabled": True}, "egress": {"mode": "audit"}})
    before = len(cluster_dns.forwarded)
    assert guard.ask("evil.test").addresses == ["203.0.113.66"]
    assert cluster_dns.forwarded[before:] == [("evil.test", message.TYPES["A"])]
    until(lambda: any("workload=gateway verdict=audit" in it and "name=evil.test." in it for it in guard.log()))


def test_thousands_of_names_are_served(start: Start) -> None:
    names = [f"host-{number}.zone-{number % 97}.example" for number in range(2_000)]
    guard = start({**VALUES, "egress": {"domains": names}, "proxy": {"maxConnections": 1000}})
    assert guard.ask(names[0]).addresses == guard.ask(names[-1]).addresses == [PROXY]
    assert guard.ask("host-0.zone-1.example").code == "NXDOMAIN"
    assert guard.memory() < 128 * 1024 * 1024


NAMED: dict[str, Any] = {"dnsGuard": {**VALUES["dnsGuard"], "names": ["ldap.corp.example"]}}


def test_a_name_that_is_resolved_may_have_steered_names_below_it(start: Start, cluster_dns: ClusterDns) -> None:
    """A directory's domain is a server's name itself, and a wildcard lists what is below it."""
    guard = start({**NAMED, "egress": {"domains": ["*.ldap.corp.example"]}})
    before = len(cluster_dns.forwarded)
    assert guard.ask("LDAP.corp.example").addresses == ["10.20.0.20"]
    assert guard.ask("dc1.LDAP.corp.example").addresses == [PROXY]
    assert guard.ask("c2VjcmV0.a.ldap.corp.example").addresses == [PROXY]
    for name in ("ldap.corp.example", "c2VjcmV0.ldap.corp.example"):
        assert (guard.ask(name, "TXT").code, guard.ask(name, "HTTPS").answers) == ("NOERROR", ())
    assert guard.ask("dc1.ldap.corp.example", part="frontend").code == "NXDOMAIN"
    assert guard.ask("xldap.corp.example").code == "NXDOMAIN"
    assert cluster_dns.forwarded[before:] == [("ldap.corp.example", message.TYPES["A"])]


@pytest.mark.parametrize("steered", [True, False])
def test_audit_refuses_no_name_below_one_that_is_resolved(start: Start, cluster_dns: ClusterDns, steered: bool) -> None:
    guard = start({"dnsGuard": {**NAMED["dnsGuard"], "steering": {"enabled": steered}}, "egress": {"mode": "audit"}})
    assert guard.ask("ldap.corp.example").addresses == ["10.20.0.20"]
    assert guard.ask("dc1.ldap.corp.example").addresses == ([PROXY] if steered else ["10.20.0.21"])
    until(lambda: any("verdict=audit" in it and "name=dc1.ldap.corp.example." in it for it in guard.log()))
