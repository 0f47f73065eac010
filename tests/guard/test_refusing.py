"""What the guard answers, and that nothing which a workload asks for is sent on by anybody."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.guard import message
from tests.guard.cluster_dns import ClusterDns
from tests.guard.conftest import Start
from tests.guard.program import Guard, until
from tools.egress.live.replicas import guard_replica, installed_corefile

VALUES: dict[str, Any] = {"dnsGuard": {"enabled": True}}
LONG = ".".join(["k" * 63] * 3 + ["k" * 50])

# Name, type, class, and the answer that is due. None of these may reach anybody outside.
REFUSED = [
    ("evil.test", "A", "IN", "NXDOMAIN"),
    ("evil.test", "AAAA", "IN", "NXDOMAIN"),
    ("c2VjcmV0.evil.test", "TXT", "IN", "NXDOMAIN"),
    ("c2VjcmV0.evil.test", "NULL", "IN", "NXDOMAIN"),
    ("c2VjcmV0.evil.test", "ANY", "IN", "NXDOMAIN"),
    ("c2VjcmV0.evil.test", "MX", "IN", "NXDOMAIN"),
    ("c2VjcmV0.evil.test", "CNAME", "IN", "NXDOMAIN"),
    ("c2VjcmV0.evil.test", "NS", "IN", "NXDOMAIN"),
    ("c2VjcmV0.evil.test", "SOA", "IN", "NXDOMAIN"),
    ("_dns.evil.test", "SRV", "IN", "NXDOMAIN"),
    ("c2VjcmV0.evil.test", "HTTPS", "IN", "NXDOMAIN"),
    ("c2VjcmV0.evil.test", "TYPE4711", "IN", "NXDOMAIN"),
    ("evil.test", "AXFR", "IN", "NXDOMAIN"),
    (LONG, "A", "IN", "NXDOMAIN"),
    ("C2VjcmV0.EVIL.Test", "A", "IN", "NXDOMAIN"),
    ("66.113.0.203.in-addr.arpa", "PTR", "IN", "NXDOMAIN"),
    ("1.0.96.10.in-addr.arpa", "PTR", "IN", "NXDOMAIN"),
    ("6.6.0.0.c2VjcmV0.ip6.arpa", "PTR", "IN", "NXDOMAIN"),
    ("localhost", "A", "IN", "NXDOMAIN"),
    ("api.openai.com", "A", "IN", "NXDOMAIN"),
    ("notcluster.local", "A", "IN", "NXDOMAIN"),
    ("evil.test.cluster.local.evil.test", "A", "IN", "NXDOMAIN"),
    ("local", "A", "IN", "NOERROR"),
    ("", "NS", "IN", "NOERROR"),
    ("version.bind", "TXT", "CH", "REFUSED"),
    ("c2VjcmV0.evil.test", "TXT", "CH", "REFUSED"),
    ("c2VjcmV0.evil.test", "TXT", "HS", "REFUSED"),
    ("kubernetes.default.svc.cluster.local", "TXT", "CH", "REFUSED"),
]
EXPANDED = [
    "c2VjcmV0.evil.test.sark.svc.cluster.local",
    "c2VjcmV0.evil.test.svc.cluster.local",
    "c2VjcmV0.evil.test.cluster.local",
    "C2VjcmV0.EVIL.test.CLUSTER.Local",
]


@pytest.fixture
def guard(start: Start) -> Guard:
    return start(VALUES)


def test_what_is_not_the_clusters_is_refused_and_goes_nowhere(guard: Guard, cluster_dns: ClusterDns) -> None:
    asked = len(cluster_dns.asked)
    replies = {row: guard.ask(*row[:3]) for row in REFUSED}
    assert {row: reply.code for row, reply in replies.items()} == {row: row[3] for row in REFUSED}
    assert all(not reply.answers for reply in replies.values())
    assert cluster_dns.asked[asked:] == []


def test_the_stand_in_for_cluster_dns_does_forward(cluster_dns: ClusterDns) -> None:
    """The control: the same questions, asked of cluster DNS itself, do reach somebody outside."""
    before = len(cluster_dns.forwarded)
    rows = [row for row in REFUSED if row[2] == "IN"]
    for name, kind, _, _ in rows:
        cluster_dns._answer(message.query(name, kind))
    assert [name for name, _ in cluster_dns.forwarded[before:]] == [name for name, *_ in rows]


def test_tcp_is_answered_alike(guard: Guard, cluster_dns: ClusterDns) -> None:
    asked = len(cluster_dns.asked)
    assert {guard.ask_by_tcp(name, kind).code for name, kind, _, code in REFUSED if code == "NXDOMAIN"} == {"NXDOMAIN"}
    assert cluster_dns.asked[asked:] == []
    assert guard.ask_by_tcp("kubernetes.default.svc.cluster.local").addresses == ["10.96.0.1"]


def test_a_negative_answer_is_kept_for_seconds(guard: Guard) -> None:
    (soa,) = guard.ask("evil.test").authority
    assert (soa.kind, soa.name, soa.ttl, soa.value) == (message.TYPES["SOA"], "", 5, "5")


@pytest.mark.parametrize(
    ("name", "kind", "address"),
    [
        ("kubernetes.default.svc.cluster.local", "A", "10.96.0.1"),
        ("KUBERNETES.Default.svc.Cluster.LOCAL", "A", "10.96.0.1"),
        ("six.sark.svc.cluster.local", "AAAA", "fd00::20"),
    ],
)
def test_the_clusters_own_names_are_answered_by_cluster_dns(guard: Guard, name: str, kind: str, address: str) -> None:
    assert guard.ask(name, kind).addresses == [address]


def test_search_domains_end_at_cluster_dns(guard: Guard, cluster_dns: ClusterDns) -> None:
    before = len(cluster_dns.forwarded)
    assert {guard.ask(name).code for name in EXPANDED} == {"NXDOMAIN"}
    assert cluster_dns.forwarded[before:] == []


def test_messages_that_are_no_plain_question_go_nowhere(guard: Guard, cluster_dns: ClusterDns) -> None:
    asked = len(cluster_dns.asked)
    data = message.query("c2VjcmV0.evil.test")
    opcodes = [guard.send(data[:2] + bytes([opcode << 3 | 1]) + data[3:]).code for opcode in (1, 2, 4, 5)]
    two = guard.send(data[:4] + b"\0\2" + data[6:] + data[12:]).code
    assert (opcodes, two) == (["NOTIMP", "NOTIMP", "NXDOMAIN", "NOTIMP"], "FORMERR")
    assert cluster_dns.asked[asked:] == []


def test_refusals_are_logged_and_counted_by_part(start: Start) -> None:
    guard = start(VALUES)
    guard.ask("c2VjcmV0.evil.test", "TXT")
    guard.ask("one.evil.test", part="frontend")
    guard.ask_by_tcp('a"b\nc.evil.test', part="frontend")
    guard.ask("kubernetes.default.svc.cluster.local")
    # A line is written after the answer.
    until(lambda: sum("workload=" in line for line in guard.log()) == 3)
    lines = [re.sub(r".*\[INFO\] (.*) client=127.0.0.1:\d+ (.*)", r"\1 \2", line) for line in guard.log()]
    # In any order: a question by TCP may be logged before one by UDP that came first.
    assert sorted(line for line in lines if "workload=" in line) == [
        r"workload=frontend type=A class=IN proto=tcp rcode=NXDOMAIN name=a\"b\010c.evil.test.",
        "workload=frontend type=A class=IN proto=udp rcode=NXDOMAIN name=one.evil.test.",
        "workload=gateway type=TXT class=IN proto=udp rcode=NXDOMAIN name=c2vjcmv0.evil.test.",
    ]
    counted = re.findall(
        r'coredns_dns_responses_total{.*rcode="NXDOMAIN",server="dns://:(\d+)".* (\d+)', guard.metrics()
    )
    assert {int(port): int(count) for port, count in counted} == {guard.ports["gateway"]: 1, guard.ports["frontend"]: 2}


def test_reverse_names_of_given_ranges_go_to_cluster_dns(start: Start, cluster_dns: ClusterDns) -> None:
    """An opening by value: cluster DNS forwards the names of addresses that it does not know."""
    guard = start({"dnsGuard": {"enabled": True, "reverseCidrs": ["10.96.0.0/12"]}})
    before = len(cluster_dns.forwarded)
    guard.ask("1.0.96.10.in-addr.arpa", "PTR")
    guard.ask("1.0.111.10.in-addr.arpa", "PTR")
    assert guard.ask("1.0.112.10.in-addr.arpa", "PTR").code == "NXDOMAIN"
    assert guard.ask("66.113.0.203.in-addr.arpa", "PTR").code == "NXDOMAIN"
    assert [name for name, _ in cluster_dns.forwarded[before:]] == ["1.0.96.10.in-addr.arpa", "1.0.111.10.in-addr.arpa"]


NAMES = {"dnsGuard": {"enabled": True, "names": ["ldap.corp.example"]}}


def test_names_by_value_are_asked_for_in_one_spelling_and_by_two_types(start: Start, cluster_dns: ClusterDns) -> None:
    guard = start(NAMES)
    before = len(cluster_dns.forwarded)
    assert guard.ask("ldap.corp.example").addresses == ["10.20.0.20"]
    assert guard.ask("LDAP.Corp.eXample").addresses == ["10.20.0.20"]
    assert guard.ask("LDAP.corp.example", "AAAA").code == "NOERROR"
    for kind in ("TXT", "NULL", "ANY", "HTTPS", "TYPE4711"):
        assert guard.ask("ldap.corp.example", kind).code == "NOERROR"
    assert guard.ask("c2VjcmV0.ldap.corp.example").code == "NXDOMAIN"
    assert guard.ask("c2VjcmV0.ldap.corp.example", "TYPE4711").code == "NOERROR"
    assert guard.ask("corp.example").code == "NOERROR"
    assert guard.ask("other.corp.example").code == "NXDOMAIN"
    assert cluster_dns.forwarded[before:] == [
        ("ldap.corp.example", 1),
        ("ldap.corp.example", 1),
        ("ldap.corp.example", 28),
    ]


def test_a_changed_file_is_taken_up_and_a_wrong_one_is_not(start: Start) -> None:
    guard = start(VALUES)
    assert guard.ask("ldap.corp.example").code == "NXDOMAIN"
    guard.update(NAMES)
    until(lambda: guard.ask("ldap.corp.example").code == "NOERROR")
    (guard.folder / "Corefile").write_text(". {\n  no-such-plugin\n}\n")
    until(lambda: any("no-such-plugin" in line for line in guard.log()))
    assert guard.ask("ldap.corp.example").addresses == ["10.20.0.20"]
    assert guard.ask("evil.test").code == "NXDOMAIN"


def serving(guard: Guard) -> tuple[str, ...]:
    """The hash of the file that its metrics name, as `tools.egress status` reads it; none while its sockets change."""
    try:
        return guard_replica("p", guard.metrics()).lists
    except OSError:
        return ()


def test_its_metrics_name_the_file_that_it_serves(start: Start) -> None:
    guard = start(VALUES)
    first = installed_corefile([(guard.folder / "Corefile").read_text()])
    assert serving(guard) == (first,)
    guard.update(NAMES)
    second = installed_corefile([(guard.folder / "Corefile").read_text()])
    assert second != first
    until(lambda: serving(guard) == (second,))
    (guard.folder / "Corefile").write_text(". {\n  no-such-plugin\n}\n")
    until(lambda: any("no-such-plugin" in line for line in guard.log()))
    until(lambda: serving(guard) == (second,))
    assert guard_replica("p", guard.metrics()).refused > 0
    assert guard.ask(f"{second}.corefile.dns-guard").code == "NXDOMAIN"


def test_cluster_dns_that_is_down_is_a_failure_and_opens_nothing(start: Start) -> None:
    guard = start(VALUES, "10.96.0.99")
    assert guard.ask("kubernetes.default.svc.cluster.local").code == "SERVFAIL"
    assert guard.ask("evil.test").code == "NXDOMAIN"


def test_ranges_of_reverse_names_may_lie_in_each_other(start: Start, cluster_dns: ClusterDns) -> None:
    """CoreDNS cuts a range into zones, and ends when one is there twice."""
    nested = ["10.96.0.0/22", "10.96.1.0/24", "10.96.2.7/22", "fd00:10::/62", "FD00:10:0:1::/64", "10.96.0.0/30"]
    guard = start({"dnsGuard": {"enabled": True, "reverseCidrs": nested}})
    before = len(cluster_dns.asked)
    inside = ["7.1.96.10.in-addr.arpa", "7.3.96.10.in-addr.arpa", "1.0.96.10.in-addr.arpa"]
    for name in inside:
        guard.ask(name, "PTR")
    assert [name for name, _ in cluster_dns.asked[before:]] == inside
    assert guard.ask("7.4.96.10.in-addr.arpa", "PTR").code == "NXDOMAIN"
    assert len(cluster_dns.asked) == before + len(inside)
